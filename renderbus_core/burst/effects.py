"""The one door for side effects: intent first, then the effect, then its result.

Nothing outside this module may change a farm, the cloud, a storage or a disk on behalf of a
burst. A crash between any two lines leaves either no trace, or an intent that the next runner
finds; every effect may be carried out again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from renderbus_core.burst.leases import Lease
from renderbus_core.burst.store import BurstStore, Effect
from renderbus_core.clock import Clock
from renderbus_core.errors import RenderbusError

T = TypeVar("T")


class EndingError(RenderbusError):
    """This process was asked to end: it begins nothing more."""


DONE = "done"


class Moment(StrEnum):
    """Where in an effect a process may die."""

    INTENDED = "intended"
    DONE = "done"
    SETTLED = "settled"


class Switch:
    """Tells all bursts of a process whether anything new may begin, and watches what does.

    The process that is asked to end finishes the effect in hand and starts none. Tests override
    `passing` to die, or to fail, at a place.
    """

    def __init__(self) -> None:
        self._off = threading.Event()

    @property
    def is_off(self) -> bool:
        """Whether nothing new may begin."""
        return self._off.is_set()

    def turn_off(self) -> None:
        """Let nothing new begin from now on."""
        self._off.set()

    def passing(self, effect: str, moment: Moment) -> None:
        """Hear that an effect has come to a place.

        Args:
            effect: its name.
            moment: the place.
        """


class Effects:
    """Side effects of one burst under one lease.

    Args:
        store: where intents are kept.
        lease: under which the runner acts.
        ttl: seconds a renewed lease lasts.
        clock: time.
        switch: of the process.
    """

    def __init__(
        self, store: BurstStore, lease: Lease, ttl: float, clock: Clock, switch: Switch
    ) -> None:
        self._store = store
        self._ttl = ttl
        self._clock = clock
        self._switch = switch
        self.lease = lease

    def perform(self, name: str, fn: Callable[[], T], **details: object) -> T:
        """Carry out one side effect.

        Args:
            name: of the effect, stable: crash tests and the log use it.
            fn: does it; safe to repeat.
            details: what it is about, JSON values.

        Raises:
            LeaseLostError: another runner has taken over; nothing was done.
            EndingError: this process was asked to end; nothing was done.
            RenderbusError: from `fn`; it is recorded as the result.
        """
        if self._switch.is_off:
            raise EndingError(f"this process was asked to end, so {name} is left to the next one")
        self.keep_lease()
        intent = self._store.intent(self.lease, Effect(name, details), self._clock.now())
        self._switch.passing(name, Moment.INTENDED)
        try:
            result = fn()
        except RenderbusError as error:
            self._store.settle(self.lease, intent, str(error), self._clock.now())
            raise
        self._switch.passing(name, Moment.DONE)
        self._store.settle(self.lease, intent, DONE, self._clock.now())
        self._switch.passing(name, Moment.SETTLED)
        return result

    def keep_lease(self) -> None:
        """Renew the lease when less than half of it is left; long effects call this as they go."""
        now = self._clock.now()
        if self.lease.expires_at - now < timedelta(seconds=self._ttl / 2):
            self.lease = self._store.renew(self.lease, self._ttl, now)
