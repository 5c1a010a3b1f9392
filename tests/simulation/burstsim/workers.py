"""Local workers: they take what waits, and render it or fail."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from burstsim.pictures import png
from renderbus_core.farm.local.values import Run

if TYPE_CHECKING:
    from burstsim.world import World

_LOOK_SECONDS = 45.0
_RENDER_SECONDS = (15.0, 70.0)


class Hand:
    """One worker of the farm.

    Args:
        world: where it is.
        name: for the farm.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._chance = random.Random(f"{world.case.seed} {name}")  # noqa: S311 - a seed's own
        self._session: int | None = None
        self._run: Run | None = None

    def run(self) -> float:
        """Go on, and return in how many seconds to do so again."""
        dispatch = self._world.farm.dispatch
        if self._run is not None:
            self._end(self._run)
        self._session = dispatch.beat(self._name, self._session)
        self._run = dispatch.dequeue(self._session)
        if self._run is None:
            return _LOOK_SECONDS
        self._world.trace.note(self._name, f"renders task {self._run.ref.id}")
        return self._chance.uniform(*_RENDER_SECONDS)

    def _end(self, run: Run) -> None:
        world = self._world
        if not world.calm and self._chance.random() < world.case.shape["worker_fails"]:
            world.trace.note(self._name, f"fails at task {run.ref.id}")
            world.farm.dispatch.give_up(run, "the renderer ended with an error")
        elif world.farm.dispatch.holds(run):
            for frame in run.ref.frames:
                world.studio.picture(frame).write_bytes(png("rendered here"))
            world.trace.note(self._name, f"rendered task {run.ref.id}")
            world.farm.dispatch.finish(run)
