"""From running to done: read the cloud, collect pictures, complete tasks, give the rest back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from decimal import Decimal

from renderbus_core.api import RemoteFrame, RemoteTask
from renderbus_core.burst import mirror
from renderbus_core.burst.collect import collect, collected, tidy
from renderbus_core.burst.context import Context
from renderbus_core.burst.listing import list_outputs
from renderbus_core.burst.mirror import Act, Action, MirrorPolicy
from renderbus_core.burst.model import (
    Burst,
    BurstState,
    Remote,
    RemoteEntry,
    RemoteTree,
    TaskState,
    WakeAt,
)
from renderbus_core.burst.store import RemoteLeaf
from renderbus_core.burst.submit import CONFIRMATIONS, is_known
from renderbus_core.errors import FarmError, RequestRefusedError
from renderbus_core.jobs import Gone, LocalTask
from renderbus_core.statuses import FrameCode, frame_status, task_status

_log = logging.getLogger(__name__)

_SITUATIONS: Mapping[FrameCode, Remote] = {
    FrameCode.STARTED: Remote.RENDERING,
    FrameCode.DONE: Remote.DONE,
    FrameCode.ERROR: Remote.FAILED,
    FrameCode.TIMEOUT: Remote.FAILED,
    FrameCode.ABORTED: Remote.STOPPED,
}


def follow(ctx: Context, burst: Burst) -> WakeAt:
    """Compare both sides once and do what follows."""
    assert burst.remote_id is not None  # noqa: S101 - it runs under it
    finish_pending(ctx, burst)
    _cap_machines(ctx, burst)
    info = ctx.client.query.task_info([burst.remote_id]).get(burst.remote_id)
    if info is None:
        return _unknown_to_the_cloud(ctx, burst)
    tree = read_tree(ctx, burst, info)
    ctx.store.note(ctx.effects.lease, burst.id, spent=tree.spent, absences=0)
    list_outputs(ctx, burst, info)
    _note_stops(ctx, burst, tree)
    burst = ctx.store.burst(burst.id)
    actions = mirror.diff(
        tree, collected(ctx, burst), _local(ctx, burst), burst, _policy(ctx, burst), ctx.now()
    )
    for action in actions:
        _note_progress(ctx, burst, action)
    for action in actions:
        _act(ctx, burst, action)
    done = [action.task for action in actions if action.act is Act.COLLECT]
    more = collect(ctx, burst, done, is_over=tree.is_over)
    finish_pending(ctx, burst)
    wake = _next(ctx, ctx.store.burst(burst.id), tree)
    return ctx.at_once() if more else wake


def recall(ctx: Context, burst: Burst) -> WakeAt:
    """Stop the remote task, then follow it until everything is home or back on the farm."""
    remote_id = burst.remote_id
    if remote_id is None or burst.submits == 0:
        if not ctx.let_go_of_all(burst, burst.reason):
            return ctx.after(ctx.config.burst.poll_seconds)
        ctx.move(burst, BurstState.RECALLED, burst.reason)
        return ctx.at_once()
    if not is_known(ctx, remote_id):
        return _recall_the_unknown(ctx, burst)
    ctx.move_tasks(burst, burst.refs(TaskState.HELD), TaskState.SENT, "submitted")
    ctx.effects.perform("stop_task", lambda: ctx.client.task.stop_task([remote_id]), task=remote_id)
    return follow(ctx, ctx.store.burst(burst.id))


def _recall_the_unknown(ctx: Context, burst: Burst) -> WakeAt:
    """Give everything back although the cloud does not know the task: a person asked for it.

    It is confirmed twice, apart in time; a submit that is merely late would be found by then.
    """
    absences = burst.absences + 1
    ctx.store.note(ctx.effects.lease, burst.id, absences=absences)
    if absences < CONFIRMATIONS:
        return ctx.after(ctx.config.burst.submit_settle_seconds)
    why = f"recalled; the cloud does not know remote task {burst.remote_id}"
    open_ = tuple(task.ref for task in burst.open_tasks if task.state is not TaskState.COLLECTED)
    if not ctx.give_back(burst, open_, why):
        return ctx.after(ctx.config.burst.poll_seconds)
    finish_pending(ctx, burst)
    ctx.move(burst, BurstState.RECALLED, why)
    return ctx.at_once()


def _cap_machines(ctx: Context, burst: Burst) -> None:
    """Limit the machines, once per runner: time limits bound the cost only together with this.

    A cloud that refuses is told in the log and asked again at the next look; the frames' own time
    limits hold meanwhile.
    """
    remote_id, machines = burst.remote_id, ctx.config.burst.machine_limit
    if ctx.memory.capped or remote_id is None:
        return
    try:
        ctx.effects.perform(
            "limit_machines",
            lambda: ctx.client.task.update_task_limit(remote_id, machines),
            task=remote_id,
            machines=machines,
        )
    except RequestRefusedError as error:
        _log.warning("burst %s: its machines are not limited: %s", burst.id, error.sentence)
    else:
        ctx.memory.capped = True


def read_tree(ctx: Context, burst: Burst, info: RemoteTask) -> RemoteTree:
    """Read the frames of all leaves; only of those whose counts changed since the last time."""
    leaves = tuple(info.leaves())
    changed = [leaf for leaf in leaves if ctx.memory.counts.get(leaf.id) != leaf.counts]
    for leaf in changed:
        ctx.memory.frames[leaf.id] = tuple(ctx.client.query.iter_frames(leaf.id))
        ctx.memory.counts[leaf.id] = leaf.counts
    if changed:
        noted = [_noted(leaf, ctx.memory.frames[leaf.id]) for leaf in changed]
        ctx.store.note_remote(ctx.effects.lease, burst.id, noted, ctx.now())
    frames = [frame for leaf in leaves for frame in ctx.memory.frames[leaf.id]]
    ends = [task_status(leaf.task_status) for leaf in leaves]
    return RemoteTree(
        entries=tuple(_entry(frame) for frame in frames if not frame.is_preparation),
        is_over=all(status.is_terminal for status in ends),
        is_stopped=any(status.is_terminal and status.needs_person for status in ends),
        spent=max(
            info.render_consume or Decimal(0),
            sum((frame.fee_amount or Decimal(0) for frame in frames), start=Decimal(0)),
        ),
    )


def finish_pending(ctx: Context, burst: Burst) -> None:
    """Finish completions and releases that were begun: both may be asked for again."""
    burst = ctx.store.burst(burst.id)
    ctx.give_back(burst, burst.refs(TaskState.RELEASING), "given back")
    ready = burst.refs(TaskState.COLLECTED)
    if not ready:
        return
    claim = burst.claim(ready, ctx.effects.lease.epoch)
    outcome = ctx.effects.perform(
        "complete", lambda: ctx.farm.complete(claim, ready), tasks=[ref.id for ref in ready]
    )
    ctx.move_tasks(burst, outcome.taken, TaskState.COMPLETED, "its pictures are at home")
    for ref, why in outcome.refused.items():
        ctx.move_tasks(burst, (ref,), TaskState.LOST, f"the farm would not complete it: {why}")


def _local(ctx: Context, burst: Burst) -> tuple[LocalTask, ...]:
    """Read the job's tasks; that the job is gone is believed only when two readings agree."""
    tasks = ctx.farm.tasks([burst.job]).get(burst.job)
    if tasks is None and not isinstance(ctx.farm.job(burst.job), Gone):
        raise FarmError(f"the farm shows no tasks of job {burst.job} now; asked again later")
    return tasks or ()


def _note_stops(ctx: Context, burst: Burst, tree: RemoteTree) -> None:
    """Remember since when frames have been stopped: a stop must last before they go back."""
    by_frame = mirror.entries_by_frame(tree.entries)
    stopped = [
        task.ref
        for task in burst.open_tasks
        if mirror.remote_situation(task.ref.frames, by_frame, tree) is Remote.STOPPED
    ]
    ctx.store.note_stops(ctx.effects.lease, burst.id, stopped, ctx.now())


def _note_progress(ctx: Context, burst: Burst, action: Action) -> None:
    """Keep done_remote and its time true in both directions: clouds restart done frames."""
    done = action.remote is Remote.DONE
    state = TaskState.DONE_REMOTE if done else TaskState.SENT
    if not done and action.task in burst.refs(TaskState.DONE_REMOTE):
        ctx.store.forget_outputs(ctx.effects.lease, burst.id, action.task.frames)
    ctx.move_tasks(burst, (action.task,), state, action.reason)


def _act(ctx: Context, burst: Burst, action: Action) -> None:
    match action.act:
        case Act.GIVE_BACK:
            if action.remote is Remote.STOPPED:
                # A top-up or a click must not set them going again beside the local worker.
                _stop_frames(ctx, action)
            ctx.give_back(burst, (action.task,), action.reason)
        case Act.HOLD_AGAIN:
            claim = burst.claim((action.task,), ctx.effects.lease.epoch)
            ctx.effects.perform("claim", lambda: ctx.farm.claim(claim), tasks=[action.task.id])
        case Act.STOP_REMOTE:
            _stop_frames(ctx, action)
            _lose(ctx, burst, action)
        case Act.LET_GO:
            _lose(ctx, burst, action)
        case Act.WAIT | Act.GIVE_BACK_LATER | Act.COLLECT:
            pass  # What is to be collected is collected together.


def _lose(ctx: Context, burst: Burst, action: Action) -> None:
    """Let a task go; one that still bears our stamp under other frames is freed first."""
    if action.held_as is not None:
        ctx.release(burst, (action.held_as,), action.reason)
    ctx.move_tasks(burst, (action.task,), TaskState.LOST, action.reason)


def _stop_frames(ctx: Context, action: Action) -> None:
    """Stop the cloud's entries of one task, except those that also hold other tasks' frames."""
    by_leaf: dict[int, list[int]] = {}
    for entry in action.entries:
        if entry.frames.issubset(action.task.frames):
            by_leaf.setdefault(entry.leaf, []).append(entry.id)
    for leaf, ids in by_leaf.items():
        ctx.effects.perform(
            "stop_frames",
            lambda leaf=leaf, ids=ids: ctx.client.query.stop_frame(leaf, ids=ids),  # type: ignore[misc]
            task=leaf,
            frames=ids,
        )


def _unknown_to_the_cloud(ctx: Context, burst: Burst) -> WakeAt:
    """Keep all claims while the cloud does not know the task; confirmed, a person is asked."""
    assert burst.remote_id is not None  # noqa: S101 - it was asked about
    if is_known(ctx, burst.remote_id):
        return ctx.after(ctx.config.burst.poll_seconds)
    absences = burst.absences + 1
    ctx.store.note(ctx.effects.lease, burst.id, absences=absences)
    if absences >= CONFIRMATIONS and burst.state is not BurstState.STRANDED:
        ctx.move(
            burst,
            BurstState.STRANDED,
            f"the cloud does not know remote task {burst.remote_id}; its tasks stay held until "
            "it is found again or a person recalls the burst",
        )
    return ctx.after(ctx.config.burst.submit_settle_seconds)


def _next(ctx: Context, burst: Burst, tree: RemoteTree) -> WakeAt:
    _show(ctx, burst)
    if burst.state is BurstState.STRANDED:
        found = f"remote task {burst.remote_id} was found again"
        burst = ctx.move(burst, BurstState.RUNNING, found)
    if burst.open_tasks:
        return ctx.after(ctx.config.burst.poll_seconds)
    if not tree.is_over:
        remote_id = burst.remote_id
        assert remote_id is not None  # noqa: S101 - it runs under it
        ctx.effects.perform(
            "stop_task", lambda: ctx.client.task.stop_task([remote_id]), task=remote_id
        )
    tidy(ctx, burst)
    home = len(burst.refs(TaskState.COMPLETED))
    end = BurstState.RECALLED if burst.state is BurstState.RECALLING else BurstState.DONE
    ctx.move(burst, end, f"{home} of {len(burst.tasks)} tasks came home")
    return ctx.at_once()


def _show(ctx: Context, burst: Burst) -> None:
    """Show the burst's progress on the job when it has changed; a job that is gone shows none."""
    home = len(burst.refs(TaskState.COMPLETED))
    shown = f"in the cloud: {home} of {len(burst.tasks)} home, {len(burst.open_tasks)} open"
    if shown != ctx.memory.shown:
        claim = burst.claim((), ctx.effects.lease.epoch)
        facts = {"renderbus.progress": shown}
        try:
            ctx.effects.perform("annotate", lambda: ctx.farm.annotate(claim, facts))
        except FarmError as error:
            _log.info("burst %s: %s", burst.id, error)
        ctx.memory.shown = shown


def _noted(leaf: RemoteTask, frames: Iterable[RemoteFrame]) -> RemoteLeaf:
    entries = tuple(_entry(frame) for frame in frames if not frame.is_preparation)
    return RemoteLeaf(leaf.id, leaf.task_status, leaf.counts, entries)


def _entry(frame: RemoteFrame) -> RemoteEntry:
    status = frame_status(frame.frame_status)
    return RemoteEntry(
        leaf=frame.task_id,
        id=frame.id,
        frames=frame.frames,
        situation=_situation(frame.frame_status),
        note=f"frame {frame.frame_index}: {status.meaning}",
    )


def _situation(code: int) -> Remote:
    if frame_status(code).name == "UNKNOWN":
        return Remote.UNKNOWN
    return _SITUATIONS.get(FrameCode(code), Remote.WAITING)


def _policy(ctx: Context, burst: Burst) -> MirrorPolicy:
    settings = ctx.config.burst
    # A recall has stopped the frames itself: such a stop needs no grace.
    recalling = burst.state is BurstState.RECALLING
    return MirrorPolicy(
        output_grace=settings.output_grace_seconds,
        stop_grace=0.0 if recalling else settings.stop_grace_seconds,
    )
