"""The embedded farm: a small render manager in one SQLite file, for several processes at once.

It has three sides. People submit, suspend, resume, requeue and delete; the bridge reads the queue
and claims, completes, fails and releases tasks; workers take tasks and report on them, through
`LocalFarm.dispatch`. Every change is one immediate transaction and leaves a line in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, delete, update

from renderbus_core.clock import Clock
from renderbus_core.database import Database
from renderbus_core.errors import FarmError
from renderbus_core.farm.local import asked, pools, queries, rules, tables
from renderbus_core.farm.local.dispatch import STALE, Dispatch
from renderbus_core.farm.local.queries import Change
from renderbus_core.farm.local.rules import Act, Verdict
from renderbus_core.farm.local.values import (
    CLOUD,
    Event,
    JobSpec,
    check_priority,
    check_text,
    legible,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    Claim,
    Gone,
    Intent,
    IntentKind,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    Outcome,
    QueueSnapshot,
    Reason,
    TaskRef,
)

PERSON = "person"
"""Who did it, where nobody is named."""

_Judge = Callable[[LocalTask, Claim], Verdict | Reason]


class LocalFarm:
    """The farm in one database file; safe to open in several processes and threads.

    Args:
        database: the file, made when it is not there; on a disk of this host.
        clock: what the farm's times are taken from; the same wall time in every process.

    Raises:
        FarmError: the file cannot be used, or a newer release made it.
    """

    def __init__(self, database: Path, clock: Clock) -> None:
        self._database = Database(
            URL.create("sqlite", database=str(database.absolute())), tables.DESIGN
        )
        self.clock = clock
        self.dispatch = Dispatch(self._database, clock)

    def close(self) -> None:
        """Close the database file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What people do.

    def submit(self, spec: JobSpec) -> JobId:
        """Queue a job; each chunk of its frames becomes a task named "0", "1", ..."""
        now = self.clock.now()
        with self._database.writing() as connection:
            job = queries.add_job(connection, spec, now)
            queued = Event(job, "", None, LocalState.QUEUED, spec.user, "submitted", now)
            queries.record(connection, [queued])
        return job

    def suspend_tasks(
        self, job: JobId, tasks: Collection[str] | None = None, *, who: str = PERSON
    ) -> tuple[str, ...]:
        """Keep queued and rendering tasks from workers.

        Args:
            job: the job.
            tasks: ids; None for all tasks of the job.
            who: the person.

        Returns:
            Ids of the tasks that changed.

        Raises:
            FarmError: there is no such job or task.
        """
        return self._act(rules.SUSPEND, job, tasks, who)

    def resume_tasks(
        self, job: JobId, tasks: Collection[str] | None = None, *, who: str = PERSON
    ) -> tuple[str, ...]:
        """Queue suspended tasks; one that a burst holds keeps the burst's stamp.

        Arguments, result and errors are those of `suspend_tasks`.
        """
        return self._act(rules.RESUME, job, tasks, who)

    def requeue_tasks(
        self, job: JobId, tasks: Collection[str] | None = None, *, who: str = PERSON
    ) -> tuple[str, ...]:
        """Begin rendering, completed and failed tasks anew.

        Arguments, result and errors are those of `suspend_tasks`.
        """
        return self._act(rules.REQUEUE, job, tasks, who)

    def retry_tasks(
        self, job: JobId, tasks: Collection[str] | None = None, *, who: str = PERSON
    ) -> tuple[str, ...]:
        """Begin failed tasks anew.

        Arguments, result and errors are those of `suspend_tasks`.
        """
        return self._act(rules.RETRY, job, tasks, who)

    def delete_job(self, job: JobId, *, who: str = PERSON) -> None:
        """Remove a job with its tasks; its history stays.

        Raises:
            FarmError: there is no such job.
        """
        now = self.clock.now()
        with self._database.writing() as connection:
            _demand_job(connection, job)
            connection.execute(delete(tables.jobs).where(tables.jobs.c.id == job))
            queries.record(connection, [Event(job, "", None, None, who, "deleted", now)])
            asked.note(connection, job, IntentKind.DELETED, who, now)

    def set_priority(self, job: JobId, priority: int, *, who: str = PERSON) -> None:
        """Move a job in the queue.

        Args:
            job: the job.
            priority: 0 to 100; higher is sooner.
            who: the person.

        Raises:
            FarmError: there is no such job.
            InputError: there is no such priority.
        """
        check_priority(priority)
        with self._database.writing() as connection:
            before = _demand_job(connection, job).priority
            here = tables.jobs.c.id == job
            connection.execute(update(tables.jobs).where(here).values(priority=priority))
            why, now = f"priority {before} is now {priority}", self.clock.now()
            queries.record(connection, [Event(job, "", None, None, who, why, now)])
            asked.note(connection, job, IntentKind.PRIORITY, who, now, why=why)

    def ask_burst(
        self, job: JobId, frames: FrameSet | None = None, *, who: str = PERSON, note: str = ""
    ) -> None:
        """Ask the bridge to send a job to the cloud.

        Args:
            job: the job.
            frames: which of its frames; None for all.
            who: the person.
            note: in words.

        Raises:
            FarmError: there is no such job.
        """
        self._ask(IntentKind.BURST, job, frames, who, note)

    def ask_recall(
        self, job: JobId, frames: FrameSet | None = None, *, who: str = PERSON, note: str = ""
    ) -> None:
        """Ask the bridge to bring a job back from the cloud.

        Arguments and errors are those of `ask_burst`.
        """
        self._ask(IntentKind.RECALL, job, frames, who, note)

    def jobs(self) -> tuple[JobRow, ...]:
        """Return all jobs in the order workers take them."""
        with self._database.reading() as connection:
            return queries.job_rows(connection)

    def history(self, job: JobId) -> tuple[Event, ...]:
        """Return what happened to a job and its tasks, oldest first, also for a deleted job."""
        with self._database.reading() as connection:
            return queries.history(connection, job)

    def annotations(self, job: JobId) -> Mapping[BurstId, Mapping[str, str]]:
        """Return what bursts noted on a job."""
        with self._database.reading() as connection:
            return queries.noted(connection, job)

    # What the bridge does: the Farm port.

    @property
    def capabilities(self) -> frozenset[str]:
        """Parts of the Farm port beyond the least that every farm has."""
        return frozenset({"annotate", "complete", "fail", "intents"})

    def snapshot(self, tasks_of: Collection[JobId] = ()) -> QueueSnapshot:
        """Return the queue as it is at one moment.

        Args:
            tasks_of: jobs whose tasks are wanted; those that are gone are left out.
        """
        now = self.clock.now()
        with self._database.reading() as connection:
            living = pools.living(connection, now - STALE)
            rows = queries.job_rows(connection)
            return QueueSnapshot(
                taken_at=now,
                workers=sum(kind.count for kind in living),
                idle_workers=sum(kind.idle for kind in living),
                jobs=rows,
                tasks=queries.tasks_of(connection, tasks_of),
                kinds=pools.telling(living, rows),
            )

    def job(self, id: JobId) -> LocalJob | Gone:  # noqa: A002 - the port's name
        """Return one job."""
        with self._database.reading() as connection:
            return queries.job(connection, id) or Gone(id)

    def tasks(self, ids: Collection[JobId]) -> Mapping[JobId, tuple[LocalTask, ...]]:
        """Return the tasks of some jobs in order; jobs that are gone are left out."""
        with self._database.reading() as connection:
            return queries.tasks_of(connection, ids)

    def claim(self, claim: Claim) -> Outcome:
        """Keep queued tasks from workers on behalf of a burst; safe to repeat."""
        values = {"burst": claim.burst, "claim_epoch": claim.claim_epoch}
        why = f"claimed with epoch {claim.claim_epoch}"
        change = Change(LocalState.SUSPENDED, values, claim.burst, why, self.clock.now())
        return self._carry_out(claim, claim.tasks, rules.judge_claim, change)

    def complete(self, claim: Claim, tasks: Sequence[TaskRef]) -> Outcome:
        """Mark claimed tasks as rendered in the cloud; safe to repeat."""
        now = self.clock.now()
        values = {"worker": CLOUD, "finished_at": now, "error": ""}
        why = "rendered in the cloud"
        return self._end(claim, tasks, Change(LocalState.COMPLETED, values, claim.burst, why, now))

    def fail(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        """Mark claimed tasks as failed; safe to repeat."""
        now = self.clock.now()
        values = {"worker": CLOUD, "finished_at": now, "error": legible(why)}
        return self._end(claim, tasks, Change(LocalState.FAILED, values, claim.burst, why, now))

    def release(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        """Give claimed tasks back to the farm's workers.

        The claim's stamp goes with it: repeating a release is refused with `NOT_OURS`.
        """
        now = self.clock.now()
        change = Change(LocalState.QUEUED, rules.RELEASED, claim.burst, why, now)
        return self._end(claim, tasks, change)

    def annotate(self, claim: Claim, facts: Mapping[str, str]) -> None:
        """Note facts about a burst on its job, for people; the same name again is replaced.

        Raises:
            FarmError: the job is gone.
            InputError: a name or value cannot be kept.
        """
        for name, value in facts.items():
            check_text("the name of a note", name)
            check_text(f"the note {name!r}", value, empty=True)
        with self._database.writing() as connection:
            _demand_job(connection, claim.job)
            queries.note(connection, claim.job, claim.burst, facts)

    def show(self, claim: Claim, said: Mapping[str, str]) -> None:
        """Show nothing: people see the state of single tasks in `renderbus status`."""

    def intents(self) -> tuple[Intent, ...]:
        """Return what people asked and did that was not acknowledged, oldest first."""
        with self._database.reading() as connection:
            return asked.unacknowledged(connection)

    def acknowledge(self, ids: Collection[str]) -> None:
        """Forget intents; safe to repeat."""
        with self._database.writing() as connection:
            asked.forget(connection, ids)

    # How it is done.

    def _act(self, act: Act, job: JobId, ids: Collection[str] | None, who: str) -> tuple[str, ...]:
        with self._database.writing() as connection:
            _demand_job(connection, job)
            found = queries.tasks_by_id(connection, job, ids)
            if missing := [one for one in ids or () if one not in found]:
                raise FarmError(f"{job} has no task {missing[0]!r}; name one of the job's tasks")
            moved = [task for task in found.values() if task.state in act.sources]
            now = self.clock.now()
            queries.move(connection, job, moved, Change(act.goal, act.values, who, act.verb, now))
            if moved:
                meant = None if ids is None else asked.frames_of(moved)
                asked.note(connection, job, act.kind, who, now, frames=meant)
        return tuple(task.ref.id for task in moved)

    def _ask(
        self, kind: IntentKind, job: JobId, frames: FrameSet | None, who: str, note: str
    ) -> None:
        with self._database.writing() as connection:
            _demand_job(connection, job)
            asked.note(connection, job, kind, who, self.clock.now(), frames=frames, why=note)

    def _end(self, claim: Claim, tasks: Iterable[TaskRef], change: Change) -> Outcome:
        judge = partial(rules.judge_end, goal=change.goal)
        return self._carry_out(claim, tasks, judge, change)

    def _carry_out(
        self, claim: Claim, tasks: Iterable[TaskRef], judge: _Judge, change: Change
    ) -> Outcome:
        """Do to each task what the rules allow, all in one transaction."""
        wanted = tuple(dict.fromkeys(tasks))
        with self._database.writing() as connection:
            found = queries.tasks_by_id(connection, claim.job, [ref.id for ref in wanted])
            meant = {ref: rules.match(found.get(ref.id), ref) for ref in wanted}
            verdicts = {
                ref: task if isinstance(task, Reason) else judge(task, claim)
                for ref, task in meant.items()
            }
            moved = [found[ref.id] for ref in wanted if verdicts[ref] is Verdict.ACT]
            queries.move(connection, claim.job, moved, change)
        refused = {ref: said for ref, said in verdicts.items() if isinstance(said, Reason)}
        return Outcome(tuple(ref for ref in wanted if ref not in refused), refused)


def _demand_job(connection: Connection, job: JobId) -> LocalJob:
    found = queries.job(connection, job)
    if found is None:
        raise FarmError(f"the farm has no job {job!r}; it was deleted or never submitted here")
    return found
