"""The one door for side effects: intent first, then the effect, then its result.

Nothing outside this module may change a farm, the cloud, a storage or a disk on behalf of a
burst. A crash between any two lines leaves either no trace, or an intent that the next runner
finds; every effect may be carried out again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from renderbus_core.burst.leases import Lease
from renderbus_core.burst.store import BurstStore, Effect
from renderbus_core.clock import Clock
from renderbus_core.errors import RenderbusError

T = TypeVar("T")
DONE = "done"


class Effects:
    """Side effects of one burst under one lease.

    Args:
        store: where intents are kept.
        lease: under which the runner acts.
        ttl: seconds a renewed lease lasts.
        clock: time.
    """

    def __init__(self, store: BurstStore, lease: Lease, ttl: float, clock: Clock) -> None:
        self._store = store
        self._ttl = ttl
        self._clock = clock
        self.lease = lease

    def perform(self, name: str, fn: Callable[[], T], **details: object) -> T:
        """Carry out one side effect.

        Args:
            name: of the effect, stable: crash tests and the log use it.
            fn: does it; safe to repeat.
            details: what it is about, JSON values.

        Raises:
            LeaseLostError: another runner has taken over; nothing was done.
            RenderbusError: from `fn`; it is recorded as the result.
        """
        self.keep_lease()
        intent = self._store.intent(self.lease, Effect(name, details), self._clock.now())
        try:
            result = fn()
        except RenderbusError as error:
            self._store.settle(self.lease, intent, str(error), self._clock.now())
            raise
        self._store.settle(self.lease, intent, DONE, self._clock.now())
        return result

    def keep_lease(self) -> None:
        """Renew the lease when less than half of it is left; long effects call this as they go."""
        now = self._clock.now()
        if self.lease.expires_at - now < timedelta(seconds=self._ttl / 2):
            self.lease = self._store.renew(self.lease, self._ttl, now)
