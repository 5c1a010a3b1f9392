"""The log: what changed, when, by whom and why; only ever added to."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from renderbus_core.burst.store.values import Event
from renderbus_core.burst.tables import events
from renderbus_core.jobs import BurstId


def write(db: Connection, burst: BurstId, lines: Sequence[Event]) -> None:
    """Add lines about one burst."""
    if lines:
        db.execute(insert(events), [{"burst": burst, **dataclasses.asdict(e)} for e in lines])


def read(db: Connection, burst: BurstId) -> tuple[Event, ...]:
    """Read the lines about one burst, oldest first."""
    query = select(events).where(events.c.burst == burst).order_by(events.c.id)
    return tuple(
        Event(e.at, e.who, e.subject, e.before, e.after, e.reason) for e in db.execute(query)
    )
