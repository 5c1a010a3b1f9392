"""Letting time pass: everything that happens by itself, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from renderbus_core.simulator import fees
from renderbus_core.simulator.life.ending import end_leaf, stop_task, task_limit
from renderbus_core.simulator.life.events import Event, Storage
from renderbus_core.simulator.life.rendering import end_run, start_waiting
from renderbus_core.simulator.life.staging import end_stage, look_for_missing
from renderbus_core.simulator.state import World
from renderbus_core.statuses import TaskCode


def next_moment(world: World) -> datetime | None:
    """Return when something happens by itself next; None when nothing will."""
    moments: list[datetime | None] = [stage.ends_at for stage in world.staged.values()]
    moments += [task_limit(leaf, world) for leaf in world.rendering.values()]
    moments += [run.end[0] for run in world.runs.values() if run.end]
    due = min((moment for moment in moments if moment is not None), default=None)
    due = fees.exhaustion(world, due) or due
    # What was let go afterwards, or was never paid, happens now and not in the past.
    return max(due, world.passed) if due and world.passed else due


def pass_time(world: World, storage: Storage, now: datetime) -> Iterator[Event]:
    """Let everything happen that happens by itself until now, in order."""
    look_for_missing(world, storage)
    while (moment := next_moment(world)) is not None and moment <= now:
        world.passed = moment
        for stage in [s for s in world.staged.values() if s.ends_at <= moment]:
            end_stage(world, stage, storage, moment)
        for run in list(world.runs.values()):
            if run.end and run.end[0] <= moment:
                yield from end_run(world, run, run.end[1], moment)
        yield from _end_what_may_not_go_on(world, moment)
        yield from start_waiting(world, moment)
    world.passed = max(now, world.passed or now)


def _end_what_may_not_go_on(world: World, now: datetime) -> Iterator[Event]:
    broke = {
        account.user_id
        for account in {
            leaf.owner.user_id: leaf.owner for leaf in world.rendering.values()
        }.values()
        if fees.is_in_arrears(world, account, now)
    }
    for leaf in list(world.rendering.values()):
        limit = task_limit(leaf, world)
        if leaf.owner.user_id in broke:
            # With all of its shell: what only waits for this leaf would wait for ever.
            yield from stop_task(world, leaf.root, TaskCode.ARREARAGE_STOP, now)
        elif limit is not None and limit <= now:
            yield from end_leaf(world, leaf, TaskCode.TIME_OUT_STOP, now)
