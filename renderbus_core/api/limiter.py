"""A limit on requests per second: a token bucket that books, and the wait around it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from renderbus_core.clock import Clock


@dataclass(slots=True)
class TokenBucket:
    """Books moments so that no window of t seconds holds more than `burst + rate * t` of them.

    Moments are booked in the order they are asked for, so nobody waits for ever.

    Args:
        rate: per second, above 0.
        burst: how many may share a moment after a rest, at least 1.
    """

    rate: float
    burst: int
    _full_at: float = float("-inf")

    def book(self, now: float) -> float:
        """Book the next free moment and return how many seconds away it is.

        Args:
            now: seconds of a clock that never runs backwards.
        """
        # The bucket as the moment when it is full again: each booking moves it on by one token.
        earliest = self._full_at - (self.burst - 1) / self.rate
        moment = max(now, earliest)
        self._full_at = max(self._full_at, moment) + 1 / self.rate
        return moment - now


class Limiter:
    """Makes threads wait so that together they keep to a rate.

    Args:
        bucket: books the moments.
        clock: tells the time.
        sleep: how to wait.
    """

    def __init__(self, bucket: TokenBucket, clock: Clock, sleep: Callable[[float], None]) -> None:
        self._bucket = bucket
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more request may be sent."""
        with self._lock:
            seconds = self._bucket.book(self._clock.monotonic())
        if seconds > 0:
            self._sleep(seconds)
