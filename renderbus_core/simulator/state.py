"""What the simulated cloud remembers; what happens to it is in `life`."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents import Layer, Plan
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.statuses import FrameCode, TaskCode, frame_status

INPUT_BID, OUTPUT_BID, CONFIG_BID = "10201", "20201", "30201"
FIRST_TASK_ID = 19_000_001
FIRST_FRAME_ID = 70_000_001
FIRST_PROJECT_ID = 3_001
# Part of its render time after which a frame fails that is to fail.
_FAILS_AFTER = 0.5


def storage_name(bid: str, account: Account) -> str:
    """Return the name of an account's part of a storage: `10201-10000001`."""
    return f"{bid}-{account.user_id}"


@dataclass(slots=True, eq=False)
class Frame:
    """One frame entry of a leaf: a frame, or several that one node renders in a row."""

    id: int
    task: Task = field(repr=False)
    plan: Plan = field(repr=False)
    layer: Layer = field(repr=False)
    frames: FrameSet
    status: FrameCode = FrameCode.WAITING
    recommits: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float = 0.0
    node: str = ""
    why: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it will not change by itself any more."""
        return frame_status(self.status).is_terminal

    def move(self, status: FrameCode) -> None:
        """Change the status and keep the task's counts right."""
        self.task.counts[self.status] -= 1
        self.task.counts[status] += 1
        self.status = status


@dataclass(slots=True, eq=False)
class Task:
    """A reserved id, a leaf that holds frames, or a shell whose children are leaves.

    Args:
        texts: configuration files by name, as they came.
        plan: what the configuration files ask for, once they are read.
        layer: what a leaf renders.
        seconds: render time of the frames that are over.
        machine_limit: most nodes for this task with its children; None is no limit.
    """

    id: int
    owner: Account
    created_at: datetime
    user_level: int
    labels: list[str]
    parent: Task | None = field(default=None, repr=False)
    status: TaskCode = TaskCode.WAITING
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    producer: str = ""
    remark: str = ""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    plan: Plan | None = field(default=None, repr=False)
    layer: Layer | None = None
    children: list[Task] = field(default_factory=list, repr=False)
    frames: dict[int, Frame] = field(default_factory=dict, repr=False)
    waiting: deque[Frame] = field(default_factory=deque, repr=False)
    counts: Counter[FrameCode] = field(default_factory=Counter, repr=False)
    seconds: float = 0.0
    machine_limit: int | None = None

    @property
    def leaves(self) -> tuple[Task, ...]:
        """The tasks that hold frames: itself, or its children."""
        return tuple(self.children) or (self,)

    @property
    def open_frames(self) -> int:
        """Frame entries that are not over."""
        return sum(n for code, n in self.counts.items() if not frame_status(code).is_terminal)

    @property
    def may_start(self) -> bool:
        """Whether neither its own machine limit nor its shell's is reached."""
        holders = (self, self.parent) if self.parent else (self,)
        return all(
            task.machine_limit is None
            or sum(leaf.counts[FrameCode.STARTED] for leaf in task.leaves) < task.machine_limit
            for task in holders
        )

    @property
    def folder(self) -> str:
        """Folder of a leaf below the output storage; "" before its scene is known."""
        return f"{self.id}_{self.plan.stem}" if self.plan and not self.children else ""


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
        fails: whether this render is one that the settings make fail.
        delivered: when the picture was there.
        files: sizes by name below the task's folder.
        end: when and how it ends; None while it waits for its pictures without a time limit.
    """

    frame: Frame
    started_at: datetime
    planned: float
    speed: float
    fails: bool
    delivered: datetime | None = None
    files: dict[str, int] = field(default_factory=dict)
    end: tuple[datetime, FrameCode] | None = field(init=False)

    def __post_init__(self) -> None:
        # Worked out once: it is asked for at every moment of every other frame.
        object.__setattr__(self, "end", min(self._ends(), key=lambda end: end[0], default=None))

    def _ends(self) -> Iterator[tuple[datetime, FrameCode]]:
        if self.fails:
            yield self.moment(self.planned * _FAILS_AFTER), FrameCode.ERROR
        if self.delivered is not None:
            yield max(self.moment(self.planned), self.delivered), FrameCode.DONE
        if limit := self.frame.plan.frame_limit:
            yield self.moment(limit), FrameCode.TIMEOUT

    def charged(self, moment: datetime) -> float:
        """Return the simulated seconds from the start to a moment."""
        passed = (moment - self.started_at).total_seconds()
        return min(passed * self.speed, self.planned) + max(0.0, passed - self.planned / self.speed)

    def moment(self, seconds: float) -> datetime:
        """Return when so many simulated seconds will have passed."""
        passed = min(seconds, self.planned) / self.speed + max(0.0, seconds - self.planned)
        return self.started_at + timedelta(seconds=passed)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the output storage: bytes, and when it came."""

    size: int
    modified_at: datetime


@dataclass(slots=True)
class World:
    """Everything there is, and the only source of chance.

    Args:
        staged: submitted tasks that do not render yet, by task id.
        rendering: leaves with frames that are not over, by id, in the order they began.
        runs: what the nodes do, by frame id.
        outputs: files of each account's output storage, by user id and path without first slash.
        projects: ids by name, for each user id.
        failures: how many renders of a frame number are still to fail.
    """

    settings: Settings
    random: random.Random
    nodes: deque[str]
    tasks: dict[int, Task] = field(default_factory=dict)
    staged: dict[int, Stage] = field(default_factory=dict)
    rendering: dict[int, Task] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    outputs: dict[int, dict[str, StoredFile]] = field(default_factory=dict)
    projects: dict[int, dict[str, int]] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    frame_count: int = 0
    project_count: int = 0

    @classmethod
    def new(cls, settings: Settings) -> World:
        """Return a world in which nothing has happened yet."""
        return cls(
            settings=settings,
            # Not for secrets: equal settings must give equal histories.
            random=random.Random(settings.seed),  # noqa: S311 - render times are no secrets
            nodes=deque(f"10.60.1.{11 + i}" for i in range(settings.nodes)),
            outputs={account.user_id: {} for account in settings.accounts},
            projects={account.user_id: {} for account in settings.accounts},
            failures=dict(settings.fail_frames),
        )

    def add_task(self, task: Task) -> Task:
        """Remember a task and return it."""
        self.tasks[task.id] = task
        return task

    def next_task_id(self) -> int:
        """Return an id that was never given out."""
        return FIRST_TASK_ID + len(self.tasks)

    def next_frame_id(self) -> int:
        """Return an id that was never given out."""
        self.frame_count += 1
        return FIRST_FRAME_ID + self.frame_count - 1

    def tasks_of(self, account: Account) -> Iterator[Task]:
        """Yield an account's own tasks, shells and single leaves, newest first."""
        for task in reversed(self.tasks.values()):
            if task.owner is account and task.parent is None:
                yield task

    def seconds_of(self, account: Account) -> float:
        """Return all render time an account has used, running frames left out."""
        return sum(task.seconds for task in self.tasks.values() if task.owner is account)
