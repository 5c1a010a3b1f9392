"""The gateway's own work: look at the queue, carry all bursts, give signs of life.

`step` never waits; whoever calls it does.
"""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta

from renderbus_core.burst import recover, wishes
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.crew import Crew
from renderbus_core.burst.decider import Decider
from renderbus_core.burst.heartbeat import Heartbeat
from renderbus_core.burst.keeping import keep_budgets
from renderbus_core.burst.store import Event
from renderbus_core.config import RENEWED, Renewer
from renderbus_core.errors import CloudError, FarmError, StoreError

_log = logging.getLogger(__name__)


class Service:
    """Everything that one gateway process does for a farm.

    Args:
        gateway: the shared parts.
        workers: where bursts are stepped; None does them one after the other.
        decides: whether it looks at the queue and bursts on its own.
        renewer: looks after the configuration's file; None for a configuration that stays.
    """

    def __init__(
        self,
        gateway: Gateway,
        workers: Executor | None = None,
        *,
        decides: bool = True,
        renewer: Renewer | None = None,
    ) -> None:
        self._gateway = gateway
        self._renewer = renewer
        self._crew = Crew(gateway, workers)
        self._decider = Decider(gateway) if decides else None
        self._heartbeat = Heartbeat(gateway)
        self._decides_at = self._sweeps_at = gateway.clock.now()

    def step(self) -> datetime:
        """Do what is due and say when to be called again, UTC."""
        self._renew()
        gateway, settings = self._gateway, self._gateway.config.gateway
        now = gateway.clock.now()
        beats_at = self._heartbeat.step()
        self._grant_wishes()
        if self._sweeps_at <= now:
            self._sweeps_at = now + timedelta(seconds=gateway.config.burst.sweep_seconds)
            self._sweep()
        if self._decides_at <= now:
            self._decides_at = now + timedelta(seconds=settings.decide_seconds)
            self._keep_budgets(now)
            if self._decider is not None:
                self._decide(self._decider)
        due = self._crew.step()
        return min([beats_at, self._sweeps_at, self._decides_at, *filter(None, [due])])

    def close(self) -> None:
        """Begin nothing more, finish what is in hand, and leave all bursts to whoever comes."""
        self._gateway.switch.turn_off()
        self._crew.detach()
        self._heartbeat.leave()

    def _renew(self) -> None:
        """Take over what was edited in the configuration's file; a bad one changes nothing."""
        renewal = self._renewer.look() if self._renewer else None
        if renewal is None:
            return
        gateway = self._gateway = replace(self._gateway, config=renewal.config)
        self._crew.renew(gateway)
        if self._decider is not None:
            self._decider = Decider(gateway)
        what, why = "renewed", f"{' and '.join(RENEWED)} are as the file has them now"
        if renewal.problem:
            what, why = "cannot be used, the last good one holds", renewal.problem
            _log.error("the configuration cannot be used, the last good one holds: %s", why)
        file = str(renewal.config.file)
        line = Event(gateway.clock.now(), gateway.owner, "configuration", file, what, why)
        gateway.store.tell(line, is_news=True, once=False)

    def _grant_wishes(self) -> None:
        try:
            wishes.grant(self._gateway)
        except FarmError as error:
            _log.warning("what people ask for on the farm is not known: %s", error)

    def _sweep(self) -> None:
        try:
            recover.free_left_behind(self._gateway)
        except (FarmError, StoreError) as error:
            _log.warning("tasks that were left behind were not looked for: %s", error)

    def _keep_budgets(self, now: datetime) -> None:
        """Act on full budgets, whoever decides: what people sent takes from them too."""
        try:
            keep_budgets(self._gateway, now)
        except StoreError as error:
            _log.warning("budgets were not looked at: %s", error)

    def _decide(self, decider: Decider) -> None:
        try:
            cycle = decider.step()
        except (CloudError, FarmError, StoreError) as error:
            _log.warning("the queue was not looked at: %s", error)
            return
        for item in cycle.decisions if cycle else ():
            _log.debug("job %s: %s", item.job, item.sentence)
