"""Since when pools of a farm overflow: what one decision leaves for the next, across restarts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from renderbus_core.burst import tables as t


def read(db: Connection, farm: str) -> Mapping[str, datetime]:
    """Return when each pool began to overflow, UTC."""
    query = select(t.overflows.c.pool, t.overflows.c.since).where(t.overflows.c.farm == farm)
    return {row.pool: row.since for row in db.execute(query)}


def write(db: Connection, farm: str, since: Mapping[str, datetime]) -> None:
    """Replace what is known; nothing is written where it is the same."""
    if read(db, farm) == dict(since):
        return
    db.execute(delete(t.overflows).where(t.overflows.c.farm == farm))
    rows = [{"farm": farm, "pool": pool, "since": at} for pool, at in since.items()]
    if rows:
        db.execute(insert(t.overflows), rows)
