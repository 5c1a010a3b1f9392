"""Time as a parameter: everything that waits or stamps asks a Clock, so tests can turn it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the core needs to know about time."""

    def now(self) -> datetime:
        """Return the wall time as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring durations."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the wall time as an aware UTC datetime."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to; shipped because users test against it too."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware datetime; add tzinfo=UTC")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it was advanced by so far."""
        return self._monotonic

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new time.

        Args:
            seconds: how far to move; not negative.
        """
        if seconds < 0:
            raise ValueError("a clock moves forward only")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        return self._now
