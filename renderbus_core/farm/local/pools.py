"""Pools and groups: whom jobs are for, and what workers there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from renderbus_core.farm.local.tables import audiences, jobs, tasks, workers
from renderbus_core.jobs import JobRow, WorkerKind


def _meet(wanted: Column[list[str]], own: Column[list[str]]) -> ColumnElement[bool]:
    """Return the condition that nothing is wanted, or one of it is the worker's own."""
    asked, had = (func.json_each(names).table_valued("value") for names in (wanted, own))
    shared = exists().where(asked.c.value == had.c.value).correlate(audiences, workers)
    return or_(func.json_array_length(wanted) == 0, shared)


_fitting = (
    select(audiences.c.id)
    .join_from(audiences, workers, workers.c.session == bindparam("session"))
    .where(_meet(audiences.c.pools, workers.c.pools), _meet(audiences.c.groups, workers.c.groups))
)
FITS_WORKER = or_(jobs.c.audience.is_(None), jobs.c.audience.in_(_fitting))
"""Whether a job is for the worker of the parameter `session`: `WorkerKind.may_render` in SQL."""


def audience(connection: Connection, pools: Collection[str], groups: Collection[str]) -> int | None:
    """Return the key of the workers that a job is for; None for all workers.

    Args:
        connection: within a transaction that may write.
        pools: of the job.
        groups: of the job.
    """
    if not pools and not groups:
        return None
    row = {"pools": list(pools), "groups": list(groups)}
    connection.execute(upsert(audiences).values(**row).on_conflict_do_nothing())
    same = [audiences.c[name] == names for name, names in row.items()]
    key: int = connection.execute(select(audiences.c.id).where(*same)).scalar_one()
    return key


def living(connection: Connection, since: datetime) -> tuple[WorkerKind, ...]:
    """Count the workers that were heard of since then by what they may render."""
    busy = select(tasks.c.id).where(tasks.c.session == workers.c.session).exists()
    kind = workers.c.pools, workers.c.groups
    counted = (
        select(func.count(), func.count(case((~busy, 1))), *kind)
        .where(workers.c.beat_at > since)
        .group_by(*kind)
        .order_by(*kind)
    )
    return tuple(
        WorkerKind(count, idle, tuple(pools), tuple(groups))
        for count, idle, pools, groups in connection.execute(counted)
    )


def telling(kinds: tuple[WorkerKind, ...], rows: Iterable[JobRow]) -> tuple[WorkerKind, ...]:
    """Return the kinds of workers where they make a difference, else none.

    Args:
        kinds: of the living workers.
        rows: of all jobs.
    """
    of_workers = any(kind.pools or kind.groups for kind in kinds)
    return kinds if of_workers or any(row.job.pools or row.job.groups for row in rows) else ()
