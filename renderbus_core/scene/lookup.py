"""Where a stored path may lie on this host, by the rules of the program that stored it; no I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from renderbus_core.facts import ExternalFile, FileKind
from renderbus_core.scene.maya_project import Project

_DRIVE_OR_UNC = re.compile(r"[A-Za-z]:[\\/]|\\\\|//[^/]")
_VARIABLE = re.compile(r"\$\{(?P<braces>\w+)\}|\$(?P<bare>[A-Za-z_]\w*)|%(?P<percent>\w+)%")

# Rules of a Maya project that apply to a kind, with the folders of a new project.
_FILE_RULES: Mapping[FileKind, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        FileKind.TEXTURE: (("sourceImages", "sourceimages"),),
        FileKind.CACHE: (
            ("fileCache", "cache/nCache"),
            ("alembicCache", "cache/alembic"),
            ("diskCache", "data"),
        ),
        FileKind.REFERENCE: (("scene", "scenes"), ("mayaAscii", "scenes")),
        FileKind.AUDIO: (("sound", "sound"),),
        FileKind.OTHER: (("sourceImages", "sourceimages"),),
    }
)


class Candidate(NamedTuple):
    """A place to look at and the rule that names it."""

    rule: str
    path: str


@dataclass(frozen=True, slots=True)
class Place:
    """What relative and foreign paths are measured against.

    Args:
        dcc: the program that stored them.
        scene: the scene that is rendered.
        to_local: path mapping of the site, for absolute paths.
        project: of a Maya scene.
        environ: variables that paths may name.
    """

    dcc: str
    scene: Path
    to_local: Callable[[str], str] = str
    project: Project | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


def candidates(file: ExternalFile, place: Place, text: str) -> Iterator[Candidate]:
    """Give the places of a path in the order in which the program would look.

    Args:
        file: whose path it is.
        place: what it is measured against.
        text: the stored path or its pattern.
    """
    if place.dcc == "blender":
        yield from _blender(file, place, text)
    else:
        yield from _maya(file, place, text)


def unknown_variable(text: str, place: Place) -> str | None:
    """Name the first variable in a path that has no value here; Blender knows no variables."""
    if place.dcc == "blender":
        return None
    names = (found[found.lastgroup or 0] for found in _VARIABLE.finditer(text))
    return next((name for name in names if name not in place.environ), None)


def is_foreign(path: str) -> bool:
    """Tell whether a path is absolute on another system only."""
    windows = bool(_DRIVE_OR_UNC.match(path))
    return not os.path.isabs(path) or (windows and os.name != "nt")  # noqa: PTH117 - text


def _blender(file: ExternalFile, place: Place, text: str) -> Iterator[Candidate]:
    folder = str((file.within or place.scene).parent)
    if text.startswith("//"):
        yield _joined("folder of the blend file", folder, text[2:])
    elif _is_absolute(text):
        yield _absolute(place, text)
    else:
        yield _joined("folder of the blend file", folder, text)


def _maya(file: ExternalFile, place: Place, text: str) -> Iterator[Candidate]:
    text = _VARIABLE.sub(
        lambda found: place.environ.get(found[found.lastgroup or 0], found[0]), text
    )
    root = str(place.project.root) if place.project else str(place.scene.parent)
    if _is_absolute(text):
        yield _absolute(place, text)
        # Maya writes the root of the project it saved in, two slashes, and the rest.
        _, split, rest = text[2:].partition("//")
        if split:
            yield _joined("project of the scene", root, rest)
        return
    yield _joined("project of the scene", root, text)
    for rule, usual in _FILE_RULES[file.kind]:
        folder = (place.project.rules if place.project else {}).get(rule, usual)
        yield _joined(f"file rule {rule}", os.path.join(root, folder), text)  # noqa: PTH118 - text
    yield _joined("folder of the scene", str(place.scene.parent), text)
    if file.within is not None:
        yield _joined("folder of the referencing scene", str(file.within.parent), text)


def _is_absolute(text: str) -> bool:
    return text.startswith(("/", "\\")) or bool(_DRIVE_OR_UNC.match(text))


def _absolute(place: Place, text: str) -> Candidate:
    local = place.to_local(text)
    return Candidate("absolute path" if local == text else "path mapping", local)


def _joined(rule: str, folder: str, rest: str) -> Candidate:
    return Candidate(rule, os.path.normpath(f"{folder}/{rest.replace(chr(92), '/')}"))
