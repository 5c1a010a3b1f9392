"""The decider: reads the queue, asks the policy, and turns its answers into bursts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from renderbus_core import overflow
from renderbus_core.burst.budgets import budgets, spending
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.leases import Held, Lease
from renderbus_core.burst.model import Burst, BurstState, Order, TaskState
from renderbus_core.burst.store import BurstStore, LimitReachedError, Limits, RouteDrainedError
from renderbus_core.config import Config
from renderbus_core.errors import TaskTakenError
from renderbus_core.jobs import JobId, QueueSnapshot
from renderbus_core.overflow import (
    Decision,
    Decisions,
    History,
    OverflowState,
    Verdict,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one look at the queue led to."""

    snapshot: QueueSnapshot
    decisions: tuple[Decision, ...]
    bursts: tuple[Burst, ...]


class Decider:
    """Decides for one farm; only the holder of the farm's decider lease does.

    Args:
        gateway: the shared parts.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._state = OverflowState()

    def step(self) -> Cycle | None:
        """Look at the queue once; None while another gateway decides."""
        gateway = self._gateway
        now = gateway.clock.now()
        lease = self._lease(now)
        if isinstance(lease, Held):
            return None
        decided, snapshot = self._decide(now)
        self._state = decided.next_state
        bursts = [
            burst
            for item in decided.items
            if item.verdict is Verdict.BURST
            for burst in self._plan(item, lease, now)
        ]
        return Cycle(snapshot, decided.items, tuple(bursts))

    def _plan(self, item: Decision, lease: Lease, now: datetime) -> tuple[Burst, ...]:
        """Record one burst; a person may have sent one of its tasks, or others, a moment ago."""
        config = self._gateway.config
        farm = config.farm.kind
        reason = f"overflow: {item.sentence}"
        order = Order(farm, item.job, item.tasks, reason, item.estimate)
        limits = Limits(bursts=config.overflow.maximum_bursts, budgets=budgets(config, now))
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
        rows = gateway.farm.snapshot().jobs
        candidates = overflow.screen(rows, policy, now)
        snapshot = gateway.farm.snapshot(tasks_of=candidates)
        known = history(gateway.store, gateway.config, now)
        return overflow.decide(snapshot, policy, known, self._state, now), snapshot


def history(store: BurstStore, config: Config, now: datetime) -> History:
    """Return what the policy must know of earlier bursts.

    Args:
        store: the record.
        config: names the farm, prices and limits.
        now: UTC.
    """
    farm = config.farm.kind
    bursts = [burst for burst in store.bursts() if burst.farm == farm]
    live = [burst for burst in bursts if not burst.state.is_over]
    return History(
        live={burst.job for burst in live},
        live_bursts=len(live),
        refused=_refused(bursts),
        given_back=store.given_back(farm),
        give_back_limit=config.burst.give_back_limit,
        spending=spending(store, config, now),
        last_began_at=max((burst.created_at for burst in bursts), default=None),
        failures_in_a_row=_failures_in_a_row(bursts),
    )


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

    What failed its checks, or found every task taken by local workers, says nothing of the cloud.
    """
    failed = 0
    for burst in sorted(bursts, key=lambda burst: burst.created_at):
        if burst.state is BurstState.DONE:
            failed = 0
        elif burst.state is BurstState.FAILED and any(
            task.state not in {TaskState.WANTED, TaskState.LOST} for task in burst.tasks
        ):
            failed += 1
    return failed
