"""When local workers would be done: what waits, laid on the workers in the farm's order.

A projection, no plan. Work is poured like water: a job fills the workers that may render it, the
earliest free ones first, up to one common level; limits and the job's own number of workers make
it narrower and so longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from renderbus_core.jobs import JobId, JobRow, LocalJob, LocalState, QueueSnapshot, WorkerKind

# A task that renders has, on average, half of its time before it.
_HALF = 0.5
# How far the mean of other tasks may be from that of a program's other jobs, as a factor.
_OF_PROGRAM = 2.0
# The same where only earlier jobs of the program are known.
_FROM_BEFORE = 4.0
_NOTHING: Mapping[str, float] = MappingProxyType({})
# Where nothing is known a task may take anything between a minute and four hours.
UNKNOWN_SECONDS = (60.0, 14_400.0)


@dataclass(frozen=True, slots=True)
class TaskTime:
    """How long a task of a job takes on a local worker, in seconds.

    Args:
        mean: expected.
        spread: by which factor it may well be more or less.
    """

    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class Projection:
    """What is foreseen for one job, in seconds from the snapshot.

    Args:
        starts: when its first waiting task finds a worker.
        finishes: when its last task is done.
        time: of a task, what this rests on.
        slots: how many of its tasks are rendered at a time.
        level: until when the workers of its pool have work, on average, up to it in the queue.
    """

    starts: float
    finishes: float
    time: TaskTime
    slots: float
    level: float

    @property
    def latest(self) -> float:
        """When it is done if its tasks take as long as they may."""
        return self.starts + (self.finishes - self.starts) * self.time.spread

    @property
    def earliest(self) -> float:
        """When it is done if its tasks take as little as they may."""
        return self.starts + (self.finishes - self.starts) / self.time.spread


def backlog(snapshot: QueueSnapshot) -> float:
    """Return queued tasks per worker; without workers every queued task is one too many."""
    queued = sum(row.queued for row in snapshot.jobs)
    return queued / max(snapshot.workers, 1)


def program_seconds(rows: Sequence[JobRow]) -> dict[str, float]:
    """Return the mean time of a task of each program, over the jobs of which one is known."""
    known: dict[str, list[float]] = {}
    for row in rows:
        if row.mean_seconds is not None:
            known.setdefault(row.job.dcc, []).append(row.mean_seconds)
    return {dcc: sum(means) / len(means) for dcc, means in known.items()}


def task_times(
    rows: Sequence[JobRow], before: Mapping[str, float] = _NOTHING
) -> dict[JobId, TaskTime]:
    """Return how long a task of each job takes: its own mean, else that of jobs of its program.

    Of a program without a rendered task in the queue, what is known from before holds, less
    surely; jobs of which nothing is known are left out. Only tasks that were rendered here count:
    what came from the cloud says nothing of local workers.

    Args:
        rows: of the queue.
        before: seconds of a task by program, from earlier jobs.
    """
    of_program = program_seconds(rows)
    found = {}
    for row in rows:
        if row.mean_seconds is not None:
            found[row.job.id] = _own_time(row.mean_seconds, row.timed)
        elif row.job.dcc in of_program:
            mean = of_program[row.job.dcc]
            found[row.job.id] = TaskTime(mean, _OF_PROGRAM)
        elif row.job.dcc in before:
            found[row.job.id] = TaskTime(before[row.job.dcc], _FROM_BEFORE)
    return found


def _own_time(mean: float, timed: int) -> TaskTime:
    """Return the time of a task of a job of which some are done: the more, the surer it is."""
    return TaskTime(mean, 1 + 1 / math.sqrt(max(timed, 1)))


def project(
    snapshot: QueueSnapshot, before: Mapping[str, float] = _NOTHING
) -> Mapping[JobId, Projection]:
    """Foresee when each job with known task times begins and ends under the farm's order.

    Args:
        snapshot: rows in the order the farm renders them.
        before: seconds of a task by program, from earlier jobs.
    """
    times, farm, found = task_times(snapshot.jobs, before), _Workers(snapshot), {}
    for row in snapshot.jobs:
        time = times.get(row.job.id)
        # The work of a job of unknown times is unknown, too; those behind it look better than
        # they are, which sends less.
        if time is not None:
            found[row.job.id] = farm.take(row, time)
    return found


def backlog_hours(snapshot: QueueSnapshot) -> float:
    """Return how long local workers need for all work whose times are known.

    Args:
        snapshot: of the queue.
    """
    return max((one.finishes for one in project(snapshot).values()), default=0.0) / 3600


def pool_of(job: LocalJob) -> str:
    """Return the pool whose load a job is part of: its first; "" for jobs of no pool."""
    return job.pools[0] if job.pools else ""


def workers_of(snapshot: QueueSnapshot, pool: str) -> int:
    """Return how many workers render jobs of a pool; "" for jobs of no pool."""
    if not snapshot.kinds:
        return snapshot.workers
    return sum(kind.count for kind in snapshot.kinds if _serves(kind, pool))


def _serves(kind: WorkerKind, pool: str) -> bool:
    return not pool or pool in kind.pools


def workers_for(snapshot: QueueSnapshot, job: LocalJob) -> int:
    """Return how many workers may render a job."""
    if not snapshot.kinds:
        return snapshot.workers
    return sum(kind.count for kind in snapshot.kinds if kind.may_render(job))


@dataclass(slots=True)
class _Basin:
    """Workers of one kind, and until when all of them have work."""

    kind: WorkerKind
    full_until: float = 0.0

    @property
    def width(self) -> int:
        return self.kind.count


class _Workers:
    """All workers of a farm, filled with one job after the other."""

    def __init__(self, snapshot: QueueSnapshot) -> None:
        everyone = WorkerKind(max(snapshot.workers, 1), snapshot.idle_workers)
        self._everyone = _Basin(everyone)
        self._basins = [_Basin(kind) for kind in snapshot.kinds if kind.count]
        self._limits = {limit.name: max(limit.most, 1) for limit in snapshot.limits}
        self._limit_full: dict[str, float] = {}
        self._fitting: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_Basin]] = {}
        self._of_pool: dict[str, list[_Basin]] = {}

    def take(self, row: JobRow, time: TaskTime) -> Projection:
        """Pour the work of one job."""
        basins = self._basins_for(row.job)
        together = max(row.tasks_per_worker, 1)
        tasks = row.queued + _HALF * row.counts.get(LocalState.RENDERING, 0)
        held = [name for name in row.limits if name in self._limits]
        starts = max(
            min(basin.full_until for basin in basins),
            max((self._limit_full.get(name, 0.0) for name in held), default=0.0),
        )
        slots = min(
            sum(basin.width for basin in basins) * together,
            (row.most_workers or math.inf) * together,
            *(self._limits[name] for name in held),
        )
        # What a limit leaves free before this job begins, others use: it is poured from the bottom.
        end = _pour(basins, tasks * time.mean / together)
        for name in held:
            self._limit_full[name] = starts + tasks * time.mean / self._limits[name]
        # However many workers there are, a task takes its time.
        least = time.mean if row.queued else 0.0
        finishes = max(end, starts + max(tasks * time.mean / slots, least))
        return Projection(starts, finishes, time, slots, self._level(pool_of(row.job)))

    def _level(self, pool: str) -> float:
        """Return until when the workers of a pool have work, on average; 0 when it has none."""
        if pool not in self._of_pool:
            all_ = self._basins or [self._everyone]
            serving = [basin for basin in all_ if not self._basins or _serves(basin.kind, pool)]
            self._of_pool[pool] = serving
        basins = self._of_pool[pool]
        width = sum(basin.width for basin in basins)
        return sum(basin.full_until * basin.width for basin in basins) / width if width else 0.0

    def _basins_for(self, job: LocalJob) -> list[_Basin]:
        """Return the workers that may render a job; a job for none of them is given one."""
        if not self._basins:
            return [self._everyone]
        key = job.pools, job.groups
        if key not in self._fitting:
            fitting = [basin for basin in self._basins if basin.kind.may_render(job)]
            self._fitting[key] = fitting or [_Basin(WorkerKind(1, 0))]
        return self._fitting[key]


def _pour(basins: Iterable[_Basin], work: float) -> float:
    """Give worker-seconds to the earliest free workers, and return until when they are at it."""
    by_level = sorted(basins, key=lambda basin: basin.full_until)
    level, width = by_level[0].full_until, 0
    if work <= 0:
        return level
    filled = list[_Basin]()
    for basin in by_level:
        room = (basin.full_until - level) * width
        if room >= work:
            break
        work -= room
        level, width = basin.full_until, width + basin.width
        filled.append(basin)
    level += work / width
    for basin in filled:
        basin.full_until = level
    return level
