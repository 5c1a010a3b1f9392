"""Whether a pool of the farm overflows: tasks and hours of work against thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import JobId, QueueSnapshot
from renderbus_core.overflow.capacity import Projection, pool_of, workers_of

_HOUR = 3600


@dataclass(slots=True)
class Load:
    """What waits for the workers of one pool, and by how much that is too much.

    Args:
        words: its numbers, for people.
        over_since: when it was first found to overflow, UTC; None while it does not.
        tasks_over: tasks that would have to leave.
        seconds_over: worker-seconds that would have to leave.
    """

    words: str
    over_since: datetime | None
    tasks_over: int
    seconds_over: float


@dataclass(slots=True)
class _Sum:
    workers: int
    queued: int = 0
    hours: float = 0.0


def loads(
    snapshot: QueueSnapshot,
    foreseen: Mapping[JobId, Projection],
    policy: OverflowPolicy,
    before: Mapping[str, datetime],
    now: datetime,
) -> dict[str, Load]:
    """Weigh each pool, whatever groups and limits let its single jobs have of its workers.

    Args:
        snapshot: of the queue.
        foreseen: when its jobs would be done.
        policy: thresholds.
        before: since when pools overflow, as the last look found.
        now: UTC.
    """
    sums: dict[str, _Sum] = {}
    for row in snapshot.jobs:
        pool = pool_of(row.job)
        if pool not in sums:
            sums[pool] = _Sum(max(workers_of(snapshot, pool), 1))
        one, known = sums[pool], foreseen.get(row.job.id)
        one.queued += row.queued
        one.hours = max(one.hours, known.level / _HOUR if known else 0.0)
    return {pool: _load(pool, one, policy, before.get(pool), now) for pool, one in sums.items()}


def _load(
    pool: str, found: _Sum, policy: OverflowPolicy, before: datetime | None, now: datetime
) -> Load:
    # Once over, a pool is over until it is well below: it must not flutter.
    share = policy.relief if before else 1.0
    most, longest = policy.backlog_tasks_per_worker, policy.backlog_hours
    load = found.queued / found.workers
    is_over = load > most * share or (longest > 0 and found.hours > longest * share)
    words = f"{load:.1f} queued tasks per worker{_of(pool)}, threshold {most:g}"
    if longest:
        words += f"; {found.hours:.1f} h of work, threshold {longest:g} h"
    return Load(
        words=words,
        over_since=(before or now) if is_over else None,
        tasks_over=found.queued - int(most * share * found.workers),
        seconds_over=(found.hours - longest * share) * _HOUR * found.workers if longest else 0.0,
    )


def _of(pool: str) -> str:
    return f" of pool {pool}" if pool else ""
