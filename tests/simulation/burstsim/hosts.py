"""Gateways as processes: they start, step, pause, die and start again from what is on disk."""

from __future__ import annotations

import contextlib
import random
from datetime import datetime
from typing import TYPE_CHECKING

from burstsim import wire
from burstsim.cases import Fault
from burstsim.faults import Crash
from burstsim.ports import FarmPort, Files, StorePort
from burstsim.studio import share_statements
from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.burst import BurstStore, Crew, Decider, Gateway, recover
from renderbus_core.errors import FarmError, RenderbusError, StoreError
from renderbus_core.farm import LocalFarm

if TYPE_CHECKING:
    from burstsim.world import World

_LOOK_SECONDS = 20.0
_RESTART_SECONDS = 15.0
_DECIDE_SECONDS = 60.0


class Host:
    """One gateway over several lives; each life has objects of its own.

    Args:
        world: where it is.
        name: for the trace and the faults.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.life = 0
        self.began_at = 0
        self._chance = random.Random(f"{world.case.seed} {name}")  # noqa: S311 - jitter
        self._is_running = False
        self._decided_at = self._swept_at = 0.0
        self._blocked = False
        self._open: list[BurstStore | LocalFarm | Client] = []
        self._crew: Crew | None = None
        self._decider: Decider | None = None
        self._gateway: Gateway | None = None

    def start(self) -> None:
        """Begin a life: open everything anew."""
        world = self.world
        self.life += 1
        store = BurstStore(world.studio.store_url, world.new_burst)
        farm = LocalFarm(world.studio.farm_file, world.clock)
        seams = Seams(
            clock=world.clock,
            sleep=world.pass_time,
            nonce=world.nonce,
            chance=self._chance.uniform,
            adapter=lambda: wire.Wire(self, world.adapter),
        )
        client = Client(Endpoint(wire.DOMAIN, scheme="http"), world.studio.credentials, seams)
        self._open = [store, farm, client]
        share_statements(store, farm)
        gateway = Gateway(
            FarmPort(farm, self),
            client,
            StorePort(store, self),
            world.studio.config,
            world.clock,
            f"{self.name}.{self.life}",
            open_engine=lambda *_: Files(self, *world.studio.storages),
        )
        self._gateway = gateway
        self._crew = Crew(gateway)
        self._decider = Decider(gateway) if world.case.shape["decider"] else None
        self.note(f"starts, life {self.life}")

    def run(self) -> float:
        """Do one step and return in how many seconds the next is due."""
        self.began_at = self.world.moment
        if self._crew is None:
            self.start()
        assert self._crew is not None
        self._is_running = True
        try:
            due = self._crew.step()
            if self._decider is not None and self._is_time_to_decide():
                self._decider.step()
            self._sweep()
        except Crash as crash:
            self.note("crashes")
            self.end()
            return crash.seconds
        except RenderbusError as error:
            # What a step cannot deal with ends the process; whoever runs it starts it again.
            self.note(f"ends: {type(error).__name__}")
            self.end()
            return _RESTART_SECONDS
        finally:
            self._is_running = False
        return self._pause(due)

    def _is_time_to_decide(self) -> bool:
        now = self.world.seconds
        if now - self._decided_at < _DECIDE_SECONDS:
            return False
        self._decided_at = now
        return True

    def _sweep(self) -> None:
        assert self._gateway is not None
        now, pause = self.world.seconds, self.world.studio.config.burst.sweep_seconds
        if now - self._swept_at < pause:
            return
        self._swept_at = now
        with contextlib.suppress(FarmError, StoreError):
            recover.free_left_behind(self._gateway)

    def _pause(self, due: datetime | None) -> float:
        """Look again when a burst is due, and for new ones every now and then."""
        if due is None:
            return _LOOK_SECONDS
        wait = (due - self.world.clock.now()).total_seconds()
        return max(0.0, min(wait, _LOOK_SECONDS))

    def restart(self) -> bool:
        """Stop the process as people stop services, and start it again at once; tell whether."""
        if self._crew is None or self._is_running:
            return False
        self.note("is stopped")
        with contextlib.suppress(Crash, RenderbusError):
            self._crew.detach()
        self.end()
        self.run()
        return True

    def end(self) -> None:
        """End a life without a word to anybody: what is not on disk is lost."""
        self.free_disk()
        for each in self._open:
            each.close()
        self._open = []
        self._crew = self._decider = self._gateway = None

    # What the ports ask.

    def passes(self, point: str) -> Fault | None:
        """Pass a point and return what goes wrong there."""
        fault = self.world.faults.at(self.name, point)
        if fault is not None:
            lasts = f", {fault.seconds:g} s" if fault.seconds else ""
            self.note(f"! {point} #{fault.nth}: {fault.kind}{lasts}")
        return fault

    def strike(self, fault: Fault | None, *, before: bool) -> None:
        """End or pause here when a fault says so."""
        if fault is None:
            return
        if fault.kind == ("crash before" if before else "crash after"):
            raise Crash(fault.seconds)
        if fault.kind == "pause" and before:
            self.world.pass_time(fault.seconds)
            self.note("goes on")

    def hinder_disk(self, effect: str) -> None:
        """Let a package find no room, where a fault says so."""
        if effect == "write_package" and self.passes("package"):
            self._blocked = True
            self.world.studio.block_packages()

    def free_disk(self) -> None:
        """Let there be room again."""
        if self._blocked:
            self._blocked = False
            self.world.studio.free_packages()

    def note(self, what: str) -> None:
        """Add a line to the trace."""
        self.world.trace.note(self.name, what)
