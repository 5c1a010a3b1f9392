"""The farm's side for workers: signs of life, handing out tasks, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from renderbus_core.clock import Clock
from renderbus_core.database import Database
from renderbus_core.farm.local import queries, rules
from renderbus_core.farm.local.queries import FARM, Change
from renderbus_core.farm.local.tables import workers
from renderbus_core.farm.local.values import Run, legible
from renderbus_core.jobs import LocalState

STALE = timedelta(seconds=10)
"""A worker that was not heard of for so long is taken for dead."""


class Dispatch:
    """Gives each queued task to exactly one worker.

    A worker is known by its session: one life of it, so that two of the same name, or one that
    was taken for dead and comes back, never report on each other's tasks.

    Args:
        database: the farm's.
        clock: the farm's.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def beat(
        self,
        name: str,
        session: int | None,
        *,
        pools: Iterable[str] = (),
        groups: Iterable[str] = (),
    ) -> int:
        """Show that a worker is alive.

        Args:
            name: the worker.
            session: what the last beat returned; None for the first.
            pools: whose jobs it takes, beside jobs of no pool; they count for a new session.
            groups: as pools.

        Returns:
            The worker's session; a new one when it was taken for dead meanwhile.
        """
        now = self._clock.now()
        with self._database.writing() as connection:
            known = update(workers).where(workers.c.session == session).values(beat_at=now)
            if session is not None and connection.execute(known).rowcount:
                return session
            return queries.add_worker(connection, name, now, pools=pools, groups=groups)

    def reap(self, now: datetime) -> int:
        """Requeue what workers were rendering that are taken for dead.

        Args:
            now: the time by the farm's clock.

        Returns:
            How many tasks were requeued.
        """
        with self._database.writing() as connection:
            silent = select(workers.c.session).where(workers.c.beat_at <= now - STALE)
            sessions = connection.scalars(silent).all()
            return sum(self._dismiss(connection, one, "does not answer") for one in sessions)

    def retire(self, session: int) -> None:
        """Take a worker off the farm and requeue what it was rendering."""
        with self._database.writing() as connection:
            self._dismiss(connection, session, "was stopped")

    def dequeue(self, session: int) -> Run | None:
        """Give the best task to a worker: by priority, then job, then task.

        A job of some pools is only for workers of one of them, and groups alike.

        A task that a person resumed under a claim is the worker's from here: its stamp goes. Who
        asks has empty hands: what it was given before, and lost through an error, is requeued.

        Args:
            session: the worker's; None is returned when it was taken for dead.
        """
        with self._database.writing() as connection:
            worker = queries.worker(connection, session)
            self._take_back(connection, session, "lost it")
            best = queries.best_task(connection, session) if worker else None
            if worker is None or best is None:
                return None
            now, task = self._clock.now(), queries.task(best)
            values = {
                **rules.RELEASED,
                "worker": worker,
                "session": session,
                "runs": best.runs + 1,
                "started_at": now,
                "finished_at": None,
            }
            started = Change(LocalState.RENDERING, values, worker, "started", now)
            queries.move(connection, best.job, [task], started)
        return Run(
            job=best.job,
            ref=task.ref,
            session=session,
            number=best.runs + 1,
            command=tuple(best.command),
            outputs=tuple(best.outputs),
        )

    def holds(self, run: Run) -> bool:
        """Tell whether a task is still the worker's to render."""
        with self._database.reading() as connection:
            return queries.held(connection, run) is not None

    def finish(self, run: Run) -> None:
        """Complete what a worker rendered, unless the task was taken from it meanwhile."""
        values = {"session": None, "finished_at": self._clock.now(), "error": ""}
        with self._database.writing() as connection:
            if row := queries.held(connection, run):
                self._leave(connection, row, LocalState.COMPLETED, values, why="rendered")

    def give_up(self, run: Run, why: str) -> None:
        """Record a failure; the task is queued again until it has failed 3 times.

        Does nothing when the task was taken from the worker meanwhile.
        """
        with self._database.writing() as connection:
            row = queries.held(connection, run)
            if row is None:
                return
            values: dict[str, Any] = {"failures": row.failures + 1, "error": legible(why)}
            if row.failures + 1 < rules.MAX_FAILURES:
                self._leave(connection, row, LocalState.QUEUED, {**rules.FREE, **values}, why=why)
            else:
                values |= {"session": None, "finished_at": self._clock.now()}
                self._leave(connection, row, LocalState.FAILED, values, why=why)

    def _leave(
        self,
        connection: Connection,
        row: Row[Any],
        goal: LocalState,
        values: Mapping[str, Any],
        *,
        why: str,
    ) -> None:
        """Move a task out of the hands of the worker that renders it."""
        change = Change(goal, values, row.worker, why, self._clock.now())
        queries.move(connection, row.job, [queries.task(row)], change)

    def _dismiss(self, connection: Connection, session: int, why: str) -> int:
        """End a worker's session and requeue what it held; return how many tasks that were."""
        number = self._take_back(connection, session, why)
        connection.execute(delete(workers).where(workers.c.session == session))
        return number

    def _take_back(self, connection: Connection, session: int, why: str) -> int:
        held = queries.held_by(connection, session)
        for row in held:
            reason = f"worker {row.worker} {why}"
            change = Change(LocalState.QUEUED, rules.FREE, FARM, reason, self._clock.now())
            queries.move(connection, row.job, [queries.task(row)], change)
        return len(held)
