"""What the simulated cloud remembers; what happens to it is in `life`."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from ipaddress import IPv4Address
from math import inf

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.account_state import AccountState
from renderbus_core.simulator.documents import Layer, Plan, Work
from renderbus_core.simulator.fees import NO_FEE, Fee
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.statuses import FrameCode, TaskCode, frame_status

INPUT_BID, OUTPUT_BID, CONFIG_BID = "10201", "20201", "30201"
FIRST_TASK_ID = 19_000_001
FIRST_FRAME_ID = 70_000_001
FIRST_PROJECT_ID = 3_001
# Part of its render time after which a frame fails that is to fail.
_FAILS_AFTER = 0.5
_FIRST_NODE = IPv4Address("10.60.1.11")


def storage_name(bid: str, account: Account) -> str:
    """Return the name of an account's part of a storage: `10201-10000001`."""
    return f"{bid}-{account.user_id}"


def node_name(place: int) -> str:
    """Return the name of a machine by its place among all, from 0: an address, as the cloud's."""
    return str(_FIRST_NODE + place)


class FrameKind(IntEnum):
    """What a frame entry renders (`frameType`)."""

    PREPARATION = 1
    PHOTON = 2
    PHOTON_MERGE = 3
    PRIORITY = 4
    PICTURE = 5
    PRIORITY_MERGE = 6
    PICTURE_MERGE = 7
    SIMULATION = 8
    CHANNEL = 9


_PRIORITY = frozenset({FrameKind.PRIORITY, FrameKind.PRIORITY_MERGE})
_WITHOUT_PICTURES = frozenset(
    {
        FrameKind.PREPARATION,
        FrameKind.PHOTON,
        FrameKind.PHOTON_MERGE,
        FrameKind.SIMULATION,
        FrameKind.CHANNEL,
    }
)


@dataclass(slots=True, eq=False)
class Frame:
    """One frame entry of a leaf: a frame, several that one node renders in a row, or a part of one.

    Args:
        block: number of the tile or slice, from 1; 0 for a whole.
        effort: its render time as a part of a whole frame's.
        parts: of a merge: the entries that it puts together.
        whole: of a part: the merge that waits for it.
        is_copy: whether it was made by a second submit.
        recommits: how often it was sent again.
        seconds: render time of the last render.
        fee: of all its renders.
        why: what the last render failed of.
        history: what happened to it, for its log.
    """

    id: int
    task: Task = field(repr=False)
    plan: Plan = field(repr=False)
    layer: Layer = field(repr=False)
    frames: FrameSet
    kind: FrameKind = FrameKind.PICTURE
    block: int = 0
    effort: float = 1.0
    parts: tuple[Frame, ...] = field(default=(), repr=False)
    whole: Frame | None = field(default=None, repr=False)
    is_copy: bool = False
    status: FrameCode = FrameCode.PREDONEWAITING
    recommits: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float = 0.0
    fee: Fee = NO_FEE
    node: str = ""
    why: str = ""
    history: list[tuple[datetime, str]] = field(default_factory=list, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether it will not change by itself any more."""
        return frame_status(self.status).is_terminal

    @property
    def waits(self) -> bool:
        """Whether it is to be rendered and no node has it yet."""
        return not self.is_over and self.status is not FrameCode.STARTED

    @property
    def is_priority(self) -> bool:
        """Whether others wait for it."""
        return self.kind in _PRIORITY

    @property
    def makes_pictures(self) -> bool:
        """Whether files land in the output storage; parts leave that to their merge."""
        return self.kind not in _WITHOUT_PICTURES and not self.block

    def move(self, status: FrameCode) -> None:
        """Change the status and keep the task's counts right."""
        for counts in self.task.counters(self):
            counts[self.status] -= 1
            counts[status] += 1
        self.status = status


@dataclass(frozen=True, slots=True)
class Hardware:
    """Machines that a task was moved to."""

    config_ids: tuple[str, ...]
    model: str
    gpu_num: str
    ram: str


@dataclass(slots=True, eq=False)
class Task:
    """A reserved id, a leaf that holds frames, or a shell whose children are leaves.

    Args:
        texts: configuration files by name, as they came.
        plan: what the configuration files ask for, once they are read.
        layer: what a leaf renders; None for one that only prepares.
        needs: leaves that have to be finished before this one begins.
        gate: for what all frames of a leaf wait; None once they may render.
        is_testing: whether the other frames wait for the priority frames.
        preparation: of a shell: the task that prepares it.
        halted: the stage in which it was stopped, None when it was rendering.
        submits: how often it was submitted.
        missing: files that were not uploaded, which its frames fail of.
        started_at: when it first rendered.
        resumed_at: when it last began or went on; its time limit counts from there.
        seconds: render time of all renders that are over.
        fee: of all renders that are over; 0 on a shell.
        machine_limit: most nodes for this task with its children; None is no limit.
        time_limit: seconds that take the place of task.json's; 0 is never.
    """

    id: int
    owner: Account
    created_at: datetime
    user_level: int
    labels: list[str]
    artist: str = ""
    clone_original_id: int = 0
    parent: Task | None = field(default=None, repr=False)
    status: TaskCode = TaskCode.WAITING
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    producer: str = ""
    remark: str = ""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    resumed_at: datetime | None = None
    completed_at: datetime | None = None
    plan: Plan | None = field(default=None, repr=False)
    layer: Layer | None = None
    children: list[Task] = field(default_factory=list, repr=False)
    needs: tuple[Task, ...] = field(default=(), repr=False)
    gate: FrameCode | None = FrameCode.PREDONEWAITING
    is_testing: bool = False
    preparation: Task | None = field(default=None, repr=False)
    halted: TaskCode | None = None
    submits: int = 0
    missing: tuple[str, ...] = ()
    frames: dict[int, Frame] = field(default_factory=dict, repr=False)
    waiting: deque[Frame] = field(default_factory=deque, repr=False)
    counts: Counter[FrameCode] = field(default_factory=Counter, repr=False)
    priority_counts: Counter[FrameCode] = field(default_factory=Counter, repr=False)
    seconds: float = 0.0
    fee: Fee = NO_FEE
    machine_limit: int | None = None
    time_limit: int | None = None
    hardware: Hardware | None = None
    deleted: bool = False

    @property
    def root(self) -> Task:
        """The shell of a leaf, or the task itself."""
        return self.parent or self

    @property
    def leaves(self) -> tuple[Task, ...]:
        """The tasks that hold frames: itself, or its children."""
        return tuple(self.children) or (self,)

    @property
    def kept_leaves(self) -> tuple[Task, ...]:
        """Its leaves but for those that were deleted alone: nothing moves those."""
        return tuple(leaf for leaf in self.leaves if not leaf.deleted)

    @property
    def is_deleted(self) -> bool:
        """Whether it or its shell lies in the recycle bin."""
        return self.deleted or self.root.deleted

    @property
    def open_frames(self) -> int:
        """Frame entries that are not over."""
        return _open(self.counts)

    @property
    def open_priority_frames(self) -> int:
        """Priority entries that are not over."""
        return _open(self.priority_counts)

    @property
    def may_start(self) -> bool:
        """Whether neither its own machine limit nor its shell's is reached."""
        return all(
            task.machine_limit is None
            or sum(leaf.counts[FrameCode.STARTED] for leaf in task.leaves) < task.machine_limit
            for task in {self, self.root}
        )

    @property
    def folder(self) -> str:
        """Folder of a leaf below the output storage; "" before its scene is known."""
        return f"{self.id}_{self.plan.stem}" if self.plan and self.layer else ""

    @property
    def work(self) -> Work | None:
        """What a leaf makes; None for shells, and before its scene is known."""
        return self.layer.work if self.layer else None

    def counters(self, frame: Frame) -> tuple[Counter[FrameCode], ...]:
        """Return the counts in which a frame entry stands."""
        return (self.counts, self.priority_counts) if frame.is_priority else (self.counts,)

    def add(self, frame: Frame) -> None:
        """Take a new frame entry."""
        self.frames[frame.id] = frame
        for counts in self.counters(frame):
            counts[frame.status] += 1


def _open(counts: Counter[FrameCode]) -> int:
    return sum(n for code, n in counts.items() if not frame_status(code).is_terminal)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a submitted task stands on its way to the nodes, and when that ends by itself."""

    task: Task
    code: TaskCode
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A frame entry on a node.

    Simulated time runs `speed` times as fast as the clock up to the planned render time. When the
    picture is not there by then, what follows is real work, and counts as it passes.

    Args:
        planned: render time that was drawn, simulated seconds.
        fails: what this render is to fail of; "" when it is not.
        is_stuck: whether it never ends but by a limit or a stop.
        delivered: when the picture was there.
        files: sizes by name below the task's folder.
        end: when and how it ends; None while it waits for its pictures without a time limit.
    """

    frame: Frame
    started_at: datetime
    planned: float
    speed: float
    fails: str = ""
    is_stuck: bool = False
    delivered: datetime | None = None
    files: dict[str, int] = field(default_factory=dict)
    end: tuple[datetime, FrameCode] | None = field(init=False)

    def __post_init__(self) -> None:
        # Worked out once: it is asked for at every moment of every other frame.
        object.__setattr__(self, "end", min(self._ends(), key=lambda end: end[0], default=None))

    def _ends(self) -> Iterator[tuple[datetime, FrameCode]]:
        if self.fails and not self.is_stuck:
            yield self.moment(self.planned * _FAILS_AFTER), FrameCode.ERROR
        if self.delivered is not None and not self.is_stuck:
            yield max(self.moment(self.planned), self.delivered), FrameCode.DONE
        if limit := self.frame.plan.frame_limit:
            yield self.moment(limit), FrameCode.TIMEOUT

    def charged(self, moment: datetime) -> float:
        """Return the simulated seconds from the start to a moment."""
        passed = (moment - self.started_at).total_seconds()
        return min(passed * self.speed, self._pace) + max(0.0, passed - self._pace / self.speed)

    def moment(self, seconds: float) -> datetime:
        """Return when so many simulated seconds will have passed."""
        passed = min(seconds, self._pace) / self.speed + max(0.0, seconds - self._pace)
        return self.started_at + timedelta(seconds=passed)

    @property
    def _pace(self) -> float:
        """Simulated seconds that pass at the simulation's speed."""
        return inf if self.is_stuck else self.planned


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the output storage: bytes, and when it came."""

    size: int
    modified_at: datetime


@dataclass(slots=True)
class World:
    """Everything there is, and the only source of chance.

    Args:
        passed: up to when everything has happened.
        staged: submitted tasks that do not render yet, by task id.
        rendering: leaves with frames that are not over, by id, in the order they began.
        lacking: tasks that go on without some of their files, by id.
        frames: every frame entry, by id.
        runs: what the nodes do, by frame id.
        outputs: files of each account's output storage, by user id and path without first slash.
        accounts: what is remembered of each account, by user id.
        spent: what each payer has spent, by user id.
        failures: how many renders of a frame number are still to fail.
        stuck: numbers and ids of frames that never end by themselves.
        leaving: busy nodes that are gone after their frame.
        earlier_speeds: until when which speed held, oldest first.
    """

    settings: Settings
    random: random.Random
    nodes: deque[str]
    passed: datetime | None = None
    tasks: dict[int, Task] = field(default_factory=dict)
    staged: dict[int, Stage] = field(default_factory=dict)
    rendering: dict[int, Task] = field(default_factory=dict)
    lacking: dict[int, Task] = field(default_factory=dict)
    frames: dict[int, Frame] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    outputs: dict[int, dict[str, StoredFile]] = field(default_factory=dict)
    accounts: dict[int, AccountState] = field(default_factory=dict)
    spent: dict[int, Fee] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    stuck: frozenset[int] = frozenset()
    leaving: frozenset[str] = frozenset()
    earlier_speeds: list[tuple[datetime, float]] = field(default_factory=list)
    project_count: int = 0

    @classmethod
    def new(cls, settings: Settings) -> World:
        """Return a world in which nothing has happened yet."""
        return cls(
            settings=settings,
            # Not for secrets: equal settings must give equal histories.
            random=random.Random(settings.seed),  # noqa: S311 - render times are no secrets
            nodes=deque(map(node_name, range(settings.nodes))),
            outputs={account.user_id: {} for account in settings.accounts},
            accounts={account.user_id: AccountState() for account in settings.accounts},
            failures=dict(settings.fail_frames),
        )

    def add_task(self, task: Task) -> Task:
        """Remember a task and return it."""
        self.tasks[task.id] = task
        return task

    def add_frame(self, frame: Frame) -> Frame:
        """Remember a frame entry and return it."""
        self.frames[frame.id] = frame
        frame.task.add(frame)
        return frame

    def next_task_id(self) -> int:
        """Return an id that was never given out."""
        return FIRST_TASK_ID + len(self.tasks)

    def next_frame_id(self) -> int:
        """Return an id that was never given out."""
        return FIRST_FRAME_ID + len(self.frames)

    def tasks_of(self, account: Account) -> Iterator[Task]:
        """Yield an account's own tasks, shells and single leaves, newest first."""
        for task in reversed(self.tasks.values()):
            if task.owner is account and task.parent is None:
                yield task

    def simulated(self, seconds: float) -> timedelta:
        """Return how long simulated seconds take on the clock, at the speed of now."""
        return timedelta(seconds=seconds / self.settings.speed)

    def lived(self, since: datetime, until: datetime) -> float:
        """Return the simulated seconds between two moments, at whatever speed they passed."""
        seconds = 0.0
        for end, speed in self.earlier_speeds:
            if since < end:
                upto = min(end, until)
                seconds += (upto - since).total_seconds() * speed
                since = upto
        return seconds + (until - since).total_seconds() * self.settings.speed

    def moment_after(self, since: datetime, seconds: float) -> datetime:
        """Return when so many simulated seconds will have passed; perhaps they have."""
        changed = self.earlier_speeds[-1][0] if self.earlier_speeds else since
        known = max(since, changed)
        return known + self.simulated(seconds - self.lived(since, known))
