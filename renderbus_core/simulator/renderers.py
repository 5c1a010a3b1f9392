"""Making the picture of one frame: as a drawing that says what it stands for, or with Blender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from renderbus_core.errors import RenderbusError


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
