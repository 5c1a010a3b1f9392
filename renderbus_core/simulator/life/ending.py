"""Ends before the time: stopped, given up, over a limit, without money, thrown away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from renderbus_core.simulator.life.events import Event
from renderbus_core.simulator.life.rendering import end_run, settle, take_off
from renderbus_core.simulator.life.staging import show_preparation
from renderbus_core.simulator.state import Frame, Task, World
from renderbus_core.statuses import FrameCode, TaskCode, task_status


def stop_task(world: World, task: Task, code: TaskCode, now: datetime) -> Iterator[Event]:
    """End a task with all its leaves; what is over by itself stays as it is.

    Args:
        world: changes.
        task: a shell or a leaf.
        code: STOP, ARREARAGE_STOP, or ABANDON, which also takes what was stopped before.
        now: when.
    """
    ending = [leaf for leaf in task.kept_leaves if _may_end(leaf.status, code)]
    if stage := world.staged.pop(task.id, None):
        task.halted = stage.code
        show_preparation(task, code, now)
    for leaf in ending:
        yield from end_leaf(world, leaf, code, now)
    if ending:
        task.status = code


def delete(world: World, task: Task, now: datetime) -> Iterator[Event]:
    """Throw a task away; what of it still moves is stopped first."""
    yield from stop_task(world, task, TaskCode.STOP, now)
    task.deleted = True


def stop_frames(world: World, frames: Iterable[Frame], now: datetime) -> Iterator[Event]:
    """Stop frame entries that are not over; the others stay as they are."""
    for frame in frames:
        if run := world.runs.get(frame.id):
            yield from end_run(world, run, FrameCode.ABORTED, now)
        elif not frame.is_over:
            _stop_waiting(frame, now)
            settle(world, frame, now)


def end_leaf(world: World, leaf: Task, code: TaskCode, now: datetime) -> Iterator[Event]:
    """End a leaf with all its frames."""
    for frame in leaf.frames.values():
        if run := world.runs.get(frame.id):
            yield from take_off(world, run, FrameCode.ABORTED, now)
        elif not frame.is_over:
            _stop_waiting(frame, now)
    world.rendering.pop(leaf.id, None)
    leaf.status, leaf.completed_at = code, now


def limit_time(task: Task, seconds: int) -> None:
    """Set the time after which a task is stopped, counted from when it began or went on."""
    for one in (task, *task.children):
        one.time_limit = seconds


def task_limit(leaf: Task, world: World) -> datetime | None:
    """Return when a leaf's own time limit ends it; None without one."""
    if leaf.plan is None or leaf.resumed_at is None:
        return None
    seconds = leaf.plan.task_limit if leaf.time_limit is None else leaf.time_limit
    return world.moment_after(leaf.resumed_at, seconds) if seconds else None


def _stop_waiting(frame: Frame, now: datetime) -> None:
    frame.history.append((now, "is stopped before it was rendered"))
    frame.move(FrameCode.ABORTED)


def _may_end(status: TaskCode, code: TaskCode) -> bool:
    known = task_status(status)
    return not known.is_terminal or (code is TaskCode.ABANDON and known.needs_person)
