"""A farm and a cloud in virtual time: who renders which task when, under one policy.

Workers take tasks by priority and age; every round the policy is asked, with the snapshot that a
gateway would see. A burst's tasks find machines in their order, and come home after the wait.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    ClaimStamp,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    QueueSnapshot,
    TaskRef,
)
from renderbus_core.money import Money, render_cost
from renderbus_core.overflow import (
    Budget,
    Decision,
    History,
    OverflowState,
    Return,
    Spending,
    Verdict,
    Waiting,
)
from renderbus_core.replay.policies import Ask
from renderbus_core.replay.values import Cloud, Outcome, Sample, Shot, Trace

_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_ROUND_SECONDS = 60.0
_LONGEST_SECONDS = 60 * 86400.0
_SAMPLES_EVERY = 10
_STAMP = ClaimStamp(BurstId("replayed"), 1)


def replay(trace: Trace, name: str, ask: Ask, cloud: Cloud, budget: Money | None = None) -> Outcome:
    """Let a trace happen under a policy.

    Args:
        trace: what is submitted when.
        name: of the policy, for people.
        ask: the policy.
        cloud: what the cloud is like.
        budget: what all bursts together may cost; None for as much as they like.
    """
    farm = _Farm(trace, cloud, budget)
    farm.run(ask)
    return farm.outcome(name)


@dataclass(slots=True)
class _Job:
    """A job of the trace while it is replayed."""

    shot: Shot
    job: LocalJob
    tasks: list[LocalTask]
    waiting: deque[int]
    counts: Counter[LocalState] = field(default_factory=Counter)
    took: float = 0.0
    rendered: int = 0
    began: float | None = None
    ended: float | None = None

    def row(self) -> JobRow:
        mean = self.took / self.rendered if self.rendered else None
        return JobRow(self.job, dict(self.counts), self.counts[LocalState.SUSPENDED], mean)

    def turn(self, number: int, state: LocalState, claim: ClaimStamp | None = None) -> None:
        task = self.tasks[number]
        self.counts[task.state] -= 1
        self.counts[state] += 1
        self.tasks[number] = LocalTask(task.ref, state, claim)


class _Farm:
    def __init__(self, trace: Trace, cloud: Cloud, budget: Money | None) -> None:
        self._trace = trace
        self._cloud = cloud
        # Without a budget, more than any replay costs: the automatic route needs one.
        self._budget = budget or Money(Decimal(10**9), cloud.price_per_hour.currency)
        self._now = 0.0
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._jobs: dict[JobId, _Job] = {}
        self._free, self._machines = trace.workers, cloud.machines
        self._in_cloud: deque[tuple[_Job, int]] = deque()
        self._cloud_tasks = self._bursts = 0
        self._returned: dict[tuple[JobId, str], int] = {}
        self._cloud_seconds = 0.0
        self._last_began: float | None = None
        self._samples: list[Sample] = []
        for shot in trace.shots:
            self._at(shot.arrives, partial(self._arrive, shot))

    def run(self, ask: Ask) -> None:
        state, rounds = OverflowState(), itertools.count()
        left = len(self._trace.shots)
        next_round = 0.0
        while self._agenda or left:
            if self._agenda and self._agenda[0][0] <= next_round:
                at, _, do = heapq.heappop(self._agenda)
                self._now = at
                do()
                continue
            self._now = next_round
            decided = ask(self._snapshot, self._history(), state, self._moment(self._now))
            state = decided.next_state
            for item in decided.items:
                if item.verdict is Verdict.BURST:
                    self._burst(item)
            for one in decided.returns:
                self._take_back(one)
            if next(rounds) % _SAMPLES_EVERY == 0:
                self._samples.append(self._sample())
            next_round += _ROUND_SECONDS
            left = len(self._trace.shots) - sum(
                job.ended is not None for job in self._jobs.values()
            )
            if not left or next_round > _LONGEST_SECONDS:
                return

    def outcome(self, name: str) -> Outcome:
        jobs = list(self._jobs.values())
        missed = [
            job.shot.name
            for job in jobs
            if job.shot.deadline is not None
            and (job.ended is None or job.ended > job.shot.deadline)
        ]
        return Outcome(
            policy=name,
            cost=render_cost(self._cloud_seconds, self._cloud.price_per_hour),
            cloud_hours=self._cloud_seconds / 3600,
            bursts=self._bursts,
            cloud_tasks=self._cloud_tasks,
            waits=tuple(sorted((job.began or 0.0) - job.shot.arrives for job in jobs)),
            spans=tuple(sorted((job.ended or self._now) - job.shot.arrives for job in jobs)),
            missed=tuple(missed),
            deadlines=sum(job.shot.deadline is not None for job in jobs),
            samples=tuple(self._samples),
        )

    # What happens.

    def _at(self, when: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), do))

    def _arrive(self, shot: Shot) -> None:
        job = LocalJob(
            id=JobId(shot.name),
            name=shot.name,
            dcc=shot.dcc,
            scene=f"/shots/{shot.name}",
            outputs=(f"/shots/{shot.name}.####.exr",),
            frames=FrameSet.span(1, len(shot.seconds)),
            user="artist",
            priority=shot.priority,
            submitted_at=self._moment(shot.arrives),
            deadline=None if shot.deadline is None else self._moment(shot.deadline),
        )
        count = len(shot.seconds)
        tasks = [
            LocalTask(TaskRef(str(n), FrameSet.span(n + 1, n + 1)), LocalState.QUEUED)
            for n in range(count)
        ]
        one = _Job(shot, job, tasks, deque(range(count)))
        one.counts[LocalState.QUEUED] = count
        self._jobs[job.id] = one
        self._dispatch()

    def _dispatch(self) -> None:
        if not self._free:
            return
        for job in self._in_order():
            while job.waiting and self._free:
                number = job.waiting.popleft()
                self._free -= 1
                job.turn(number, LocalState.RENDERING)
                job.began = self._now if job.began is None else job.began
                took = job.shot.seconds[number]
                self._at(self._now + took, partial(self._rendered, job, number))
            if not self._free:
                return

    def _rendered(self, job: _Job, number: int) -> None:
        self._free += 1
        job.took += job.shot.seconds[number]
        job.rendered += 1
        self._complete(job, number)
        self._dispatch()

    def _complete(self, job: _Job, number: int) -> None:
        job.turn(number, LocalState.COMPLETED)
        if job.counts[LocalState.COMPLETED] == len(job.tasks):
            job.ended = self._now

    def _burst(self, item: Decision) -> None:
        job = self._jobs[item.job]
        self._bursts += 1
        self._last_began = self._now
        leaving = {int(ref.id) for ref in item.tasks}
        job.waiting = deque(number for number in job.waiting if number not in leaving)
        for number in sorted(leaving):
            job.turn(number, LocalState.SUSPENDED, _STAMP)
        self._at(
            self._now + self._cloud.wait_seconds / 2,
            partial(self._reach_cloud, job, sorted(leaving)),
        )

    def _take_back(self, one: Return) -> None:
        """Give tasks back that no machine of the cloud has begun."""
        job = self._jobs[JobId(one.burst)]
        back = {int(ref.id) for ref in one.tasks}
        self._in_cloud = deque(
            (owner, number)
            for owner, number in self._in_cloud
            if owner is not job or number not in back
        )
        for number in sorted(back):
            job.turn(number, LocalState.QUEUED)
            self._returned[job.job.id, str(number)] = 1
        job.waiting.extend(sorted(back))
        self._dispatch()

    def _reach_cloud(self, job: _Job, numbers: list[int]) -> None:
        self._in_cloud.extend((job, number) for number in numbers)
        self._dispatch_cloud()

    def _dispatch_cloud(self) -> None:
        while self._in_cloud and self._machines:
            job, number = self._in_cloud.popleft()
            self._machines -= 1
            job.began = self._now if job.began is None else job.began
            took = job.shot.seconds[number] / self._cloud.speed
            self._cloud_seconds += took
            self._cloud_tasks += 1
            self._at(self._now + took, partial(self._rendered_in_cloud, job, number))

    def _rendered_in_cloud(self, job: _Job, number: int) -> None:
        self._machines += 1
        home = self._now + self._cloud.wait_seconds / 2
        self._at(home, partial(self._complete, job, number))
        self._dispatch_cloud()

    # What the policy sees.

    def _in_order(self) -> list[_Job]:
        open_ = [job for job in self._jobs.values() if job.ended is None]
        return sorted(open_, key=lambda job: (-job.shot.priority, job.shot.arrives))

    def _snapshot(self, tasks_of: tuple[JobId, ...]) -> QueueSnapshot:
        return QueueSnapshot(
            taken_at=self._moment(self._now),
            workers=self._trace.workers,
            idle_workers=self._free,
            jobs=tuple(job.row() for job in self._in_order()),
            tasks={id_: tuple(self._jobs[id_].tasks) for id_ in tasks_of},
        )

    def _history(self) -> History:
        live = {id_ for id_, job in self._jobs.items() if job.counts[LocalState.SUSPENDED]}
        spent = render_cost(self._cloud_seconds, self._cloud.price_per_hour).amount
        began = self._last_began
        return History(
            live=live,
            waiting=tuple(self._waiting()),
            given_back=self._returned,
            # All bursts of one job count as one here.
            live_bursts=len(live),
            spending=Spending(self._cloud.price_per_hour, {Budget(self._budget): spent}),
            last_began_at=None if began is None else self._moment(began),
        )

    def _waiting(self) -> Iterator[Waiting]:
        """Give what no machine has begun, job by job; a job stands for all its bursts here."""
        numbers: dict[JobId, list[int]] = {}
        for job, number in self._in_cloud:
            numbers.setdefault(job.job.id, []).append(number)
        for id_, of_job in numbers.items():
            refs = tuple(self._jobs[id_].tasks[number].ref for number in of_job)
            yield Waiting(BurstId(id_), id_, refs)

    def _sample(self) -> Sample:
        totals = Counter[LocalState]()
        for job in self._jobs.values():
            totals.update(job.counts)
        return Sample(
            self._now,
            totals[LocalState.QUEUED],
            totals[LocalState.RENDERING],
            totals[LocalState.SUSPENDED],
        )

    def _moment(self, seconds: float) -> datetime:
        return _START + timedelta(seconds=seconds)
