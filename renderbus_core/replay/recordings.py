"""From recorded snapshots to a trace: what was submitted when, and how long its tasks took."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from renderbus_core.errors import InputError
from renderbus_core.jobs import JobId, JobRow, LocalState, QueueSnapshot
from renderbus_core.replay.values import Shot, Trace

# A job of which no task was ever rendered here, nor one of another job.
_UNKNOWN_SECONDS = 600.0
_OPEN = (LocalState.QUEUED, LocalState.RENDERING, LocalState.SUSPENDED)


def trace_of(name: str, snapshots: Iterable[QueueSnapshot]) -> Trace:
    """Return the trace that recorded snapshots tell of.

    A job arrives with what was open when it was first seen; each of its tasks takes the mean that
    was seen last, that of all jobs when it has none.

    Args:
        name: for people.
        snapshots: in the order they were taken.

    Raises:
        InputError: there is nothing in them to replay.
    """
    start: datetime | None = None
    first: dict[JobId, tuple[float, JobRow]] = {}
    means: dict[JobId, float] = {}
    workers = 0
    for snapshot in snapshots:
        start = start or snapshot.taken_at
        workers = max(workers, snapshot.workers)
        for row in snapshot.jobs:
            at = (snapshot.taken_at - start).total_seconds()
            first.setdefault(row.job.id, (at, row))
            if row.mean_seconds:
                means[row.job.id] = row.mean_seconds
    usual = sum(means.values()) / len(means) if means else _UNKNOWN_SECONDS
    shots = [
        _shot(at, row, means.get(job, usual), start) for job, (at, row) in first.items() if start
    ]
    if not workers or not any(shot.seconds for shot in shots):
        raise InputError(f"{name}: no worker or no waiting task was recorded; nothing to replay")
    return Trace(name, workers, tuple(shot for shot in shots if shot.seconds))


def _shot(at: float, row: JobRow, mean: float, start: datetime) -> Shot:
    count = sum(row.counts.get(state, 0) for state in _OPEN)
    deadline = row.job.deadline
    due = None if deadline is None else (deadline - start).total_seconds()
    return Shot(row.job.id, at, (mean,) * count, row.job.priority, due, row.job.dcc)
