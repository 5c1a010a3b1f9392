"""Signs of life of the processes that carry bursts: who watches, and since when nobody does."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from renderbus_core.burst.store.values import Presence
from renderbus_core.burst.tables import gateways


def beat(db: Connection, sign: Presence) -> None:
    """Note a sign of life."""
    leave(db, sign.owner)
    db.execute(insert(gateways).values(**dataclasses.asdict(sign)))


def leave(db: Connection, owner: str) -> None:
    """Note that a process has ended in good order."""
    db.execute(delete(gateways).where(gateways.c.owner == owner))


def forget(db: Connection, before: datetime) -> None:
    """Forget processes that have been silent since long ago."""
    db.execute(delete(gateways).where(gateways.c.seen_at < before))


def read(db: Connection) -> tuple[Presence, ...]:
    """Read who was seen, the last seen first."""
    rows = db.execute(select(gateways).order_by(gateways.c.seen_at.desc(), gateways.c.owner))
    return tuple(
        Presence(row.owner, row.farm, row.version, row.bursts, row.started_at, row.seen_at)
        for row in rows
    )
