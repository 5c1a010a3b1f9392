"""The machines of the simulated cloud: they turn an event into pictures in the output storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from renderbus_core.frames import pad_path
from renderbus_core.package import programs
from renderbus_core.simulator.choice import choose
from renderbus_core.simulator.documents import RENDERED
from renderbus_core.simulator.life import RenderFrame
from renderbus_core.simulator.renderers import FrameWork, RendererKind, RenderError
from renderbus_core.simulator.storage import DiskStorage


class Studio:
    """Renders frame entries of one simulated cloud.

    Args:
        storage: holds scenes and takes pictures.
        kind: which renderer was asked for.
        executable: Blender's program; None looks for it on PATH.

    Raises:
        InputError: Blender was asked for and is not installed.
        MissingDependencyError: the drawing library is not installed.
    """

    def __init__(
        self,
        storage: DiskStorage,
        kind: RendererKind = RendererKind.AUTO,
        executable: str | None = None,
    ) -> None:
        self._storage = storage
        self._renderers = {dcc: choose(kind, dcc, executable) for dcc in RENDERED}

    @property
    def renderer(self) -> str:
        """What makes the pictures, for people."""
        names = Counter(renderer.name for renderer in self._renderers.values())
        ((usual, _),) = names.most_common(1)
        others = [
            f"{renderer.name} for {programs()[dcc].cg_name} scenes"
            for dcc, renderer in self._renderers.items()
            if renderer.name != usual
        ]
        return ", ".join([*others, f"{usual} for all others"]) if others else usual

    def paint(self, event: RenderFrame, cancelled: Callable[[], bool]) -> dict[str, int]:
        """Make all pictures of a frame entry and return their sizes by name below its folder.

        Raises:
            RenderError: one of them could not be made.
        """
        with self._storage.work_folder() as folder:
            return {
                name: self._storage.adopt(made, event.outputs, f"{event.folder}/{name}")
                for work in self._works(event)
                for name, made in self._made(event, work, folder, cancelled)
            }

    def _works(self, event: RenderFrame) -> list[FrameWork]:
        return [
            FrameWork(
                scene=self._storage.path(event.inputs, event.plan.scene),
                frame=frame,
                name=pad_path(picture.template, frame),
                picture_format=event.layer.picture_format if event.plan.dcc == "blender" else "",
                size=event.layer.size,
                title=f"task {event.task_id}",
                layer=event.layer.name,
                camera=picture.tokens.get("camera", event.layer.camera),
                node=event.node,
            )
            for frame in event.frames
            for picture in event.layer.pictures
        ]

    def _made(
        self, event: RenderFrame, work: FrameWork, folder: Path, cancelled: Callable[[], bool]
    ) -> list[tuple[str, Path]]:
        if cancelled():
            raise RenderError("the picture is not wanted any more")
        made = self._renderers[event.plan.dcc].render(work, folder, cancelled)
        return [(path.relative_to(folder).as_posix(), path) for path in made]
