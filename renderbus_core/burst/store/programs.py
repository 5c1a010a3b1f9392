"""How long tasks of each program took on local workers: what is known when its jobs have gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from renderbus_core.burst import tables as t


def read(db: Connection, farm: str) -> Mapping[str, float]:
    """Return the seconds of a task by program."""
    query = select(t.programs.c.program, t.programs.c.seconds).where(t.programs.c.farm == farm)
    return {row.program: row.seconds for row in db.execute(query)}


def write(db: Connection, farm: str, seconds: Mapping[str, float], now: datetime) -> None:
    """Replace what is known of some programs; what is the same is not written."""
    known = read(db, farm)
    p = t.programs
    for program, mean in seconds.items():
        if program not in known:
            row = {"farm": farm, "program": program, "seconds": mean, "at": now}
            db.execute(insert(p).values(**row))
        elif known[program] != mean:
            db.execute(
                update(p)
                .where(p.c.farm == farm, p.c.program == program)
                .values(seconds=mean, at=now)
            )
