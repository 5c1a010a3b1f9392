"""Making the picture of one frame: as a drawing that says what it stands for, or with Blender."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from renderbus_core.errors import InputError, RenderbusError


class RenderError(RenderbusError):
    """A picture could not be made; one sentence says why."""


@dataclass(frozen=True, slots=True)
class FrameWork:
    """One picture to make.

    Args:
        scene: the scene file on this host; a stand-in only shows its name.
        frame: number of the frame.
        name: of the picture below the target folder; its ending says what kind of file.
        picture_format: name on the wire; "" to go by the ending alone.
        size: width and height in pixels.
        title: shown in a stand-in, for example the task's name.
        layer: render layer; "" for none.
        camera: "" when it is not known.
        node: machine that renders.
    """

    scene: Path
    frame: int
    name: str
    picture_format: str
    size: tuple[int, int]
    title: str = ""
    layer: str = ""
    camera: str = ""
    node: str = ""


class Renderer(Protocol):
    """Makes pictures."""

    @property
    def name(self) -> str:
        """The kind it is, as people choose it."""

    def render(
        self, work: FrameWork, target: Path, cancelled: Callable[[], bool]
    ) -> tuple[Path, ...]:
        """Make a picture below a folder and return the files that were written.

        Args:
            work: what to make.
            target: an empty folder of the caller's.
            cancelled: asked now and then; once it says yes, the picture is not wanted any more.

        Raises:
            RenderError: there is no picture.
        """


class RendererKind(StrEnum):
    """Which renderer people ask for; `auto` is Blender for its scenes where it is installed."""

    AUTO = "auto"
    BLENDER = "blender"
    STAND_IN = "stand-in"


def find_blender(executable: str | None = None) -> Path | None:
    """Return Blender's program, or None when it is not installed.

    Args:
        executable: path or name that was configured; None looks for `blender`.
    """
    found = shutil.which(executable or "blender")
    return Path(found) if found else None


def choose(
    kind: str, dcc: str, executable: str | None = None, *, own_group: bool = True
) -> Renderer:
    """Return what renders the scenes of a program; everything but Blender's are drawn.

    Args:
        kind: one of `RendererKind`.
        dcc: `maya`, `blender`, ...
        executable: Blender's program, as for `find_blender`.
        own_group: as for `Blender`.

    Raises:
        InputError: there is no such kind, or Blender was asked for and is not installed.
        MissingDependencyError: the drawing library is not installed.
    """
    from renderbus_core.simulator import blender, stand_in  # noqa: PLC0415 - an optional part

    kind = _kind(kind)
    program = find_blender(executable) if kind is not RendererKind.STAND_IN else None
    if kind is RendererKind.BLENDER and program is None:
        raise InputError(
            f"Blender ({executable or 'blender'}) is not found; "
            "put it on PATH, name its program, or use the renderer stand-in"
        )
    if program is not None and dcc == "blender":
        return blender.Blender(program, own_group=own_group)
    return stand_in.StandIn()


def _kind(text: str) -> RendererKind:
    try:
        return RendererKind(text)
    except ValueError as error:
        known = ", ".join(RendererKind)
        raise InputError(f"there is no renderer {text!r}; choose one of {known}") from error
