"""Looks in which nothing has changed: they end before the burst is read from the store.

What follows from a look depends on the two sides, on what was asked of the burst, and on time. A
look that led to nothing but waiting leads to nothing again while all of that is as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from renderbus_core.api import RemoteTask
from renderbus_core.burst import mirror
from renderbus_core.burst.acts import Act
from renderbus_core.burst.context import Context, Still
from renderbus_core.burst.mirror import Action, MirrorPolicy
from renderbus_core.burst.model import Burst, BurstState, TaskState, WakeAt
from renderbus_core.burst.store import Live
from renderbus_core.jobs import BurstId, LocalTask

# Looks that find nothing new are put off more and more, up to the longest pause.
_PUT_OFF = 1.5


@dataclass(frozen=True, slots=True)
class Look:
    """One whole look at a burst.

    Args:
        burst: as it stood when it was decided what to do.
        remote: the cloud's task.
        local: all tasks of the job.
        actions: what was to be done.
        policy: times.
    """

    burst: Burst
    remote: RemoteTask
    local: Sequence[LocalTask]
    actions: Sequence[Action]
    policy: MirrorPolicy


def after(ctx: Context, look: Look, now: Burst) -> Still | None:
    """Return what has to stay as it is for the next look to lead to nothing.

    Args:
        ctx: of the burst.
        look: the last one.
        now: the burst after what was done.

    Returns:
        None when something moves: tasks are on their way, or a person or a page is waited for.
    """
    waits = now.state is BurstState.RUNNING and ctx.memory.capped and now.waiting_since is None
    if ctx.memory.unsaid or not waits or any(action.act is not Act.WAIT for action in look.actions):
        return None
    if any(task.state is not TaskState.SENT for task in now.open_tasks):
        return None
    pages = [ctx.memory.leaves[leaf.id] for leaf in look.remote.leaves()]
    if any(page.counts is None for page in pages):
        return None
    sweep = timedelta(seconds=ctx.config.burst.sweep_seconds)
    ends = [page.read_at + sweep for page in pages]
    changes = mirror.same_until(now, look.policy)
    until = min(ends if changes is None else [*ends, changes])
    return Still(Live.of(look.burst), _shown(look.remote), _fingerprint(look.local), until)


def lasts(ctx: Context, burst: BurstId) -> WakeAt | None:
    """Tell when to look again if the common look found everything as it was; None to look closer.

    Args:
        ctx: of the burst.
        burst: which.
    """
    known, watch = ctx.memory.still, ctx.gateway.watch
    if known is None or ctx.now() >= known.until:
        return None
    seen = watch.ahead(burst)
    if (
        seen is None
        or seen.row != known.row
        or _shown(seen.remote) != known.remote
        or _fingerprint(seen.local) != known.local
    ):
        return None
    watch.use_up(seen.row)
    ctx.memory.looks_alike += 1
    return ctx.after(pause(ctx))


def pause(ctx: Context) -> float:
    """Return the seconds until the next look: more when nothing has moved for a while."""
    settings = ctx.config.burst
    usual = settings.poll_seconds
    # The lease is renewed at each look.
    longest = min(settings.poll_seconds_idle, settings.lease_seconds / 2)
    # More would overflow, and the longest pause is reached long before.
    return max(usual, min(longest, usual * _PUT_OFF ** min(ctx.memory.looks_alike, 32)))


def _shown(remote: RemoteTask) -> object:
    """Reduce the cloud's task to what follows from it: other numbers change all the time."""
    leaves = tuple((leaf.id, leaf.counts, leaf.output_file_name) for leaf in remote.leaves())
    return remote.render_consume, leaves


def _fingerprint(tasks: Sequence[LocalTask]) -> int:
    """Reduce the tasks of a job to a number: a million of them are not kept to be compared.

    Frames go in as text, whose hash is a keyed one; that of -1 as a number is that of -2.
    """
    return hash(tuple((t.ref.id, str(t.ref.frames), t.state, t.claim, t.held_back) for t in tasks))
