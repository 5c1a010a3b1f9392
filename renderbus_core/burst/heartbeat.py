"""Signs of life of this process, so that somebody notices when nobody carries bursts any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from renderbus_core import __version__
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.store import Presence

# A process that has been silent for so long is not even shown any more.
_FORGOTTEN = timedelta(days=7)


class Heartbeat:
    """Gives signs of life of one gateway.

    Args:
        gateway: whose.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._started_at = self._due = gateway.clock.now()

    def step(self) -> datetime:
        """Give a sign when it is due, and say when the next one is, UTC."""
        gateway, now = self._gateway, self._gateway.clock.now()
        if self._due <= now:
            self._due = now + timedelta(seconds=gateway.config.gateway.heartbeat_seconds)
            farm = gateway.config.farm.kind
            sign = Presence(
                gateway.owner,
                farm,
                __version__,
                len(gateway.store.live(farm)),
                self._started_at,
                now,
            )
            gateway.store.beat(sign, now - _FORGOTTEN)
        return self._due

    def leave(self) -> None:
        """Say that this process has ended in good order."""
        self._gateway.store.leave(self._gateway.owner)
