"""The decider: reads the queue, asks the policy, and turns its answers into bursts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from renderbus_core import overflow
from renderbus_core.burst.budgets import budgets, own_prices, spending
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.leases import Held, Lease
from renderbus_core.burst.model import Asked, Burst, BurstKind, BurstState, Order, Remote, TaskState
from renderbus_core.burst.prepare import SHARED
from renderbus_core.burst.probes import known_probes
from renderbus_core.burst.probing import completed_there
from renderbus_core.burst.store import (
    Answer,
    BurstStore,
    LimitReachedError,
    Limits,
    Remembered,
    RouteDrainedError,
)
from renderbus_core.config import Config, judged
from renderbus_core.errors import StoreError, TaskTakenError
from renderbus_core.jobs import JobId, LocalJob, QueueSnapshot
from renderbus_core.overflow import (
    Decision,
    Decisions,
    History,
    OverflowState,
    Payer,
    Return,
    Verdict,
    Waiting,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one look at the queue led to."""

    snapshot: QueueSnapshot
    decisions: tuple[Decision, ...]
    bursts: tuple[Burst, ...]
    returns: tuple[Return, ...] = ()


class Decider:
    """Decides for one farm; only the holder of the farm's decider lease does.

    Args:
        gateway: the shared parts.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def step(self) -> Cycle | None:
        """Look at the queue once; None while another gateway decides."""
        gateway = self._gateway
        now = gateway.clock.now()
        lease = self._lease(now)
        if isinstance(lease, Held):
            return None
        decided, snapshot = self._decide(now)
        rows = {row.job.id: row.job for row in snapshot.jobs}
        found = Remembered(
            decided.next_state.over_since,
            overflow.program_seconds(snapshot.jobs),
            tuple(
                Answer(item.job, rows[item.job].name, item.verdict, item.sentence, now)
                for item in decided.items
            ),
        )
        gateway.store.remember(lease, gateway.config.farm.kind, found, now)
        bursts = [
            burst
            for item in decided.items
            if item.verdict in {Verdict.BURST, Verdict.PROBE}
            for burst in self._plan(item, rows[item.job], lease, now)
        ]
        for one in decided.returns:
            self._take_back(one, now)
        return Cycle(snapshot, decided.items, tuple(bursts), decided.returns)

    def _plan(
        self, item: Decision, job: LocalJob, lease: Lease, now: datetime
    ) -> tuple[Burst, ...]:
        """Record one burst; a person may have sent one of its tasks, or others, a moment ago."""
        config = self._gateway.config
        order = Order(
            config.farm.kind,
            item.job,
            item.tasks,
            f"overflow: {item.sentence}",
            item.estimate,
            user=job.user,
            project=job.project,
            options=job.options,
            kind=_kind(item),
        )
        limits = Limits(
            bursts=config.overflow.maximum_bursts,
            frames=config.overflow.maximum_live_frames or None,
            budgets=budgets(config, now, [Payer.of(job)]),
        )
        try:
            return self._gateway.store.plan([order], now, lease, limits)
        except (LimitReachedError, RouteDrainedError, TaskTakenError) as error:
            _log.info("job %s: %s", item.job, error)
            return ()

    def _lease(self, now: datetime) -> Lease | Held:
        gateway = self._gateway
        name, settings = f"decider {gateway.config.farm.kind}", gateway.config.burst
        return gateway.store.lease(
            name, gateway.owner, settings.lease_seconds, now, settings.takeover_seconds
        )

    def _decide(self, now: datetime) -> tuple[Decisions, QueueSnapshot]:
        gateway = self._gateway
        policy = gateway.config.overflow
        rows = judged_queue(gateway.config, gateway.farm.snapshot()).jobs
        candidates = overflow.screen(rows, policy, now)
        snapshot = judged_queue(gateway.config, gateway.farm.snapshot(tasks_of=candidates))
        known = history(gateway.store, gateway.config, now, snapshot)
        state = OverflowState(gateway.store.overflowing(gateway.config.farm.kind))
        return overflow.decide(snapshot, policy, known, state, now), snapshot

    def _take_back(self, one: Return, now: datetime) -> None:
        """Ask for what idle local workers would begin at once."""
        gateway = self._gateway
        tasks = [ref.id for ref in one.tasks]
        what = Asked.RECALL_WAITING
        try:
            gateway.store.ask(one.burst, what, one.why, now, gateway.owner, tasks=tasks)
        except StoreError as error:
            # It came further meanwhile; what waits then is found by the next look.
            _log.info("burst %s: nothing comes back: %s", one.burst, error)


def _kind(item: Decision) -> BurstKind:
    if item.verdict is Verdict.PROBE:
        return BurstKind.PROBE
    return BurstKind.WHOLE if item.is_whole else BurstKind.WORK


def judged_queue(config: Config, queue: QueueSnapshot) -> QueueSnapshot:
    """Return a queue in which jobs that ask for more than the site lets them cannot be sent.

    Args:
        config: settings.
        queue: as the farm has it.
    """
    judgements = [judged(config, row.job) for row in queue.jobs]
    rows = tuple(
        row if job is row.job else replace(row, job=job)
        for row, job in zip(queue.jobs, judgements, strict=True)
    )
    return replace(queue, jobs=rows)


def jobs_with_tasks(snapshot: QueueSnapshot) -> tuple[LocalJob, ...]:
    """Return the jobs whose tasks a snapshot holds: those that are decided about."""
    return tuple(row.job for row in snapshot.jobs if row.job.id in snapshot.tasks)


def answered(store: BurstStore, config: Config, queue: QueueSnapshot) -> Decisions:
    """Answer for a queue as its gateway would, at the time it was read; nothing is written.

    Args:
        store: the record.
        config: settings.
        queue: with the tasks of the jobs that are asked about.
    """
    queue = judged_queue(config, queue)
    known = history(store, config, queue.taken_at, queue)
    # A gateway remembers since when pools overflow.
    state = OverflowState(store.overflowing(config.farm.kind))
    return overflow.decide(queue, config.overflow, known, state, queue.taken_at)


def history(store: BurstStore, config: Config, now: datetime, snapshot: QueueSnapshot) -> History:
    """Return what the policy must know of earlier bursts.

    Args:
        store: the record.
        config: names the farm, prices and limits.
        now: UTC.
        snapshot: that is decided about.
    """
    farm, jobs = config.farm.kind, jobs_with_tasks(snapshot)
    bursts = [burst for burst in store.bursts() if burst.farm == farm]
    work = [burst for burst in bursts if burst.kind is not BurstKind.PROBE]
    live = [burst for burst in bursts if not burst.state.is_over]
    away = {burst.job for burst in live if burst.kind is not BurstKind.PROBE}
    asked = [row.job for row in snapshot.jobs if row.job.id in snapshot.tasks.keys() | away]
    scenes = {row.job.id: row.job.scene for row in snapshot.jobs}
    return History(
        live=away,
        live_bursts=len(live),
        refused=_refused(work),
        given_back=store.given_back(farm),
        give_back_limit=config.burst.give_back_limit,
        spending=replace(
            spending(store, config, now, map(Payer.of, jobs)), prices=own_prices(config, jobs)
        ),
        last_began_at=max((burst.created_at for burst in work), default=None),
        failures_in_a_row=_failures_in_a_row(bursts),
        live_frames=sum(len(task.ref.frames) for burst in live for task in burst.open_tasks),
        waiting=tuple(_waiting(work)),
        program_seconds=store.program_seconds(farm),
        probes=known_probes(store, config, asked, bursts, scenes),
        there=completed_there(work),
    )


def _waiting(work: Sequence[Burst]) -> Iterator[Waiting]:
    """Give the tasks of each live burst that no machine of the cloud has begun."""
    touched = {burst.job for burst in work if burst.refs(TaskState.COMPLETED)}
    live = [burst for burst in work if not burst.state.is_over]
    jobs = Counter(burst.job for burst in live)
    for burst in live:
        waits = [
            task
            for task in burst.open_tasks
            if task.state is TaskState.SENT and task.remote is Remote.WAITING
        ]
        stay = tuple(task.ref for task in waits if not (task.asked.is_recall or burst.recall))
        alone = jobs[burst.job] == 1 and burst.job not in touched
        everything = alone and len(stay) == len(burst.tasks)
        yield Waiting(burst.id, burst.job, stay, len(waits) - len(stay), everything)


def _refused(bursts: Sequence[Burst]) -> dict[JobId, str]:
    """Return the jobs whose last burst failed its checks, which it would fail again."""
    last = {burst.job: burst for burst in bursts}
    return {
        job: burst.reason
        for job, burst in last.items()
        if burst.state is BurstState.FAILED and burst.claim_epoch == 0
    }


def _failures_in_a_row(bursts: Sequence[Burst]) -> int:
    """Count the bursts that failed since one came home.

    What failed its checks, found its tasks taken by local workers, or was called back, says nothing
    of the cloud.
    """
    failed = 0
    for burst in sorted(bursts, key=lambda burst: burst.created_at):
        if burst.refs(TaskState.COMPLETED):
            failed = 0
        elif _failed_in_the_cloud(burst):
            failed += 1
    return failed


def _failed_in_the_cloud(burst: Burst) -> bool:
    if burst.state is BurstState.FAILED:
        begun = any(task.state not in {TaskState.WANTED, TaskState.LOST} for task in burst.tasks)
        return begun and not burst.reason.startswith(SHARED)
    ended = burst.refs(TaskState.RELEASED, TaskState.FAILED)
    return burst.state is BurstState.DONE and any(
        task.ref in ended and not task.asked.is_recall for task in burst.tasks
    )
