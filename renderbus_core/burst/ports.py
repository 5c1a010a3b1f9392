"""What the engine needs from a farm; farms implement it, tests check each against one contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from renderbus_core.jobs import (
    BurstId,
    Claim,
    Gone,
    Intent,
    JobId,
    LocalJob,
    LocalTask,
    Outcome,
    QueueSnapshot,
    TaskRef,
)


class Farm(Protocol):
    """A local render manager.

    Claims name job, task and frames; a farm acts only while all three still match and the stamp
    is the claim's. Every call may be repeated.
    """

    @property
    def capabilities(self) -> frozenset[str]:
        """Parts of this port beyond the least that every farm has."""

    def snapshot(self, tasks_of: Collection[JobId] = ()) -> QueueSnapshot:
        """Read the queue; tasks only of the jobs asked for."""

    def job(self, id: JobId) -> LocalJob | Gone:  # noqa: A002 - the port's fixed name
        """Read one job."""

    def tasks(self, ids: Collection[JobId]) -> Mapping[JobId, tuple[LocalTask, ...]]:
        """Read all tasks of some jobs; jobs that are gone are absent."""

    def claim(self, claim: Claim) -> Outcome:
        """Take queued tasks so that no local worker starts them."""

    def complete(self, claim: Claim, tasks: Sequence[TaskRef]) -> Outcome:
        """Mark held tasks as rendered."""

    def fail(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        """Mark held tasks as failed, with a reason for people."""

    def release(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        """Give held tasks back to local workers, with a reason for people."""

    def annotations(self, job: JobId) -> Mapping[BurstId, Mapping[str, str]]:
        """Read what bursts noted on a job with `annotate`; a copy of a job may bear its notes."""

    def annotate(self, claim: Claim, facts: Mapping[str, str]) -> None:
        """Show facts about the burst on the job."""

    def show(self, claim: Claim, said: Mapping[str, str]) -> None:
        """Show a few words on single tasks, by id, where the farm can (`show`); "" shows none."""

    def intents(self) -> tuple[Intent, ...]:
        """Return what people asked for and did, oldest first, until it is acknowledged."""

    def acknowledge(self, ids: Collection[str]) -> None:
        """Forget intents that were acted on or written down; unknown ones are forgotten already.

        What a reader had not acknowledged when it died comes again: intents come at least once.
        """
