"""The crew: the runners of all live bursts of a farm, each stepped when it asked to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from renderbus_core.burst.context import Gateway
from renderbus_core.burst.model import Finished
from renderbus_core.burst.runner import Runner
from renderbus_core.jobs import BurstId


class Crew:
    """Carries every live burst it finds in the store, its own and those others left behind.

    Args:
        gateway: the shared parts.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._runners: dict[BurstId, Runner] = {}
        self._due: dict[BurstId, datetime] = {}

    def step(self) -> datetime | None:
        """Step every runner that is due.

        Returns:
            When the next one is due; None when no burst is at work.
        """
        now = self._gateway.clock.now()
        live = self._gateway.store.bursts(live=True)
        self._forget(self._due.keys() - {burst.id for burst in live})
        for burst in live:
            runner = self._runners.setdefault(burst.id, Runner(self._gateway, burst.id))
            if self._due.get(burst.id, now) > now:
                continue
            answer = runner.step()
            if isinstance(answer, Finished):
                self._forget([burst.id])
            else:
                self._due[burst.id] = answer.at
        return min(self._due.values(), default=None)

    def _forget(self, ended: Iterable[BurstId]) -> None:
        for burst in tuple(ended):
            self._runners.pop(burst).detach()
            self._due.pop(burst, None)

    def detach(self) -> None:
        """Leave all bursts to whoever comes next; none is recalled."""
        for runner in self._runners.values():
            runner.detach()
