"""The output map: which local file each of the cloud's pictures is.

Local names are the job's: one output with tokens for whatever differs (`<RenderLayer>`,
`<Camera>`, `<RenderPass>`), or several outputs that each name the layer, camera and element they
show. The number of `#` in an output decides to how many digits its frames are padded; a frame of
more digits has them all, and a negative one its sign in front of them.

What a job leaves to its scene is what the program makes of it, as far as the cloud's names tell:
`<Frame>` are as many `#`, `<Extension>` is the ending, and `<Picture>` the whole name with the
folders of layers and elements, so that `/show/out/<Picture>` says no more than a folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import DocumentError, InputError
from renderbus_core.frames import pad_path
from renderbus_core.package.dcc import plain_ending, row_of
from renderbus_core.package.pictures import (
    CloudPicture,
    Spelling,
    around_frame,
    cloud_pictures,
    filled,
    meeting,
    tokens_in,
)
from renderbus_core.paths import safe_relative

# What pictures of one frame can differ in.
_KINDS = ("renderlayer", "camera", "renderpass")
_HINT = "<RenderLayer>, <Camera> or <RenderPass>"
_MOST_NAMED = 5
# What stands for digits of the frame before the pictures are known.
_OF_FRAME = re.compile(r"<(?:picture|frame)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OutputPair:
    """A picture of the cloud and the template of the local file it becomes."""

    picture: CloudPicture
    local: str


@dataclass(frozen=True, slots=True)
class OutputMap:
    """Ties the cloud's picture names to the files a job declared.

    Args:
        declared: the job's output templates.
        pairs: what each picture becomes.
        offset: is added to the number of a frame in local names.
    """

    declared: tuple[str, ...]
    pairs: tuple[OutputPair, ...]
    offset: int = 0

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
                return frame, self._local(pair, frame)
        return None

    def picture_of(self, frame: int, local: Path) -> CloudPicture | None:
        """Return the picture that a local file of a frame shows."""
        same = (pair.picture for pair in self.pairs if self._local(pair, frame) == local)
        return next(same, None)

    def expected(self, frame: int) -> tuple[Path, ...]:
        """Return the local files that make a frame complete."""
        return tuple(self._local(pair, frame) for pair in self.pairs)

    def _local(self, pair: OutputPair, frame: int) -> Path:
        return Path(pad_path(pair.local, frame + self.offset))


def output_map(
    task: Mapping[str, Any],
    declared: Sequence[str],
    spelling: Spelling | None = None,
    offset: int = 0,
) -> OutputMap:
    """Tie what a task makes to what its job declared, or refuse when that cannot be told.

    Args:
        task: task.json.
        declared: the job's output templates: absolute paths of this host with `#` for digits of
            the frame, and tokens or names where pictures differ.
        spelling: what the scene says of the names besides.
        offset: is added to the number of a frame in local names.

    Raises:
        InputError: nobody knows what becomes of its tiles, no template, one without `#` or with
            another kind of file, a picture or a template that nothing ties, or two pictures that
            could become one file.
    """
    _refuse_tiles(task)
    pictures = cloud_pictures(task, spelling)
    if not pictures:
        raise InputError("the task renders no layer with a camera, so it makes no pictures")
    if not declared:
        raise InputError("the job declares no output files; name them with # for the frame")
    for template in declared:
        _refuse_unusable(template, pictures[0])
    outputs = tuple(dict.fromkeys(declared))
    chosen = outputs * len(pictures) if len(outputs) == 1 else _chosen(pictures, outputs)
    locals_ = [_local(one, picture) for one, picture in zip(chosen, pictures, strict=True)]
    if twins := meeting(locals_):
        names = _named(picture.template for picture in pictures)
        raise InputError(
            f"the cloud makes several pictures per frame ({names}), and two of them could become "
            f"one file ({' and '.join(dict.fromkeys(twins))}); put {_HINT} into the output, or "
            "burst one layer"
        )
    return OutputMap(outputs, tuple(map(OutputPair, pictures, locals_)), offset)


def check_output(template: str, formats: Collection[str]) -> None:
    """Hold that an output could be a picture of some scene.

    Args:
        template: as a job declares it.
        formats: endings of what its program makes; empty where they are not known.

    Raises:
        InputError: its file name has no place for the frame, or the ending of no picture.
    """
    pad_path(_OF_FRAME.sub("#", template), 0)
    endings = sorted(map(plain_ending, formats))
    if endings and not any(_ends_in(ending, template) for ending in endings):
        raise InputError(
            f"the output {template} is no picture that its program makes; these end in "
            f"{', '.join(dict.fromkeys(endings))}"
        )


def output_folder(template: str) -> Path:
    """Return the folder of an output, with the tokens that are in it.

    Args:
        template: as a job declares it.

    Raises:
        InputError: its file name has no place for the frame.
    """
    return Path(pad_path(_OF_FRAME.sub("#", template), 0)).parent


def to_document(outputs: OutputMap) -> dict[str, Any]:
    """Return a map as JSON has it."""
    pairs = [
        {
            "template": pair.picture.template,
            "tokens": dict(pair.picture.tokens),
            "layer": pair.picture.layer,
            "element": pair.picture.element,
            "local": pair.local,
            **({"size": list(pair.picture.size)} if pair.picture.size else {}),
        }
        for pair in outputs.pairs
    ]
    offset = {"offset": outputs.offset} if outputs.offset else {}
    return {"declared": list(outputs.declared), **offset, "pairs": pairs}


def from_document(document: Mapping[str, Any], title: str) -> OutputMap:
    """Return the map that `to_document` wrote down.

    Args:
        document: as JSON has it.
        title: its file, for the message.

    Raises:
        InputError: it is none.
    """
    try:
        schema.check("outputs.json", document, title=title)
    except DocumentError as error:
        raise InputError(f"{error}; build the package again") from error
    pairs = tuple(map(_pair, document["pairs"]))
    return OutputMap(tuple(document["declared"]), pairs, document.get("offset", 0))


def _pair(row: Mapping[str, Any]) -> OutputPair:
    width, height = row.get("size", (0, 0))
    picture = CloudPicture(
        row["template"],
        row["tokens"],
        row["layer"],
        row["element"],
        (width, height) if width else None,
    )
    return OutputPair(picture, row["local"])


def _refuse_tiles(task: Mapping[str, Any]) -> None:
    """Refuse tiles of a program of which no source says that they become one picture again."""
    info = task["task_info"]
    tiles, program = info.get("tiles", "1"), row_of(info["cg_id"])
    if tiles != "1" and program is not None and not program.merges_tiles:
        raise InputError(
            f"no source says that the cloud puts tiles of {program.cg_name} pictures together "
            f"again, and the burst asks for {tiles}; set tiles to 1"
        )


def _chosen(pictures: Sequence[CloudPicture], declared: Sequence[str]) -> tuple[str, ...]:
    """Return the one output that names each picture, of several."""
    telling = dict(zip(declared, _telling_parts(declared), strict=True))
    meanings = {kind: _words(pictures, kind) for kind in _KINDS}
    differing = {
        kind: _whole_words(meaning)
        for kind, meaning in meanings.items()
        if len(set(meaning.values())) > 1
    }
    said = {
        template: {
            kind: {meanings[kind][word] for word in words.findall(telling[template])}
            for kind, words in differing.items()
            if kind not in tokens_in(template)
        }
        for template in declared
    }
    chosen = tuple(_one_for(picture, said) for picture in pictures)
    for template in declared:
        if template not in chosen:
            raise InputError(
                f"the output {template} is none of the cloud's pictures "
                f"({_named(picture.template for picture in pictures)}); take it out of the job"
            )
    return chosen


def _one_for(picture: CloudPicture, said: Mapping[str, Mapping[str, set[str]]]) -> str:
    fitting = [
        template
        for template, kinds in said.items()
        if all(_is_of(picture, kind, values) for kind, values in kinds.items())
    ]
    if len(fitting) == 1:
        return fitting[0]
    which = _named(fitting) if fitting else f"none of {_named(said)}"
    raise InputError(
        f"the job declares {len(said)} outputs, and which one {picture.template} of the cloud "
        f"becomes cannot be told: {which} would fit; name its layer, camera and element in exactly "
        f"one, or declare one output with {_HINT}"
    )


def _is_of(picture: CloudPicture, kind: str, values: set[str]) -> bool:
    if not values:
        # Nobody names the main picture's element.
        return kind == "renderpass" and not picture.element
    return values == {picture.tokens.get(kind)}


def _words(pictures: Iterable[CloudPicture], kind: str) -> dict[str, str]:
    """Return each word for a layer, camera or element, in lower case, with what it stands for."""
    words: dict[str, str] = {}
    for picture in pictures:
        value = picture.tokens.get(kind, "")
        spellings = (value, picture.layer) if kind == "renderlayer" else (value,)
        words |= {each.replace(":", "_").casefold(): value for each in spellings}
    return words


def _whole_words(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds whole words; inside a longer one a shorter is not found."""
    longest_first = sorted(filter(None, words), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest_first))})(?![^\W_])")


def _telling_parts(declared: Sequence[str]) -> list[str]:
    """Return of each output what follows the folders that all have in common, without ending."""
    parts = [Path(template).with_suffix("").parts for template in declared]
    levels = zip(*(each[:-1] for each in parts), strict=False)
    common = sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, levels))
    return ["/".join(each[common:]).casefold() for each in parts]


def _refuse_unusable(template: str, picture: CloudPicture) -> None:
    if not Path(template).is_absolute():
        raise InputError(
            f"the output {template} is no absolute path of this host; "
            "add its folder to the path mapping"
        )
    local = _local(template, picture)
    pad_path(local, 0)
    ours, theirs = Path(local).suffix, PurePosixPath(picture.template).suffix
    if plain_ending(ours) != plain_ending(theirs):
        raise InputError(
            f"the job declares {ours or 'no'} files ({template}) and the scene makes {theirs} "
            "files; make both the same"
        )


def _ends_in(ending: str, template: str) -> bool:
    # Whatever a layer is called.
    names = dict.fromkeys((*_KINDS, "scene"), "name")
    name = filled(template, names | _as_in_the_cloud(f"picture.####.{ending}"))
    return plain_ending(PurePosixPath(name).suffix) == ending


def _local(template: str, picture: CloudPicture) -> str:
    used = tokens_in(template) & picture.tokens.keys()
    values = {token: _part(picture.tokens[token]) for token in used}
    return filled(template, values | _as_in_the_cloud(picture.template))


def _as_in_the_cloud(name: str) -> dict[str, str]:
    """Return what stands for the name of a picture, and for parts of it."""
    before, after = around_frame(name)
    digits = len(name) - len(before) - len(after)
    ending = PurePosixPath(name).suffix.removeprefix(".")
    return {"picture": name, "frame": "#" * digits, "extension": ending}


def _part(name: str) -> str:
    """Return a name that comes from the scene when it can be part of a local file name."""
    try:
        parts = safe_relative(name.replace(":", "_")).parts
    except InputError:
        parts = ()
    if len(parts) != 1 or "#" in name:
        raise InputError(
            f"the scene's name {name!r} cannot be part of a file name; rename it in the scene"
        )
    return parts[0]


def _named(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - _MOST_NAMED
    return ", ".join(every[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
