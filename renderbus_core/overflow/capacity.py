"""When local workers would be done: what waits, laid on the workers in the farm's order.

A projection, no plan: workers are taken for equal and free for every job, as long as a snapshot
says nothing else of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from renderbus_core.jobs import JobId, JobRow, LocalState, QueueSnapshot

# A task that renders has, on average, half of its time before it.
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Projection:
    """What is foreseen for one job, in seconds from the snapshot.

    Args:
        starts: when its first waiting task finds a worker.
        finishes: when its last task is done.
        task_seconds: mean time of a task that this rests on.
        ahead: worker-seconds of the work that comes before it.
    """

    starts: float
    finishes: float
    task_seconds: float
    ahead: float


def backlog(snapshot: QueueSnapshot) -> float:
    """Return queued tasks per worker; without workers every queued task is one too many."""
    queued = sum(row.queued for row in snapshot.jobs)
    return queued / max(snapshot.workers, 1)


def task_seconds(rows: Sequence[JobRow]) -> dict[JobId, float]:
    """Return the mean time of a task of each job: its own, else that of jobs of its program.

    Jobs of which neither is known are left out. Only tasks that were rendered here count: what
    came from the cloud says nothing of local workers.

    Args:
        rows: of the queue.
    """
    known: dict[str, list[float]] = {}
    for row in rows:
        if row.mean_seconds is not None:
            known.setdefault(row.job.dcc, []).append(row.mean_seconds)
    of_program = {dcc: sum(means) / len(means) for dcc, means in known.items()}
    found = {}
    for row in rows:
        mean = row.mean_seconds if row.mean_seconds is not None else of_program.get(row.job.dcc)
        if mean is not None:
            found[row.job.id] = mean
    return found


def project(snapshot: QueueSnapshot) -> Mapping[JobId, Projection]:
    """Foresee when each job with known task times begins and ends under the farm's order.

    Args:
        snapshot: rows in the order the farm renders them.
    """
    workers, means = max(snapshot.workers, 1), task_seconds(snapshot.jobs)
    ahead, found = 0.0, {}
    for row in snapshot.jobs:
        mean = means.get(row.job.id)
        if mean is None:
            # Its work is unknown; jobs behind it look better than they are, which sends less.
            continue
        work = mean * (row.queued + _HALF * row.counts.get(LocalState.RENDERING, 0))
        starts = ahead / workers
        # However many workers there are, a task takes its time.
        least = mean if row.queued else 0.0
        found[row.job.id] = Projection(starts, starts + max(work / workers, least), mean, ahead)
        ahead += work
    return found


def backlog_hours(snapshot: QueueSnapshot) -> float:
    """Return how long local workers need for all work whose times are known.

    Args:
        snapshot: of the queue.
    """
    return max((one.finishes for one in project(snapshot).values()), default=0.0) / 3600
