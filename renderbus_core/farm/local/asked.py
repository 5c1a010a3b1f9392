"""What people asked of the embedded farm and did to its jobs, kept until it is acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, Text, cast, delete, insert, select

from renderbus_core.farm.local import queries
from renderbus_core.farm.local.tables import intents
from renderbus_core.farm.local.values import legible
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import Intent, IntentKind, JobId, LocalTask


def note(
    connection: Connection,
    job: JobId,
    kind: IntentKind,
    who: str,
    at: datetime,
    *,
    frames: FrameSet | None = None,
    why: str = "",
) -> None:
    """Write down one thing that a person asked or did.

    Args:
        connection: within a transaction.
        job: the job.
        kind: what.
        who: the person.
        at: UTC.
        frames: those that are meant; None for the whole job.
        why: in words.
    """
    row = {"job": job, "kind": kind, "at": at, "frames": frames}
    connection.execute(insert(intents).values(**row, who=legible(who), note=legible(why)))


def frames_of(tasks: Iterable[LocalTask]) -> FrameSet:
    """Return the frames of some tasks, in their order."""
    return FrameSet.of(chain.from_iterable(task.ref.frames for task in tasks))


def unacknowledged(connection: Connection) -> tuple[Intent, ...]:
    """Return what was not acknowledged yet, oldest first."""
    rows = connection.execute(select(intents).order_by(intents.c.number))
    return tuple(Intent(str(row.number), *row[1:]) for row in rows)


def forget(connection: Connection, ids: Collection[str]) -> None:
    """Forget what was acknowledged; ids that name nothing are left alone."""
    known = cast(intents.c.number, Text).in_(queries.listed(ids))
    connection.execute(delete(intents).where(known))
