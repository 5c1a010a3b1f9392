"""What the policy answers with, what it knows of earlier bursts, and what it remembers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from renderbus_core.jobs import BurstId, JobId, TaskRef
from renderbus_core.money import Money
from renderbus_core.overflow.probing import Probe
from renderbus_core.overflow.spending import Spending


class Verdict(StrEnum):
    """What to do about one job."""

    BURST = "burst"
    PROBE = "probe"
    ADVISE = "advise"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class Weighed:
    """One rule and what it said of a job or of the whole queue.

    Args:
        rule: its name.
        passed: whether the job may still leave.
        why: with its numbers, for people.
    """

    rule: str
    passed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one job.

    Args:
        job: which.
        verdict: what to do.
        reasons: those that decided, in the order they were weighed.
        tasks: that would leave.
        estimate: what that would cost; None when it cannot be reckoned.
        weighed: every rule that was asked, whatever it said.
        hours_saved: by how much sooner the job would be done; None when it cannot be reckoned.
        is_whole: whether the tasks may leave only all together: farm and cloud may not share it.
    """

    job: JobId
    verdict: Verdict
    reasons: tuple[str, ...]
    tasks: tuple[TaskRef, ...] = ()
    estimate: Money | None = None
    weighed: tuple[Weighed, ...] = ()
    hours_saved: float | None = None
    is_whole: bool = False

    @property
    def sentence(self) -> str:
        """The reasons as people read them, the same text everywhere."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class OverflowState:
    """What one decision leaves for the next.

    Args:
        over_since: when pools were first found to overflow, by name; "" is that of jobs of no
            pool, and those that do not overflow are absent.
    """

    over_since: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tasks of one burst that no machine of the cloud has begun.

    Args:
        burst: whose.
        job: the local job.
        tasks: in the order in which the cloud takes them.
        returning: how many others are on their way back already.
        is_everything: whether nothing of the job was begun by the cloud, or came from it.
    """

    burst: BurstId
    job: JobId
    tasks: tuple[TaskRef, ...]
    returning: int = 0
    is_everything: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """Tasks that are to come back from the cloud.

    Args:
        burst: whose.
        tasks: which.
        why: for people, with the numbers.
    """

    burst: BurstId
    tasks: tuple[TaskRef, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """All answers of one cycle.

    Args:
        items: one for each candidate.
        next_state: what to remember.
        returns: what is to come back from the cloud.
    """

    items: tuple[Decision, ...]
    next_state: OverflowState
    returns: tuple[Return, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What earlier bursts say.

    Args:
        live: jobs with a live burst.
        live_bursts: how many bursts are live.
        refused: jobs whose last burst was refused before it took anything, with the reason.
        given_back: how often a task came back from the cloud, by job and task id.
        give_back_limit: after how many times a task stays local.
        spending: money.
        last_began_at: when the last burst began, UTC; None when none did.
        failures_in_a_row: how many of the bursts that ended last failed, until one did not.
        live_frames: how many frames live bursts hold.
        waiting: what of them waits in the cloud for a machine, burst by burst.
        program_seconds: how long a task took on local workers, by program, from earlier jobs.
        probes: what is known of the probes of jobs; those that were never probed are absent.
        there: ids of the tasks that bursts have completed, by job.
    """

    live: Collection[JobId] = ()
    live_bursts: int = 0
    refused: Mapping[JobId, str] = field(default_factory=dict)
    given_back: Mapping[tuple[JobId, str], int] = field(default_factory=dict)
    give_back_limit: int = 1
    spending: Spending = field(default_factory=Spending)
    last_began_at: datetime | None = None
    failures_in_a_row: int = 0
    live_frames: int = 0
    waiting: tuple[Waiting, ...] = ()
    program_seconds: Mapping[str, float] = field(default_factory=dict)
    probes: Mapping[JobId, Probe] = field(default_factory=dict)
    there: Mapping[JobId, Collection[str]] = field(default_factory=dict)
