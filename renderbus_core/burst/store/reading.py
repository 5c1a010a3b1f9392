"""Bursts as the tables hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    func,
    literal_column,
    select,
    true,
)

from renderbus_core.burst import tables as t
from renderbus_core.burst.model import (
    Asked,
    Burst,
    BurstKind,
    BurstState,
    BurstTask,
    Remote,
    TaskState,
)
from renderbus_core.burst.store.values import Live
from renderbus_core.errors import StoreError
from renderbus_core.jobs import BurstId, JobId, TaskRef
from renderbus_core.money import Money
from renderbus_core.overflow import Budget

OVER = tuple(state.value for state in BurstState if state.is_over)

# What the cloud charges for; frames that were stopped may never have begun.
_ENDED = (Remote.DONE, Remote.FAILED)


def no_burst(burst: BurstId, detail: str = "") -> StoreError:
    """Return the error for a burst that is not there."""
    return StoreError(f"there is no burst {burst}{detail}; see `renderbus status`")


def row(db: Connection, burst: BurstId) -> Any:
    """Read the row of one burst; `StoreError` when there is none."""
    found = db.execute(select(t.bursts).where(t.bursts.c.id == burst)).one_or_none()
    if found is None:
        raise no_burst(burst)
    return found


def one(db: Connection, burst: BurstId) -> Burst:
    """Read one burst; `StoreError` when there is none."""
    return _with_tasks(db, [row(db, burst)], t.tasks.c.burst == burst)[0]


def several(db: Connection, *, live: bool) -> tuple[Burst, ...]:
    """Read all bursts, oldest first; only those at work when `live`."""
    condition = t.bursts.c.state.not_in(OVER) if live else true()
    rows = db.execute(
        select(t.bursts).where(condition).order_by(t.bursts.c.created_at, t.bursts.c.id)
    ).all()
    return _with_tasks(db, rows, t.tasks.c.burst.in_(select(t.bursts.c.id).where(condition)))


def live(db: Connection, farm: str) -> tuple[Live, ...]:
    """Read which bursts of a farm are at work, oldest first, without their tasks."""
    b, task = t.bursts.c, t.tasks.c
    wanted = select(task.burst, task.task, task.asked).where(
        task.live, task.asked != literal_column(f"'{Asked.NOTHING}'")
    )
    asked: dict[str, set[tuple[str, Asked]]] = {}
    for burst, id_, what in db.execute(wanted):
        asked.setdefault(burst, set()).add((id_, Asked(what)))
    query = select(b.id, b.farm, b.job, b.state, b.remote_id, b.recall, b.approved)
    here = query.where(b.farm == farm, b.state.not_in(OVER))
    rows = db.execute(here.order_by(b.created_at, b.id))
    return tuple(
        Live(
            BurstId(row.id),
            row.farm,
            JobId(row.job),
            BurstState(row.state),
            row.remote_id,
            row.recall or "",
            row.approved,
            frozenset(asked.get(row.id, ())),
        )
        for row in rows
    )


def given_back(db: Connection, farm: str) -> Mapping[tuple[JobId, str], int]:
    """Count how often each task of a farm came back from the cloud unfinished."""
    query = (
        select(t.tasks.c.job, t.tasks.c.task, func.count())
        .where(t.tasks.c.farm == farm, t.tasks.c.state == TaskState.RELEASED, t.tasks.c.sent)
        .group_by(t.tasks.c.job, t.tasks.c.task)
    )
    return {(JobId(job), task): count for job, task, count in db.execute(query)}


def committed(db: Connection, budget: Budget | None = None) -> Decimal:
    """Return what bursts take out of a budget: each the greater of reserve and cost.

    Money is the studio's, whichever of its farms spends it.

    Args:
        db: a transaction.
        budget: only what counts against it; None for everything.
    """
    query = select(t.bursts.c.reserved, t.bursts.c.spent).where(*_paid_by(budget))
    return sum((max(reserved, spent) for reserved, spent in db.execute(query)), start=Decimal(0))


def spent(db: Connection, budget: Budget) -> Decimal:
    """Return what a budget has paid, frames that the cloud renders now counted as if done.

    Such a frame is taken for a part of the reserve, or for what the burst's frames have cost each
    so far where that is more.

    Args:
        db: a transaction.
        budget: what counts against it.
    """
    b, frame = t.bursts.c, t.remote_frames.c

    def frames(*situations: Remote) -> ScalarSelect[int]:
        among = frame.situation.in_([one.value for one in situations])
        return select(func.count()).where(frame.burst == b.id, among).scalar_subquery()

    query = select(b.spent, b.reserved, frames(Remote.RENDERING), frames(*_ENDED), frames(*Remote))
    rows = db.execute(query.where(*_paid_by(budget)))
    return sum(
        (paid + now * max(reserved / max(every, 1), paid / max(ended, 1))
         for paid, reserved, now, ended, every in rows),
        start=Decimal(0),
    )  # fmt: skip


def _paid_by(budget: Budget | None) -> Iterator[ColumnElement[bool]]:
    b = t.bursts.c
    if budget is None:
        return
    if budget.since is not None:
        yield b.created_at >= budget.since
    wanted = ((b.job, budget.job), (b.artist, budget.user), (b.project, budget.project))
    yield from (column == value for column, value in wanted if value is not None)


def _with_tasks(db: Connection, rows: Sequence[Any], condition: Any) -> tuple[Burst, ...]:
    of: dict[str, list[BurstTask]] = {row.id: [] for row in rows}
    query = select(*_TASK).where(condition).order_by(t.tasks.c.position)
    # Taken apart by place: there are a thousand tasks in a burst, and names are looked up slowly.
    for burst, id_, frames, state, reason, since, remote, remote_since, asked, why in db.execute(
        query
    ):
        ref = TaskRef(id_, frames)
        of[burst].append(
            BurstTask(
                ref, _STATES[state], reason, since, _WORDS[remote], remote_since, _ASKED[asked], why
            )
        )
    return tuple(_burst(row, of[row.id]) for row in rows)


_T = t.tasks.c
_TASK = (
    *(_T.burst, _T.task, _T.frames, _T.state, _T.reason, _T.since),
    *(_T.remote, _T.remote_since, _T.asked, _T.asked_why),
)
_STATES = {state.value: state for state in TaskState}
_WORDS: Mapping[str | None, Remote | None] = {None: None, **{word.value: word for word in Remote}}
_ASKED = {asked.value: asked for asked in Asked}


def _burst(row: Any, tasks: Sequence[BurstTask]) -> Burst:
    return Burst(
        id=BurstId(row.id),
        farm=row.farm,
        job=JobId(row.job),
        state=BurstState(row.state),
        reason=row.reason,
        tasks=tuple(tasks),
        remote_id=row.remote_id,
        claim_epoch=row.claim_epoch,
        estimate=None if row.estimate is None else Money(row.estimate, row.currency),
        spent=row.spent,
        submits=row.submits,
        absences=row.absences,
        since=row.since,
        created_at=row.created_at,
        absent_at=row.absent_at,
        recall=row.recall or "",
        approved=row.approved,
        waiting_since=row.waiting_since,
        user=row.artist,
        project=row.project,
        options=row.options,
        reckoned=row.reckoned,
        kind=BurstKind(row.kind),
    )
