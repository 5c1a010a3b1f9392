"""A farm whose agent's handlers run in this process: what has an interface over the network."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from renderbus_core.errors import FarmError
from renderbus_core.farm.calls import TIMEOUTS, AgentFarm
from renderbus_core.farm.protocol import Hello, RemoteError, Result, Unknown
from renderbus_core.shim import renderbus_link as shim

_log = logging.getLogger(__name__)


class DirectFarm(AgentFarm):
    """Calls an agent's handlers one at a time, as an agent does that serves a link.

    Args:
        agent: what it says of itself.
        handlers: what carries out each method, as for `Agent.serve` of the shim; a `FarmError` of
            theirs leaves open what was done.
        during: entered for each call, with its method and the seconds that it may take.
        on_close: called once, when the farm is let go.
        timeouts: seconds within which each call is answered.
    """

    def __init__(
        self,
        agent: Hello,
        handlers: Mapping[str, shim.Handler],
        during: Callable[[str, float], AbstractContextManager[object]],
        on_close: Callable[[], object],
        timeouts: Mapping[str, float] = TIMEOUTS,
    ) -> None:
        super().__init__(agent, timeouts)
        self._handlers = handlers
        self._during = during
        self._on_close = on_close
        self._busy = threading.Lock()

    def close(self) -> None:
        """Let go of the farm once no call is under way; nothing happens to it."""
        with self._busy:
            self._on_close()

    def _call(
        self, method: str, params: Mapping[str, Any], deadline_seconds: float
    ) -> Result | Unknown:
        until = time.monotonic() + deadline_seconds
        if not self._busy.acquire(timeout=deadline_seconds):
            return Unknown(f"other calls took so long that {method} was not begun")
        try:
            with self._during(method, until - time.monotonic()):
                return Result(_whole(self._handlers[method](dict(params))))
        except shim.RefusedError as error:
            return Result(error=RemoteError(shim.REFUSED, str(error)))
        except FarmError as error:
            return Unknown(str(error))
        except Exception as error:  # noqa: BLE001 - as an agent's: what was done nobody knows
            _log.exception("farm: %s ended with an error", method)
            return Unknown(f"{method} ended with {type(error).__name__}: {error}")
        finally:
            self._busy.release()


def _whole(result: Any) -> Any:
    """Return a result with its lists complete: nothing is cut into lines here."""
    if not isinstance(result, shim.Pages):
        return result
    return {**result.head, **{name: list(rows) for name, rows in result.lists.items()}}
