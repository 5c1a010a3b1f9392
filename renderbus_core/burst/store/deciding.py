"""What one decision leaves for the next, and for people who ask why: the decider's own record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, select, update

from renderbus_core.burst import leases
from renderbus_core.burst import tables as t
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.store.values import Answer, Remembered
from renderbus_core.database import Database
from renderbus_core.jobs import JobId


class DeciderRecord:
    """The part of the store that the decider writes."""

    _database: Database

    def overflowing(self, farm: str) -> Mapping[str, datetime]:
        """Read since when which pools of a farm overflow, UTC; those that do not are absent."""
        query = select(t.overflows.c.pool, t.overflows.c.since).where(t.overflows.c.farm == farm)
        with self._database.reading() as db:
            return {row.pool: row.since for row in db.execute(query)}

    def program_seconds(self, farm: str) -> Mapping[str, float]:
        """Read how long tasks took on local workers, by program, in seconds."""
        with self._database.reading() as db:
            return _program_seconds(db, farm)

    def answers(self, farm: str) -> tuple[Answer, ...]:
        """Read what the policy said of the jobs it looked at last, in that order."""
        a = t.answers.c
        query = select(a.job, a.name, a.verdict, a.why, a.at).where(a.farm == farm)
        with self._database.reading() as db:
            rows = db.execute(query.order_by(a.position)).all()
        return tuple(Answer(JobId(row.job), row.name, row.verdict, row.why, row.at) for row in rows)

    def remember(self, lease: Lease, farm: str, found: Remembered, now: datetime) -> None:
        """Write down what a decision leaves; the next gateway goes on from there.

        Args:
            lease: of the decider.
            farm: that was decided for.
            found: what is left.
            now: UTC.
        """
        with leases.writing(self._database, lease) as db:
            _replace(
                db,
                t.overflows,
                farm,
                ({"pool": pool, "since": since} for pool, since in found.over_since.items()),
            )
            _replace(
                db,
                t.answers,
                farm,
                (
                    {
                        "position": position,
                        "job": one.job,
                        "name": one.name,
                        "verdict": one.verdict,
                        "why": one.why,
                        "at": one.at,
                    }
                    for position, one in enumerate(found.answers)
                ),
            )
            _note_programs(db, farm, found.program_seconds, now)


def _replace(db: Connection, table: Table, farm: str, rows: Iterable[dict[str, object]]) -> None:
    db.execute(delete(table).where(table.c.farm == farm))
    new = [{"farm": farm, **row} for row in rows]
    if new:
        db.execute(insert(table), new)


def _program_seconds(db: Connection, farm: str) -> dict[str, float]:
    query = select(t.programs.c.program, t.programs.c.seconds).where(t.programs.c.farm == farm)
    return {row.program: row.seconds for row in db.execute(query)}


def _note_programs(db: Connection, farm: str, seconds: Mapping[str, float], now: datetime) -> None:
    """Write down what is new of some programs; those that are not in the queue now stay known."""
    known, p = _program_seconds(db, farm), t.programs
    for program, mean in seconds.items():
        if program not in known:
            row = {"farm": farm, "program": program, "seconds": mean, "at": now}
            db.execute(insert(p).values(**row))
        elif known[program] != mean:
            this = (p.c.farm == farm, p.c.program == program)
            db.execute(update(p).where(*this).values(seconds=mean, at=now))
