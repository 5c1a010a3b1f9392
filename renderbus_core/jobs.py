"""The farm's side in plain values: jobs, their tasks, claims on them, and what became of a request.

These are the words the farm link, the burst engine and every farm share; see `docs/words.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from renderbus_core.frames import FrameSet
from renderbus_core.options import NO_OPTIONS, CloudOptions

JobId = NewType("JobId", str)
BurstId = NewType("BurstId", str)


@dataclass(frozen=True, slots=True, order=True)
class TaskRef:
    """A local task by id AND frames: people may change what an id means while we hold it."""

    id: str
    frames: FrameSet = field(compare=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to keep local workers away from some tasks of one job.

    Args:
        burst: the burst that holds the tasks.
        claim_epoch: rises with each claim of the burst.
        lease_epoch: rises with each takeover of the burst's runner; the store refuses older ones,
            a farm may.
        job: the local job.
        tasks: what is held.
    """

    burst: BurstId
    claim_epoch: int
    lease_epoch: int
    job: JobId
    tasks: tuple[TaskRef, ...]


class Reason(StrEnum):
    """Why a farm did not do what was asked for one task."""

    GONE = "the task no longer exists"
    CHANGED = "its frames have changed"
    NOT_QUEUED = "it is not waiting in the queue"
    NOT_OURS = "it is not held by this burst"
    ALREADY_COMPLETE = "it is complete already"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request about several tasks; each is in exactly one of the three.

    Args:
        taken: done, or found done already.
        refused: certainly not done, with the reason.
        unknown: it cannot be told; read the farm again.
    """

    taken: tuple[TaskRef, ...] = ()
    refused: Mapping[TaskRef, Reason] = field(default_factory=dict)
    unknown: tuple[TaskRef, ...] = ()


class LocalState(StrEnum):
    """State of a local task, in the words Deadline and Qube share."""

    PENDING = "pending"
    QUEUED = "queued"
    RENDERING = "rendering"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ClaimStamp:
    """What the farm remembers on a claimed task."""

    burst: BurstId
    claim_epoch: int


@dataclass(frozen=True, slots=True)
class LocalTask:
    """One task of a local job as the farm shows it now.

    Args:
        ref: id and frames.
        state: where it stands.
        claim: whose it is; None when no burst holds it.
        worker: name of the worker that renders or rendered it; "" when none did.
        started_at: when rendering began, UTC.
        finished_at: when it ended, UTC.
        error: why it failed; "" otherwise.
        held_back: a person does not want it begun now, in the cloud neither; False where the farm
            does not tell that from our own claim.
    """

    ref: TaskRef
    state: LocalState
    claim: ClaimStamp | None = None
    worker: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    held_back: bool = False


class CloudWish(StrEnum):
    """What people said of a job and the cloud, with a key of the farm's job."""

    UNSAID = ""
    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LocalJob:
    """What the bridge needs to know of a local job.

    Args:
        id: the farm's id.
        name: shown to people.
        dcc: `maya`, `blender`, ... as in `schemas/task/`.
        scene: absolute path of the scene file as the farm stores it.
        outputs: declared output files, absolute as the farm stores them, with `#` for frame digits;
            `<Frame>`, `<Extension>` and `<Picture>` leave to the scene what it says, see
            `package.outputs`.
        frames: all frames of the job in the farm's order.
        user: who submitted it.
        priority: higher is sooner.
        submitted_at: UTC.
        project: shown to people and used for budgets; "" when none.
        layer: the one render layer the job renders; "" for all.
        deadline: when it should be done, UTC; None when nobody said.
        department: of the studio; "" when none.
        pools: its tasks are for workers of one of these; empty for all workers.
        groups: as pools, and both must hold.
        cloud: whether people want it in the cloud.
        refusal: why it cannot be rendered in the cloud at all, every reason; "" when it can.
        expects: what the farm would render whatever the scene says: `version`, `renderer`,
            `camera`, `width`, `height`, and `project`, the folder of the Maya project as the farm
            stores it; what it leaves to the scene is absent.
        frame_offset: is added to the number of a frame in the names of its pictures.
        options: what it wants of the cloud otherwise than the site.
    """

    id: JobId
    name: str
    dcc: str
    scene: str
    outputs: tuple[str, ...]
    frames: FrameSet
    user: str
    priority: int
    submitted_at: datetime
    project: str = ""
    layer: str = ""
    deadline: datetime | None = None
    department: str = ""
    pools: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cloud: CloudWish = CloudWish.UNSAID
    refusal: str = ""
    expects: Mapping[str, str] = field(default_factory=dict, hash=False)
    frame_offset: int = 0
    options: CloudOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class Gone:
    """The farm says that there is no such job."""

    id: JobId


class IntentKind(StrEnum):
    """What a person asked of the bridge, or did to a job that it must know of."""

    BURST = "burst"
    RECALL = "recall"
    APPROVE = "approve"
    EXPLAIN = "explain"
    """Why the job stays or leaves; the answer is noted on it."""
    DRAIN = "drain"
    """No new bursts of the whole farm, whatever job says so."""
    OPEN = "open"
    """New bursts of the whole farm again."""
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REQUEUED = "requeued"
    COMPLETED = "completed"
    FAILED = "failed"
    CHANGED = "changed"
    PRIORITY = "priority"
    ARCHIVED = "archived"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that a person asked or did; kept by the farm until it is acknowledged.

    Args:
        id: the farm's, to acknowledge it with.
        job: the local job.
        kind: what.
        at: when, UTC.
        who: the person, or how the farm calls them.
        frames: of the tasks that are meant; None for the whole job.
        note: in words; "" for none.
    """

    id: str
    job: JobId
    kind: IntentKind
    at: datetime
    who: str
    frames: FrameSet | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with counts: what a cheap listing of the queue gives.

    Args:
        job: the job.
        counts: tasks by state; absent means none.
        claimed: how many tasks, suspended or resumed by people, are held by bursts.
        mean_seconds: mean render time of its locally rendered tasks; None when none finished.
        timed: how many tasks that mean is of; 0 when the farm does not say.
        limits: names of the limits that each of its tasks counts against.
        tasks_per_worker: how many of its tasks one worker renders at a time.
        most_workers: how many workers may render it at a time; None for any number.
        traits: what may speak against the cloud, in the words of `overflow.TRAITS`.
        waits_for: what its tasks wait for, in the farm's words, where that is not a worker.
    """

    job: LocalJob
    counts: Mapping[LocalState, int]
    claimed: int = 0
    mean_seconds: float | None = None
    timed: int = 0
    limits: tuple[str, ...] = ()
    tasks_per_worker: int = 1
    most_workers: int | None = None
    traits: tuple[str, ...] = ()
    waits_for: str = ""

    @property
    def queued(self) -> int:
        """Tasks that wait for a worker."""
        return self.counts.get(LocalState.QUEUED, 0)


@dataclass(frozen=True, slots=True)
class WorkerKind:
    """Workers that may render the same jobs, counted together.

    Args:
        count: how many that can render.
        idle: those with nothing to do.
        pools: whose jobs they render, beside jobs of no pool.
        groups: as pools.
    """

    count: int
    idle: int
    pools: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def may_render(self, job: LocalJob) -> bool:
        """Tell whether a job is for these workers."""
        of_pool = not job.pools or not set(job.pools).isdisjoint(self.pools)
        return of_pool and (not job.groups or not set(job.groups).isdisjoint(self.groups))


@dataclass(frozen=True, slots=True)
class FarmLimit:
    """How many tasks may use something at a time: a licence, a share, a service.

    Args:
        name: as rows name it.
        most: tasks at a time.
    """

    name: str
    most: int


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """The queue at one moment.

    Args:
        taken_at: UTC; decisions on an old snapshot are put off.
        workers: workers that can render.
        idle_workers: those with nothing to do.
        jobs: rows in the order the farm would render them.
        tasks: tasks of the jobs that were asked for in full.
        kinds: the same workers by what they may render; empty where all may render everything.
        limits: those that rows name; one that is missing here holds nothing back.
    """

    taken_at: datetime
    workers: int
    idle_workers: int
    jobs: tuple[JobRow, ...]
    tasks: Mapping[JobId, tuple[LocalTask, ...]] = field(default_factory=dict)
    kinds: tuple[WorkerKind, ...] = ()
    limits: tuple[FarmLimit, ...] = ()
