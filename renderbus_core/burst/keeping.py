"""Keeping budgets: what is done when one is nearly used up, used up, and overdrawn."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from renderbus_core.burst.budgets import fills
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.model import Asked, Burst, BurstKind, Remote, TaskState
from renderbus_core.burst.store import Event
from renderbus_core.errors import StoreError
from renderbus_core.overflow import Fill, Level, Payer, worst

_log = logging.getLogger(__name__)

STOPPED = "stopped, "
"""How the reason of a recall begins that an overdrawn budget asked for."""


def keep_budgets(gateway: Gateway, now: datetime) -> None:
    """Act on budgets that are full: first what waits comes back, then everything.

    New bursts need no act: whoever plans one looks at the same budgets.

    Args:
        gateway: the shared parts.
        now: UTC.
    """
    store = gateway.store
    live = store.bursts(live=True)
    payers = {burst.id: Payer(burst.job, burst.user, burst.project) for burst in live}
    found = fills(store, gateway.config, now, payers.values())
    _tell(gateway, found, now)
    for burst in live:
        full = worst(found, payers[burst.id])
        if full is not None:
            try:
                _act(gateway, burst, full, now)
            except StoreError as error:
                # It came further meanwhile; the others are called back all the same.
                _log.info("burst %s is looked at again: %s", burst.id, error)


LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        Level.FINE: "within its amount",
        Level.NEARLY: "nearly used up",
        Level.FULL: "used up: nothing new leaves, what waits comes back",
        Level.OVER: "overdrawn: everything comes back",
    }
)
"""What each level means, the same words everywhere."""


def _tell(gateway: Gateway, found: tuple[Fill, ...], now: datetime) -> None:
    """Say in the log of the route when a budget comes to another level, once for all gateways."""
    for one in found:
        subject = f"budget of {gateway.config.farm.kind}"
        line = Event(now, gateway.owner, subject, one.budget.title, LEVELS[one.level], one.sentence)
        if gateway.store.tell(line, is_news=one.level is not Level.FINE):
            _log.warning("%s: %s", LEVELS[one.level], one.sentence)


def _act(gateway: Gateway, burst: Burst, full: Fill, now: datetime) -> None:
    """Call back what a budget does not pay for any more.

    The one frame of a probe that is on its way ends: without its answer the job would have to be
    probed again.
    """
    if full.level is Level.OVER:
        if not burst.recall:
            gateway.store.ask_recall(burst.id, f"{STOPPED}{full.sentence}", now, gateway.owner)
    elif full.level is Level.FULL and burst.kind is not BurstKind.PROBE:
        tasks = [
            task.ref.id
            for task in burst.open_tasks
            if _has_not_begun(task.state, task.remote) and not task.asked.is_recall
        ]
        if tasks:
            why = f"not begun, {full.sentence}"
            gateway.store.ask(burst.id, Asked.RECALL_WAITING, why, now, gateway.owner, tasks=tasks)


def _has_not_begun(state: TaskState, remote: Remote | None) -> bool:
    return state in {TaskState.WANTED, TaskState.HELD} or (
        state is TaskState.SENT and remote in {None, Remote.WAITING}
    )
