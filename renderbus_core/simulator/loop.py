"""Running the simulator's pages under uvicorn, from the first request to a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from renderbus_core.simulator.delivery import Connection
from renderbus_core.simulator.driver import Driver
from renderbus_core.simulator.pages import Pages

# Clients reuse connections; one that is dropped at the wrong moment costs them a reply.
_KEEP_ALIVE_SECONDS = 600
_GRACE_SECONDS = 2
_STDIN = 0
_BLOCK = 1 << 12


def run(
    pages: Pages,
    driver: Driver,
    listener: socket.socket,
    on_ready: Callable[[], None],
    *,
    exit_with_stdin: bool,
) -> None:
    """Serve until SIGTERM, SIGINT, or the end of standard input when asked.

    Args:
        pages: what is answered.
        driver: lets time pass meanwhile; ended with the server.
        listener: bound to its address.
        on_ready: called once requests are answered.
        exit_with_stdin: as for `server.serve`.
    """
    config = uvicorn.Config(
        pages.application(),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, on_ready, pages.ending)
    with _ending_on_signals(server), driver:
        if exit_with_stdin:
            threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
        asyncio.run(_serve(server, driver, listener))
    if server.untold:
        raise server.untold


async def _serve(server: uvicorn.Server, driver: Driver, listener: socket.socket) -> None:
    # Whichever of the two ends first, even by a mistake of ours, ends the other.
    async with asyncio.TaskGroup() as group:
        driving = group.create_task(driver.run())
        await server.serve(sockets=[listener])
        driving.cancel()


class _Server(uvicorn.Server):
    """A server that tells when it is ready and when it ends, and leaves signals to us.

    Args:
        config: uvicorn's.
        on_ready: called once requests are answered.
        ending: set as soon as no new request is taken.

    After the end, `untold` is why nobody could be told that it was ready, or None.
    """

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], ending: asyncio.Event
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._ending = ending
        self.untold: OSError | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        try:
            self._on_ready()
        except OSError as error:
            # Raised here it would reach the caller inside a group of exceptions.
            self.untold = error
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody wait any more."""
        self._ending.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again after a clean end."""
        yield


@contextlib.contextmanager
def _ending_on_signals(server: uvicorn.Server) -> Iterator[None]:
    """End the server on SIGTERM and SIGINT; only the main thread can hear them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_stdin(server: uvicorn.Server) -> None:
    # Not through sys.stdin: a thread that waits inside it would break the interpreter's own end.
    with contextlib.suppress(OSError):
        while os.read(_STDIN, _BLOCK):
            pass
    server.should_exit = True
