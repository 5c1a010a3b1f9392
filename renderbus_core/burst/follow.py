"""From running to done: read both sides, do what follows, until nothing is open any more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from renderbus_core import package
from renderbus_core.burst import acting, mirror, notices, still, tree
from renderbus_core.burst.acts import Act
from renderbus_core.burst.collect import collect, collected, tidy
from renderbus_core.burst.context import Context
from renderbus_core.burst.listing import list_outputs
from renderbus_core.burst.mirror import Action, MirrorPolicy
from renderbus_core.burst.model import (
    Asked,
    Burst,
    BurstState,
    RemoteTree,
    TaskState,
    WakeAt,
)
from renderbus_core.burst.store import Output, RemoteLeaf
from renderbus_core.burst.submit import CONFIRMATIONS, PRESENT, count_absence, is_known
from renderbus_core.burst.urgency import follow_priority
from renderbus_core.errors import FarmError, RequestRefusedError
from renderbus_core.jobs import Gone, LocalTask, TaskRef

FILES = "files"
"""Capability of a farm that shows which files a task has."""
NOTED_FILES = "renderbus.files "
"""How names begin of what such a farm is told: one for each task, with its id."""
NOTED_NODE = "renderbus.node "
"""The same of which machine of the cloud rendered it."""

_log = logging.getLogger(__name__)


def follow(ctx: Context, burst: Burst) -> WakeAt:
    """Compare both sides once and do what follows."""
    remote_id = burst.remote_id
    assert remote_id is not None  # noqa: S101 - it runs under it
    ctx.memory.still = None
    burst = finish_pending(ctx, burst)
    _cap_machines(ctx, burst)
    info = ctx.gateway.watch.remote(ctx.client, remote_id)
    if info is None:
        return _unknown_to_the_cloud(ctx, burst)
    follow_priority(ctx, burst, info)
    seen = tree.read(ctx, burst, info)
    _note_seen(ctx, burst, seen)
    _let_test_frames_go_on(ctx, burst, seen)
    list_outputs(ctx, burst, info)
    burst = ctx.store.burst(burst.id)
    local, policy = _local(ctx, burst), _policy(ctx, burst)
    actions = mirror.diff(seen, collected(ctx, burst), local, burst, policy, ctx.now())
    _note_situations(ctx, burst, actions)
    acting.carry_out(ctx, burst, actions)
    done = [action.task for action in actions if action.act is Act.COLLECT]
    more = collect(ctx, burst, done, is_over=seen.is_over)
    after = finish_pending(ctx, ctx.store.burst(burst.id))
    notices.show_tasks(ctx, after, actions)
    wake = _next(ctx, after, seen)
    ctx.memory.still = still.after(ctx, still.Look(burst, info, local, actions, policy), after)
    return ctx.at_once() if more else wake


def recall(ctx: Context, burst: Burst) -> WakeAt:
    """Stop the remote task, then follow it until everything is home or back on the farm."""
    remote_id = burst.remote_id
    if remote_id is None or burst.submits == 0:
        # The reason of the last transition may be a passing trouble; why it was recalled is not.
        why = burst.recall or burst.reason
        if not ctx.let_go_of_all(burst, why):
            return ctx.after(ctx.config.burst.poll_seconds)
        ctx.move(burst, BurstState.RECALLED, why)
        return ctx.at_once()
    if not is_known(ctx, remote_id):
        return _recall_the_unknown(ctx, burst)
    ctx.move_tasks(burst, burst.refs(TaskState.HELD), TaskState.SENT, "submitted")
    try:
        ctx.effects.perform(
            "stop_task", lambda: ctx.client.task.stop_task([remote_id]), task=remote_id
        )
    except RequestRefusedError as error:
        # It may lie in the recycle bin. What has stopped goes back, what renders is waited for.
        _log.warning("burst %s: %s", burst.id, error.sentence)
    return follow(ctx, ctx.store.burst(burst.id))


def _recall_the_unknown(ctx: Context, burst: Burst) -> WakeAt:
    """Give everything back although the cloud does not know the task: a person asked for it.

    It is confirmed twice, apart in time; a submit that is merely late would be found by then.
    """
    if count_absence(ctx, burst) < CONFIRMATIONS:
        return ctx.after(ctx.config.burst.submit_settle_seconds)
    why = f"recalled; the cloud does not know remote task {burst.remote_id}"
    open_ = tuple(task.ref for task in burst.open_tasks if task.state is not TaskState.COLLECTED)
    if not ctx.give_back(burst, open_, why):
        return ctx.after(ctx.config.burst.poll_seconds)
    finish_pending(ctx, ctx.store.burst(burst.id))
    ctx.move(burst, BurstState.RECALLED, why)
    return ctx.at_once()


def _cap_machines(ctx: Context, burst: Burst) -> None:
    """Limit the machines, once per runner: time limits bound the cost only together with this.

    A cloud that refuses is told in the log and asked again at the next look; the frames' own time
    limits hold meanwhile.
    """
    remote_id, machines = burst.remote_id, ctx.config_of(burst).burst.machine_limit
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


def _let_test_frames_go_on(ctx: Context, burst: Burst, seen: RemoteTree) -> None:
    """Let the other frames go on once a person has approved the test frames, or call them back."""
    remote_id, since = burst.remote_id, burst.waiting_since
    assert remote_id is not None  # noqa: S101 - it runs under it
    if not seen.waits_for_person:
        if since is not None:
            ctx.store.note(ctx.effects.lease, burst.id, waiting_since=None)
        return
    if since is None:
        since = ctx.now()
        ctx.store.note(ctx.effects.lease, burst.id, waiting_since=since)
    patience = ctx.config.burst.approval_seconds
    if burst.approved:
        ctx.effects.perform(
            "full_speed", lambda: ctx.client.task.full_speed([remote_id]), task=remote_id
        )
    elif patience and (ctx.now() - since).total_seconds() >= patience:
        why = f"nobody approved its test frames within {patience:g} s"
        ctx.store.ask(burst.id, Asked.RECALL_WAITING, why, ctx.now(), ctx.gateway.owner)


def finish_pending(ctx: Context, burst: Burst) -> Burst:
    """Finish completions and releases that were begun, and return the burst as it is then.

    Both may be asked for again.
    """
    ready = burst.refs(TaskState.COLLECTED)
    releasing: dict[str, list[TaskRef]] = {}
    for task in burst.open_tasks:
        if task.state is TaskState.RELEASING:
            # Farms may act on why: it is the same whoever finishes it.
            releasing.setdefault(task.reason, []).append(task.ref)
    for why, refs in releasing.items():
        ctx.give_back(burst, tuple(refs), why)
    if ready:
        _complete(ctx, burst, ready)
    return ctx.store.burst(burst.id) if releasing or ready else burst


def _complete(ctx: Context, burst: Burst, ready: tuple[TaskRef, ...]) -> None:
    claim = burst.claim(ready, ctx.effects.lease.epoch)
    if FILES in getattr(ctx.farm, "capabilities", ()):
        leaves = ctx.store.remote(burst.id)
        facts = results(burst, ready, ctx.store.outputs(burst.id), leaves)
        ctx.effects.perform("annotate", lambda: ctx.farm.annotate(claim, facts))
    outcome = ctx.effects.perform(
        "complete", lambda: ctx.farm.complete(claim, ready), tasks=[ref.id for ref in ready]
    )
    ctx.move_tasks(burst, outcome.taken, TaskState.COMPLETED, "its pictures are at home")
    for ref, why in outcome.refused.items():
        ctx.move_tasks(burst, (ref,), TaskState.LOST, f"the farm would not complete it: {why}")


def results(
    burst: Burst,
    tasks: Iterable[TaskRef],
    outputs: Iterable[Output],
    leaves: Iterable[RemoteLeaf],
) -> Mapping[str, str]:
    """Return what farms show of tasks that came home: files and machines, and what it has cost.

    Args:
        burst: whose they are.
        tasks: them.
        outputs: files of the burst.
        leaves: the cloud's side of the burst.
    """
    files: dict[int, list[str]] = {}
    for file in outputs:
        if file.collected:
            files.setdefault(file.frame, []).append(str(file.local))
    entries = mirror.entries_by_frame(entry for leaf in leaves for entry in leaf.entries)
    nodes = {frame: [one.node for one in found if one.node] for frame, found in entries.items()}
    facts = {
        f"{name}{task.id}": _with_commas(task, by_frame)
        for task in tasks
        for name, by_frame in ((NOTED_FILES, files), (NOTED_NODE, nodes))
    }
    return {**facts, notices.NOTED_COST: str(burst.spent)}


def _with_commas(task: TaskRef, by_frame: Mapping[int, Sequence[str]]) -> str:
    """Return what the frames of a task have, each thing once."""
    found = (one for frame in task.frames for one in by_frame.get(frame, ()))
    return ",".join(dict.fromkeys(found))


def _local(ctx: Context, burst: Burst) -> tuple[LocalTask, ...]:
    """Read the job's tasks; that the job is gone is believed only when two readings agree."""
    tasks = ctx.local_tasks(burst.job)
    if tasks is None and not isinstance(ctx.farm.job(burst.job), Gone):
        raise FarmError(f"the farm shows no tasks of job {burst.job} now; asked again later")
    return tasks or ()


def _note_seen(ctx: Context, burst: Burst, seen: RemoteTree) -> None:
    """Remember that the cloud knows the burst, and what it has cost, where that is new."""
    known = {"spent": seen.spent, "reckoned": seen.is_reckoned, **PRESENT}
    if any(getattr(burst, name) != value for name, value in known.items()):
        ctx.store.note(ctx.effects.lease, burst.id, **known)


def _note_situations(ctx: Context, burst: Burst, actions: Iterable[Action]) -> None:
    """Remember since when the cloud has been saying what it says: stops and waits must last."""
    before = {task.ref.id: task.remote for task in burst.tasks}
    said = {
        action.task.id: action.remote
        for action in actions
        if before[action.task.id] is not action.remote
    }
    if said:
        ctx.store.note_situations(ctx.effects.lease, burst.id, said, ctx.now())


def _unknown_to_the_cloud(ctx: Context, burst: Burst) -> WakeAt:
    """Keep all claims while the cloud does not know the task; confirmed, a person is asked."""
    assert burst.remote_id is not None  # noqa: S101 - it was asked about
    if is_known(ctx, burst.remote_id):
        return ctx.after(ctx.config.burst.poll_seconds)
    absences = count_absence(ctx, burst)
    if absences >= CONFIRMATIONS and burst.state is not BurstState.STRANDED:
        ctx.move(
            burst,
            BurstState.STRANDED,
            f"the cloud does not know remote task {burst.remote_id}; its tasks stay held until "
            "it is found again or a person recalls the burst",
        )
    return ctx.after(ctx.config.burst.submit_settle_seconds)


def _next(ctx: Context, burst: Burst, seen: RemoteTree) -> WakeAt:
    notices.show(ctx, burst, seen)
    if burst.state is BurstState.STRANDED:
        found = f"remote task {burst.remote_id} was found again"
        burst = ctx.move(burst, BurstState.RUNNING, found)
    if burst.open_tasks:
        return ctx.after(_pause(ctx, burst))
    if not seen.is_over:
        remote_id = burst.remote_id
        assert remote_id is not None  # noqa: S101 - it runs under it
        ctx.effects.perform(
            "stop_task", lambda: ctx.client.task.stop_task([remote_id]), task=remote_id
        )
        # What it is charged until it stands still is known at the next look.
        return ctx.after(ctx.config.burst.poll_seconds)
    tidy(ctx, burst)
    home = len(burst.refs(TaskState.COMPLETED))
    back = burst.state is BurstState.RECALLING or (
        not home and any(task.asked.is_recall for task in burst.tasks)
    )
    end = BurstState.RECALLED if back else BurstState.DONE
    if end is BurstState.RECALLED and burst.state is BurstState.RUNNING:
        burst = ctx.move(burst, BurstState.RECALLING, burst.reason)
    ctx.move(burst, end, f"{home} of {len(burst.tasks)} tasks came home")
    return ctx.at_once()


def _pause(ctx: Context, burst: Burst) -> float:
    """Return the seconds until the next look: more when nothing has moved for a while.

    Files that are on their way, and a recall, are looked after at the usual pace.
    """
    if burst.state is BurstState.RECALLING or burst.refs(TaskState.DONE_REMOTE):
        return ctx.config.burst.poll_seconds
    return still.pause(ctx)


def _policy(ctx: Context, burst: Burst) -> MirrorPolicy:
    settings = ctx.config.burst
    return MirrorPolicy(
        output_grace=settings.output_grace_seconds,
        stop_grace=settings.stop_grace_seconds,
        longest_wait=settings.wait_limit_seconds,
        longest_frame=_frame_limit(ctx, burst) * settings.stuck_factor,
    )


def _frame_limit(ctx: Context, burst: Burst) -> float:
    """Return after how many seconds the cloud itself should have stopped a frame."""
    if ctx.memory.frame_limit is None:
        settings = package.read(ctx.folder(burst.id)).task["task_info"]
        ctx.memory.frame_limit = float(settings["job_stop_time"])
    return ctx.memory.frame_limit
