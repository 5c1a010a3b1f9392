"""Picking candidates, and answering for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import JobId, JobRow, LocalJob, LocalTask, QueueSnapshot, TaskRef
from renderbus_core.money import render_cost
from renderbus_core.overflow import amount, capacity, probing, rules
from renderbus_core.overflow.capacity import pool_of
from renderbus_core.overflow.load import loads
from renderbus_core.overflow.room import Room
from renderbus_core.overflow.taking_back import take_back
from renderbus_core.overflow.values import (
    Decision,
    Decisions,
    History,
    OverflowState,
    Verdict,
    Weighed,
)

_HOUR, _MINUTE = 3600, 60


def screen(jobs: Sequence[JobRow], policy: OverflowPolicy, now: datetime) -> tuple[JobId, ...]:
    """Pick the jobs whose tasks are worth reading: eligible, with a deadline or a large queue.

    Args:
        jobs: rows of the queue.
        policy: of the farm.
        now: UTC.
    """
    fit = [row for row in jobs if rules.may_leave(row, policy, now)]
    fit.sort(key=_most_pressing_first)
    return tuple(row.job.id for row in fit[: policy.candidates])


def _most_pressing_first(row: JobRow) -> tuple[bool, float, int, int, str]:
    deadline = row.job.deadline
    when = deadline.timestamp() if deadline else 0.0
    return deadline is None, when, -row.queued, row.job.priority, row.job.id


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
    queue = _Queue(snapshot, policy, history, state, now)
    candidates = [row for row in snapshot.jobs if row.job.id in snapshot.tasks]
    return Decisions(
        tuple(queue.decide(candidates)),
        OverflowState(queue.over_since),
        take_back(snapshot, policy, history, now),
    )


class _Queue:
    """Weighs candidates one after the other; each burst lowers what is left for the next."""

    def __init__(
        self,
        snapshot: QueueSnapshot,
        policy: OverflowPolicy,
        history: History,
        state: OverflowState,
        now: datetime,
    ) -> None:
        self._snapshot = snapshot
        self._policy = policy
        self._history = history
        self._now = now
        self._foreseen = capacity.project(snapshot, history.program_seconds)
        self._loads = loads(snapshot, self._foreseen, policy, state.over_since, now)
        self._room = Room(policy, history)
        self._probed: dict[str, JobId] = {}
        self._route = (*rules.weigh_route(policy, history, now), self._age())

    def decide(self, candidates: Iterable[JobRow]) -> Iterable[Decision]:
        for row in sorted(candidates, key=_most_pressing_first):
            decision = self._decide(row)
            if decision.verdict is Verdict.BURST:
                self._take(row, decision)
            elif decision.verdict is Verdict.PROBE:
                self._room.take(row.job, decision)
                self._probed[row.job.scene] = row.job.id
            yield decision

    @property
    def over_since(self) -> Mapping[str, datetime]:
        """Since when which pools overflow."""
        found = {pool: load.over_since for pool, load in self._loads.items()}
        return {pool: since for pool, since in found.items() if since is not None}

    def _decide(self, row: JobRow) -> Decision:
        overflow = self._overflow(row)
        of_queue = (*self._route, overflow)
        of_job = (
            *rules.weigh_row(row, self._policy, self._now),
            *rules.weigh_history(row, self._history, is_late=self._lateness(row)[0] > 0),
            *self._room.weigh(),
            self._enough(row),
        )
        weighed = (*of_queue, *of_job)
        # What keeps everything here is reason enough; of a job, everything is told at once.
        why = [one.why for one in of_queue if not one.passed][:1]
        why = why or [one.why for one in of_job if not one.passed]
        if why:
            return Decision(row.job.id, Verdict.STAY, tuple(why), weighed=weighed)
        decision = self._amount(row, overflow.why)
        _, *told = decision.reasons
        amount_ = Weighed("amount", decision.verdict is not Verdict.STAY, "; ".join(told))
        return replace(decision, weighed=(*weighed, amount_))

    def _age(self) -> Weighed:
        age = (self._now - self._snapshot.taken_at).total_seconds()
        why = f"the queue was read {age:.0f} s ago"
        if age > self._policy.snapshot_age_seconds:
            return Weighed("snapshot", False, f"{why}, which is too old to act on")
        return Weighed("snapshot", True, why)

    def _overflow(self, row: JobRow) -> Weighed:
        """Tell whether a job would be late, or its pool overflows for long enough."""
        late, words = self._lateness(row)
        if late > 0:
            return Weighed("overflow", True, words)
        load = self._loads[pool_of(row.job)]
        weighing = f"{load.words}; {words}" if words else load.words
        if load.over_since is None:
            return Weighed("overflow", False, f"the farm keeps up: {weighing}")
        lasted = (self._now - load.over_since).total_seconds()
        least = self._policy.sustained_seconds
        if lasted < least:
            why = f"the queue overflows since {lasted:.0f} s of {least:.0f} s: {weighing}"
            return Weighed("overflow", False, why)
        return Weighed("overflow", True, weighing)

    def _lateness(self, row: JobRow) -> tuple[float, str]:
        """Return by how many seconds a job would miss its deadline, in words too."""
        deadline, foreseen = row.job.deadline, self._foreseen.get(row.job.id)
        if deadline is None:
            return 0.0, ""
        if foreseen is None:
            low, high = map(_span, capacity.UNKNOWN_SECONDS)
            return 0.0, (
                "it has a deadline, but no task of its program was rendered here yet: one may take "
                f"{low} or {high}"
            )
        ends = (deadline - self._now).total_seconds()
        low, high = _span(foreseen.earliest), _span(foreseen.latest)
        between = f" (between {low} and {high})" if low != high else ""
        return (
            foreseen.finishes + self._policy.deadline_margin_seconds - ends,
            f"done in {_span(foreseen.finishes)}{between}, deadline in {_span(ends)}",
        )

    def _enough(self, row: JobRow) -> Weighed:
        if self._wanted(row) > 0:
            return Weighed("enough", True, "more is waiting than the threshold allows")
        return Weighed(
            "enough", False, "enough has been sent to bring the queue below the threshold"
        )

    def _wanted(self, row: JobRow) -> int:
        """Return how many tasks of a job should leave, for whichever reason asks for most."""
        foreseen, load = self._foreseen.get(row.job.id), self._loads[pool_of(row.job)]
        if foreseen is None:
            return load.tasks_over
        late, _ = self._lateness(row)
        mean = foreseen.time.mean
        return max(
            load.tasks_over,
            amount.too_many(load.seconds_over, mean),
            amount.too_many(late * foreseen.slots, mean),
        )

    def _take(self, row: JobRow, decision: Decision) -> None:
        foreseen, load = self._foreseen.get(row.job.id), self._loads[pool_of(row.job)]
        load.tasks_over -= len(decision.tasks)
        if foreseen is not None:
            load.seconds_over -= len(decision.tasks) * foreseen.time.mean
        self._room.take(row.job, decision)

    def _amount(self, row: JobRow, weighing: str) -> Decision:
        """Choose which tasks of one job to send: whole chunks from its tail, or all or nothing."""
        job, policy = row.job.id, self._policy
        every, probe = self._snapshot.tasks[job], self._history.probes.get(row.job.id)
        if why := probing.stays(probe):
            return Decision(job, Verdict.STAY, (weighing, why))
        frame = probing.wanted(policy, probe, every, self._history.there.get(job, ()))
        if frame and (other := self._probed.get(row.job.scene)):
            why = f"a frame of its scene is rendered in the cloud first, for job {other}"
            return Decision(job, Verdict.STAY, (weighing, why))
        # A job that is to be probed first is looked at as if its probe had come out well.
        whole = "" if frame and policy.split_jobs else probing.why_whole(policy, probe)
        free = [task for task in every if amount.may_go(task, job, self._history)]
        if whole:
            wanted = len(free) if len(free) == len(every) else 0
            why = f"it cannot go as a whole, and {whole}"
        else:
            here = policy.local_share_minimum * capacity.workers_for(self._snapshot, row.job)
            wanted = min(self._wanted(row), len(free) - int(here))
            why = _why_none(free, wanted, policy)
        chosen = amount.tail(free, wanted, self._room.frames)
        if not chosen or (whole and len(chosen) < len(free)):
            return Decision(job, Verdict.STAY, (weighing, why))
        refs = tuple(task.ref for task in chosen)
        decision = Decision(job, Verdict.BURST, (weighing,), refs, is_whole=bool(whole))
        decision = self._with_time(self._with_money(decision, row, can_be_less=not whole), row)
        if decision.verdict is Verdict.BURST and frame is not None:
            return self._first_a_probe(decision, row, frame)
        return decision

    def _first_a_probe(self, decision: Decision, row: JobRow, frame: TaskRef) -> Decision:
        """Send one frame to be compared; what would have left waits for what it comes to."""
        price = self._history.spending.price_of(row.job.id)
        tasks = self._snapshot.tasks[row.job.id]
        frames = sum(len(task.ref.frames) for task in tasks)
        mean = self._foreseen[row.job.id].time.mean * len(tasks) / frames
        estimate = render_cost(mean / self._policy.cloud_speed, price) if price else None
        words = f"first frame {frame.frames} alone is rendered in the cloud, for about {estimate}"
        return replace(
            decision,
            verdict=Verdict.PROBE,
            reasons=(*decision.reasons, words),
            tasks=(frame,),
            estimate=estimate,
        )

    def _with_time(self, decision: Decision, row: JobRow) -> Decision:
        """Add by how much sooner the job would be done; when local workers win, it stays."""
        foreseen = self._foreseen.get(row.job.id)
        if foreseen is None or decision.verdict is Verdict.STAY:
            return decision
        count = len(decision.tasks)
        reckoned = amount.times(foreseen, count, row.queued, self._policy_for(row.job))
        saved = reckoned.saved / _HOUR
        ends = max(reckoned.cloud, reckoned.rest)
        if saved < 0:
            why = (
                f"local workers would be done in {_span(reckoned.local)}, with the cloud it takes "
                f"{_span(ends)}"
            )
            return replace(_stay(decision, why), hours_saved=saved)
        words = f"done in {_span(ends)} instead of {_span(reckoned.local)}"
        return replace(decision, reasons=(*decision.reasons, words), hours_saved=saved)

    def _policy_for(self, job: LocalJob) -> OverflowPolicy:
        """Return the policy with as many machines as the job asks for at most."""
        limit, given = job.options.machine_limit, self._policy.cloud_machines
        if limit is None or limit >= given:
            return self._policy
        return replace(self._policy, cloud_machines=limit)

    def _with_money(self, decision: Decision, row: JobRow, *, can_be_less: bool) -> Decision:
        """Add what it costs; without price, budget and a known task time it is only advice.

        What the tightest budget does not pay for stays, where the job may be split.
        """
        price, queued = self._history.spending.price_of(row.job.id), row.queued
        tightest, foreseen = self._room.tightest(row.job), self._foreseen.get(row.job.id)
        if price is None or tightest is None or foreseen is None:
            missing = _missing(
                {
                    "a price": price,
                    "a budget": tightest,
                    "a locally rendered task to estimate from": foreseen,
                }
            )
            share = _share(decision.tasks, queued)
            why = f"only advised: {missing} would be needed to burst by itself"
            return replace(
                decision, verdict=Verdict.ADVISE, reasons=(*decision.reasons, share, why)
            )
        budget, left = tightest
        seconds = foreseen.time.mean / self._policy.cloud_speed
        tasks = decision.tasks
        if can_be_less:
            tasks = amount.paid_for(tasks, seconds, price, left)
        estimate = render_cost(seconds * len(tasks or decision.tasks), price)
        if not tasks or estimate.amount > left.amount:
            share = _share(decision.tasks, queued)
            each = render_cost(seconds, price)
            lone = f"{each} a task" if can_be_less else f"about {estimate}"
            why = f"it would cost {lone}, and {left} of {budget.name} is left"
            return replace(_stay(decision, share, why), estimate=estimate)
        share = _share(tasks, queued)
        if len(tasks) < len(decision.tasks):
            share += f", which is what {budget.name} pays for"
        cost = f"about {estimate} of {left} that is left of {budget.name}"
        return replace(
            decision, reasons=(*decision.reasons, share, cost), tasks=tasks, estimate=estimate
        )


def _stay(decision: Decision, *why: str) -> Decision:
    return replace(decision, verdict=Verdict.STAY, reasons=(*decision.reasons, *why), tasks=())


def _share(tasks: Sequence[TaskRef], queued: int) -> str:
    return f"{len(tasks)} of its {queued} queued tasks would leave"


def _why_none(free: Sequence[LocalTask], wanted: int, policy: OverflowPolicy) -> str:
    if not free:
        return "its waiting tasks are held, or came back from the cloud before"
    if wanted <= 0:
        return "local workers need what is left"
    return f"its last chunk has more than {policy.maximum_frames} frames"


def _missing(known: Mapping[str, object | None]) -> str:
    return " and ".join(name for name, value in known.items() if value is None)


def _span(seconds: float) -> str:
    """Write a time for people: hours, minutes below one, seconds below a minute."""
    if abs(seconds) >= _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _MINUTE:.0f} min" if abs(seconds) >= _MINUTE else f"{seconds:.0f} s"
