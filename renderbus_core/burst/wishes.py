"""What people asked for on the farm, brought to the bursts it is about.

Intents come at least once: each is acted on first and acknowledged afterwards, and acting twice
does no more than acting once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType

from renderbus_core.burst.budgets import refuse_when_spent
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.decider import answered
from renderbus_core.burst.model import Asked, Burst, BurstKind, Order
from renderbus_core.burst.store import Route
from renderbus_core.errors import FarmError, StoreError
from renderbus_core.jobs import BurstId, Claim, Gone, Intent, IntentKind, LocalState
from renderbus_core.overflow import Payer

_log = logging.getLogger(__name__)

POLICY = BurstId("policy")
"""Under whose name answers of the overflow policy are noted on jobs."""
NOTED_ANSWER = "renderbus.answer"
"""Name of the note with an answer of the overflow policy."""

# How the table of the mirror calls what people did; what is not here shows on the farm alone.
_ASKED: Mapping[IntentKind, Asked] = MappingProxyType(
    {
        IntentKind.RECALL: Asked.RECALL_ALL,
        IntentKind.SUSPENDED: Asked.SUSPEND,
        IntentKind.RESUMED: Asked.RESUME,
        IntentKind.REQUEUED: Asked.REQUEUE,
        IntentKind.COMPLETED: Asked.COMPLETE,
        IntentKind.CHANGED: Asked.REFRAME,
        IntentKind.PRIORITY: Asked.PRIORITY,
        IntentKind.ARCHIVED: Asked.ARCHIVE,
        IntentKind.DELETED: Asked.DELETE,
    }
)


# What is not free yet, and may become so.
_NOT_YET = frozenset({LocalState.PENDING, LocalState.SUSPENDED})


def grant(gateway: Gateway) -> int:
    """Act on everything that people asked for on the farm since the last time.

    What cannot be granted is told in the log and acknowledged too: it would fail again. What the
    farm does not answer for, and a burst of a job that waits for something, is looked at again.

    Args:
        gateway: the shared parts.

    Returns:
        How many wishes there were.

    Raises:
        FarmError: the farm cannot be asked now.
    """
    intents = gateway.farm.intents()
    done = [intent.id for intent in intents if _is_settled(gateway, intent)]
    if done:
        gateway.farm.acknowledge(done)
    return len(intents)


def _is_settled(gateway: Gateway, intent: Intent) -> bool:
    """Act on what somebody asked; tell whether it need not be looked at again."""
    try:
        return _grant_one(gateway, intent)
    except FarmError as error:
        _log.warning("%s asked for %s of job %s, which is looked at again: %s",
                     intent.who, intent.kind, intent.job, error)  # fmt: skip
        return False
    except StoreError as error:
        _log.warning("%s asked for %s of job %s: %s", intent.who, intent.kind, intent.job, error)
        return True


def _grant_one(gateway: Gateway, intent: Intent) -> bool:
    """Act on one intent; tell whether that settles it."""
    if intent.kind is IntentKind.BURST:
        return _burst(gateway, intent)
    if intent.kind in _WHOLE:
        _WHOLE[intent.kind](gateway, intent)
        return True
    for burst in gateway.store.live(gateway.config.farm.kind):
        if burst.job != intent.job:
            continue
        if intent.kind is IntentKind.APPROVE:
            gateway.store.approve(burst.id, gateway.clock.now(), intent.who)
        elif intent.kind is IntentKind.RECALL and intent.frames is None:
            gateway.store.ask_recall(burst.id, _why(intent), gateway.clock.now(), intent.who)
        elif intent.kind in _ASKED:
            _ask(gateway, burst.id, intent)
    return True


def _ask(gateway: Gateway, id: BurstId, intent: Intent) -> None:  # noqa: A002 - the field's own word
    try:
        _ask_of(gateway, gateway.store.burst(id), intent)
    except StoreError:
        # Its runner has closed a task since it was read; the others are still meant.
        _ask_of(gateway, gateway.store.burst(id), intent)


def _ask_of(gateway: Gateway, burst: Burst, intent: Intent) -> None:
    # What people do to the job is nothing to a probe, which holds none of its tasks.
    if burst.kind is BurstKind.PROBE:
        return
    frames = intent.frames
    refs = [task.ref for task in burst.open_tasks]
    tasks = [ref.id for ref in refs if frames is None or ref.frames.issubset(frames)]
    if tasks:
        gateway.store.ask(
            burst.id,
            _ASKED[intent.kind],
            _why(intent),
            gateway.clock.now(),
            intent.who,
            tasks=tasks,
        )


def _burst(gateway: Gateway, intent: Intent) -> bool:
    """Plan a burst of what still waits of the job; a wish that comes again finds nothing free.

    Returns:
        Whether that settles it: a job that waits for something else is looked at again.
    """
    farm = gateway.farm
    job = farm.job(intent.job)
    if isinstance(job, Gone):
        return True
    taken = {
        task.ref.id
        for live in gateway.store.live(gateway.config.farm.kind)
        if live.job == intent.job
        for task in gateway.store.burst(live.id).open_tasks
    }
    meant = [
        task
        for task in farm.tasks([intent.job]).get(intent.job, ())
        if task.claim is None
        and task.ref.id not in taken
        and (intent.frames is None or task.ref.frames.issubset(intent.frames))
    ]
    refs = tuple(task.ref for task in meant if task.state is LocalState.QUEUED)
    if refs:
        kind, payer = gateway.config.farm.kind, Payer.of(job)
        refuse_when_spent(gateway.store, gateway.config, gateway.clock.now(), payer)
        order = Order(
            kind,
            job.id,
            refs,
            _why(intent),
            user=job.user,
            project=job.project,
            options=job.options,
        )
        gateway.store.plan([order], gateway.clock.now(), who=intent.who)
    return bool(refs) or not any(task.state in _NOT_YET for task in meant)


def _explain(gateway: Gateway, intent: Intent) -> None:
    """Note on a job why it stays or leaves: the sentence that the policy says everywhere."""
    queue = gateway.farm.snapshot([intent.job])
    for item in answered(gateway.store, gateway.config, queue).items:
        if item.job == intent.job:
            said = f"{gateway.clock.now():%H:%M:%S} UTC, {item.verdict}: {item.sentence}"
            asked = Claim(POLICY, 0, 0, intent.job, ())
            gateway.farm.annotate(asked, {NOTED_ANSWER: said})


def _set_route(gateway: Gateway, intent: Intent) -> None:
    """Close or open the way of the whole farm."""
    drained, now = intent.kind is IntentKind.DRAIN, gateway.clock.now()
    route = Route(gateway.config.farm.kind, drained, _why(intent), intent.who, now)
    gateway.store.set_route(route)


# What is asked of the gateway, not of a burst.
_WHOLE: Mapping[IntentKind, Callable[[Gateway, Intent], None]] = MappingProxyType(
    {
        IntentKind.EXPLAIN: _explain,
        IntentKind.DRAIN: _set_route,
        IntentKind.OPEN: _set_route,
    }
)


def _why(intent: Intent) -> str:
    return intent.note or f"{intent.kind} by {intent.who} on the farm"
