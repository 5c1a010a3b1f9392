"""A farm at the other end of a link: the Farm port, spoken to an agent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from renderbus_core.farm.calls import TIMEOUTS, AgentFarm
from renderbus_core.farm.link import Link
from renderbus_core.farm.protocol import (
    Hello,
    LinkDataError,
    LinkError,
    RemoteError,
    Result,
    Role,
    Unknown,
)
from renderbus_core.farm.translators import Translator
from renderbus_core.shim import renderbus_link as shim

HELLO_SECONDS = 60.0
"""How long an agent may take to start and say hello."""

_LISTEN_SECONDS = 3600.0

_log = logging.getLogger(__name__)


def connect(
    link: Link,
    on_stop: Callable[[str], None],
    *,
    ping_seconds: float = shim.PING_SECONDS,
    timeouts: Mapping[str, float] = TIMEOUTS,
) -> LinkFarm:
    """Say hello to the agent at the other end of a link and return its farm.

    Args:
        link: new; it is closed when this fails.
        on_stop: called once, on another thread, with the reason for which to begin nothing more:
            the agent wants us to stop, or it is gone.
        ping_seconds: how often this side gives a sign of life; 0 for never.
        timeouts: seconds within which each call is answered.

    Raises:
        LinkError: there is no agent, or none that can be talked to.
    """
    theirs = link.greet(Hello(Role.CORE, "", ping_seconds=ping_seconds), HELLO_SECONDS)
    if theirs.role is not Role.AGENT:
        link.close()
        raise LinkDataError(
            f"the other side of the link calls itself {theirs.role}, not agent; "
            "a core is started by a farm agent"
        )
    return LinkFarm(link, theirs, on_stop, timeouts)


class LinkFarm(AgentFarm):
    """A farm whose agent is at the other end of a link; made by `connect`.

    Args:
        link: after both sides said hello; closed with the farm.
        agent: the hello of the other side.
        on_stop: as for `connect`.
        timeouts: as for `connect`.
        translator: of jobs in the farm's own words.
    """

    def __init__(
        self,
        link: Link,
        agent: Hello,
        on_stop: Callable[[str], None],
        timeouts: Mapping[str, float] = TIMEOUTS,
        translator: Translator | None = None,
    ) -> None:
        super().__init__(agent, timeouts, translator)
        self._link = link
        self._on_stop = on_stop
        self._stop = ""
        self._closing = False
        self._listener = threading.Thread(target=self._listen, name="farm link", daemon=True)
        self._listener.start()

    @property
    def stop_requested(self) -> str:
        """Why nothing more is to be begun, in words; "" while there is no such reason."""
        return self._stop

    def close(self) -> None:
        """Let go of the farm: the agent sees the end of the link, and nothing else happens."""
        self._closing = True
        self._link.close()
        self._listener.join()

    def _call(
        self, method: str, params: Mapping[str, Any], deadline_seconds: float
    ) -> Result | Unknown:
        return self._link.call(method, params, deadline_seconds)

    # The listening thread.

    def _listen(self) -> None:
        while not self._closing:
            try:
                asked = self._link.receive(_LISTEN_SECONDS)
                if asked is not None:
                    self._serve(asked)
                elif self._link.closed and not self._closing:
                    self._request_stop("the farm agent is gone")
                    return
            except LinkError as error:
                _log.warning("farm: %s", error)

    def _serve(self, asked: shim.Request) -> None:
        if asked.method == shim.STOP:
            self._request_stop("the farm wants the bridge to stop")
        elif asked.id is not None:
            unknown = RemoteError(shim.UNKNOWN_METHOD, "the core serves nothing here")
            self._link.reply(asked.id, Result(error=unknown))

    def _request_stop(self, why: str) -> None:
        if not self._stop:
            self._stop = why
            _log.warning("farm: %s; what is under way is finished, nothing more begun", why)
            self._on_stop(why)
