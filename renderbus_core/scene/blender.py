"""Blender scenes (.blend)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, Layer, Origin, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.scene import blend_file
from renderbus_core.scene.blend_dna import Record
from renderbus_core.scene.blend_file import MAX_KEPT, open_blend
from renderbus_core.scene.blender_paths import FILE_STRUCTS, external_files, indirect_libraries
from renderbus_core.scene.reading import Format, Reading

_SCENE_STRUCTS = frozenset(
    {"FileGlobal", "Scene", "SceneRenderLayer", "ViewLayer", "Object", "TimeMarker", "bNode"}
)
_COST_OF_A_RECORD = 256
_CAMERA_OBJECT = 11
_LAYER_IS_RENDERED = 1
_OLD_LAYER_IS_OFF = 1 << 17
_FIRST_WITH_VIEW_LAYERS = 280
_FILE_OUTPUT = "CompositorNodeOutputFile"
_NODE_IS_MUTED = 1 << 9

_IMAGE_FORMATS: Mapping[int, str] = MappingProxyType(
    {
        0: "tga",
        1: "rgb",
        4: "jpg",
        14: "tga",
        17: "png",
        20: "bmp",
        21: "hdr",
        22: "tif",
        23: "exr",
        26: "cin",
        27: "dpx",
        28: "exr",
        29: "dds",
        30: "jp2",
        34: "psd",
        35: "webp",
    }
)
"""Number of an image type in Blender to extension."""

_FILMS: Mapping[int, str] = MappingProxyType(
    {
        15: "AVI Raw",
        16: "AVI JPEG",
        18: "AVI codec",
        19: "QuickTime",
        24: "FFmpeg",
        25: "frame server",
        31: "H.264",
        32: "Xvid",
        33: "Theora",
        36: "AV1",
    }
)

_UNKNOWABLE = (
    "add-ons the scene needs and what its scripts and drivers do are known to Blender only",
)


def read(path: Path) -> Reading:
    """Read a Blender scene.

    Raises:
        InputError: it is not one, or it is damaged.
    """
    with open_blend(path) as file:
        version = file.layout.version
        content = _Content.of(path.name, file.records(_SCENE_STRUCTS | FILE_STRUCTS))
    odd: list[str] = []
    scene = content.current_scene(odd)
    odd += _file_outputs(content)
    facts = SceneFacts(
        path=path,
        dcc="blender",
        version=Fact(_version(version), Origin.STORED),
        renderer=_renderer(scene),
        frames=_frames(scene, odd),
        fps=_fps(scene),
        resolution=_resolution(scene),
        cameras=_cameras(content, scene),
        layers=_layers(content, scene, version),
        output=_text(scene, "r.pic"),
        image_format=_image_format(scene, odd),
        files=external_files(content.by_struct, content.by_address),
        nested=indirect_libraries(content.by_struct),
        warnings=tuple(odd),
        unknowable=_UNKNOWABLE,
    )
    return Reading(facts)


FORMAT = Format(name="Blender", dcc="blender", begins=blend_file.begins, read=read)


@dataclass(frozen=True, slots=True)
class _Content:
    """The structs that are needed, by name and by address."""

    by_struct: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    by_address: dict[int, Record] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, records: Iterator[Record]) -> _Content:
        content, kept = cls(), 0
        cameras: set[int] = set()
        for record in records:
            if record.struct == "Object" and record.whole("type") != _CAMERA_OBJECT:
                continue
            if record.struct == "bNode" and record.text("idname") != _FILE_OUTPUT:
                continue
            # Stands for anything linked from a library; scenes come before it in a file.
            if record.struct == "ID" and record.address not in cameras:
                continue
            cameras.add(record.pointer("camera"))
            kept += len(record.data) + _COST_OF_A_RECORD
            if kept > MAX_KEPT:
                raise InputError(
                    f"{name} has more images, cameras and layers than any real scene "
                    f"({MAX_KEPT >> 20} MiB of them); split it or check what wrote it"
                )
            content.by_struct[record.struct].append(record)
            content.by_address[record.address] = record
        return content

    def current_scene(self, odd: list[str]) -> Record | None:
        """Find the scene that was open; the others go to `odd`."""
        scenes = self.by_struct["Scene"]
        if not scenes:
            odd.append("the file holds no scene; it can only serve as a library")
            return None
        addresses = {each.pointer("curscene") for each in self.by_struct["FileGlobal"]}
        current = next((each for each in scenes if each.address in addresses), scenes[0])
        others = [f"{_name(each)!r}" for each in scenes if each is not current]
        if others:
            odd.append(
                f"only the scene {_name(current)!r}, which was open, is described; "
                f"the file also holds {', '.join(others[:10])}"
            )
        return current

    def chain(self, first: int) -> Iterator[Record]:
        """Follow a linked list; circles end."""
        seen: set[int] = set()
        while (record := self.by_address.get(first)) is not None and first not in seen:
            seen.add(first)
            yield record
            first = record.pointer("next")


def _version(number: int) -> str:
    """Write 278 as 2.78 and 304 as 3.4, as Blender does."""
    major, minor = divmod(number, 100)
    return f"{major}.{minor:02d}" if major < 3 else f"{major}.{minor}"  # noqa: PLR2004 - 3.0


def _name(record: Record) -> str:
    return record.text("id.name")[2:]


def _text(scene: Record | None, path: str) -> Fact[str | None]:
    value = scene.text(path) if scene else ""
    return Fact(value, Origin.STORED) if value else Fact(None, Origin.UNKNOWN)


def _renderer(scene: Record | None) -> Fact[str | None]:
    return _text(scene, "r.engine")


def _frames(scene: Record | None, odd: list[str]) -> Fact[FrameSet | None]:
    if scene is None:
        return Fact(None, Origin.UNKNOWN)
    first, last = scene.whole("r.sfra"), scene.whole("r.efra")
    # Blender 2.4x has no step; later ones never store less than 1.
    step = scene.whole("r.frame_step", 1) or 1
    said = f"the frame range {first} to {last} by {step}"
    if last < first or step < 1:
        odd.append(f"{said} is empty; set an end behind its start")
        return Fact(None, Origin.UNKNOWN)
    try:
        return Fact(FrameSet.span(first, last, step), Origin.STORED)
    except InputError as why:
        odd.append(f"{said} cannot be used: {why}")
        return Fact(None, Origin.UNKNOWN)


def _fps(scene: Record | None) -> Fact[float | None]:
    rate = scene.number("r.frs_sec") if scene else 0
    base = scene.number("r.frs_sec_base", 1) if scene else 1
    if rate > 0 and 0 < base < rate * 1e6:  # also refuses what is not a number
        return Fact(rate / base, Origin.STORED)
    return Fact(None, Origin.UNKNOWN)


def _resolution(scene: Record | None) -> Fact[tuple[int, int] | None]:
    if scene is None:
        return Fact(None, Origin.UNKNOWN)
    percent = scene.whole("r.size", 100)
    width, height = (scene.whole(f"r.{name}") * percent // 100 for name in ("xsch", "ysch"))
    if width < 1 or height < 1:
        return Fact(None, Origin.UNKNOWN)
    return Fact((width, height), Origin.STORED)


def _cameras(content: _Content, scene: Record | None) -> tuple[Camera, ...]:
    """List the cameras; the scene renders its own and those that markers switch to."""
    used: set[int] = set()
    if scene is not None:
        markers = content.chain(scene.pointer("markers.first"))
        used = {scene.pointer("camera"), *(each.pointer("camera") for each in markers)}
    own = (Camera(_name(each), each.address in used) for each in content.by_struct["Object"])
    linked = (
        Camera(each.text("name")[2:], renderable=True)
        for each in content.by_struct["ID"]
        if each.address in used
    )
    return (*own, *linked)


def _layers(content: _Content, scene: Record | None, version: int) -> tuple[Layer, ...]:
    if scene is None:
        return ()
    if version >= _FIRST_WITH_VIEW_LAYERS:
        return tuple(
            Layer(each.text("name"), bool(each.whole("flag") & _LAYER_IS_RENDERED))
            for each in content.chain(scene.pointer("view_layers.first"))
        )
    return tuple(
        Layer(each.text("name"), not each.whole("layflag") & _OLD_LAYER_IS_OFF)
        for each in content.chain(scene.pointer("r.layers.first"))
    )


def _file_outputs(content: _Content) -> Iterator[str]:
    nodes = content.by_struct["bNode"]
    writing = sum(not each.whole("flag") & _NODE_IS_MUTED for each in nodes)
    if writing:
        yield (
            f"{writing} file output node(s) of the compositor write pictures of their own, which "
            "are not brought home; mute them, or render one multilayer picture"
        )


def _image_format(scene: Record | None, odd: list[str]) -> Fact[str | None]:
    if scene is None:
        return Fact(None, Origin.UNKNOWN)
    old = scene.whole("r.imtype", -1)
    kind = scene.whole("r.im_format.imtype", old)
    if film := _FILMS.get(kind):
        odd.append(
            f"the output is a {film} film, which cannot be rendered frame by frame; "
            "choose a picture format"
        )
    extension = _IMAGE_FORMATS.get(kind)
    return Fact(extension, Origin.STORED if extension else Origin.UNKNOWN)
