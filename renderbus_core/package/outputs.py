"""The output map: which local file each of the cloud's pictures is.

ASSUMPTION, no source describes it in full: below the output folder of its task the cloud names
pictures as the program itself would, with these rules (templates in `schemas/dcc.json`):

* Maya, one layer: `<prefix>.<frame, 4 digits>.<ending>`; several layers: the same in a folder
  with the layer's name as task.json spells it. An empty prefix is the scene's name; `<Scene>`,
  `<RenderLayer>` and `<Camera>` in it are replaced, whatever their case.
* Blender: the last part of the output path; its last run of `#` is the frame, `####` is appended
  where there is none, and the format's ending where it is not there.

The cloud's side is derived from task.json alone, because the cloud sees nothing else of us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.frames import pad_path
from renderbus_core.package.dcc import Program, plain_ending, programs
from renderbus_core.paths import safe_relative

_TOKEN = re.compile(r"<(\w+)>")
# What stands before and after the digits of the frame: the last run of # in the file name.
_AROUND_FRAME = re.compile(r"(.*?)#+([^#/\\]*)", re.DOTALL)
_FRAME = re.compile(r"-?[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class CloudPicture:
    """One picture per frame that a task makes.

    Args:
        template: path below the task's output folder; the last run of `#` is the frame, see
            `frames.pad_path`.
        tokens: what its name was made from: `scene`, and with Maya `renderlayer` and `camera`.
        size: width and height in pixels; None where the task does not tell, and for tiles.
    """

    template: str
    tokens: Mapping[str, str]
    size: tuple[int, int] | None = None

    @property
    def layer(self) -> str:
        """The render layer it shows; "" when the program has none."""
        return self.tokens.get("renderlayer", "")

    def frame_of(self, name: str) -> int | None:
        """Return the frame that a file name carries; None when it is another picture's."""
        around = _AROUND_FRAME.fullmatch(self.template)
        if around is None:
            return None
        before, after = around.groups()
        digits = name.removeprefix(before).removesuffix(after)
        if not _FRAME.fullmatch(digits):
            return None
        frame = int(digits)
        return frame if pad_path(self.template, frame) == name else None


@dataclass(frozen=True, slots=True)
class OutputPair:
    """A picture of the cloud and the template of the local file it becomes."""

    picture: CloudPicture
    local: str


@dataclass(frozen=True, slots=True)
class OutputMap:
    """Ties the cloud's picture names to the files a job declared.

    Args:
        declared: the job's output template.
        pairs: what each picture becomes.
    """

    declared: str
    pairs: tuple[OutputPair, ...]

    @property
    def cloud_template(self) -> str:
        """The cloud's names as people see them: `shot.####.exr`."""
        return ", ".join(pair.picture.template for pair in self.pairs)

    def local_path(self, name: str, layer: str = "") -> tuple[int, Path] | None:
        """Return the frame and the local file of a picture; None when it belongs to none.

        Args:
            name: path below the task's output folder, as the cloud lists it.
            layer: render layer of the sub-task it was listed for; "" when it has none.

        Raises:
            InputError: the name could lead out of a folder, or some system cannot store it.
        """
        clean = str(safe_relative(name))
        # A sub-task's layer matters only where it is one of ours: programs without layers, and
        # tasks of one layer, come with names of the cloud's own.
        layers = {pair.picture.layer for pair in self.pairs}
        for pair in self.pairs:
            if layer in layers and pair.picture.layer != layer:
                continue
            frame = pair.picture.frame_of(clean)
            if frame is not None:
                return frame, Path(pad_path(pair.local, frame))
        return None

    def picture_of(self, frame: int, local: Path) -> CloudPicture | None:
        """Return the picture that a local file of a frame shows."""
        same = (p.picture for p in self.pairs if Path(pad_path(p.local, frame)) == local)
        return next(same, None)

    def expected(self, frame: int) -> tuple[Path, ...]:
        """Return the local files that make a frame complete."""
        return tuple(Path(pad_path(pair.local, frame)) for pair in self.pairs)


def output_map(task: Mapping[str, Any], declared: Sequence[str]) -> OutputMap:
    """Tie what a task makes to what its job declared, or refuse when that cannot be told.

    Args:
        task: task.json.
        declared: the job's output templates: absolute paths of this host with `#` for digits of
            the frame, and `<RenderLayer>` or `<Camera>` where they differ.

    Raises:
        InputError: no or several templates, one without `#` or with another kind of file, or two
            pictures that would become one file.
    """
    pictures = cloud_pictures(task)
    if not pictures:
        raise InputError("the task renders no layer with a camera, so it makes no pictures")
    template = _only(declared)
    locals_ = [_local(template, picture) for picture in pictures]
    # Some disks do not tell upper from lower case.
    if len(set(map(str.casefold, locals_))) < len(locals_):
        names = ", ".join(picture.template for picture in pictures)
        raise InputError(
            f"the cloud makes several pictures per frame ({names}) for the one output {template}; "
            "put <RenderLayer> or <Camera> into the output, or burst one layer"
        )
    return OutputMap(template, tuple(map(OutputPair, pictures, locals_)))


def cloud_pictures(task: Mapping[str, Any]) -> tuple[CloudPicture, ...]:
    """Return every picture per frame that a task makes (assumption, see the module).

    Args:
        task: task.json that its schema accepts.

    Raises:
        InputError: the names cannot be foreseen.
    """
    cg_id = task["task_info"]["cg_id"]
    known = next((row for row in programs().values() if row.cg_id == cg_id), None)
    if known is None or known.name not in _PICTURES:
        raise InputError(f"how the cloud names pictures of program {cg_id} is not known")
    return _PICTURES[known.name](known, task)


def _maya_pictures(program: Program, task: Mapping[str, Any]) -> tuple[CloudPicture, ...]:
    rendered = {
        name: layer["common"]
        for name, layer in task["scene_info_render"].items()
        if layer["renderable"] == "1"
    }
    template = program.cloud_output["layered" if len(rendered) > 1 else "single"]
    return tuple(
        replace(
            _maya_picture(
                program, template, common, _tokens(task, renderlayer=layer, camera=camera)
            ),
            size=_size(task, common),
        )
        for layer, common in rendered.items()
        for camera in _cameras(layer, common)
    )


def _cameras(layer: str, common: Mapping[str, Any]) -> list[str]:
    cameras: list[str] = common["render_camera"]
    if len(cameras) > 1 and "<camera>" not in common["image_file_prefix"].lower():
        raise InputError(
            f"layer {layer!r} renders the cameras {', '.join(cameras)} into files of one name; "
            "put <Camera> into the image file prefix or leave one camera renderable"
        )
    return cameras


def _maya_picture(
    program: Program, template: str, common: Mapping[str, Any], tokens: Mapping[str, str]
) -> CloudPicture:
    # Maya writes the colon of a namespace as _.
    values = {token: name.replace(":", "_") for token, name in tokens.items()}
    values["prefix"] = _filled(common["image_file_prefix"] or "<Scene>", values)
    values["extension"] = _ending(program, common["image_format"])
    return _picture(_filled(template, values), tokens)


def _blender_pictures(program: Program, task: Mapping[str, Any]) -> tuple[CloudPicture, ...]:
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
    picture = _picture(_filled(program.cloud_output["single"], values), _tokens(task))
    return (replace(picture, size=_size(task, common)),)


def _size(task: Mapping[str, Any], common: Mapping[str, Any]) -> tuple[int, int] | None:
    if task["task_info"].get("tiles", "1") != "1":
        return None
    try:
        return int(common["width"]), int(common["height"])
    except (KeyError, ValueError):
        return None


_PICTURES = {"maya": _maya_pictures, "blender": _blender_pictures}


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


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Replace `<Token>`s, whatever their case."""

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1].lower())
        if known is None:
            raise InputError(
                f"what {found[0]} in {template!r} becomes cannot be foreseen; "
                "use <Scene>, <RenderLayer> and <Camera> alone"
            )
        return known

    return _TOKEN.sub(value, template)


def _picture(template: str, tokens: Mapping[str, str]) -> CloudPicture:
    try:
        clean = str(safe_relative(template))
    except InputError as error:
        raise InputError(
            f"the scene's output name makes pictures called {template!r}, which cannot be told "
            "apart safely; use a plain relative name"
        ) from error
    return CloudPicture(clean, tokens)


def _only(declared: Sequence[str]) -> str:
    if not declared:
        raise InputError("the job declares no output files; name them with # for the frame")
    if len(declared) > 1:
        raise InputError(
            f"the job declares {len(declared)} outputs ({', '.join(declared)}) and nothing tells "
            "which picture goes where; declare one, with <RenderLayer> for several layers"
        )
    return declared[0]


def _local(template: str, picture: CloudPicture) -> str:
    used = {token.lower() for token in _TOKEN.findall(template)} & picture.tokens.keys()
    path = _filled(template, {token: _part(picture.tokens[token]) for token in used})
    pad_path(path, 0)
    if not Path(path).is_absolute():
        raise InputError(
            f"the output {template} is no absolute path of this host; "
            "add its folder to the path mapping"
        )
    ours, theirs = Path(path).suffix, PurePosixPath(picture.template).suffix
    if plain_ending(ours) != plain_ending(theirs):
        raise InputError(
            f"the job declares {ours or 'no'} files ({template}) and the scene makes {theirs} "
            "files; make both the same"
        )
    return path


def _part(name: str) -> str:
    """Return a name that comes from the scene when it can be part of a local file name."""
    try:
        parts = safe_relative(name.replace(":", "_")).parts
    except InputError:
        parts = ()
    if len(parts) != 1:
        raise InputError(
            f"the scene's name {name!r} cannot be part of a file name; rename it in the scene"
        )
    return parts[0]
