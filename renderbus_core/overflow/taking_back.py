"""When local workers have nothing to do: which frames that wait in the cloud come back to them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import JobId, JobRow, LocalState, QueueSnapshot, WorkerKind
from renderbus_core.overflow.capacity import TaskTime, task_times
from renderbus_core.overflow.probing import why_whole
from renderbus_core.overflow.values import History, Return


def take_back(
    snapshot: QueueSnapshot, policy: OverflowPolicy, history: History, now: datetime
) -> tuple[Return, ...]:
    """Say what idle local workers would begin sooner, and for nothing.

    Only as much comes back as idle workers can begin at once, from the end of what the cloud takes
    next. A job that farm and cloud may not share comes back as a whole or not at all. One that a
    deadline presses stays in the cloud where local workers would miss it.

    Args:
        snapshot: of the queue, as new as for a decision.
        policy: of the farm.
        history: of bursts: what waits in the cloud, and what probes came to.
        now: UTC.
    """
    age = (now - snapshot.taken_at).total_seconds()
    if not policy.take_back or age > policy.snapshot_age_seconds:
        return ()
    idle, times = _Idle(snapshot), task_times(snapshot.jobs)
    rows = {row.job.id: row for row in snapshot.jobs}
    for one in history.waiting:
        if one.job in rows:
            idle.take(rows[one.job], one.returning)
    found = []
    for one in history.waiting:
        row = rows.get(one.job)
        time = times.get(one.job)
        if row is None or row.waits_for or not _is_soon_enough(row, time, policy, now):
            continue
        count = idle.may_take(row, len(one.tasks))
        if why_whole(policy, history.probes.get(one.job)):
            count = count if one.is_everything and count == len(one.tasks) else 0
        if count:
            idle.take(row, count)
            why = (
                f"local workers have nothing to do, and {len(one.tasks)} of its tasks wait in the "
                f"cloud: {count} {'comes' if count == 1 else 'come'} back"
            )
            found.append(Return(one.burst, one.tasks[-count:], why))
    return tuple(found)


def _is_soon_enough(
    row: JobRow, time: TaskTime | None, policy: OverflowPolicy, now: datetime
) -> bool:
    """Tell whether a task that begins here now is done in time, as far as anybody can tell."""
    deadline = row.job.deadline
    if deadline is None:
        return True
    left = (deadline - now).total_seconds() - policy.deadline_margin_seconds
    return time is not None and time.mean * time.spread <= left


@dataclass(slots=True)
class _Crowd:
    kind: WorkerKind
    idle: int


class _Idle:
    """Workers with nothing to do, and what limits leave free; what waits here is theirs first."""

    def __init__(self, snapshot: QueueSnapshot) -> None:
        everyone = WorkerKind(snapshot.workers, snapshot.idle_workers)
        self._all_alike = not snapshot.kinds
        self._crowds = [_Crowd(kind, kind.idle) for kind in snapshot.kinds or (everyone,)]
        self._free = {limit.name: limit.most for limit in snapshot.limits}
        self._taken = Counter[JobId]()
        for row in snapshot.jobs:
            self._use(row, row.counts.get(LocalState.RENDERING, 0))
            if row.queued and not row.waits_for:
                self.take(row, row.queued)

    def may_take(self, row: JobRow, tasks: int) -> int:
        """Return how many of some tasks would find an idle worker, within limits."""
        together = max(row.tasks_per_worker, 1)
        rooms = [
            tasks,
            sum(crowd.idle for crowd in self._for(row)) * together,
            *(self._free[name] for name in row.limits if name in self._free),
        ]
        if row.most_workers:
            rooms.append(row.most_workers * together - self._taken[row.job.id])
        return max(min(rooms), 0)

    def take(self, row: JobRow, tasks: int) -> None:
        """Give tasks to idle workers, as far as there are any."""
        self._use(row, tasks)
        left = math.ceil(tasks / max(row.tasks_per_worker, 1))
        for crowd in self._for(row):
            used = min(crowd.idle, left)
            crowd.idle -= used
            left -= used

    def _use(self, row: JobRow, tasks: int) -> None:
        self._taken[row.job.id] += tasks
        for name in row.limits:
            if name in self._free:
                self._free[name] -= tasks

    def _for(self, row: JobRow) -> Iterator[_Crowd]:
        for crowd in self._crowds:
            if self._all_alike or crowd.kind.may_render(row.job):
                yield crowd
