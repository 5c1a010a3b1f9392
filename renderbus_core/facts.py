"""What is known about a scene file: values with their origin, the same for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from renderbus_core.frames import FrameSet

T = TypeVar("T")


class Origin(StrEnum):
    """How a fact came to be known."""

    STORED = "stored"
    DEFAULT = "default"
    DERIVED = "derived"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and how it came to be known; `value` is None when the origin is unknown."""

    value: T
    origin: Origin


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera and whether the scene renders it."""

    name: str
    renderable: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """A render layer (Maya) or view layer (Blender) with what it overrides; None = as the scene.

    Args:
        output: as `SceneFacts.output`.
        elements: as `SceneFacts.elements`; a fact, because those of one layer may be unknown.
    """

    name: str
    renderable: bool
    frames: FrameSet | None = None
    cameras: tuple[str, ...] | None = None
    resolution: tuple[int, int] | None = None
    renderer: str | None = None
    output: str | None = None
    elements: Fact[tuple[str, ...] | None] | None = None


class FileKind(StrEnum):
    """What an external file is to the scene."""

    TEXTURE = "texture"
    REFERENCE = "scene reference"
    CACHE = "cache"
    AUDIO = "audio"
    OTHER = "other"


class Absence(StrEnum):
    """Why a file that a scene names was not found on a host."""

    NOT_FOUND = "not found"
    OTHER_CASE = "spelled in another case"
    LINK_LOOP = "links lead in a circle"
    UNMAPPED = "on a drive or share that this host does not have"


@dataclass(frozen=True, slots=True)
class ExternalFile:
    """A file the scene names.

    Args:
        stored: the path exactly as it stands in the scene, tokens and relative form kept.
        kind: what it is.
        owner: node and attribute (Maya) or data-block (Blender) that names it.
        line: 1-based line in a text scene; None in a binary one.
        pattern: the stored path with `<UDIM>` or `####` where one path stands for many files;
            None when it stands for one.
        folder: True when it names a folder whose content is needed.
        within: the scene file that stores it, for relative paths of nested scenes.
        required: False when a render does not need it (audio).
    """

    stored: str
    kind: FileKind
    owner: str
    line: int | None = None
    pattern: str | None = None
    folder: bool = False
    within: Path | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from the next.

    Args:
        size: bytes.
        modified: nanoseconds since the epoch.
    """

    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class SceneFacts:
    """Everything a reader found in a scene without running the DCC.

    Args:
        path: the scene file.
        dcc: `maya`, `blender`, ... as in `schemas/task/`.
        version: of the program that saved it, as the format writes it (`2023`, `3.4`).
        renderer: name as the DCC spells it.
        frames: what the scene itself would render.
        fps: frames per second.
        resolution: width and height in pixels after any percentage.
        cameras: all cameras.
        layers: all layers.
        output: output path or file prefix as stored, with the DCC's tokens.
        image_format: lower-case extension of the pictures (`png`, `exr`); None when unknown.
        frame_digits: to how many digits the DCC pads frame numbers in names; None when unknown.
        elements: names of the pictures that a frame makes beside its main one, in files of their
            own (AOVs, render elements); None when only the DCC can tell. Those that become
            channels of the main file are not among them.
        project: folder of the Maya project the scene lies in, on this host; None when in none.
        plugins: name to version of what the scene requires.
        files: external files, each once, in the order they appear.
        nested: files named by referenced scenes.
        warnings: sentences about what is odd.
        unknowable: sentences about what only the DCC itself can tell.
        stamp: of the scene file when it was read; None when nobody looked.
    """

    path: Path
    dcc: str
    version: Fact[str | None]
    renderer: Fact[str | None]
    frames: Fact[FrameSet | None]
    fps: Fact[float | None]
    resolution: Fact[tuple[int, int] | None]
    cameras: tuple[Camera, ...] = ()
    layers: tuple[Layer, ...] = ()
    output: Fact[str | None] = field(default_factory=lambda: Fact(None, Origin.UNKNOWN))
    image_format: Fact[str | None] = field(default_factory=lambda: Fact(None, Origin.UNKNOWN))
    frame_digits: Fact[int | None] = field(default_factory=lambda: Fact(None, Origin.UNKNOWN))
    elements: Fact[tuple[str, ...] | None] = field(default_factory=lambda: Fact((), Origin.DEFAULT))
    project: Path | None = None
    plugins: Mapping[str, str] = field(default_factory=dict)
    files: tuple[ExternalFile, ...] = ()
    nested: tuple[ExternalFile, ...] = ()
    warnings: tuple[str, ...] = ()
    unknowable: tuple[str, ...] = ()
    stamp: Stamp | None = field(default=None, compare=False, repr=False)
