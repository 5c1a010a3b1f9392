"""What people ask of bursts and of the whole route; anybody may ask, no lease is needed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from renderbus_core.burst import tables as t
from renderbus_core.burst.model import Asked
from renderbus_core.burst.store import log, reading
from renderbus_core.burst.store.moving import Step
from renderbus_core.burst.store.values import Event, Route
from renderbus_core.errors import StoreError
from renderbus_core.jobs import BurstId

NO_BURST = BurstId("")
"""Lines of the log that are about the route as a whole stand under this."""


def recall(db: Connection, burst: BurstId, why: str, who: str, now: datetime) -> None:
    """Ask for everything of a burst."""
    _set(db, burst, {"recall": why})
    log.write(db, burst, [Event(now, who, "recall", None, "asked", why)])


def approve(db: Connection, burst: BurstId, who: str, now: datetime) -> None:
    """Let the frames go on that wait behind the test frames."""
    _set(db, burst, {"approved": True})
    log.write(db, burst, [Event(now, who, "test frames", None, "approved", "")])


def ask(
    db: Connection,
    burst: BurstId,
    asked: Asked,
    step: Step,
    tasks: Collection[str] | None,
) -> None:
    """Note what somebody wants of some tasks; a recall is not weakened by what comes after it.

    Only whoever puts the job away wants nothing back any more, until a recall says otherwise.

    Raises:
        StoreError: there is no such burst, or it has no such task.
    """
    reading.row(db, burst)
    of_burst = t.tasks.c.burst == burst
    query = select(t.tasks.c.task, t.tasks.c.asked).where(of_burst, t.tasks.c.live)
    known = {task: Asked(before) for task, before in db.execute(query.order_by(t.tasks.c.position))}
    if tasks is not None and (missing := sorted(set(tasks) - known.keys())):
        raise StoreError(
            f"burst {burst} has no open task {missing[0]}; see `renderbus status {burst}`"
        )
    changed = [
        task
        for task, before in known.items()
        if (tasks is None or task in tasks) and before is not asked and _outranks(asked, before)
    ]
    if changed:
        one = update(t.tasks).where(of_burst, t.tasks.c.task == bindparam("of"))
        values = {"asked": asked.value, "asked_why": step.reason}
        db.execute(one.values(**values), [{"of": task} for task in changed])
        lines = [step.event(f"task {task}", None, f"asked: {asked}") for task in changed]
        log.write(db, burst, lines)


def route(db: Connection, farm: str) -> Route:
    """Read whether a farm's way to the cloud takes new bursts."""
    row = db.execute(select(t.routes).where(t.routes.c.farm == farm)).one_or_none()
    return Route(farm) if row is None else Route(farm, row.drained, row.why, row.who, row.at)


def routes(db: Connection) -> tuple[Route, ...]:
    """Read the ways of all farms to the cloud that were ever closed or opened."""
    rows = db.execute(select(t.routes).order_by(t.routes.c.farm))
    return tuple(Route(row.farm, row.drained, row.why, row.who, row.at) for row in rows)


def set_route(db: Connection, new: Route) -> None:
    """Open or close a farm's way to the cloud."""
    values = {"drained": new.drained, "why": new.why, "who": new.who, "at": new.at}
    if not db.execute(
        update(t.routes).where(t.routes.c.farm == new.farm).values(**values)
    ).rowcount:
        db.execute(t.routes.insert().values(farm=new.farm, **values))
    what = "drained" if new.drained else "open"
    assert new.at is not None  # noqa: S101 - somebody changes it now
    log.write(db, NO_BURST, [Event(new.at, new.who, f"route of {new.farm}", None, what, new.why)])


def _outranks(asked: Asked, before: Asked) -> bool:
    if asked is Asked.PRIORITY:
        # It says nothing of where a task belongs.
        return before is Asked.NOTHING
    strong = asked is Asked.RECALL_ALL or asked.puts_away
    return strong or not (before.is_recall or before.puts_away)


def _set(db: Connection, burst: BurstId, values: dict[str, object]) -> None:
    if not db.execute(update(t.bursts).where(t.bursts.c.id == burst).values(**values)).rowcount:
        raise reading.no_burst(burst)
