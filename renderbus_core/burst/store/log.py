"""The log: what changed, when, by whom and why; only ever added to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from renderbus_core.burst.store.values import Event
from renderbus_core.burst.tables import events
from renderbus_core.jobs import BurstId

_WAIVER = "waiver"


def write(db: Connection, burst: BurstId, lines: Sequence[Event]) -> None:
    """Add lines about one burst."""
    if lines:
        db.execute(insert(events), [{"burst": burst, **dataclasses.asdict(e)} for e in lines])


def waivers(db: Connection, burst: BurstId) -> dict[str, str]:
    """Read who waived which rule of the check for a burst."""
    query = select(events.c.after, events.c.who).where(
        events.c.burst == burst, events.c.subject == _WAIVER
    )
    return {row.after: row.who for row in db.execute(query.order_by(events.c.id))}


def waive(
    db: Connection, burst: BurstId, reasons: Mapping[str, str], who: str, now: datetime
) -> None:
    """Add who waived rules and why; one that was waived before keeps its first line."""
    known = waivers(db, burst)
    new = ((rule, why) for rule, why in reasons.items() if rule not in known)
    write(db, burst, [Event(now, who, _WAIVER, None, rule, why) for rule, why in new])


def read(db: Connection, burst: BurstId) -> tuple[Event, ...]:
    """Read the lines about one burst, oldest first."""
    query = select(events).where(events.c.burst == burst).order_by(events.c.id)
    return tuple(
        Event(e.at, e.who, e.subject, e.before, e.after, e.reason) for e in db.execute(query)
    )
