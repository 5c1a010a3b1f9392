"""Whether the queue overflows, and what then goes to the cloud: pure, with reasons in words.

`screen` picks candidates from cheap job rows; `decide` sees their tasks and answers for each
candidate. Rules are small callables that return why a job may not go, or nothing; a list of them
is the policy's mind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import JobId, JobRow, LocalState, LocalTask, QueueSnapshot, TaskRef
from renderbus_core.money import Money, render_cost


class Verdict(StrEnum):
    """What to do about one job."""

    BURST = "burst"
    ADVISE = "advise"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one job, with its reasons in the order they were weighed."""

    job: JobId
    verdict: Verdict
    reasons: tuple[str, ...]
    tasks: tuple[TaskRef, ...] = ()
    estimate: Money | None = None

    @property
    def sentence(self) -> str:
        """The reasons as people read them, the same text everywhere."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class OverflowState:
    """What one decision leaves for the next.

    Args:
        over_since: when the queue was first found to overflow; None while it does not.
    """

    over_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """All answers of one cycle and what to remember."""

    items: tuple[Decision, ...]
    next_state: OverflowState


@dataclass(frozen=True, slots=True)
class Spending:
    """What the money side knows; without all three the automatic route only advises.

    Args:
        price_per_hour: of one machine.
        budget: in the same currency.
        committed: estimates of live bursts and costs of finished ones.
    """

    price_per_hour: Money | None = None
    budget: Money | None = None
    committed: Decimal = Decimal(0)

    @property
    def left(self) -> Money | None:
        """Budget that is not committed; None without a budget."""
        if self.budget is None:
            return None
        return Money(self.budget.amount - self.committed, self.budget.currency)


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
    """

    live: Collection[JobId] = ()
    live_bursts: int = 0
    refused: Mapping[JobId, str] = field(default_factory=dict)
    given_back: Mapping[tuple[JobId, str], int] = field(default_factory=dict)
    give_back_limit: int = 1
    spending: Spending = field(default_factory=Spending)


Rule = Callable[[JobRow, OverflowPolicy, datetime], str | None]


def _dcc_is_allowed(row: JobRow, policy: OverflowPolicy, _now: datetime) -> str | None:
    if policy.dccs and row.job.dcc not in policy.dccs:
        return f"{row.job.dcc} jobs stay local: the policy sends {', '.join(policy.dccs)}"
    return None


def _outputs_are_declared(row: JobRow, _policy: OverflowPolicy, _now: datetime) -> str | None:
    return (
        None if row.job.outputs else "the job declares no outputs, so nothing could be brought home"
    )


def _has_waited(row: JobRow, policy: OverflowPolicy, now: datetime) -> str | None:
    # A submitting host whose clock runs ahead must not hold its jobs back.
    waited = max(0.0, (now - row.job.submitted_at).total_seconds())
    if waited < policy.minimum_wait_seconds:
        return f"it has waited {waited:.0f} s of {policy.minimum_wait_seconds:.0f} s"
    return None


def _has_queue(row: JobRow, _policy: OverflowPolicy, _now: datetime) -> str | None:
    return None if row.queued else "no task of it is waiting"


RULES: tuple[Rule, ...] = (_has_queue, _outputs_are_declared, _dcc_is_allowed, _has_waited)


def refusals(row: JobRow, policy: OverflowPolicy, now: datetime) -> tuple[str, ...]:
    """Return why a job may not leave the farm; nothing when it may."""
    return tuple(why for rule in RULES if (why := rule(row, policy, now)))


def backlog(snapshot: QueueSnapshot) -> float:
    """Return queued tasks per worker; without workers every queued task is one too many."""
    queued = sum(row.queued for row in snapshot.jobs)
    return queued / max(snapshot.workers, 1)


def screen(jobs: Sequence[JobRow], policy: OverflowPolicy, now: datetime) -> tuple[JobId, ...]:
    """Pick the jobs whose tasks are worth reading: eligible, largest queue first.

    Args:
        jobs: rows of the queue.
        policy: of the farm.
        now: UTC.
    """
    fit = [row for row in jobs if not refusals(row, policy, now)]
    fit.sort(key=_largest_queue_first)
    return tuple(row.job.id for row in fit[: policy.candidates])


def _largest_queue_first(row: JobRow) -> tuple[int, int, str]:
    return -row.queued, row.job.priority, row.job.id


def decide(
    snapshot: QueueSnapshot,
    policy: OverflowPolicy,
    history: History,
    state: OverflowState,
    now: datetime,
) -> Decisions:
    """Answer for every job whose tasks the snapshot holds.

    Args:
        snapshot: with the tasks of the candidates.
        policy: of the farm.
        history: of earlier bursts.
        state: of the last decision.
        now: UTC.
    """
    load = backlog(snapshot)
    over = load > policy.backlog_tasks_per_worker
    since = (state.over_since or now) if over else None
    weighing = f"{load:.1f} queued tasks per worker, threshold {policy.backlog_tasks_per_worker:g}"
    candidates = [row for row in snapshot.jobs if row.job.id in snapshot.tasks]
    age = (now - snapshot.taken_at).total_seconds()

    stay: str | None = None
    if not policy.enabled:
        stay = "automatic bursting is switched off (overflow.enabled)"
    elif age > policy.snapshot_age_seconds:
        stay = f"the queue was read {age:.0f} s ago, which is too old to act on"
    elif not over:
        stay = f"the farm keeps up: {weighing}"
    if stay is not None:
        items = tuple(Decision(row.job.id, Verdict.STAY, (stay,)) for row in candidates)
        return Decisions(items, OverflowState(since))

    queue = _Queue(snapshot, policy, history, weighing, now)
    return Decisions(tuple(queue.decide(candidates)), OverflowState(since))


class _Queue:
    """Weighs candidates one after the other; each burst lowers what is left for the next."""

    def __init__(
        self,
        snapshot: QueueSnapshot,
        policy: OverflowPolicy,
        history: History,
        weighing: str,
        now: datetime,
    ) -> None:
        self._snapshot = snapshot
        self._policy = policy
        self._history = history
        self._weighing = weighing
        self._now = now
        queued = sum(row.queued for row in snapshot.jobs)
        self._excess = queued - int(policy.backlog_tasks_per_worker * max(snapshot.workers, 1))
        self._slots = policy.maximum_bursts - history.live_bursts
        self._left = history.spending.left

    def decide(self, candidates: Iterable[JobRow]) -> Iterable[Decision]:
        for row in sorted(candidates, key=_largest_queue_first):
            why = self._refusals(row)
            if why:
                yield Decision(row.job.id, Verdict.STAY, why)
                continue
            decision = self._amount(row)
            if decision.verdict is Verdict.BURST:
                self._take(decision)
            yield decision

    def _refusals(self, row: JobRow) -> tuple[str, ...]:
        why = refusals(row, self._policy, self._now)
        if row.job.id in self._history.live:
            why = (*why, "a part of it is in the cloud already")
        if row.job.id in self._history.refused:
            refused = self._history.refused[row.job.id]
            why = (*why, f"its last burst was refused, so a person must send it: {refused}")
        if self._slots <= 0:
            most = self._policy.maximum_bursts
            why = (*why, f"{most} bursts are at work, which is the most allowed")
        if self._excess <= 0:
            why = (*why, "enough has been sent to bring the queue below the threshold")
        return why

    def _take(self, decision: Decision) -> None:
        self._excess -= len(decision.tasks)
        self._slots -= 1
        if self._left is not None and decision.estimate is not None:
            left = self._left.amount - decision.estimate.amount
            self._left = Money(left, self._left.currency)

    def _amount(self, row: JobRow) -> Decision:
        """Choose which tasks of one job to send: whole chunks from its tail, or all or nothing."""
        job, policy = row.job.id, self._policy
        every = self._snapshot.tasks[job]
        free = [task for task in every if _may_go(task, job, self._history)]
        if policy.split_jobs:
            stay_local = int(policy.local_share_minimum * self._snapshot.workers)
            wanted = min(self._excess, len(free) - stay_local)
            why = _why_none(free, wanted, policy)
        else:
            wanted = len(free) if len(free) == len(every) else 0
            why = "it cannot go as a whole, and the policy does not split jobs"
        chosen = _tail(free, wanted, policy.maximum_frames)
        if not chosen or (not policy.split_jobs and len(chosen) < len(free)):
            return Decision(job, Verdict.STAY, (self._weighing, why))
        refs = tuple(task.ref for task in chosen)
        share = f"{len(refs)} of its {row.queued} queued tasks would leave"
        decision = Decision(job, Verdict.BURST, (self._weighing, share), refs)
        seconds = _frame_seconds(row, self._snapshot)
        return _with_money(decision, seconds, self._history, self._left)


def _why_none(free: Sequence[LocalTask], wanted: int, policy: OverflowPolicy) -> str:
    if not free:
        return "its waiting tasks are held, or came back from the cloud before"
    if wanted <= 0:
        return "local workers need what is left"
    return f"its last chunk has more than {policy.maximum_frames} frames"


def _may_go(task: LocalTask, job: JobId, history: History) -> bool:
    returned = history.given_back.get((job, task.ref.id), 0)
    return (
        task.state is LocalState.QUEUED
        and task.claim is None
        and returned < history.give_back_limit
    )


def _tail(free: Sequence[LocalTask], wanted: int, maximum_frames: int) -> Sequence[LocalTask]:
    """Take up to so many tasks from the end, within the limit of frames, in the job's order."""
    frames = 0
    start = len(free)
    while start > 0 and len(free) - start < wanted:
        frames += len(free[start - 1].ref.frames)
        if frames > maximum_frames:
            break
        start -= 1
    return free[start:]


def _frame_seconds(row: JobRow, snapshot: QueueSnapshot) -> float | None:
    """Return the mean time of a task: the job's own, else that of other jobs of its program."""
    if row.mean_seconds is not None:
        return row.mean_seconds
    alike = [
        other.mean_seconds
        for other in snapshot.jobs
        if other.job.dcc == row.job.dcc and other.mean_seconds is not None
    ]
    return sum(alike) / len(alike) if alike else None


def _with_money(
    decision: Decision, task_seconds: float | None, history: History, left: Money | None
) -> Decision:
    """Add what it would cost; without price, budget and a known task time it is only advice."""
    price = history.spending.price_per_hour
    missing = [
        name
        for name, known in (
            ("a price", price),
            ("a budget", left),
            ("a locally rendered task to estimate from", task_seconds),
        )
        if known is None
    ]
    if price is None or left is None or task_seconds is None:
        why = f"only advised: {' and '.join(missing)} would be needed to burst by itself"
        return Decision(decision.job, Verdict.ADVISE, (*decision.reasons, why), decision.tasks)
    estimate = render_cost(task_seconds * len(decision.tasks), price)
    if estimate.amount > left.amount:
        why = f"it would cost about {estimate}, and {left} of the budget is left"
        return Decision(decision.job, Verdict.STAY, (*decision.reasons, why), (), estimate)
    reasons = (*decision.reasons, f"about {estimate} of {left} that is left")
    return Decision(decision.job, Verdict.BURST, reasons, decision.tasks, estimate)
