"""Maya ASCII scenes (.ma)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from renderbus_core.facts import Camera, ExternalFile, Fact, FileKind, Origin, SceneFacts
from renderbus_core.scene import maya_settings as settings
from renderbus_core.scene import maya_tables as tables
from renderbus_core.scene import patterns
from renderbus_core.scene.maya_elements import elements
from renderbus_core.scene.maya_layers import layers
from renderbus_core.scene.maya_scene import ON, MayaScene, Node, read_scene
from renderbus_core.scene.maya_settings import Settings
from renderbus_core.scene.maya_tables import Slot
from renderbus_core.scene.maya_text import MAGIC, words
from renderbus_core.scene.reading import Format, Reading, distinct

# A second reference to the same file carries a number behind the path.
_COPY = re.compile(r"\{[0-9]+\}$")


def begins(head: bytes) -> bool:
    """Tell whether a file that begins so is Maya ASCII."""
    return MAGIC.match(head) is not None


def read(path: Path) -> Reading:
    """Read a Maya ASCII scene.

    Raises:
        InputError: it is not one, or it is damaged.
    """
    scene = read_scene(path)
    base = Settings(scene)
    odd: list[str] = []
    doubts = tuple(_doubts(scene))
    facts = SceneFacts(
        path=path,
        dcc="maya",
        version=_version(scene),
        renderer=settings.renderer(base),
        frames=settings.frames(base, odd),
        fps=settings.frames_per_second(scene, odd),
        resolution=settings.resolution(base, odd),
        cameras=_cameras(base),
        layers=layers(base, odd),
        output=settings.output(base),
        image_format=settings.image_format(base, odd),
        frame_digits=settings.frame_digits(base),
        elements=elements(base),
        plugins=scene.plugins,
        files=distinct(sorted(_files(scene), key=lambda file: file.line or 0)),
        nested=distinct(_references(scene, nested=True)),
        warnings=(*odd, *_warnings(scene)),
        unknowable=(*doubts, *_unknowable(base)),
    )
    return Reading(facts, doubts, _namespaces(scene))


FORMAT = Format(name="Maya ASCII", dcc="maya", begins=begins, read=read)


def _version(scene: MayaScene) -> Fact[str | None]:
    """Prefer the product line; the first line may say it more exactly (`2018ff09`)."""
    version = scene.header_version
    if not version.startswith(scene.product):
        version = scene.product
    version = version or scene.required_version
    return Fact(version, Origin.STORED) if version else Fact(None, Origin.UNKNOWN)


def _cameras(base: Settings) -> tuple[Camera, ...]:
    """List own cameras, then those of references that this scene switches on or off."""
    own = settings.cameras(base)
    switched = {
        _transform(node): Camera(_transform(node), renderable=value.strip() in ON)
        for _, node, attribute, value in _edits(base.scene)
        if attribute == "renderable"
    }
    known = {camera.name for camera in own}
    return (*own, *(camera for name, camera in switched.items() if name not in known))


def _transform(path: str) -> str:
    """Name the transform above a camera shape, given by its path."""
    parts = path.split("|")
    return parts[-2] if len(parts) > 1 and parts[-2] else parts[-1].removesuffix("Shape")


def _files(scene: MayaScene) -> Iterator[ExternalFile]:
    yield from _references(scene, nested=False)
    for node in scene.nodes:
        for slot in tables.PATHS.get(node.type, ()):
            value = node.values.get(slot.names[0])
            for stored in value.words if value else ():
                if value and stored and not stored.startswith(tables.RESOURCES):
                    yield _file(slot, node.name, stored, value.line, _pattern(node, stored))
    for line, target, attribute, value_text in _edits(scene):
        slot_of_edit = tables.EDITS.get(attribute)
        said = [word.text for word in words(value_text.encode(), "utf-8")]
        if slot_of_edit and said[:2] == ["-type", "string"] and any(said[2:]):
            stored, owner = said[2], target.rsplit("|", 1)[-1]
            yield _file(slot_of_edit, owner, stored, line, patterns.from_tokens(stored))


def _file(slot: Slot, owner: str, stored: str, line: int, pattern: str | None) -> ExternalFile:
    return ExternalFile(
        stored=stored,
        kind=slot.kind,
        owner=f"{owner}.{slot.names[0]}",
        line=line,
        pattern=pattern,
        folder=slot.folder,
        required=slot.required,
    )


def _pattern(node: Node, stored: str) -> str | None:
    """Derive what the path stands for: tokens in it, else the node's tiling or sequence switch."""
    if pattern := patterns.from_tokens(stored):
        return pattern
    tiling = node.text(tables.TILING[0])
    if tiling in tables.TILING_BY_UDIM:
        return patterns.from_tile(stored)
    if tiling in tables.TILING_BY_UV:
        return patterns.from_uv_tile(stored)
    switch = tables.SEQUENCES.get(node.type)
    if switch and node.on(switch[0], default=False):
        return patterns.from_frame(stored)
    return None


def _references(scene: MayaScene, *, nested: bool) -> Iterator[ExternalFile]:
    """Give the scenes this one references, or those the references themselves name."""
    for reference in scene.references:
        stored = _COPY.sub("", reference.path)
        if stored and reference.direct is not nested:
            owner = reference.node or "file"
            yield ExternalFile(stored, FileKind.REFERENCE, owner, reference.line)


def _namespaces(scene: MayaScene) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for reference in scene.references:
        if reference.direct:
            found[_COPY.sub("", reference.path)][reference.namespace.strip(":")] = None
    return {stored: tuple(names) for stored, names in found.items()}


def _edits(scene: MayaScene) -> Iterator[tuple[int, str, str, str]]:
    """Give line, node, attribute and value of the edits that matter."""
    for node in scene.of_type("reference"):
        value = node.values.get("edits")
        said = value.words if value else ()
        for target, attribute, text in zip(said[::3], said[1::3], said[2::3], strict=True):
            yield value.line if value else 0, target, attribute, text


def _warnings(scene: MayaScene) -> Iterator[str]:
    required, header = scene.required_version, scene.header_version
    if required and header and not header.startswith(required):
        yield (
            f"the first line says Maya {header}, the scene requires Maya {required}; "
            "save it with one version"
        )
    for script in tables.SCRIPTS:
        value = scene.setting("defaultRenderGlobals", script)
        if value and value.text.strip():
            yield (
                f"line {value.line}: {script} runs {value.text.strip()[:80]!r} while rendering; "
                "check that it needs nothing from this machine"
            )
    if not scene.ended:
        yield "the closing comment '// End of ...' is missing; the file may be cut off"


def _doubts(scene: MayaScene) -> Iterator[str]:
    types = Counter(node.type for node in scene.nodes)
    scripts = [node for node in scene.of_type("script") if node.name not in tables.OWN_SCRIPT_NODES]
    if types["expression"] or scripts:
        yield (
            f"{types['expression']} expressions and {len(scripts)} script nodes may change paths "
            "and settings when Maya runs them"
        )
    for private in dict.fromkeys(
        private for kind, private in tables.PRIVATE_FILES.items() if types[kind]
    ):
        yield f"{private} are known to their plug-in only"
    if any(node.cut for node in scene.of_type("reference")):
        yield "edits of a reference beyond its first MiB are not read"


def _unknowable(base: Settings) -> Iterator[str]:
    if settings.image_format(base, []).value is None:
        yield f"the picture format is known to the renderer {settings.renderer(base).value} only"
    elif elements(base).value is None:
        yield f"the names of render elements are known to {settings.renderer(base).value} only"
    if base.is_vray and base.get("vraySettings", "animType").value == "2":
        yield "V-Ray renders a list of frames of its own, which is not read"
