"""How urgent a burst is in the cloud: as its job is on the farm, where the site wants that."""

from __future__ import annotations

import logging
from datetime import timedelta

from renderbus_core.api import RemoteTask
from renderbus_core.burst.context import Context, JobGoneError
from renderbus_core.burst.model import Burst
from renderbus_core.errors import FarmError, RequestRefusedError

_log = logging.getLogger(__name__)

USUAL, URGENT = 50, 60
"""The two levels that the cloud's documents name for a task."""

NOTED_PRIORITY = "renderbus.priority"
"""Name of the note that tells people on the job that the cloud follows its priority."""

# Older generations of the cloud lack it.
_OPERATION = "update_task_user_level"


def level(ctx: Context, burst: Burst) -> int:
    """Return the level that the priority of the burst's job asks for.

    Args:
        ctx: of the burst.
        burst: which.

    Raises:
        FarmError: the job cannot be read, or is gone.
    """
    least = ctx.config.burst.urgent_priority
    return URGENT if least is not None and ctx.job(burst).priority >= least else USUAL


def follow_priority(ctx: Context, burst: Burst, seen: RemoteTask) -> None:
    """Give the remote task the level of its job's priority, which is looked at once a sweep.

    Args:
        ctx: of the burst.
        burst: as it stands.
        seen: the cloud's task.
    """
    if ctx.config.burst.urgent_priority is None or _OPERATION not in ctx.client.capabilities:
        return
    now, sweep = ctx.now(), timedelta(seconds=ctx.config.burst.sweep_seconds)
    if ctx.memory.ranked_at is not None and now < ctx.memory.ranked_at + sweep:
        return
    ctx.memory.ranked_at = now
    try:
        wanted = level(ctx, burst)
    except JobGoneError:
        # The mirror has that for each task.
        return
    if seen.task_user_level != wanted:
        _set(ctx, burst, wanted)


def _set(ctx: Context, burst: Burst, wanted: int) -> None:
    remote_id = burst.remote_id
    assert remote_id is not None  # noqa: S101 - its task was seen
    try:
        ctx.effects.perform(
            "set_priority",
            lambda: ctx.client.task.update_priority(remote_id, wanted),
            task=remote_id,
            level=wanted,
        )
    except RequestRefusedError as error:
        _log.warning("burst %s: its priority is not followed: %s", burst.id, error.sentence)
        return
    told = (
        f"as on the farm, it is {'urgent' if wanted == URGENT else 'not urgent'} in the cloud now"
    )
    ctx.move(burst, burst.state, told)
    claim = burst.claim((), ctx.effects.lease.epoch)
    try:
        ctx.effects.perform("annotate", lambda: ctx.farm.annotate(claim, {NOTED_PRIORITY: told}))
    except FarmError as error:
        _log.info("burst %s: %s", burst.id, error)
