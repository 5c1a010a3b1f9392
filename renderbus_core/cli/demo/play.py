"""Playing: workers render, the decider looks, runners carry; until every task is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from renderbus_core.burst import Burst, Crew, Cycle, Decider
from renderbus_core.cli.demo.stage import Stage
from renderbus_core.errors import RenderbusError
from renderbus_core.jobs import JobId, JobRow, LocalState, LocalTask

_DECIDE_EVERY = 1.0
_PAUSE = 0.05
# Nothing in the demonstration takes this long; it ends with a sentence instead of hanging.
_LONGEST = 900.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything there is to see at one moment."""

    now: datetime
    rows: tuple[JobRow, ...]
    tasks: dict[JobId, tuple[LocalTask, ...]]
    bursts: tuple[Burst, ...]
    cycle: Cycle | None

    @property
    def is_over(self) -> bool:
        """Whether every task is complete or failed and no burst is at work."""
        ended = {LocalState.COMPLETED, LocalState.FAILED}
        local = all(task.state in ended for tasks in self.tasks.values() for task in tasks)
        return local and all(burst.state.is_over for burst in self.bursts)


def play(stage: Stage) -> Iterator[Moment]:
    """Let everything work, and show each moment in which something may have changed.

    Args:
        stage: set up.

    Raises:
        RenderbusError: it takes impossibly long, or the simulator has ended.
    """
    gateway = stage.gateway
    decider, crew = Decider(gateway), Crew(gateway)
    ends = gateway.clock.monotonic() + _LONGEST
    due = 0.0
    try:
        while gateway.clock.monotonic() < ends:
            stage.cloud.demand()
            stage.pool.step()
            cycle = None
            if gateway.clock.monotonic() >= due:
                cycle = decider.step()
                due = gateway.clock.monotonic() + _DECIDE_EVERY / stage.options.speed
            crew.step()
            moment = _moment(stage, cycle)
            yield moment
            if moment.is_over:
                return
            time.sleep(_PAUSE)
    finally:
        crew.detach()
    raise RenderbusError(f"the demonstration did not end within {_LONGEST:.0f} s")


def _moment(stage: Stage, cycle: Cycle | None) -> Moment:
    farm = stage.farm
    return Moment(
        now=stage.gateway.clock.now(),
        rows=farm.jobs(),
        tasks=dict(farm.tasks(stage.jobs)),
        bursts=stage.gateway.store.bursts(),
        cycle=cycle,
    )
