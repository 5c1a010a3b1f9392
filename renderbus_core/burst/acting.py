"""Carrying out what the mirror derived: acts of one kind together, so that a batch is one call."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from renderbus_core.burst.acts import Act
from renderbus_core.burst.context import Context
from renderbus_core.burst.mirror import Action
from renderbus_core.burst.model import Burst, BurstState, Remote, TaskState
from renderbus_core.errors import RequestRefusedError
from renderbus_core.frames import FrameSet

_log = logging.getLogger(__name__)

# The operation without which single frames cannot be stopped; older generations lack it.
_STOP_FRAMES = "stop_task_frames"


def carry_out(ctx: Context, burst: Burst, actions: Sequence[Action]) -> None:
    """Do what follows from one look at both sides.

    What is to be stopped in the cloud is stopped before anything is let go or given back.

    Args:
        ctx: of the burst.
        burst: as it stands.
        actions: of the mirror.
    """
    _note_progress(ctx, burst, actions)
    by_act: dict[Act, list[Action]] = {act: [] for act in Act}
    for action in actions:
        by_act[action.act].append(action)
    _stop_first(ctx, burst, by_act[Act.STOP_FIRST])
    # A top-up or a click must not set them going again beside the local worker.
    _keep_stopped(
        ctx, burst, [one for one in by_act[Act.GIVE_BACK] if one.remote is Remote.STOPPED]
    )
    _stop_frames(ctx, by_act[Act.STOP_REMOTE])
    for action in (*by_act[Act.STOP_REMOTE], *by_act[Act.LET_GO]):
        _lose(ctx, burst, action)
    _hold_again(ctx, burst, by_act[Act.HOLD_AGAIN])
    for why, same in _by_reason(by_act[Act.GIVE_BACK]).items():
        ctx.give_back(burst, tuple(one.task for one in same), why)


def _note_progress(ctx: Context, burst: Burst, actions: Sequence[Action]) -> None:
    """Keep done_remote and its time true in both directions: clouds restart done frames."""
    state = {task.ref.id: task.state for task in burst.tasks}
    was_done = {id_ for id_, one in state.items() if one is TaskState.DONE_REMOTE}
    done = [one for one in actions if one.remote is Remote.DONE and one.task.id not in was_done]
    at_work = [
        one
        for one in actions
        if one.remote is not Remote.DONE and state[one.task.id] is not TaskState.SENT
    ]
    restarted = [frame for one in at_work if one.task.id in was_done for frame in one.task.frames]
    if restarted:
        ctx.store.forget_outputs(ctx.effects.lease, burst.id, restarted)
    for group, to in ((done, TaskState.DONE_REMOTE), (at_work, TaskState.SENT)):
        for why, same in _by_reason(group).items():
            ctx.move_tasks(burst, [one.task for one in same], to, why)


def _stop_first(ctx: Context, burst: Burst, actions: Sequence[Action]) -> None:
    """Stop frames whose tasks go back once the cloud says that they are stopped."""
    asked = {task.ref: task.asked for task in burst.tasks}
    for action in actions:
        # What the engine wants on its own account is wanted until it is done, as a person's is.
        if not asked[action.task].is_recall and burst.state is not BurstState.RECALLING:
            ctx.store.ask(
                burst.id,
                action.asked,
                action.reason,
                ctx.now(),
                ctx.gateway.owner,
                tasks=[action.task.id],
            )
    # A recall of the whole burst stops the whole remote task at each step.
    if burst.state is not BurstState.RECALLING:
        _stop_frames(ctx, actions)


def _keep_stopped(ctx: Context, burst: Burst, actions: Sequence[Action]) -> None:
    """Stop frames once more that have stopped; a task in the recycle bin refuses that."""
    try:
        _stop_frames(ctx, actions)
    except RequestRefusedError as error:
        _log.warning("burst %s: %s", burst.id, error.sentence)


def _stop_frames(ctx: Context, actions: Sequence[Action]) -> None:
    """Stop the cloud's entries of some tasks, except those that also hold others' frames."""
    if not actions:
        return
    if _STOP_FRAMES not in ctx.client.capabilities:
        _log.warning("this generation of the cloud cannot stop single frames; recall the burst")
        return
    ours = FrameSet.of(sorted({frame for one in actions for frame in one.task.frames}))
    by_leaf: dict[int, dict[int, None]] = {}
    for entry in (entry for one in actions for entry in one.entries):
        if entry.frames.issubset(ours):
            by_leaf.setdefault(entry.leaf, {})[entry.id] = None
    for leaf, ids in by_leaf.items():
        _stop_entries(ctx, leaf, list(ids))


def _stop_entries(ctx: Context, leaf: int, ids: list[int]) -> None:
    ctx.effects.perform(
        "stop_frames", lambda: ctx.client.query.stop_frame(leaf, ids=ids), task=leaf, frames=ids
    )
    _forget_counts(ctx, leaf)


def _forget_counts(ctx: Context, leaf: int) -> None:
    """Have the pages read at the next look: whether they are stopped must be seen there."""
    known = ctx.memory.leaves.get(leaf)
    if known is not None:
        ctx.memory.leaves[leaf] = replace(known, counts=None, doubts=0)


def _hold_again(ctx: Context, burst: Burst, actions: Sequence[Action]) -> None:
    if actions:
        refs = tuple(one.task for one in actions)
        claim = burst.claim(refs, ctx.effects.lease.epoch)
        ctx.effects.perform("claim", lambda: ctx.farm.claim(claim), tasks=[ref.id for ref in refs])


def _lose(ctx: Context, burst: Burst, action: Action) -> None:
    """Let a task go; one that still bears our stamp is freed first.

    What the farm could not tell is asked again after the next look.
    """
    if action.held_as is not None:
        outcome = ctx.release(burst, (action.held_as,), action.reason)
        if outcome.unknown:
            return
    ctx.move_tasks(burst, (action.task,), TaskState.LOST, action.reason)


def _by_reason(actions: Iterable[Action]) -> dict[str, list[Action]]:
    groups: dict[str, list[Action]] = {}
    for action in actions:
        groups.setdefault(action.reason, []).append(action)
    return groups
