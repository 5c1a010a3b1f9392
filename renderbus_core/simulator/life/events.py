"""What the cloud asks of those who run it: pictures, and whether files were uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents import Layer, Plan


class Storage(Protocol):
    """What the cloud asks the storages."""

    def exists(self, storage: str, path: str) -> bool:
        """Tell whether a file is there.

        Args:
            storage: for example `10201-10000001`.
            path: server path.
        """


@dataclass(frozen=True, slots=True)
class RenderFrame:
    """A node has begun a frame entry: somebody has to make its pictures and report them.

    Args:
        frame_id: by which to report.
        frames: what the entry stands for.
        layer: what is rendered, and how the pictures are named.
        plan: the task's configuration, scene and program.
        node: name of the machine.
        inputs: storage that holds the scene under its server path.
        outputs: storage that takes the pictures.
        folder: of the task below that storage.
    """

    at: datetime
    task_id: int
    frame_id: int
    frames: FrameSet
    layer: Layer
    plan: Plan
    node: str
    inputs: str
    outputs: str
    folder: str


@dataclass(frozen=True, slots=True)
class CancelFrame:
    """Pictures of a frame entry are no longer wanted."""

    at: datetime
    frame_id: int


Event = RenderFrame | CancelFrame
