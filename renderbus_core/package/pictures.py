"""The cloud's pictures: how many a task makes of each frame, and what it calls them.

ASSUMPTION, no source describes it in full: below the output folder of its task the cloud names
pictures as the program itself would, with these rules (templates in `schemas/dcc.json`):

* Maya, one layer: `<prefix>.<frame>.<ending>`; several layers, or tiles: the same in a folder
  with the layer's name as task.json spells it. An empty prefix is the scene's name; `<Scene>`,
  `<RenderLayer>`, `<Camera>` and with Arnold `<RenderPass>` in it are replaced, whatever their
  case. Without `<RenderPass>`, elements with files of their own have a folder each.
* Blender: the last part of the output path; its last run of `#` is the frame, `####` is appended
  where there is none, and the format's ending where it is not there.

What is not in the scene is derived from task.json alone, because the cloud sees nothing else of us.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.frames import MAX_FRAME
from renderbus_core.package.dcc import Program, plain_ending, row_of
from renderbus_core.paths import safe_relative

MOST_PICTURES = 2_000
"""Most pictures of one frame: each is compared with each other."""

_TOKEN = re.compile(r"<(\w+)>")
_ELEMENT_TOKEN = re.compile(r"<(renderpass|aov)>", re.IGNORECASE)
# Other names of one token.
_SAME_TOKEN: Mapping[str, str] = MappingProxyType({"layer": "renderlayer", "aov": "renderpass"})
# What stands before and after the digits of the frame: the last run of # in the file name.
_AROUND_FRAME = re.compile(r"(.*?)#+([^#/\\]*)", re.DOTALL)
_FRAME = re.compile(r"-?[0-9]{1,10}")
_BEGINS_FRAME, _CONTINUES_FRAME = re.compile(r"-?[0-9]*"), re.compile(r"[0-9]*")
# What Maya calls the layer that holds everything, in names of files.
_MASTER: Mapping[str, str] = MappingProxyType({"defaultRenderLayer": "masterLayer"})


@dataclass(frozen=True, slots=True)
class Spelling:
    """What the cloud reads in the scene of its pictures' names, where task.json does not say it.

    Args:
        frame_digits: to how many digits frame numbers are padded; None where nobody knows.
        elements: by layer as task.json names it, the elements that have files of their own; None
            where their names cannot be foreseen. A layer that is not there has none.
    """

    frame_digits: int | None = None
    elements: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CloudPicture:
    """One picture per frame that a task makes.

    Args:
        template: path below the task's output folder; the last run of `#` is the frame, see
            `frames.pad_path`.
        tokens: what its name was made from: `scene`, and with Maya `renderlayer`, `camera` and
            perhaps `renderpass`.
        layer: the render layer it shows, as task.json spells it; "" when the program has none.
        element: the element it shows; "" for the main picture.
        size: width and height in pixels; None where the task does not tell, and for tiles.
    """

    template: str
    tokens: Mapping[str, str]
    layer: str = ""
    element: str = ""
    size: tuple[int, int] | None = None

    def frame_of(self, name: str) -> int | None:
        """Return the frame that a file name carries; None when it is another picture's.

        Zeros in front of a number tell nothing apart: programs disagree on those of negative
        frames, and not every scene says how many there are.
        """
        before, after = around_frame(self.template)
        if len(name) < len(before) + len(after) or not name.startswith(before):
            return None
        digits = name.removeprefix(before).removesuffix(after)
        if not name.endswith(after) or not _FRAME.fullmatch(digits):
            return None
        frame = int(digits)
        is_minus_zero = frame == 0 and digits.startswith("-")
        return None if is_minus_zero or abs(frame) > MAX_FRAME else frame


def cloud_pictures(
    task: Mapping[str, Any], spelling: Spelling | None = None
) -> tuple[CloudPicture, ...]:
    """Return every picture per frame that a task makes (assumption, see the module).

    Args:
        task: task.json that its schema accepts.
        spelling: what the scene says besides; None where only the main pictures are wanted.

    Raises:
        InputError: the names cannot be foreseen, or two pictures could have one.
    """
    cg_id = task["task_info"]["cg_id"]
    known = row_of(cg_id)
    if known is None or known.name not in _PICTURES:
        raise InputError(f"how the cloud names pictures of program {cg_id} is not known")
    every = _PICTURES[known.name](known, task, spelling or Spelling())
    pictures = tuple(islice(every, MOST_PICTURES + 1))
    if len(pictures) > MOST_PICTURES:
        raise InputError(
            f"each frame makes more than {MOST_PICTURES:,} pictures, which no real scene does; "
            "switch off layers, cameras or elements"
        )
    if twins := meeting([picture.template for picture in pictures]):
        raise InputError(
            f"the cloud's pictures {twins[0]} and {twins[1]} could have one name; rename a layer, "
            "camera or element, or put its token into the output name of the scene"
        )
    return pictures


def around_frame(template: str) -> tuple[str, str]:
    """Return what stands before and behind the frame in a template.

    Raises:
        InputError: the file name has no `#`.
    """
    found = _AROUND_FRAME.fullmatch(template)
    if found is None:
        raise InputError(
            f"the file name of {template!r} has no place for the frame; "
            "write it like picture.####.exr"
        )
    return found[1], found[2]


def meeting(templates: Sequence[str]) -> tuple[str, str] | None:
    """Return two templates that could name one file, for whatever frames; None without such.

    Some disks do not tell upper from lower case.
    """
    around = [around_frame(template.casefold()) for template in templates]
    for (one, ours), (other, theirs) in combinations(zip(templates, around, strict=True), 2):
        shorter, longer = sorted((ours, theirs), key=lambda parts: len(parts[0]))
        if _may_meet(*shorter, *longer):
            return one, other
    return None


def filled(template: str, values: Mapping[str, str]) -> str:
    """Replace `<Token>`s, whatever their case.

    Raises:
        InputError: there is no value for one.
    """

    def value(found: re.Match[str]) -> str:
        known = values.get(token_of(found[1]))
        if known is None:
            raise InputError(
                f"what {found[0]} in {template!r} becomes cannot be foreseen; "
                "use <Scene>, <RenderLayer>, <Camera> and with Arnold <RenderPass> alone"
            )
        return known

    return _TOKEN.sub(value, template)


def tokens_in(template: str) -> frozenset[str]:
    """Return the `<Token>`s of a template under their plain names."""
    return frozenset(map(token_of, _TOKEN.findall(template)))


def token_of(name: str) -> str:
    """Return the plain name of a token: `renderlayer` for `Layer`."""
    return _SAME_TOKEN.get(name.lower(), name.lower())


def _may_meet(before: str, after: str, longer_before: str, longer_after: str) -> bool:
    """Tell whether two templates, the shorter beginning first, have a file name in common."""
    if not longer_before.startswith(before):
        return False
    more = longer_before[len(before) :]
    if after.endswith(longer_after):
        rest = after.removesuffix(longer_after)
        # Either the frames overlap, or the first ends before the second begins.
        return bool(_BEGINS_FRAME.fullmatch(more) and _CONTINUES_FRAME.fullmatch(rest)) or any(
            _FRAME.fullmatch(more[:end])
            and rest.startswith(more[end:])
            and _FRAME.fullmatch(rest.removeprefix(more[end:]))
            for end in range(1, len(more) + 1)
        )
    if longer_after.endswith(after):
        rest = longer_after.removesuffix(after)
        return bool(_BEGINS_FRAME.fullmatch(more) and _CONTINUES_FRAME.fullmatch(rest))
    return False


def _maya_pictures(
    program: Program, task: Mapping[str, Any], spelling: Spelling
) -> Iterator[CloudPicture]:
    rendered = {
        name: layer["common"]
        for name, layer in task["scene_info_render"].items()
        if layer["renderable"] == "1"
    }
    # Tiles are rendered layer by layer only.
    is_layered = len(rendered) > 1 or task["task_info"].get("tiles", "1") != "1"
    template = _padded(
        program.cloud_output["layered" if is_layered else "single"], spelling.frame_digits
    )
    for layer, common in rendered.items():
        main, prefix = _elements(program, layer, common, spelling)
        for camera in _cameras(layer, common):
            for element in ("", *(spelling.elements.get(layer) or ())):
                tokens = _tokens(task, renderlayer=_MASTER.get(layer, layer), camera=camera)
                if main:
                    tokens["renderpass"] = element or main
                ending = _ending(program, common["image_format"])
                name = _maya_name(template, prefix, layer, tokens, ending)
                yield CloudPicture(_clean(name), tokens, layer, element, _size(task, common))


def _elements(
    program: Program, layer: str, common: Mapping[str, Any], spelling: Spelling
) -> tuple[str, str]:
    """Return what the main picture is called among elements, "" for nothing, and the prefix."""
    names = spelling.elements.get(layer, ())
    prefix: str = common["image_file_prefix"] or "<Scene>"
    rule = program.elements.get(common["renderer"])
    if names is None or (names and rule is None):
        raise InputError(
            f"layer {layer!r} makes render elements, and what {common['renderer']} calls their "
            "files cannot be foreseen; switch them off, or write one file of many channels"
        )
    if rule is None:
        return "", prefix
    if names and not _ELEMENT_TOKEN.search(prefix):
        prefix = rule["folder"] + prefix
    return rule["main"], prefix


def _cameras(layer: str, common: Mapping[str, Any]) -> list[str]:
    cameras: list[str] = common["render_camera"]
    if len(cameras) > 1 and "<camera>" not in common["image_file_prefix"].lower():
        raise InputError(
            f"layer {layer!r} renders the cameras {', '.join(cameras)} into files of one name; "
            "put <Camera> into the image file prefix or leave one camera renderable"
        )
    return cameras


def _maya_name(
    template: str, prefix: str, layer: str, tokens: Mapping[str, str], ending: str
) -> str:
    # Maya writes the colon of a namespace as _.
    values = {token: name.replace(":", "_") for token, name in tokens.items()}
    return filled(
        template,
        {
            "renderlayer": layer.replace(":", "_"),
            "prefix": filled(prefix, values),
            "extension": ending,
        },
    )


def _padded(template: str, digits: int | None) -> str:
    return template if digits is None else re.sub("#+", "#" * digits, template)


def _blender_pictures(
    program: Program, task: Mapping[str, Any], _spelling: Spelling
) -> Iterator[CloudPicture]:
    common = task["scene_info"]["common"]
    if "Render_Format" not in common:
        raise InputError("task.json names no Render_Format, so its pictures cannot be foreseen")
    ending = _ending(program, common["Render_Format"])
    name = re.split(r"[\\/]", common.get("Output_path", ""))[-1]
    name = name if "#" in name else f"{name}####"
    stem, dot, last = name.rpartition(".")
    if dot and plain_ending(last) in {*map(plain_ending, program.formats.values())}:
        # Blender keeps an ending that fits its format and replaces one of another format.
        ending = last if plain_ending(last) == ending else ending
        name = stem
    values = {"prefix": name, "extension": ending}
    name = _clean(filled(program.cloud_output["single"], values))
    yield CloudPicture(name, _tokens(task), size=_size(task, common))


def _size(task: Mapping[str, Any], common: Mapping[str, Any]) -> tuple[int, int] | None:
    if task["task_info"].get("tiles", "1") != "1":
        return None
    try:
        return int(common["width"]), int(common["height"])
    except (KeyError, ValueError):
        return None


_PICTURES = MappingProxyType({"maya": _maya_pictures, "blender": _blender_pictures})


def _tokens(task: Mapping[str, Any], **more: str) -> dict[str, str]:
    scene = re.split(r"[\\/]", task["task_info"]["input_cg_file"])[-1]
    return {"scene": PurePosixPath(scene).stem} | more


def _ending(program: Program, wire_format: str) -> str:
    ending = program.formats.get(wire_format)
    if ending is None:
        raise InputError(
            f"{program.cg_name} writes no pictures in the format {wire_format!r}; "
            "choose a picture format, not a movie"
        )
    return ending


def _clean(template: str) -> str:
    try:
        return str(safe_relative(template))
    except InputError as error:
        raise InputError(
            f"the scene's output name makes pictures called {template!r}, which cannot be told "
            "apart safely; use a plain relative name"
        ) from error
