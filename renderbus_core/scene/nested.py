"""Opens the scenes a scene references, and theirs, and gathers what they name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, ExternalFile, FileKind, SceneFacts
from renderbus_core.scene import formats
from renderbus_core.scene.reading import Reading, distinct
from renderbus_core.scene.resolve import Finder

MAX_SCENES = 1_000
"""Most referenced scenes that are opened for one scene."""

MAX_DEPTH = 32
"""Most references on the way from a scene to one below it."""

MAX_NAMES = 200_000
"""Most files and cameras gathered from all referenced scenes."""

# Maya leaves these behind when it references a scene.
_DEFAULT_CAMERAS = frozenset({"persp", "top", "front", "side"})


@dataclass(frozen=True, slots=True)
class _Scene:
    """A scene on the way down.

    Args:
        reading: what it says.
        above: real paths from the top scene down to this one.
        prefixes: that its names carry in the top scene.
    """

    reading: Reading
    above: tuple[Path, ...]
    prefixes: tuple[str, ...]


@dataclass(slots=True)
class _Gathered:
    """What came together so far."""

    files: list[ExternalFile] = field(default_factory=list)
    cameras: list[Camera] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    unknowable: dict[str, None] = field(default_factory=dict)


def follow(top: Reading, to_local: Callable[[str], str] = str) -> SceneFacts:
    """Add to a scene's facts what its references bring: files, cameras, and what is odd.

    Each scene is opened once, so circles end.

    Args:
        top: the scene itself.
        to_local: path mapping of the site.
    """
    finder = Finder(top.facts.dcc, top.facts.path, to_local)
    gathered = _Gathered()
    first = top.facts.path.resolve()
    seen = {first}
    pending = deque([_Scene(top, (first,), ("",))])
    while pending:
        scene = pending.popleft()
        for file in scene.reading.facts.files:
            if file.kind is not FileKind.REFERENCE:
                continue
            for path in (each.resolve() for each in finder.find(file).local):
                if path in scene.above:
                    circle = " -> ".join(each.name for each in (*scene.above, path))
                    gathered.warnings[f"references run in a circle: {circle}; break it"] = None
                elif path not in seen and _has_room(gathered, scene, seen):
                    seen.add(path)
                    pending.extend(_open(gathered, scene, file, path))
    return _joined(top.facts, gathered)


def _has_room(gathered: _Gathered, scene: _Scene, seen: set[Path]) -> bool:
    names = len(gathered.files) + len(gathered.cameras)
    if len(seen) <= MAX_SCENES and len(scene.above) <= MAX_DEPTH and names <= MAX_NAMES:
        return True
    gathered.warnings[
        f"more references than any real scene has ({MAX_SCENES:,} scenes, {MAX_DEPTH} deep); "
        "what lies further down is not listed"
    ] = None
    return False


def _open(gathered: _Gathered, scene: _Scene, file: ExternalFile, path: Path) -> tuple[_Scene, ...]:
    """Read a referenced scene and gather what it names; nothing when it cannot be read."""
    if name := formats.unread(path):
        gathered.unknowable[f"the files that {path.name} ({name}) names are not listed"] = None
        return ()
    try:
        reading = formats.read(path)
    except InputError as why:
        gathered.warnings[f"the referenced scene {file.stored!r} is not followed: {why}"] = None
        return ()
    files = tuple(replace(each, within=path) for each in reading.facts.files)
    reading = replace(reading, facts=replace(reading.facts, files=files))
    prefixes = tuple(
        f"{above}{namespace}:" if namespace else above
        for above in scene.prefixes
        for namespace in scene.reading.namespaces.get(file.stored, ())
    )[:MAX_DEPTH]
    gathered.files += files
    gathered.cameras += (
        Camera(f"{prefix}{camera.name}", camera.renderable)
        for prefix in prefixes
        for camera in reading.facts.cameras
        if camera.name not in _DEFAULT_CAMERAS
    )
    gathered.unknowable |= dict.fromkeys(f"{path.name}: {each}" for each in reading.doubts)
    return (_Scene(reading, (*scene.above, path), prefixes),)


def _joined(facts: SceneFacts, gathered: _Gathered) -> SceneFacts:
    found = {file.stored for file in gathered.files}
    # What the scene itself lists of its references is older than what they say.
    listed = tuple(file for file in facts.nested if file.stored not in found)
    known = {camera.name for camera in facts.cameras}
    cameras = {camera.name: camera for camera in gathered.cameras if camera.name not in known}
    return replace(
        facts,
        cameras=(*facts.cameras, *cameras.values()),
        nested=distinct((*gathered.files, *listed)),
        warnings=tuple(dict.fromkeys((*facts.warnings, *gathered.warnings))),
        unknowable=tuple(dict.fromkeys((*facts.unknowable, *gathered.unknowable))),
    )
