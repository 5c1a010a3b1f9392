"""Leases: who may act for a burst, and the transaction that refuses everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text, update

from renderbus_core.burst.tables import leases
from renderbus_core.database import Database, shared_time
from renderbus_core.errors import LeaseLostError
from renderbus_core.jobs import BurstId

_BURST = "burst "
_NONE = timedelta()
# When a lease ends that nobody has.
_FREE = datetime(1970, 1, 1, tzinfo=UTC)

# Known by name from now on, held by nobody: two who ask at once both find a row to lock.
_MENTION = text(
    "INSERT INTO leases (name, owner, epoch, expires_at) VALUES (:name, '', 0, 0) "
    "ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for one name until a time.

    Args:
        name: what is leased.
        owner: whose it is.
        epoch: rises with each change of owner.
        expires_at: by the clock of the owner, UTC.
    """

    name: str
    owner: str
    epoch: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has the lease.

    Args:
        owner: who.
        expires_at: when it may be taken over, by the clock of who asked, UTC.
    """

    owner: str
    expires_at: datetime


def lease_name(burst: BurstId) -> str:
    """Return the name of the lease under which a burst is carried."""
    return f"{_BURST}{burst}"


def leased_burst(name: str) -> BurstId | None:
    """Return the burst that a lease is about; None when it is about something else."""
    return BurstId(name.removeprefix(_BURST)) if name.startswith(_BURST) else None


@contextmanager
def writing(database: Database, lease: Lease) -> Iterator[Connection]:
    """Give a transaction that exists only while the lease is still ours.

    Args:
        database: of the store.
        lease: under which is written.

    Raises:
        LeaseLostError: somebody took over; nothing is written.
    """
    with database.writing() as db:
        row = db.execute(_row(lease.name)).one_or_none()
        if row is None or (row.owner, row.epoch) != (lease.owner, lease.epoch):
            owner = "nobody" if row is None else row.owner
            raise LeaseLostError(f"the lease {lease.name} of {lease.owner} is now held by {owner}")
        yield db


def take(  # noqa: PLR0917 - as many as the store's own method has
    db: Connection,
    name: str,
    owner: str,
    ttl: timedelta,
    now: datetime,
    margin: timedelta = _NONE,
) -> Lease | Held:
    """Take a lease that is free, ours or expired.

    Args:
        db: a writing transaction.
        name: what is leased.
        owner: who asks.
        ttl: for how long.
        now: by the caller's clock, UTC.
        margin: for so long after its end another's lease is left alone.
    """
    db.execute(_MENTION, {"name": name})
    row = db.execute(_row(name)).one()
    shared = shared_time(db, now)
    free_at = row.expires_at if row.expires_at == _FREE else row.expires_at + margin
    if row.owner != owner and free_at > shared:
        return Held(row.owner, (now + (free_at - shared)).astimezone(UTC))
    lease = Lease(name, owner, row.epoch + (row.owner != owner), now + ttl)
    db.execute(
        update(leases)
        .where(leases.c.name == name)
        .values(owner=owner, epoch=lease.epoch, expires_at=shared + ttl)
    )
    return lease


def extend(db: Connection, lease: Lease, ttl: timedelta, now: datetime) -> Lease:
    """Let the lease last for a time from now, in a transaction of `writing`."""
    until = shared_time(db, now) + ttl
    db.execute(update(leases).where(leases.c.name == lease.name).values(expires_at=until))
    return replace(lease, expires_at=now + ttl)


def free(db: Connection, lease: Lease) -> None:
    """Let anybody take the lease from now on, in a transaction of `writing`."""
    db.execute(update(leases).where(leases.c.name == lease.name).values(expires_at=_FREE))


def _row(name: str) -> Any:
    # The row is locked, so that two takers or a taker and a writer come one after the other.
    return select(leases).where(leases.c.name == name).with_for_update()
