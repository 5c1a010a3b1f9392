"""The log: what changed, when, by whom and why; only ever added to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from renderbus_core.burst.store.values import Event, Line
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
    return tuple(map(_event, db.execute(query)))


def follow(db: Connection, after: int, most: int) -> tuple[Line, ...]:
    """Read the lines about all bursts that follow a number, oldest first."""
    query = select(events).where(events.c.id > after).order_by(events.c.id).limit(most)
    return tuple(Line(e.id, BurstId(e.burst), _event(e)) for e in db.execute(query))


def of_route(db: Connection, most: int) -> tuple[Line, ...]:
    """Read the lines that are about no burst, newest first."""
    query = select(events).where(events.c.burst == "").order_by(events.c.id.desc()).limit(most)
    return tuple(Line(e.id, BurstId(""), _event(e)) for e in db.execute(query))


def tell(db: Connection, line: Event, *, is_news: bool, once: bool) -> bool:
    """Add a line about no burst unless the last of its subject says the same; tell whether it was.

    Args:
        db: a writing transaction.
        line: its `before` names what of the subject it is about.
        is_news: whether it is told when nothing was said of it yet.
        once: whether the same again is not told.
    """
    about = (events.c.burst == "", events.c.subject == line.subject, events.c.before == line.before)
    query = select(events.c.after).where(*about).order_by(events.c.id.desc()).limit(1)
    said = db.execute(query).scalar_one_or_none()
    if (once and said == line.after) or (said is None and not is_news):
        return False
    write(db, BurstId(""), [line])
    return True


def last(db: Connection) -> int:
    """Return the number of the newest line; 0 when there is none."""
    return db.execute(select(func.max(events.c.id))).scalar_one() or 0


def _event(row: Any) -> Event:
    return Event(row.at, row.who, row.subject, row.before, row.after, row.reason)
