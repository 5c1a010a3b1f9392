"""What the store takes and gives, beside bursts and leases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NewType, Self

from renderbus_core.burst.model import Asked, Burst, BurstState, RemoteEntry
from renderbus_core.errors import StoreError
from renderbus_core.jobs import BurstId, JobId, TaskRef
from renderbus_core.options import NO_OPTIONS, CloudOptions
from renderbus_core.overflow import Budget

EffectId = NewType("EffectId", int)

PERSON = "a person"
"""Who did it, where nobody is named."""

NO_SIZE = -1
"""Size of a file that is listed without one, or that is about to be rendered anew."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect about to happen: its name and what it is about."""

    name: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the live bursts of a farm may come to; None is no limit.

    Args:
        bursts: how many.
        frames: how many frames they hold together.
        budgets: what bursts of the farm may cost, those that are over with what they cost.
    """

    bursts: int | None = None
    frames: int | None = None
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """A burst as farm and cloud show it, for a store that does not know it.

    Args:
        burst: its id, as the farm's stamps have it.
        farm: name of the farm.
        job: local job.
        tasks: those that bear its stamp.
        remote_id: the cloud's task.
        claim_epoch: of its last claim.
        why: for people.
        user: who submitted the job; "" when not known.
        project: of the job; "" when none, or not known.
        options: of the job, as far as they are known.
    """

    burst: BurstId
    farm: str
    job: JobId
    tasks: tuple[TaskRef, ...]
    remote_id: int
    claim_epoch: int
    why: str
    user: str = ""
    project: str = ""
    options: CloudOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class Live:
    """A burst that is at work, as far as others than its runner may change it.

    Args:
        id: ours.
        farm: name of the farm.
        job: local job.
        state: where it stands.
        remote_id: the cloud's task; None before it is reserved.
        recall: why all of it is to come back; "" when nobody asked.
        approved: a person lets the frames go on that wait behind the test frames.
        asked: open tasks of which something is wanted, and what.
    """

    id: BurstId
    farm: str
    job: JobId
    state: BurstState
    remote_id: int | None
    recall: str = ""
    approved: bool = False
    asked: frozenset[tuple[str, Asked]] = frozenset()

    @classmethod
    def of(cls, burst: Burst) -> Self:
        """Return the same of a burst that was read as a whole."""
        open_ = burst.open_tasks
        return cls(
            id=burst.id,
            farm=burst.farm,
            job=burst.job,
            state=burst.state,
            remote_id=burst.remote_id,
            recall=burst.recall,
            approved=burst.approved,
            asked=frozenset((t.ref.id, t.asked) for t in open_ if t.asked is not Asked.NOTHING),
        )


@dataclass(frozen=True, slots=True)
class Presence:
    """A process that carries bursts.

    Args:
        owner: its name in leases.
        farm: whose bursts.
        version: of this software.
        bursts: how many it found at work.
        started_at: UTC.
        seen_at: when it gave its last sign of life, UTC.
    """

    owner: str
    farm: str
    version: str
    bursts: int
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """Whether a farm's way to the cloud takes new bursts.

    Args:
        farm: whose.
        drained: it takes none; those at work go on.
        why: for people.
        who: changed it last.
        at: when, UTC; None when nobody ever did.
    """

    farm: str
    drained: bool = False
    why: str = ""
    who: str = ""
    at: datetime | None = None


class RouteDrainedError(StoreError):
    """The farm's way to the cloud takes no new bursts; nothing was planned."""


class LimitReachedError(StoreError):
    """A limit forbids a burst; nothing was planned, and it may be asked for again later."""


class FilesInUseError(StoreError):
    """Another burst at work has sent another content under the same name; nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file the cloud has listed for a burst.

    Args:
        name: path below the output storage.
        frame: frame it shows.
        size: bytes, as listed last; `NO_SIZE` when it has none.
        listings: how often in a row it was listed with that size; once it is collected, it is not
            counted any more.
        local: where it belongs.
        collected: it is there.
        stamp: of the file that this burst put there last, to know it again; None before.
        problem: why it was refused when it arrived; None when it was not.
        refusals: how often it was refused with this size.
    """

    name: str
    frame: int
    size: int
    listings: int
    local: Path
    collected: bool
    stamp: str | None = None
    problem: str | None = None
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Stray:
    """A file the cloud has listed for a burst that belongs to no output of its job.

    Args:
        name: path below the output storage.
        size: bytes, as listed last.
        listings: how often in a row it was listed with that size.
        why: it is one, for people.
        local: where it is kept aside; None where it is not.
    """

    name: str
    size: int
    listings: int
    why: str
    local: Path | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy said of a job when it looked last.

    Args:
        job: which.
        name: of the job, for people.
        verdict: `burst`, `probe`, `advise` or `stay`.
        why: in the words of the decision.
        at: when, UTC.
    """

    job: JobId
    name: str
    verdict: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Remembered:
    """What one decision leaves for the next.

    Args:
        over_since: since when which pools overflow, UTC.
        program_seconds: how long a task of a program took on local workers.
        answers: what was said of each job.
    """

    over_since: Mapping[str, datetime] = field(default_factory=dict)
    program_seconds: Mapping[str, float] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe came to.

    Args:
        scene: path of the scene as the farm stores it.
        stamp: size and time of change of the scene that was sent; "" when not known.
        software: what it is rendered with.
        alike: whether farm and cloud draw alike; None when local workers had made no such picture.
        why: for people, with numbers.
    """

    scene: str
    stamp: str
    software: str
    alike: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class RemoteLeaf:
    """A task of the cloud that holds frames, as it was read last.

    Args:
        id: the cloud's.
        status: the cloud's code.
        counts: of its frames by state; while they are the same, so are its frames.
        entries: its frames.
    """

    id: int
    status: int
    counts: tuple[int, ...]
    entries: tuple[RemoteEntry, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An event with its place in the log of all bursts.

    Args:
        number: rises with each line.
        burst: whose it is; "" for what is about a whole route.
        event: what happened.
    """

    number: int
    burst: BurstId
    event: Event


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    Args:
        at: UTC.
        who: the gateway or person that did it; "" in what releases before version 2 logged.
        subject: `burst`, `task 7`, `recall`, `file` for what is said of one, or `waiver`, where the
            state after is a rule's name.
        before: state before; None when there was none.
        after: state after.
        reason: for people.
    """

    at: datetime
    who: str
    subject: str
    before: str | None
    after: str
    reason: str

    @property
    def change(self) -> str:
        """From where to where, for people."""
        return f"{self.before} -> {self.after}" if self.before else f"-> {self.after}"
