"""The life of tasks and frames: what happens to them, when, and what the nodes have to do.

After its submission a task passes the stages of `STAGES`; then its frames wait for nodes. A node
renders for a drawn time. A frame is done when that time has passed AND its picture was reported.
The order of the stages is pieced together from the sources (docs/assumptions.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents import Layer, Plan, read_plan
from renderbus_core.simulator.state import (
    INPUT_BID,
    OUTPUT_BID,
    Frame,
    Run,
    Stage,
    StoredFile,
    Task,
    World,
    storage_name,
)
from renderbus_core.statuses import FrameCode, TaskCode, task_status

STAGES: Mapping[TaskCode, str] = MappingProxyType(
    {
        TaskCode.RENDERING_TASK_SUBMITTING: "submit_seconds",
        TaskCode.ANALYSE: "analyse_seconds",
        TaskCode.WAITING: "queue_seconds",
        TaskCode.PRE_RENDERING: "preprocess_seconds",
    }
)
"""Stages in their order, and the setting that says how long each lasts."""

_NEXT = dict(zip(STAGES, [*list(STAGES)[1:], TaskCode.RENDERING], strict=True))
_NAMED_FILES = 3
_SHOWN_CHARACTERS = 200


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


def next_moment(world: World) -> datetime | None:
    """Return when something happens by itself next; None when nothing will."""
    moments: list[datetime | None] = [stage.ends_at for stage in world.staged.values()]
    moments += [task_limit(leaf, world) for leaf in world.rendering.values()]
    moments += [run.end[0] for run in world.runs.values() if run.end]
    return min((moment for moment in moments if moment is not None), default=None)


def pass_time(world: World, storage: Storage, now: datetime) -> Iterator[Event]:
    """Let everything happen that happens by itself until now, in order."""
    while (moment := next_moment(world)) is not None and moment <= now:
        for stage in [s for s in world.staged.values() if s.ends_at <= moment]:
            _end_stage(world, stage, storage, moment)
        for run in list(world.runs.values()):
            if run.end and run.end[0] <= moment:
                yield from end_run(world, run, run.end[1], moment)
        for leaf in [t for t in world.rendering.values() if _reached(task_limit(t, world), moment)]:
            yield from _end_leaf(world, leaf, TaskCode.TIME_OUT_STOP, moment)
        yield from start_waiting(world, moment)


def start_waiting(world: World, now: datetime) -> Iterator[Event]:
    """Give free nodes the frames that wait, tasks of a higher level first."""
    for leaf in sorted(world.rendering.values(), key=lambda task: -task.user_level):
        while world.nodes and leaf.waiting and leaf.may_start:
            frame = leaf.waiting.popleft()
            if frame.status is FrameCode.WAITING:
                yield from _start(world, frame, now)


def submit(world: World, task: Task, now: datetime) -> None:
    """Begin the life of a reserved id."""
    task.submitted_at = now
    _enter(world, task, TaskCode.RENDERING_TASK_SUBMITTING, now)


def stop_task(world: World, task: Task, code: TaskCode, now: datetime) -> Iterator[Event]:
    """End a task with all its leaves; what is over by itself stays as it is.

    Args:
        world: changes.
        task: a shell or a leaf.
        code: STOP, or ABANDON, which also takes what was stopped before.
        now: when.
    """
    world.staged.pop(task.id, None)
    ending = [leaf for leaf in task.leaves if _may_end(leaf.status, code)]
    for leaf in ending:
        yield from _end_leaf(world, leaf, code, now)
    if ending:
        task.status = code


def stop_frames(world: World, frames: Iterable[Frame], now: datetime) -> Iterator[Event]:
    """Stop frame entries that are not over; the others stay as they are."""
    for frame in frames:
        if run := world.runs.get(frame.id):
            yield from end_run(world, run, FrameCode.ABORTED, now)
        elif not frame.is_over:
            frame.move(FrameCode.ABORTED)
            _finish_when_over(world, frame.task, now)


def end_run(world: World, run: Run, code: FrameCode, now: datetime) -> Iterator[Event]:
    """Take a frame entry off its node."""
    frame, task = run.frame, run.frame.task
    del world.runs[frame.id]
    world.nodes.append(frame.node)
    frame.ended_at, frame.seconds = now, run.charged(now)
    task.seconds += frame.seconds
    frame.move(code)
    if code is FrameCode.DONE:
        stored = {f"{task.folder}/{n}": StoredFile(size, now) for n, size in run.files.items()}
        world.outputs[task.owner.user_id] |= stored
    elif run.delivered is None and not run.fails:
        yield CancelFrame(now, frame.id)
    _finish_when_over(world, task, now)


def deliver(world: World, frame_id: int, files: Mapping[str, int], now: datetime) -> None:
    """Take note of finished pictures; those that nobody waits for any more are ignored."""
    if run := world.runs.get(frame_id):
        world.runs[frame_id] = replace(run, delivered=now, files=dict(files))


def task_limit(leaf: Task, world: World) -> datetime | None:
    """Return when a leaf's own time limit ends it; None without one."""
    if leaf.plan is None or not leaf.plan.task_limit or leaf.started_at is None:
        return None
    return leaf.started_at + _simulated(world, leaf.plan.task_limit)


def _enter(world: World, task: Task, code: TaskCode, now: datetime) -> None:
    ends_at = now + _simulated(world, getattr(world.settings, STAGES[code]))
    world.staged[task.id] = Stage(task, code, ends_at)
    _show(task, code)


def _show(task: Task, code: TaskCode) -> None:
    """Give a status to the leaves that were not stopped meanwhile."""
    for leaf in task.leaves:
        if not task_status(leaf.status).is_terminal:
            leaf.status = code


def _end_stage(world: World, stage: Stage, storage: Storage, now: datetime) -> None:
    task = stage.task
    try:
        if stage.code is TaskCode.ANALYSE:
            _analyse(world, task, storage)
    except InputError as why:
        del world.staged[task.id]
        task.status, task.remark, task.completed_at = TaskCode.FAILED, str(why), now
        return
    following = _NEXT[stage.code]
    if following is TaskCode.RENDERING:
        _begin_rendering(world, task, now)
    else:
        _enter(world, task, following, now)


def _analyse(world: World, task: Task, storage: Storage) -> None:
    """Read what a task asks for and lay out its frames."""
    plan = read_plan(task.texts["task.json"], task.texts["upload.json"])
    inputs = storage_name(INPUT_BID, task.owner)
    missing = [path for path in plan.files if not storage.exists(inputs, path)]
    if missing:
        named = ", ".join(path[:_SHOWN_CHARACTERS] for path in missing[:_NAMED_FILES])
        more = f" and {len(missing) - _NAMED_FILES} more" if len(missing) > _NAMED_FILES else ""
        raise InputError(f"missing in the input storage: {named}{more}")
    task.plan = plan
    if len(plan.layers) > 1:
        # A shell shows "waiting" to its end, as in the samples; its leaves tell the truth.
        task.status = TaskCode.WAITING
        task.children = [_child(world, task) for _ in plan.layers]
    for leaf, layer in zip(task.leaves, plan.layers, strict=True):
        _lay_out(world, leaf, plan, layer)


def _child(world: World, shell: Task) -> Task:
    return world.add_task(
        Task(
            id=world.next_task_id(),
            owner=shell.owner,
            created_at=shell.created_at,
            user_level=shell.user_level,
            labels=shell.labels,
            parent=shell,
            producer=shell.producer,
            submitted_at=shell.submitted_at,
            plan=shell.plan,
        )
    )


def _lay_out(world: World, leaf: Task, plan: Plan, layer: Layer) -> None:
    leaf.plan, leaf.layer = plan, layer
    entries = (
        Frame(world.next_frame_id(), leaf, plan, layer, part)
        for chunk in layer.frames.chunks(plan.frames_per_entry)
        for part in _entries(chunk)
    )
    leaf.frames = {frame.id: frame for frame in entries}
    leaf.waiting.extend(leaf.frames.values())
    leaf.counts[FrameCode.WAITING] = len(leaf.frames)


def _entries(chunk: FrameSet) -> Iterator[FrameSet]:
    """Cut a chunk into what one entry can be called: a frame, or a range that ascends."""
    for run in chunk.ranges:
        if run.step > 0:
            yield FrameSet((run,))
        else:
            yield from (FrameSet.of([frame]) for frame in run)


def _begin_rendering(world: World, task: Task, now: datetime) -> None:
    del world.staged[task.id]
    _show(task, TaskCode.RENDERING)
    for leaf in task.leaves:
        if leaf.status is TaskCode.RENDERING:
            leaf.started_at = now
            world.rendering[leaf.id] = leaf


def _start(world: World, frame: Frame, now: datetime) -> Iterator[Event]:
    settings = world.settings
    each = settings.frame_seconds * world.random.uniform(1 - settings.jitter, 1 + settings.jitter)
    run = Run(frame, now, each * len(frame.frames), settings.speed, _fails(world, frame))
    world.runs[frame.id] = run
    frame.node = world.nodes.popleft()
    frame.started_at = now
    frame.move(FrameCode.STARTED)
    if not run.fails:
        yield RenderFrame(
            at=now,
            task_id=frame.task.id,
            frame_id=frame.id,
            frames=frame.frames,
            layer=frame.layer,
            plan=frame.plan,
            node=frame.node,
            inputs=storage_name(INPUT_BID, frame.task.owner),
            outputs=storage_name(OUTPUT_BID, frame.task.owner),
            folder=frame.task.folder,
        )


def _fails(world: World, frame: Frame) -> bool:
    doomed = [number for number in frame.frames if world.failures.get(number, 0) > 0]
    for number in doomed:
        world.failures[number] -= 1
    return bool(doomed)


def _end_leaf(world: World, leaf: Task, code: TaskCode, now: datetime) -> Iterator[Event]:
    yield from stop_frames(world, list(leaf.frames.values()), now)
    world.rendering.pop(leaf.id, None)
    leaf.status, leaf.completed_at = code, now


def _may_end(status: TaskCode, code: TaskCode) -> bool:
    known = task_status(status)
    return not known.is_terminal or (code is TaskCode.ABANDON and known.needs_person)


def _finish_when_over(world: World, leaf: Task, now: datetime) -> None:
    if leaf.open_frames:
        return
    world.rendering.pop(leaf.id, None)
    leaf.completed_at = now
    if leaf.counts[FrameCode.ERROR] or leaf.counts[FrameCode.TIMEOUT]:
        leaf.status = TaskCode.FINISHED_HAS_FAILED
    elif leaf.counts[FrameCode.ABORTED]:
        leaf.status = TaskCode.FINISHED_HAS_STOPPED
    else:
        leaf.status = TaskCode.FINISHED


def _simulated(world: World, seconds: float) -> timedelta:
    return timedelta(seconds=seconds / world.settings.speed)


def _reached(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
