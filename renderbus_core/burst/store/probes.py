"""What probes came to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from renderbus_core.burst import tables as t
from renderbus_core.burst.store.values import ProbeResult
from renderbus_core.jobs import BurstId


def write(db: Connection, burst: BurstId, result: ProbeResult, now: datetime) -> None:
    """Write down what a probe came to; the same probe again replaces it."""
    values = {
        "scene": result.scene,
        "stamp": result.stamp,
        "software": result.software,
        "alike": result.alike,
        "why": result.why,
        "at": now,
    }
    if not db.execute(update(t.probes).where(t.probes.c.burst == burst).values(**values)).rowcount:
        db.execute(insert(t.probes).values(burst=burst, **values))


def read(db: Connection, farm: str) -> Mapping[BurstId, ProbeResult]:
    """Return what the probes of a farm came to, the oldest first."""
    v = t.probes.c
    query = (
        select(v.burst, v.scene, v.stamp, v.software, v.alike, v.why)
        .join(t.bursts, t.bursts.c.id == v.burst)
        .where(t.bursts.c.farm == farm)
        .order_by(v.at, v.burst)
    )
    return {BurstId(burst): ProbeResult(*rest) for burst, *rest in db.execute(query)}
