"""Going on after an end: tasks that were stopped, frames once more, frames after the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from renderbus_core.simulator.life.events import Event
from renderbus_core.simulator.life.layout import lay_out_again
from renderbus_core.simulator.life.rendering import take_off
from renderbus_core.simulator.life.staging import enter, submit
from renderbus_core.simulator.life.waiting import begin_when_ready, queue_up
from renderbus_core.simulator.state import Frame, Task, World
from renderbus_core.statuses import FrameCode, TaskCode

_STOPPED = frozenset(
    {TaskCode.STOP, TaskCode.USER_STOP, TaskCode.ARREARAGE_STOP, TaskCode.TIME_OUT_STOP}
)


def start_task(world: World, task: Task, now: datetime) -> None:
    """Let stopped leaves go on where they were; what else is over stays as it is."""
    for leaf in task.kept_leaves:
        if leaf.status in _STOPPED:
            for frame in leaf.frames.values():
                if frame.status is FrameCode.ABORTED:
                    _wait_again(frame)
            _revive(world, leaf, now)


def restart_frames(world: World, frames: Iterable[Frame], now: datetime) -> Iterator[Event]:
    """Render frame entries once more, and the merges of those that are parts.

    Entries that wait, and those of tasks that were given up, stay as they are. Files of the last
    render stay until the next one takes their place.
    """
    chosen = {f.id: f for f in frames if not f.waits and not _is_given_up(f.task)}
    merges = [f.whole for f in chosen.values() if f.whole is not None and not f.whole.waits]
    chosen |= {merge.id: merge for merge in merges}
    for frame in chosen.values():
        if run := world.runs.get(frame.id):
            yield from take_off(world, run, FrameCode.ABORTED, now)
        _wait_again(frame)
        frame.recommits += 1
        frame.history.append((now, f"is sent again, number {frame.recommits}"))
    for leaf in {frame.task.id: frame.task for frame in chosen.values()}.values():
        _revive(world, leaf, now)


def analyse_again(world: World, task: Task, now: datetime) -> None:
    """Look once more at a task whose analysis failed: its files may have come since."""
    if task.status is TaskCode.FAILED:
        task.status, task.remark, task.completed_at = TaskCode.ANALYSE, "", None
        enter(world, task, TaskCode.ANALYSE, now)


def full_speed(world: World, task: Task, now: datetime) -> None:
    """Let the frames go on that waited for a person after the priority frames."""
    for leaf in task.kept_leaves:
        if leaf.status is TaskCode.FINISHED_TEST:
            leaf.is_testing = False
            begin_when_ready(world, leaf, now)


def submit_again(world: World, task: Task, now: datetime) -> None:
    """Render, and charge, everything of a submitted task once more, beside the first time."""
    if task.status is TaskCode.FAILED:
        submit(world, task, now)
        return
    task.submits += 1
    if task.plan:
        lay_out_again(world, task)
        for leaf in task.kept_leaves:
            _revive(world, leaf, now)


def _is_given_up(leaf: Task) -> bool:
    return TaskCode.ABANDON in {leaf.status, leaf.root.status}


def _wait_again(frame: Frame) -> None:
    frame.started_at = frame.ended_at = None
    frame.node = frame.why = ""
    frame.seconds = 0.0
    # Provisional, until its leaf is revived: then it is known what it waits for.
    frame.move(FrameCode.PREDONEWAITING)


def _revive(world: World, leaf: Task, now: datetime) -> None:
    """Let a leaf whose frames wait again go on at the stage in which it was."""
    root = leaf.root
    if root is not leaf:
        root.status = TaskCode.WAITING
    if stage := world.staged.get(root.id):
        leaf.status = stage.code
    elif root.halted is not None:
        leaf.status, code, root.halted = root.halted, root.halted, None
        enter(world, root, code, now)
    elif leaf.id in world.rendering:
        queue_up(world, leaf, now)
    else:
        leaf.status = TaskCode.WAITING
        begin_when_ready(world, leaf, now)
