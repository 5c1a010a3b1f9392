"""Times: one for the world, one that the gateways' host believes."""

from __future__ import annotations

from datetime import datetime, timedelta

from renderbus_core.clock import ManualClock


class HostClock:
    """The clock of the gateways' host: it may be wrong, and may be put right in either direction.

    Args:
        world: the true time.
    """

    # Two settings in a row may differ by twice this, which stays well below the settle time.
    LARGEST_ERROR = 10.0

    def __init__(self, world: ManualClock) -> None:
        self._world = world
        self._error = timedelta()

    def now(self) -> datetime:
        return self._world.now() + self._error

    def monotonic(self) -> float:
        return self._world.monotonic()

    def set_wrong(self, seconds: float) -> None:
        """Let it be ahead (or behind, below 0) from now on, within its bounds."""
        bound = self.LARGEST_ERROR
        self._error = timedelta(seconds=max(-bound, min(bound, seconds)))
