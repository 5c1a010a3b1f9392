"""A burst and its tasks: states, what may follow what, and the values the engine passes around."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, JobId, TaskRef
from renderbus_core.money import Money
from renderbus_core.options import NO_OPTIONS, CloudOptions

BURST_ID = re.compile(r"[0-9a-f]{12}")
"""What ids of bursts look like: on labels in the cloud they stand among other people's."""


class BurstState(StrEnum):
    """Where a burst stands; see `docs/life-of-a-burst.md`."""

    INTENDED = "intended"
    INSPECTED = "inspected"
    CHECKED = "checked"
    STAGED = "staged"
    CLAIMED = "claimed"
    ID_RESERVED = "id_reserved"
    SUBMITTING = "submitting"
    SUBMIT_UNCERTAIN = "submit_uncertain"
    RUNNING = "running"
    RECALLING = "recalling"
    STRANDED = "stranded"
    DONE = "done"
    RECALLED = "recalled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return not NEXT_BURST[self]


_S = BurstState

# What may follow what. A state may also be entered again with a new reason. Recalls can come at
# any time before the end; failing is left open until work has been submitted, because from there
# on tasks end one by one.
NEXT_BURST: Mapping[BurstState, frozenset[BurstState]] = MappingProxyType(
    {
        _S.INTENDED: frozenset({_S.INSPECTED, _S.RECALLED, _S.FAILED}),
        _S.INSPECTED: frozenset({_S.CHECKED, _S.RECALLED, _S.FAILED}),
        _S.CHECKED: frozenset({_S.STAGED, _S.RECALLED, _S.FAILED}),
        _S.STAGED: frozenset({_S.CLAIMED, _S.RECALLED, _S.RECALLING, _S.FAILED}),
        _S.CLAIMED: frozenset({_S.ID_RESERVED, _S.RECALLING, _S.FAILED}),
        _S.ID_RESERVED: frozenset({_S.SUBMITTING, _S.RECALLING, _S.FAILED}),
        _S.SUBMITTING: frozenset(
            {_S.RUNNING, _S.SUBMIT_UNCERTAIN, _S.ID_RESERVED, _S.RECALLING, _S.FAILED}
        ),
        _S.SUBMIT_UNCERTAIN: frozenset({_S.RUNNING, _S.SUBMITTING, _S.STRANDED, _S.RECALLING}),
        _S.RUNNING: frozenset({_S.DONE, _S.RECALLING, _S.STRANDED}),
        _S.RECALLING: frozenset({_S.RECALLED, _S.STRANDED}),
        _S.STRANDED: frozenset({_S.RUNNING, _S.RECALLING}),
        _S.DONE: frozenset(),
        _S.RECALLED: frozenset(),
        _S.FAILED: frozenset(),
    }
)


OWN_JOBS = "own-jobs"
"""The farm of bursts whose job is for the cloud alone and is carried by an agent of its own, so
that no gateway takes them for its own."""


class BurstKind(StrEnum):
    """What a burst is for."""

    WORK = "work"
    WHOLE = "whole"
    """Work that farm and cloud may not share: all of it is held, or nothing."""
    PROBE = "probe"
    """One frame that nobody claims: its pictures are compared with those of the farm."""


class TaskState(StrEnum):
    """Where one task of a burst stands."""

    WANTED = "wanted"
    HELD = "held"
    SENT = "sent"
    DONE_REMOTE = "done_remote"
    COLLECTED = "collected"
    COMPLETED = "completed"
    RELEASING = "releasing"
    RELEASED = "released"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_over(self) -> bool:
        """Whether the burst has nothing more to do with the task."""
        return not NEXT_TASK[self]


_T = TaskState

NEXT_TASK: Mapping[TaskState, frozenset[TaskState]] = MappingProxyType(
    {
        # A task that was wanted but not claimed was never ours: it simply leaves the burst.
        _T.WANTED: frozenset({_T.HELD, _T.LOST}),
        _T.HELD: frozenset({_T.SENT, _T.RELEASING, _T.LOST}),
        # The cloud may finish a frame and then restart it: done_remote goes back to sent.
        _T.SENT: frozenset({_T.DONE_REMOTE, _T.RELEASING, _T.FAILED, _T.LOST}),
        _T.DONE_REMOTE: frozenset({_T.SENT, _T.COLLECTED, _T.RELEASING, _T.FAILED, _T.LOST}),
        _T.COLLECTED: frozenset({_T.COMPLETED, _T.LOST}),
        _T.RELEASING: frozenset({_T.RELEASED, _T.LOST}),
        _T.COMPLETED: frozenset(),
        _T.RELEASED: frozenset(),
        _T.FAILED: frozenset(),
        _T.LOST: frozenset(),
    }
)


class Asked(StrEnum):
    """What a person did to a task or its whole job, as far as the bridge was told.

    Most of it shows on the farm anyway; a farm may tell it earlier, later or never. The two
    recalls differ in what a machine of the cloud has begun: it is finished, or stopped too.
    """

    NOTHING = "nothing"
    RESUME = "resume"
    REQUEUE = "requeue"
    COMPLETE = "complete"
    DELETE = "delete"
    ARCHIVE = "archive"
    REFRAME = "change of frames"
    PRIORITY = "priority"
    SUSPEND = "suspend"
    RECALL_WAITING = "recall of what waits"
    RECALL_ALL = "recall"

    @property
    def is_recall(self) -> bool:
        """Whether the task is to come back."""
        return self in {Asked.RECALL_WAITING, Asked.RECALL_ALL}

    @property
    def puts_away(self) -> bool:
        """Whether the job was taken out of the queue; a farm may show it until it is purged."""
        return self in {Asked.DELETE, Asked.ARCHIVE}


class Remote(StrEnum):
    """What the cloud says of the frames of one local task, folded over layers and tiles."""

    WAITING = "waiting"
    RENDERING = "rendering"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BurstTask:
    """One local task inside a burst.

    Args:
        ref: id and frames, as claimed.
        state: where it stands.
        reason: of the last change, for people.
        since: when it entered the state, UTC.
        remote: what the cloud said of its frames last; None before it was asked.
        remote_since: since when it says so, UTC.
        asked: what a person, or the engine itself, wants of it.
        asked_why: for people; "" where nothing is asked.
    """

    ref: TaskRef
    state: TaskState
    reason: str
    since: datetime
    remote: Remote | None = None
    remote_since: datetime | None = None
    asked: Asked = Asked.NOTHING
    asked_why: str = ""


@dataclass(frozen=True, slots=True)
class Burst:
    """The record that ties local tasks to a remote one.

    Args:
        id: ours, globally unique.
        farm: name of the farm.
        job: local job.
        state: where it stands.
        reason: of the last change, for people.
        tasks: in the order of the job.
        remote_id: the cloud's task id; None before it is reserved.
        claim_epoch: of its last claim; 0 before the first.
        estimate: what it was expected to cost; None when no price is configured.
        spent: what the cloud has charged so far, in the account's currency.
        submits: how often submitTask was sent.
        absences: how often in a row the cloud did not know the id.
        since: when it entered the state, UTC.
        created_at: UTC.
        absent_at: when the cloud did not know it last, UTC; None when it does.
        recall: why all of it is to come back; "" when nobody asked.
        approved: a person lets the frames go on that wait behind the test frames.
        waiting_since: since when they have been waiting for that, UTC; None while they are not.
        user: who submitted the job.
        project: of the job; "" when none.
        options: what the job wanted of the cloud when it was planned.
        reckoned: the cloud hides what it charges, so `spent` is reckoned from render times.
        kind: what it is for.
    """

    id: BurstId
    farm: str
    job: JobId
    state: BurstState
    reason: str
    tasks: tuple[BurstTask, ...]
    remote_id: int | None
    claim_epoch: int
    estimate: Money | None
    spent: Decimal
    submits: int
    absences: int
    since: datetime
    created_at: datetime
    absent_at: datetime | None = None
    recall: str = ""
    approved: bool = False
    waiting_since: datetime | None = None
    user: str = ""
    project: str = ""
    options: CloudOptions = NO_OPTIONS
    reckoned: bool = False
    kind: BurstKind = BurstKind.WORK

    def refs(self, *states: TaskState) -> tuple[TaskRef, ...]:
        """Return the tasks that are in one of some states."""
        return tuple(task.ref for task in self.tasks if task.state in states)

    @property
    def open_tasks(self) -> tuple[BurstTask, ...]:
        """Tasks the burst still answers for."""
        return tuple(task for task in self.tasks if not task.state.is_over)

    def claim(self, tasks: tuple[TaskRef, ...], lease_epoch: int) -> Claim:
        """Return the claim by which the farm is asked about some tasks."""
        return Claim(self.id, self.claim_epoch, lease_epoch, self.job, tasks)


@dataclass(frozen=True, slots=True)
class Order:
    """A decision to burst: what the store turns into a burst.

    Args:
        farm: name of the farm.
        job: local job.
        tasks: what to send.
        reason: why, in a sentence for people.
        estimate: expected cost.
        waived: rules of the check whose warnings are waived by hand.
        user: who submitted the job; with the project, whose budget it takes from.
        project: of the job; "" when none.
        options: what the job wants of the cloud otherwise than the site.
        kind: what the burst is for.
    """

    farm: str
    job: JobId
    tasks: tuple[TaskRef, ...]
    reason: str
    estimate: Money | None = None
    waived: tuple[str, ...] = ()
    user: str = ""
    project: str = ""
    options: CloudOptions = NO_OPTIONS
    kind: BurstKind = BurstKind.WORK


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One frame entry of a leaf task, reduced to what the mirror needs and people see.

    Args:
        leaf: the cloud's id of its task.
        id: the cloud's.
        frames: that it stands for.
        situation: what becomes of it.
        note: the same in words.
        node: address of the machine that has it, or had it last; "" when unknown.
    """

    leaf: int
    id: int
    frames: FrameSet
    situation: Remote
    note: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class RemoteTree:
    """The cloud's side of a burst at one moment.

    Args:
        entries: all frame entries of all leaves that make pictures.
        is_over: the task and all its leaves have ended.
        is_stopped: they ended by a stop that can be undone.
        spent: charged so far.
        stop: what kind of stop it is, in the cloud's words; "" when it is none.
        waits_for_person: its test frames are done and somebody has to let the others go on.
        is_reckoned: the cloud hides a part of what it charges, which `spent` reckons.
    """

    entries: tuple[RemoteEntry, ...]
    is_over: bool
    spent: Decimal
    is_stopped: bool = False
    stop: str = ""
    waits_for_person: bool = False
    is_reckoned: bool = False


@dataclass(frozen=True, slots=True)
class WakeAt:
    """The runner wants to be stepped again at a time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """The runner has nothing more to do."""

    burst: BurstId
    state: BurstState
