"""What the configuration files of a task ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from renderbus_core.frames import FrameSet
from renderbus_core.package import CloudPicture

MOST_FRAMES = 100_000
"""A task with more frame entries is refused: they all stay in memory."""


class Work(StrEnum):
    """What a leaf makes (`taskType`)."""

    PICTURES = "Render"
    PHOTONS = "RenderPhoton"
    SIMULATION = "GopRender"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one leaf renders.

    Args:
        name: of the render layer; "" when the program has none.
        camera: the camera, or several with a comma; "" when the document names none.
        frames: in the order they are rendered.
        size: width and height in pixels.
        picture_format: name on the wire (`exr`, `OPEN_EXR`).
        pictures: what each frame makes, one per camera; none for photons and simulations.
        work: what is made.
        node: path of the node that makes it, where the program has nodes.
        slices: machines that share one simulation.
        has_channels: whether each frame has an entry for its channels besides.
        needs: places in the plan of the layers that have to be finished before.
    """

    name: str
    camera: str
    frames: FrameSet
    size: tuple[int, int]
    picture_format: str
    pictures: tuple[CloudPicture, ...]
    work: Work = Work.PICTURES
    node: str = ""
    slices: int = 1
    has_channels: bool = False
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the configuration files of a task ask for.

    Args:
        dcc: as in `package.programs`.
        scene: server path of the scene.
        files: server paths of everything that has to be in the input storage, the scene first.
        frames_per_entry: frames that a node renders in a row.
        tiles: parts that a frame is cut into; 1 leaves it whole.
        pre_frames: which frames are rendered first, as task.json writes it.
        stops_after_test: whether the others wait for a person after those.
        frame_limit: seconds after which a frame is stopped; 0 is never.
        task_limit: seconds after which the task is stopped; 0 is never.
        reminder: seconds after which the task counts as late; None for the account's setting.
        document: task.json.
    """

    dcc: str
    cg_id: int
    scene: str
    files: tuple[str, ...]
    layers: tuple[Layer, ...]
    frames_per_entry: int
    tiles: int
    pre_frames: str
    stops_after_test: bool
    frame_limit: int
    task_limit: int
    reminder: int | None
    project_name: str
    document: Mapping[str, Any]

    @property
    def scene_name(self) -> str:
        """File name of the scene."""
        return PurePosixPath(self.scene).name

    @property
    def stem(self) -> str:
        """File name of the scene without its ending."""
        return PurePosixPath(self.scene).stem
