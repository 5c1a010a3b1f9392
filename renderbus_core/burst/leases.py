"""Leases: who may act for a burst, and the transaction that refuses everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from renderbus_core.burst.tables import leases
from renderbus_core.database import Database
from renderbus_core.errors import LeaseLostError
from renderbus_core.jobs import BurstId


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for one name until a time."""

    name: str
    owner: str
    epoch: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has the lease."""

    owner: str
    expires_at: datetime


def lease_name(burst: BurstId) -> str:
    """Return the name of the lease under which a burst is carried."""
    return f"burst {burst}"


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


def take(
    db: Connection, name: str, owner: str, *, expires: datetime, now: datetime
) -> Lease | Held:
    """Take a lease that is free, ours or expired.

    Args:
        db: a transaction.
        name: what is leased.
        owner: who asks.
        expires: until when, UTC.
        now: UTC.
    """
    row = db.execute(_row(name)).one_or_none()
    if row is None:
        lease = Lease(name, owner, 1, expires)
        db.execute(insert(leases).values(name=name, owner=owner, epoch=1, expires_at=expires))
        return lease
    if row.owner != owner and row.expires_at > now:
        return Held(row.owner, row.expires_at)
    lease = Lease(name, owner, row.epoch + (row.owner != owner), expires)
    db.execute(
        update(leases)
        .where(leases.c.name == name)
        .values(owner=owner, epoch=lease.epoch, expires_at=expires)
    )
    return lease


def extend(db: Connection, lease: Lease, expires: datetime) -> Lease:
    """Set another end, in a transaction of `writing`."""
    db.execute(update(leases).where(leases.c.name == lease.name).values(expires_at=expires))
    return replace(lease, expires_at=expires)


def _row(name: str) -> Any:
    # The row is locked, so that two takers or a taker and a writer come one after the other.
    return select(leases).where(leases.c.name == name).with_for_update()
