"""What the policy answered for each job it looked at last: for people who ask why."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from renderbus_core.burst import tables as t
from renderbus_core.burst.store.values import Answer
from renderbus_core.jobs import JobId


def read(db: Connection, farm: str) -> tuple[Answer, ...]:
    """Return the answers of the last look, in the order in which they were given."""
    a = t.answers.c
    query = select(a.job, a.name, a.verdict, a.why, a.at).where(a.farm == farm)
    rows = db.execute(query.order_by(a.position))
    return tuple(Answer(JobId(row.job), row.name, row.verdict, row.why, row.at) for row in rows)


def write(db: Connection, farm: str, answers: Iterable[Answer]) -> None:
    """Replace the answers of the look before."""
    db.execute(delete(t.answers).where(t.answers.c.farm == farm))
    rows = [
        {
            "farm": farm,
            "position": position,
            "job": one.job,
            "name": one.name,
            "verdict": one.verdict,
            "why": one.why,
            "at": one.at,
        }
        for position, one in enumerate(answers)
    ]
    if rows:
        db.execute(insert(t.answers), rows)
