"""What is asked of the farm's tables and written to them, within a transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    Row,
    Select,
    and_,
    case,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from renderbus_core.farm.local.pools import FITS_WORKER, audience
from renderbus_core.farm.local.tables import (
    audiences,
    events,
    job_number,
    jobs,
    notes,
    tasks,
    workers,
)
from renderbus_core.farm.local.values import CLOUD, Event, JobSpec, Run, legible
from renderbus_core.jobs import (
    BurstId,
    ClaimStamp,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    TaskRef,
)

FARM = "farm"
"""Who did what nobody else did."""

_WHOLE_JOBS = select(jobs, audiences.c.pools, audiences.c.groups).join_from(
    jobs, audiences, isouter=True
)

# All columns would be more than the index has, and SQLite would read all tasks of the job.
_any_waits = (
    select(tasks.c.id).where(tasks.c.job == jobs.c.id, tasks.c.state == LocalState.QUEUED).exists()
)
# The job first, then its task: each is one look into an index, however long the queue is.
_best_job = (
    select(jobs.c.id)
    .where(FITS_WORKER, _any_waits)
    .order_by(jobs.c.priority.desc(), jobs.c.id)
    .limit(1)
)
_BEST_TASK = (
    select(tasks, jobs.c.command, jobs.c.outputs)
    .join_from(jobs, tasks)
    .where(jobs.c.id == _best_job.scalar_subquery(), tasks.c.state == LocalState.QUEUED)
    .order_by(tasks.c.position)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to some tasks.

    Args:
        goal: the state they come to.
        values: other columns that are set.
        who: who does it.
        why: in words.
        at: UTC.
    """

    goal: LocalState
    values: Mapping[str, Any]
    who: str
    why: str
    at: datetime


def move(connection: Connection, job: JobId, moved: Collection[LocalTask], change: Change) -> None:
    """Change the state of some tasks of a job and add it to the history.

    Args:
        connection: within a transaction that began immediately.
        job: the job.
        moved: the tasks as they are in this transaction.
        change: what happens to them.
    """
    if not moved:
        return
    here = and_(tasks.c.job == job, tasks.c.id.in_(listed(task.ref.id for task in moved)))
    connection.execute(update(tasks).where(here).values(state=change.goal, **change.values))
    goal, who, why, at = change.goal, change.who, change.why, change.at
    happened = [Event(job, task.ref.id, task.state, goal, who, why, at) for task in moved]
    if goal is LocalState.COMPLETED and _is_complete(connection, job):
        happened.append(Event(job, "", None, goal, FARM, "all tasks are complete", at))
    record(connection, happened)


def add_job(connection: Connection, spec: JobSpec, now: datetime) -> JobId:
    """Queue a job with its tasks."""
    given = {one.name for one in fields(spec)} & {one.name for one in jobs.columns}
    row = {name: getattr(spec, name) for name in given}
    row["audience"] = audience(connection, spec.pools, spec.groups)
    added: JobId = _add(connection, insert(jobs).values(submitted_at=now, **row))
    chunks = enumerate(spec.frames.chunks(spec.chunk_size))
    rows = [
        {
            "job": added,
            "id": str(position),
            "position": position,
            "frames": frames,
            "state": LocalState.QUEUED,
        }
        for position, frames in chunks
    ]
    connection.execute(insert(tasks), rows)
    return added


def add_worker(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    pools: Iterable[str],
    groups: Iterable[str],
) -> int:
    """Begin a session of a worker."""
    kind = {"pools": sorted(set(pools)), "groups": sorted(set(groups))}
    session: int = _add(connection, insert(workers).values(name=name, beat_at=now, **kind))
    return session


def job(connection: Connection, id: JobId) -> LocalJob | None:  # noqa: A002 - as in the port
    """Return one job, if it is there."""
    row = connection.execute(_WHOLE_JOBS.where(jobs.c.id == id)).one_or_none()
    return None if row is None else _job(row)


def job_rows(connection: Connection) -> tuple[JobRow, ...]:
    """Return all jobs with their counts, in the order workers take them."""
    local = and_(
        tasks.c.state == LocalState.COMPLETED,
        tasks.c.worker != CLOUD,
        tasks.c.started_at.is_not(None),
    )
    took = type_coerce(tasks.c.finished_at, BigInteger) - type_coerce(
        tasks.c.started_at, BigInteger
    )
    claimed = and_(tasks.c.state == LocalState.SUSPENDED, tasks.c.burst.is_not(None))
    counted = connection.execute(
        select(
            tasks.c.job,
            tasks.c.state,
            func.count().label("number"),
            func.count(case((claimed, 1))).label("claimed"),
            (func.avg(case((local, took))) / 1e6).label("mean_seconds"),
            func.count(case((local, took))).label("timed"),
        ).group_by(tasks.c.job, tasks.c.state)
    )
    by_job: dict[JobId, list[Row[Any]]] = {}
    for row in counted:
        by_job.setdefault(row.job, []).append(row)
    in_order = connection.execute(_WHOLE_JOBS.order_by(jobs.c.priority.desc(), jobs.c.id))
    return tuple(_job_row(_job(row), by_job[row.id]) for row in in_order)


def tasks_of(connection: Connection, ids: Collection[JobId]) -> dict[JobId, tuple[LocalTask, ...]]:
    """Return the tasks of some jobs, in order."""
    wanted = tasks.c.job.in_(listed(map(job_number, ids)))
    found: dict[JobId, list[LocalTask]] = {}
    query = select(tasks).where(wanted).order_by(tasks.c.job, tasks.c.position)
    for row in connection.execute(query):
        found.setdefault(row.job, []).append(task(row))
    return {one: tuple(theirs) for one, theirs in found.items()}


def tasks_by_id(
    connection: Connection, job: JobId, ids: Collection[str] | None
) -> dict[str, LocalTask]:
    """Return some tasks of a job by id, in order.

    Args:
        connection: within a transaction.
        job: the job.
        ids: which; None for all.
    """
    query = select(tasks).where(tasks.c.job == job).order_by(tasks.c.position)
    if ids is not None:
        query = query.where(tasks.c.id.in_(listed(ids)))
    return {row.id: task(row) for row in connection.execute(query)}


def task(row: Row[Any]) -> LocalTask:
    """Make a value of a row that holds all columns of the tasks."""
    return LocalTask(
        ref=TaskRef(row.id, row.frames),
        state=row.state,
        claim=None if row.burst is None else ClaimStamp(BurstId(row.burst), row.claim_epoch),
        worker=row.worker,
        started_at=row.started_at,
        finished_at=row.finished_at,
        error=row.error,
    )


def best_task(connection: Connection, session: int) -> Row[Any] | None:
    """Return the queued task that a worker takes next, with its job's command and outputs.

    Args:
        connection: within a transaction.
        session: the worker's.
    """
    return connection.execute(_BEST_TASK, {"session": session}).one_or_none()


def held(connection: Connection, run: Run) -> Row[Any] | None:
    """Return the task of a run while it is still the worker's."""
    return connection.execute(
        select(tasks).where(
            tasks.c.job == run.job, tasks.c.id == run.ref.id, tasks.c.session == run.session
        )
    ).one_or_none()


def held_by(connection: Connection, session: int) -> Sequence[Row[Any]]:
    """Return the tasks that a worker renders."""
    return connection.execute(select(tasks).where(tasks.c.session == session)).all()


def worker(connection: Connection, session: int) -> str | None:
    """Return the name of the worker of a session, None when there is no such session."""
    return connection.scalar(select(workers.c.name).where(workers.c.session == session))


def record(connection: Connection, happened: Iterable[Event]) -> None:
    """Add to the history."""
    rows = [
        {
            "job": one.job,
            "task": one.task,
            "before": one.before,
            "after": one.after,
            "who": legible(one.who),
            "why": legible(one.why),
            "at": one.at,
        }
        for one in happened
    ]
    connection.execute(insert(events), rows)


def history(connection: Connection, job: JobId) -> tuple[Event, ...]:
    """Return the history of a job, oldest first."""
    query = select(events).where(events.c.job == job).order_by(events.c.number)
    return tuple(Event(*row[1:]) for row in connection.execute(query))


def noted(connection: Connection, job: JobId) -> dict[BurstId, dict[str, str]]:
    """Return what bursts noted on a job."""
    found: dict[BurstId, dict[str, str]] = {}
    query = select(notes).where(notes.c.job == job).order_by(notes.c.burst, notes.c.name)
    for row in connection.execute(query):
        found.setdefault(BurstId(row.burst), {})[row.name] = row.value
    return found


def note(connection: Connection, job: JobId, burst: BurstId, facts: Mapping[str, str]) -> None:
    """Note facts about a burst on its job; the same name again is replaced."""
    rows = [
        {"job": job, "burst": burst, "name": name, "value": value} for name, value in facts.items()
    ]
    if rows:
        added = upsert(notes)
        fresh = {"value": added.excluded.value}
        connection.execute(added.on_conflict_do_update(("job", "burst", "name"), set_=fresh), rows)


def _is_complete(connection: Connection, job: JobId) -> bool:
    """Tell whether all tasks of a job are completed."""
    others = [state for state in LocalState if state is not LocalState.COMPLETED]
    left = select(tasks.c.id).where(tasks.c.job == job, tasks.c.state.in_(others))
    return connection.execute(left.limit(1)).first() is None


def _add(connection: Connection, row: Insert) -> Any:
    """Insert a row and return the key it was given."""
    (key,) = connection.execute(row).inserted_primary_key or (None,)
    return key


def listed(values: Iterable[str | int]) -> Select[Any]:
    """Make rows of a list; one parameter however long it is."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


def _job(row: Row[Any]) -> LocalJob:
    return LocalJob(
        id=row.id,
        name=row.name,
        dcc=row.dcc,
        scene=row.scene,
        outputs=tuple(row.outputs),
        frames=row.frames,
        user=row.user,
        priority=row.priority,
        submitted_at=row.submitted_at,
        project=row.project,
        layer=row.layer,
        deadline=row.deadline,
        department=row.department,
        pools=tuple(row.pools or ()),
        groups=tuple(row.groups or ()),
        cloud=row.cloud,
        options=row.options,
    )


def _job_row(job: LocalJob, counted: Iterable[Row[Any]]) -> JobRow:
    by_state = {row.state: row for row in counted}
    suspended = by_state.get(LocalState.SUSPENDED)
    completed = by_state.get(LocalState.COMPLETED)
    return JobRow(
        job=job,
        counts={state: row.number for state, row in by_state.items()},
        claimed=suspended.claimed if suspended else 0,
        mean_seconds=completed.mean_seconds if completed else None,
        timed=completed.timed if completed else 0,
    )
