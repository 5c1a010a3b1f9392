"""Intents: what was begun, under which lease and claim, and what became of it."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from renderbus_core.burst.leases import Lease, leased_burst
from renderbus_core.burst.store.values import Effect, EffectId
from renderbus_core.burst.tables import bursts, effects
from renderbus_core.errors import LeaseLostError, StoreError


def begin(db: Connection, lease: Lease, effect: Effect, now: datetime) -> EffectId:
    """Record that a side effect is about to happen."""
    values = {
        "lease": lease.name,
        "epoch": lease.epoch,
        "claim_epoch": _claim_epoch(db, lease),
        "name": effect.name,
        "details": json.dumps(effect.details),
        "started_at": now,
    }
    key = db.execute(insert(effects).values(**values)).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has a key
    return EffectId(key[0])


def settle(db: Connection, lease: Lease, effect: EffectId, result: str, now: datetime) -> None:
    """Record what became of a side effect, once, under the lease and claim it was begun under.

    Raises:
        LeaseLostError: it was begun under an earlier lease.
        StoreError: under an earlier claim; or it has another result, or never began.
    """
    row = db.execute(select(effects).where(effects.c.id == effect)).one_or_none()
    if row is None or row.lease != lease.name:
        raise StoreError(f"no effect {effect} was begun under the lease {lease.name}")
    if row.epoch != lease.epoch:
        raise LeaseLostError(
            f"effect {row.name} was begun under epoch {row.epoch} of the lease {lease.name}, which "
            f"is now {lease.epoch}; it stays open"
        )
    claim = _claim_epoch(db, lease)
    if row.claim_epoch != claim:
        raise StoreError(
            f"effect {row.name} was begun under claim {row.claim_epoch} of {lease.name}, which is "
            f"now {claim}; it stays open"
        )
    if row.settled_at is not None and row.result != result:
        raise StoreError(f"effect {row.name} of {lease.name} has a result already: {row.result}")
    if row.settled_at is None:
        done = update(effects).where(effects.c.id == effect)
        db.execute(done.values(settled_at=now, result=result))


def open_effects(db: Connection, lease: Lease) -> tuple[Effect, ...]:
    """Read what was begun under a lease's name and never settled, oldest first."""
    query = select(effects).where(effects.c.lease == lease.name, effects.c.settled_at.is_(None))
    rows = db.execute(query.order_by(effects.c.id))
    return tuple(Effect(row.name, json.loads(row.details)) for row in rows)


def _claim_epoch(db: Connection, lease: Lease) -> int:
    """Return the claim of the burst that a lease is about; 0 for leases of anything else."""
    query = select(bursts.c.claim_epoch).where(bursts.c.id == leased_burst(lease.name))
    return db.execute(query).scalar_one_or_none() or 0
