"""The record of all bursts of a farm: who may write (leases), what is held, what was begun.

Every write names the lease it is made under and is refused once another runner has taken over,
in the same transaction. A transition that `model` does not allow is refused too.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NewType

from sqlalchemy import Connection, and_, delete, func, insert, make_url, select, update
from sqlalchemy.exc import IntegrityError

from renderbus_core.burst import leases
from renderbus_core.burst import tables as t
from renderbus_core.burst.leases import Held, Lease, lease_name
from renderbus_core.burst.model import (
    NEXT_BURST,
    NEXT_TASK,
    Burst,
    BurstState,
    BurstTask,
    Order,
    TaskState,
)
from renderbus_core.database import Database
from renderbus_core.errors import LeaseLostError, StoreError, TaskTakenError
from renderbus_core.jobs import BurstId, Claim, JobId, Outcome, TaskRef
from renderbus_core.money import Money

EffectId = NewType("EffectId", int)


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect about to happen: its name and what it is about."""

    name: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """A file the cloud has listed for a burst.

    Args:
        name: path below the output storage.
        frame: frame it shows.
        size: bytes, as listed last.
        listings: how often in a row it was listed with that size.
        local: where it belongs.
        collected: it is there.
    """

    name: str
    frame: int
    size: int
    listings: int
    local: Path
    collected: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log: a burst or one of its tasks changed."""

    at: datetime
    subject: str
    change: str
    reason: str


class BurstStore:
    """Bursts on SQLite or PostgreSQL.

    Args:
        url: SQLAlchemy URL.
    """

    def __init__(self, url: str) -> None:
        place = make_url(url)
        if place.get_backend_name() == "sqlite" and place.database:
            Path(place.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = Database(place, t.DESIGN)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # -- leases ---------------------------------------------------------------------------

    def lease(self, name: str, owner: str, ttl: float, now: datetime) -> Lease | Held:
        """Take or take over a lease; the epoch rises with each change of owner.

        Args:
            name: what is leased.
            owner: who asks; unique per process.
            ttl: seconds until it expires.
            now: UTC.
        """
        with self._database.writing() as db:
            return leases.take(db, name, owner, expires=now + timedelta(seconds=ttl), now=now)

    def renew(self, lease: Lease, ttl: float, now: datetime) -> Lease:
        """Extend a lease that is still ours; `LeaseLostError` when it is not."""
        with leases.writing(self._database, lease) as db:
            return leases.extend(db, lease, now + timedelta(seconds=ttl))

    def give_up(self, lease: Lease, now: datetime) -> None:
        """Let the lease expire at once, so that another runner need not wait."""
        with leases.writing(self._database, lease) as db:
            leases.extend(db, lease, now)

    # -- planning -------------------------------------------------------------------------

    def plan(
        self, orders: Sequence[Order], now: datetime, lease: Lease | None = None
    ) -> tuple[Burst, ...]:
        """Turn decisions into bursts; tasks that already are in a live burst are refused.

        Args:
            orders: what to send.
            now: UTC.
            lease: of the decider; None for what a person asks.

        Raises:
            StoreError: one of the tasks is already in a live burst; nothing was planned.
        """
        planned = []
        transaction = (
            self._database.writing() if lease is None else leases.writing(self._database, lease)
        )
        try:
            with transaction as db:
                for order in orders:
                    burst = BurstId(uuid.uuid4().hex[:12])
                    _insert_burst(db, burst, order, now)
                    planned.append(burst)
        except IntegrityError as error:
            names = ", ".join(f"{order.job}" for order in orders)
            raise TaskTakenError(
                f"a task of {names} is in a live burst already; see `renderbus status`"
            ) from error
        return tuple(self.burst(burst) for burst in planned)

    def ask_recall(self, burst: BurstId, why: str) -> None:
        """Ask the burst's runner to bring everything back; anybody may ask, no lease is needed."""
        with self._database.writing() as db:
            asked = update(t.bursts).where(t.bursts.c.id == burst).values(recall=why)
            if not db.execute(asked).rowcount:
                raise _no_burst(burst)

    # -- reading --------------------------------------------------------------------------

    def burst(self, id: BurstId) -> Burst:  # noqa: A002 - the field's own word
        """Read one burst; `StoreError` when there is none."""
        found = self._read(t.bursts.c.id == id)
        if not found:
            raise _no_burst(id)
        return found[0]

    def bursts(self, *, live: bool = False) -> tuple[Burst, ...]:
        """Read all bursts, oldest first; only those at work when `live`."""
        over = [state.value for state in BurstState if state.is_over]
        return self._read(t.bursts.c.state.not_in(over) if live else t.bursts.c.id.is_not(None))

    def given_back(self, farm: str) -> Mapping[tuple[JobId, str], int]:
        """Count how often each task of a farm came back from the cloud unfinished."""
        query = (
            select(t.tasks.c.job, t.tasks.c.task, func.count())
            .where(t.tasks.c.farm == farm, t.tasks.c.state == TaskState.RELEASED, t.tasks.c.sent)
            .group_by(t.tasks.c.job, t.tasks.c.task)
        )
        with self._database.reading() as db:
            return {(JobId(job), task): count for job, task, count in db.execute(query)}

    def recall_asked(self, burst: BurstId) -> str | None:
        """Return why a recall was asked for; None when it was not."""
        query = select(t.bursts.c.recall).where(t.bursts.c.id == burst)
        with self._database.reading() as db:
            row = db.execute(query).one_or_none()
        if row is None:
            raise _no_burst(burst)
        return None if row.recall is None else str(row.recall)

    def events(self, burst: BurstId) -> tuple[Event, ...]:
        """Read the log of a burst, oldest first."""
        query = select(t.events).where(t.events.c.burst == burst).order_by(t.events.c.id)
        with self._database.reading() as db:
            return tuple(Event(e.at, e.subject, e.change, e.reason) for e in db.execute(query))

    def outputs(self, burst: BurstId) -> tuple[Output, ...]:
        """Read what the cloud has listed for a burst so far."""
        query = select(t.outputs).where(t.outputs.c.burst == burst).order_by(t.outputs.c.name)
        with self._database.reading() as db:
            return tuple(_output(row) for row in db.execute(query))

    def open_effects(self, lease: Lease) -> tuple[Effect, ...]:
        """Read what was begun under a lease's name and never settled."""
        query = select(t.effects).where(
            t.effects.c.lease == lease.name, t.effects.c.settled_at.is_(None)
        )
        with self._database.reading() as db:
            return tuple(Effect(row.name, json.loads(row.details)) for row in db.execute(query))

    # -- writing under a lease ------------------------------------------------------------

    def move(
        self,
        lease: Lease,
        burst: BurstId,
        state: BurstState,
        *,
        reason: str,
        now: datetime,
        **values: object,
    ) -> Burst:
        """Move a burst to another state, with further values in the same transaction.

        Args:
            lease: under which it is done.
            burst: which.
            state: where to.
            reason: for people.
            now: UTC.
            values: further columns, for example `remote_id`.
        """
        with self._carrying(lease, burst) as db:
            row = db.execute(select(t.bursts).where(t.bursts.c.id == burst)).one_or_none()
            if row is None:
                raise _no_burst(burst)
            before = BurstState(row.state)
            if state is not before and state not in NEXT_BURST[before]:
                raise StoreError(f"burst {burst} cannot go from {before} to {state}")
            since = row.since if state is before else now
            db.execute(
                update(t.bursts)
                .where(t.bursts.c.id == burst)
                .values(state=state.value, reason=reason, since=since, **values)
            )
            if state is not before or reason != row.reason:
                _log(db, burst, Event(now, "burst", f"{before} -> {state}", reason))
            if state.is_over:
                db.execute(update(t.tasks).where(t.tasks.c.burst == burst).values(live=False))
        return self.burst(burst)

    def note(self, lease: Lease, burst: BurstId, **values: object) -> None:
        """Set columns of a burst that are no transition (`spent`, `absences`)."""
        with self._carrying(lease, burst) as db:
            db.execute(update(t.bursts).where(t.bursts.c.id == burst).values(**values))

    def confirm(self, lease: Lease, claim: Claim, outcome: Outcome, now: datetime) -> Burst:
        """Record what became of a claim: what was taken is held, the rest leaves the burst."""
        self.move_tasks(
            lease, claim.burst, outcome.taken, TaskState.HELD, reason="claimed", now=now
        )
        for ref, why in outcome.refused.items():
            self.move_tasks(
                lease, claim.burst, (ref,), TaskState.LOST, reason=f"not claimed: {why}", now=now
            )
        return self.burst(claim.burst)

    def move_tasks(
        self,
        lease: Lease,
        burst: BurstId,
        refs: Iterable[TaskRef],
        state: TaskState,
        *,
        reason: str,
        now: datetime,
    ) -> None:
        """Move tasks of a burst to another state; those already there keep their time."""
        with self._carrying(lease, burst) as db:
            for ref in refs:
                key = and_(t.tasks.c.burst == burst, t.tasks.c.task == ref.id)
                found = db.execute(select(t.tasks.c.state).where(key)).scalar_one_or_none()
                if found is None:
                    raise _no_burst(burst, f" with a task {ref.id}")
                before = TaskState(found)
                if before is state:
                    continue
                if state not in NEXT_TASK[before]:
                    raise StoreError(
                        f"task {ref.id} of burst {burst} cannot go from {before} to {state}"
                    )
                values: dict[str, object] = {"state": state.value, "reason": reason, "since": now}
                if state is TaskState.SENT:
                    values["sent"] = True
                db.execute(update(t.tasks).where(key).values(live=not state.is_over, **values))
                _log(db, burst, Event(now, f"task {ref.id}", f"{before} -> {state}", reason))

    def note_stops(
        self, lease: Lease, burst: BurstId, stopped: Iterable[TaskRef], now: datetime
    ) -> None:
        """Remember since when the frames of tasks have been stopped; all others are not."""
        ids = [ref.id for ref in stopped]
        of_burst = update(t.tasks).where(t.tasks.c.burst == burst)
        with self._carrying(lease, burst) as db:
            db.execute(of_burst.where(t.tasks.c.task.not_in(ids)).values(stopped_since=None))
            db.execute(
                of_burst.where(t.tasks.c.task.in_(ids), t.tasks.c.stopped_since.is_(None)).values(
                    stopped_since=now
                )
            )

    def forget_outputs(self, lease: Lease, burst: BurstId, frames: Iterable[int]) -> None:
        """Forget the files of frames that the cloud renders anew."""
        with self._carrying(lease, burst) as db:
            db.execute(
                delete(t.outputs).where(
                    t.outputs.c.burst == burst, t.outputs.c.frame.in_(list(frames))
                )
            )

    def list_outputs(self, lease: Lease, burst: BurstId, listed: Iterable[Output]) -> None:
        """Record a whole listing of the cloud's files; equal sizes in a row are counted."""
        with self._carrying(lease, burst) as db:
            known = {
                row.name: row
                for row in db.execute(select(t.outputs).where(t.outputs.c.burst == burst))
            }
            now = {file.name: file for file in listed}
            for name in known.keys() - now.keys():
                self._set_output(db, burst, name, listings=0)
            for name, file in now.items():
                before = known.get(name)
                if before is None:
                    db.execute(insert(t.outputs).values(burst=burst, **_output_row(file)))
                elif before.size != file.size:
                    # Rendered anew: what was fetched before is another picture.
                    self._set_output(db, burst, name, size=file.size, listings=1, collected=False)
                else:
                    self._set_output(db, burst, name, listings=before.listings + 1)

    @staticmethod
    def _set_output(db: Connection, burst: BurstId, name: str, **values: int) -> None:
        db.execute(
            update(t.outputs)
            .where(t.outputs.c.burst == burst, t.outputs.c.name == name)
            .values(**values)
        )

    def collected(self, lease: Lease, burst: BurstId, names: Iterable[str]) -> None:
        """Record that files are where they belong."""
        with self._carrying(lease, burst) as db:
            db.execute(
                update(t.outputs)
                .where(t.outputs.c.burst == burst, t.outputs.c.name.in_(list(names)))
                .values(collected=True)
            )

    # -- effects --------------------------------------------------------------------------

    def intent(self, lease: Lease, effect: Effect, now: datetime) -> EffectId:
        """Record that a side effect is about to happen."""
        with leases.writing(self._database, lease) as db:
            key = db.execute(
                insert(t.effects).values(
                    lease=lease.name,
                    epoch=lease.epoch,
                    name=effect.name,
                    details=json.dumps(effect.details),
                    started_at=now,
                )
            ).inserted_primary_key
        assert key is not None  # noqa: S101 - an insert of one row always has a key
        return EffectId(key[0])

    def settle(self, lease: Lease, effect: EffectId, result: str, now: datetime) -> None:
        """Record what became of a side effect."""
        with leases.writing(self._database, lease) as db:
            db.execute(
                update(t.effects)
                .where(t.effects.c.id == effect)
                .values(settled_at=now, result=result)
            )

    # -- inside ---------------------------------------------------------------------------

    def _carrying(self, lease: Lease, burst: BurstId) -> AbstractContextManager[Connection]:
        """Give a transaction about one burst, under the lease of that burst and no other."""
        if lease.name != lease_name(burst):
            raise LeaseLostError(f"the lease {lease.name} gives no right to burst {burst}")
        return leases.writing(self._database, lease)

    def _read(self, condition: Any) -> tuple[Burst, ...]:
        with self._database.reading() as db:
            rows = db.execute(
                select(t.bursts).where(condition).order_by(t.bursts.c.created_at)
            ).all()
            wanted = [row.id for row in rows]
            of: dict[str, list[BurstTask]] = {id_: [] for id_ in wanted}
            query = select(t.tasks).where(t.tasks.c.burst.in_(wanted)).order_by(t.tasks.c.position)
            for task in db.execute(query):
                ref = TaskRef(task.task, task.frames)
                of[task.burst].append(
                    BurstTask(
                        ref, TaskState(task.state), task.reason, task.since, task.stopped_since
                    )
                )
        return tuple(_burst(row, of[row.id]) for row in rows)


def _no_burst(burst: BurstId, detail: str = "") -> StoreError:
    return StoreError(f"there is no burst {burst}{detail}; see `renderbus status`")


def _insert_burst(db: Connection, burst: BurstId, order: Order, now: datetime) -> None:
    db.execute(
        insert(t.bursts).values(
            id=burst,
            farm=order.farm,
            job=order.job,
            state=BurstState.INTENDED.value,
            reason=order.reason,
            claim_epoch=0,
            estimate=order.estimate.amount if order.estimate else None,
            currency=order.estimate.currency if order.estimate else None,
            spent=Decimal(0),
            submits=0,
            absences=0,
            since=now,
            created_at=now,
        )
    )
    if len({ref.id for ref in order.tasks}) < len(order.tasks):
        raise StoreError(f"a task of {order.job} is named twice in one burst; name each once")
    for position, ref in enumerate(order.tasks):
        if not ref.frames:
            raise StoreError(f"task {ref.id} of {order.job} has no frames, so it cannot be sent")
        db.execute(
            insert(t.tasks).values(
                burst=burst,
                task=ref.id,
                position=position,
                farm=order.farm,
                job=order.job,
                frames=ref.frames,
                state=TaskState.WANTED.value,
                reason="",
                since=now,
                live=True,
                sent=False,
            )
        )
    _log(db, burst, Event(now, "burst", "-> intended", order.reason))


def _log(db: Connection, burst: str, event: Event) -> None:
    db.execute(insert(t.events).values(burst=burst, **dataclasses.asdict(event)))


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
    )


def _output(row: Any) -> Output:
    return Output(row.name, row.frame, row.size, row.listings, Path(row.local), row.collected)


def _output_row(file: Output) -> dict[str, object]:
    return {
        "name": file.name,
        "frame": file.frame,
        "size": file.size,
        "listings": 1,
        "local": str(file.local),
        "collected": False,
    }
