"""The crew: the runners of all live bursts of a farm, each stepped when it asked to be.

Bursts that are due together are asked about together. With workers, a burst that moves many files
does not keep the others waiting; each burst is on one thread at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta

from renderbus_core.burst.context import Gateway
from renderbus_core.burst.model import BurstState, Finished, WakeAt
from renderbus_core.burst.runner import Runner
from renderbus_core.burst.store import Live
from renderbus_core.jobs import BurstId

_log = logging.getLogger(__name__)

# States in which a step begins with a look at both sides.
_WATCHED = frozenset({BurstState.RUNNING, BurstState.STRANDED})


class Crew:
    """Carries every live burst it finds in the store, its own and those others left behind.

    Args:
        gateway: the shared parts.
        workers: where steps are done; None does them one after the other in `step`.
    """

    def __init__(self, gateway: Gateway, workers: Executor | None = None) -> None:
        self._gateway = gateway
        self._workers = workers
        self._runners: dict[BurstId, Runner] = {}
        self._due: dict[BurstId, datetime] = {}
        self._busy: dict[BurstId, Future[WakeAt | Finished]] = {}

    def step(self) -> datetime | None:
        """Step every runner that is due.

        Returns:
            When the next one is due; None when no burst waits for its time.
        """
        self._harvest()
        now = self._gateway.clock.now()
        live = self._gateway.store.live(self._gateway.config.farm.kind)
        self._forget(self._runners.keys() - {burst.id for burst in live} - self._busy.keys())
        due = self._due_at(live, now)
        self._look(due)
        for burst in due:
            self._begin(burst.id)
        return min(self._due.values(), default=None)

    def renew(self, gateway: Gateway) -> None:
        """Go on with other settings from the next step of each burst on."""
        self._gateway = gateway
        for runner in self._runners.values():
            runner.renew(gateway)

    def detach(self) -> None:
        """Leave all bursts to whoever comes next, once their steps are done; none is recalled."""
        for burst in tuple(self._busy):
            self._settle(burst, self._busy.pop(burst))
        for runner in self._runners.values():
            runner.detach()
        self._runners.clear()
        self._due.clear()

    def _due_at(self, live: Sequence[Live], now: datetime) -> list[Live]:
        """Return the bursts to step now: when one must be, those that are nearly due come along."""
        free = [burst for burst in live if burst.id not in self._busy]
        if not any(self._due.get(burst.id, now) <= now for burst in free):
            return []
        soon = now + timedelta(seconds=self._gateway.config.burst.poll_seconds / 2)
        return [
            burst
            for burst in free
            if self._due.get(burst.id, now) <= (soon if burst.state in _WATCHED else now)
        ]

    def _look(self, due: Sequence[Live]) -> None:
        """Ask both sides about all bursts that will want to know."""
        watched = [burst for burst in due if burst.state in _WATCHED and burst.remote_id]
        if watched:
            gateway = self._gateway
            gateway.watch.look(gateway.client, gateway.farm, watched)

    def _begin(self, burst: BurstId) -> None:
        runner = self._runners.setdefault(burst, Runner(self._gateway, burst))
        self._due.pop(burst, None)
        if self._workers is None:
            self._note(burst, runner.step())
        else:
            self._busy[burst] = self._workers.submit(self._step_on, runner)

    def _step_on(self, runner: Runner) -> WakeAt | Finished:
        """Step a runner until it wants to wait; on a worker's thread."""
        clock = self._gateway.clock
        answer = runner.step()
        while isinstance(answer, WakeAt) and answer.at <= clock.now():
            if self._gateway.switch.is_off:
                break
            answer = runner.step()
        return answer

    def _harvest(self) -> None:
        for burst in [burst for burst, step in self._busy.items() if step.done()]:
            self._settle(burst, self._busy.pop(burst))

    def _settle(self, burst: BurstId, step: Future[WakeAt | Finished]) -> None:
        error = step.exception()
        if error is None:
            self._note(burst, step.result())
            return
        # A fault in one burst must not end the others; whoever reads the log can mend it.
        _log.error("burst %s: its step failed; it is tried again", burst, exc_info=error)
        pause = timedelta(seconds=self._gateway.config.burst.lease_seconds)
        self._due[burst] = self._gateway.clock.now() + pause

    def _note(self, burst: BurstId, answer: WakeAt | Finished) -> None:
        if isinstance(answer, Finished):
            self._forget([burst])
        else:
            self._due[burst] = answer.at

    def _forget(self, ended: Iterable[BurstId]) -> None:
        for burst in tuple(ended):
            self._runners.pop(burst).detach()
            self._due.pop(burst, None)
