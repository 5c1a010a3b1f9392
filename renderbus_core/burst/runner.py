"""The runner: carries one burst through its life, one step at a time, from wherever it stands."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from renderbus_core.burst import follow, prepare, still, submit
from renderbus_core.burst.context import Context, Gateway, JobGoneError, Memory
from renderbus_core.burst.effects import Effects, EndingError
from renderbus_core.burst.leases import Held, lease_name
from renderbus_core.burst.mirror import HELD_BACK
from renderbus_core.burst.model import (
    Asked,
    Burst,
    BurstKind,
    BurstState,
    Finished,
    TaskState,
    WakeAt,
)
from renderbus_core.burst.probing import ProbeFarm
from renderbus_core.errors import (
    AuthError,
    BillingError,
    CloudError,
    FarmError,
    InputError,
    LeaseLostError,
    LocalDiskError,
    RenderbusError,
    RequestRefusedError,
)
from renderbus_core.jobs import BurstId

_log = logging.getLogger(__name__)

# What carries a burst on from each state.
STEPS: Mapping[BurstState, Callable[[Context, Burst], WakeAt]] = MappingProxyType(
    {
        BurstState.INTENDED: prepare.inspect_scene,
        BurstState.INSPECTED: prepare.check,
        BurstState.CHECKED: prepare.stage,
        BurstState.STAGED: prepare.claim,
        BurstState.CLAIMED: submit.reserve,
        BurstState.ID_RESERVED: submit.submit,
        BurstState.SUBMITTING: submit.interrupted,
        BurstState.SUBMIT_UNCERTAIN: submit.resolve_uncertain,
        BurstState.RUNNING: follow.follow,
        BurstState.RECALLING: follow.recall,
        BurstState.STRANDED: follow.follow,
    }
)

# Until work is submitted, a refusal ends the burst: everything can still be undone.
_NOTHING_SUBMITTED = frozenset(
    {
        BurstState.INTENDED,
        BurstState.INSPECTED,
        BurstState.CHECKED,
        BurstState.STAGED,
        BurstState.CLAIMED,
        BurstState.ID_RESERVED,
        BurstState.SUBMITTING,
    }
)
_DISK_PATIENCE = 6
_REFUSALS = (InputError, RequestRefusedError, AuthError, BillingError)


class Runner:
    """Carries one burst.

    Args:
        gateway: the shared parts.
        burst: which burst.
    """

    def __init__(self, gateway: Gateway, burst: BurstId) -> None:
        self._gateway = gateway
        self._burst = burst
        self._memory = Memory()
        self._context: Context | None = None

    def step(self) -> WakeAt | Finished:
        """Do the next thing and say when to be called again; never sleeps.

        Another runner's lease is respected: this one then only waits.
        """
        if self._context is None:
            state = self._gateway.store.state(self._burst)
            if state.is_over:
                return Finished(self._burst, state)
        context = self._leased()
        if isinstance(context, Held):
            return WakeAt(context.expires_at)
        try:
            # Not every step has an effect, and a lease that runs out would change hands.
            context.effects.keep_lease()
            if (wake := still.lasts(context, self._burst)) is not None:
                return wake
            # Read under the lease: its last holder may have come further meanwhile.
            return self._carry_on(context, self._gateway.store.burst(self._burst))
        except LeaseLostError as error:
            _log.warning("%s", error)
            self._context = None
            return context.after(self._gateway.config.burst.lease_seconds)

    def renew(self, gateway: Gateway) -> None:
        """Go on with other settings from the next step on; a step in hand keeps its own."""
        self._gateway = gateway

    def detach(self) -> None:
        """Stop carrying the burst; whoever steps it next takes over at once."""
        context, self._context = self._context, None
        engine, self._memory.engine = self._memory.engine, None
        if engine is not None:
            engine.close()
        if context is not None:
            with contextlib.suppress(LeaseLostError):
                self._gateway.store.give_up(context.effects.lease)

    def _leased(self) -> Context | Held:
        gateway = self._gateway
        if self._context is not None:
            if self._context.gateway is not gateway:
                effects = self._context.effects
                self._context = Context(gateway, effects, self._memory, self._shadow(effects))
            return self._context
        ttl = gateway.config.burst.lease_seconds
        now = gateway.clock.now()
        margin = gateway.config.burst.takeover_seconds
        lease = gateway.store.lease(lease_name(self._burst), gateway.owner, ttl, now, margin)
        if isinstance(lease, Held):
            return lease
        effects = Effects(gateway.store, lease, ttl, gateway.clock, gateway.switch)
        self._context = Context(gateway, effects, self._memory, self._shadow(effects))
        return self._context

    def _shadow(self, effects: Effects) -> ProbeFarm | None:
        gateway = self._gateway
        if gateway.store.burst(self._burst).kind is not BurstKind.PROBE:
            return None
        return ProbeFarm(
            gateway.farm, gateway.store, gateway.config, gateway.clock, effects, self._burst
        )

    def _carry_on(self, context: Context, burst: Burst) -> WakeAt | Finished:
        if burst.state.is_over:
            return Finished(burst.id, burst.state)
        try:
            wake = _one_step(context, burst)
        except EndingError:
            return context.at_once()
        except LeaseLostError:
            raise
        except RenderbusError as error:
            wake = _try_later(context, self._burst, error)
        after = self._gateway.store.state(burst.id)
        return Finished(burst.id, after) if after.is_over else wake


def _one_step(context: Context, burst: Burst) -> WakeAt:
    if burst.recall and burst.state is not BurstState.RECALLING:
        return _begin_recall(context, burst)
    if burst.submits == 0 and (wake := _unwanted(context, burst)) is not None:
        return wake
    try:
        return STEPS[burst.state](context, burst)
    except JobGoneError as error:
        return _without_its_job(context, burst, error)
    except _REFUSALS as error:
        # As it stands now: the step may have come further before it was refused.
        now = context.store.burst(burst.id)
        if now.state not in _NOTHING_SUBMITTED:
            raise
        return _fail(context, now, error)


def _unwanted(context: Context, burst: Burst) -> WakeAt | None:
    """Let go of what nobody wants any more before anything is submitted; None when all is."""
    if any(task.asked.puts_away for task in burst.open_tasks):
        return _let_lie(context, burst)
    if any(task.asked.is_recall for task in burst.open_tasks):
        return _leave_out(context, burst)
    if burst.state is BurstState.ID_RESERVED and _is_held_back(context, burst):
        return context.at_once()
    return None


def _begin_recall(context: Context, burst: Burst) -> WakeAt:
    untouched = burst.claim_epoch == 0
    context.move(burst, BurstState.RECALLED if untouched else BurstState.RECALLING, burst.recall)
    return context.at_once()


def _is_held_back(context: Context, burst: Burst) -> bool:
    """Ask for what a person holds back on the farm, the last thing before money is spent."""
    held_back = context.held_back(burst)
    if held_back:
        context.store.ask(
            burst.id,
            Asked.RECALL_WAITING,
            HELD_BACK,
            context.now(),
            context.gateway.owner,
            tasks=sorted(held_back),
        )
    return bool(held_back)


def _leave_out(context: Context, burst: Burst) -> WakeAt:
    """Let go of single tasks that are wanted back before anything was submitted."""
    wanted_back = [task for task in burst.open_tasks if task.asked.is_recall]
    why = wanted_back[0].asked_why
    # Those for another reason are next: farms may act on it.
    back = [task for task in wanted_back if task.asked_why == why]
    wanted = tuple(task.ref for task in back if task.state is TaskState.WANTED)
    held = tuple(task.ref for task in back if task.state is not TaskState.WANTED)
    if not context.give_back(burst, held, why):
        return context.after(context.config.burst.poll_seconds)
    # A claim that was carried out but not recorded leaves tasks that the store calls wanted.
    if wanted and burst.claim_epoch and context.release(burst, wanted, why).unknown:
        return context.after(context.config.burst.poll_seconds)
    context.move_tasks(burst, wanted, TaskState.LOST, why)
    if not context.store.burst(burst.id).open_tasks:
        return _begin_recall(context, replace(burst, recall=why))
    return context.at_once()


def _let_lie(context: Context, burst: Burst) -> WakeAt:
    """Let go of tasks of a job that was put away before anything was submitted.

    The farm is not asked to take them back: nobody wants them rendered. Stamps that they bear are
    taken off should the job come back.
    """
    away = [task for task in burst.open_tasks if task.asked.puts_away]
    context.move_tasks(burst, [task.ref for task in away], TaskState.LOST, away[0].asked_why)
    if not context.store.burst(burst.id).open_tasks:
        return _begin_recall(context, replace(burst, recall=away[0].asked_why))
    return context.at_once()


def _without_its_job(context: Context, burst: Burst, error: JobGoneError) -> WakeAt:
    """End a burst whose job is gone before anything was submitted, when a second look agrees."""
    now = context.store.burst(burst.id)
    if now.submits or context.farm.tasks([burst.job]).get(burst.job) is not None:
        raise error
    context.store.ask_recall(burst.id, str(error), context.now(), context.gateway.owner)
    return context.at_once()


def _fail(context: Context, burst: Burst, error: RenderbusError) -> WakeAt:
    if not _has_let_go(context, burst, str(error)):
        return _try_later(context, burst.id, error)
    context.move(burst, BurstState.FAILED, str(error))
    return context.at_once()


def _has_let_go(context: Context, burst: Burst, why: str) -> bool:
    """Give everything back, and tell whether the farm has answered for all of it.

    Whoever goes on where this ends, before the farm has answered, is told that the burst is on its
    way back: it must not be submitted after all.
    """
    context.store.ask_recall(burst.id, why, context.now(), context.gateway.owner)
    try:
        return context.let_go_of_all(burst, why)
    except FarmError:
        return False


def _try_later(context: Context, burst: BurstId, error: RenderbusError) -> WakeAt:
    """Show why nothing moves, and come back: the cause is expected to pass.

    The reason is told without the request's id, so that a lasting cause is logged once.
    """
    now = context.store.burst(burst)
    context.move(now, now.state, error.sentence if isinstance(error, CloudError) else str(error))
    pause = context.config.burst.poll_seconds
    # A disk is mended by a person, who needs minutes.
    return context.after(pause * _DISK_PATIENCE if isinstance(error, LocalDiskError) else pause)
