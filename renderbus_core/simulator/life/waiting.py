"""What a frame entry waits for, and leaves that begin, go on and come to their end."""

from __future__ import annotations

from datetime import datetime

from renderbus_core.simulator.documents import Work
from renderbus_core.simulator.state import Frame, FrameKind, Task, World
from renderbus_core.statuses import FrameCode, TaskCode, task_status

_GATES = {Work.SIMULATION: FrameCode.GOPJOBWAITING, Work.PHOTONS: FrameCode.PHOTONDONEWAITING}


def begin_when_ready(world: World, leaf: Task, now: datetime) -> None:
    """Let the frames of a leaf queue for nodes, or wait for the leaves that it needs."""
    if task_status(leaf.status).is_terminal:
        return
    leaf.gate = _gate(leaf)
    if leaf.gate is None:
        leaf.status = TaskCode.RENDERING
        leaf.started_at = leaf.started_at or now
        leaf.resumed_at, leaf.completed_at = now, None
        world.rendering[leaf.id] = leaf
    else:
        leaf.status = TaskCode.WAITING
    queue_up(world, leaf, now)


def queue_up(world: World, leaf: Task, now: datetime) -> None:
    """Give every frame of a leaf that waits the status that says for what."""
    for frame in leaf.frames.values():
        if frame.waits:
            wait(frame)
    for frame in leaf.frames.values():
        if frame.parts:
            look_at_parts(frame, now)
    look_at_leaf(world, leaf, now)


def wait(frame: Frame) -> None:
    """Let a frame entry wait for what comes before it."""
    code = _reason_to_wait(frame)
    if code is FrameCode.WAITING and frame.status is not code:
        frame.task.waiting.append(frame)
    frame.move(code)


def look_at_parts(merge: Frame, now: datetime) -> None:
    """Let a merge go on when its parts are done, and end it when they are over but not done."""
    if not merge.waits or not all(part.is_over for part in merge.parts):
        return
    codes = {part.status for part in merge.parts}
    if codes == {FrameCode.DONE}:
        wait(merge)
    else:
        failed = codes - {FrameCode.DONE, FrameCode.ABORTED}
        merge.why = "not all parts are rendered"
        merge.ended_at = now
        merge.history.append((now, f"ends without being rendered: {merge.why}"))
        merge.move(FrameCode.ERROR if failed else FrameCode.ABORTED)


def look_at_leaf(world: World, leaf: Task, now: datetime) -> None:
    """End the priority frames' time, or the leaf, when nothing of it is left to do."""
    if task_status(leaf.status).is_terminal:
        return
    if leaf.open_frames == 0:
        _finish(world, leaf, now)
    elif leaf.is_testing and leaf.gate is None and leaf.open_priority_frames == 0:
        _end_test(world, leaf, now)


def _end_test(world: World, leaf: Task, now: datetime) -> None:
    assert leaf.plan is not None  # noqa: S101 - it has frames
    if leaf.plan.stops_after_test:
        world.rendering.pop(leaf.id, None)
        leaf.status = TaskCode.FINISHED_TEST
    else:
        leaf.is_testing = False
        queue_up(world, leaf, now)


def _finish(world: World, leaf: Task, now: datetime) -> None:
    world.rendering.pop(leaf.id, None)
    leaf.completed_at = now
    if leaf.counts[FrameCode.ERROR] or leaf.counts[FrameCode.TIMEOUT]:
        leaf.status = TaskCode.FINISHED_HAS_FAILED
    elif leaf.counts[FrameCode.ABORTED]:
        leaf.status = TaskCode.FINISHED_HAS_STOPPED
    else:
        leaf.status = TaskCode.FINISHED
        for other in leaf.root.leaves:
            if leaf in other.needs and other.gate in _GATES.values():
                begin_when_ready(world, other, now)


def _gate(leaf: Task) -> FrameCode | None:
    """Return for what a prepared leaf waits as a whole; what has begun once never waits again."""
    if leaf.gate is None:
        return None
    for needed in leaf.needs:
        if needed.status is not TaskCode.FINISHED and needed.work is not None:
            return _GATES[needed.work]
    return None


def _reason_to_wait(frame: Frame) -> FrameCode:
    leaf = frame.task
    if leaf.gate is not None:
        return leaf.gate
    if leaf.is_testing and not frame.is_priority:
        return FrameCode.PRIORITYDONEWAITING
    if all(part.status is FrameCode.DONE for part in frame.parts):
        return FrameCode.WAITING
    if frame.kind is FrameKind.PHOTON_MERGE:
        return FrameCode.PHOTONDONEWAITING
    return FrameCode.SUBFRAMEWAITING
