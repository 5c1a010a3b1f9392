"""The simulated cloud inside the process: a transport for `requests` without a socket."""

from __future__ import annotations

import errno
import io
import os
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from renderbus_core.clock import Clock
from renderbus_core.simulator.cloud import SimulatedCloud
from renderbus_core.simulator.faults import Answer
from renderbus_core.simulator.life import RenderFrame
from renderbus_core.simulator.protocol import Request
from renderbus_core.simulator.renderers import RenderError

Render = Callable[[RenderFrame], Mapping[str, int]]


def no_pictures(event: RenderFrame) -> Mapping[str, int]:
    """Report that a frame entry is done without making anything."""
    del event
    return {}


class SimulatorAdapter(HTTPAdapter):
    """Carries requests to a cloud in memory; usable as `api.Seams(adapter=...)`.

    Before each request the cloud's time is brought up to the clock, moment by moment, so that a
    clock may jump by hours and nothing is out of order.

    What the cloud's faults do to a connection becomes what `requests` would raise.

    Args:
        cloud: answers.
        clock: the server's time, which need not be the caller's.
        render: makes the pictures of a frame entry and returns their sizes by name below the
            task's folder; a `RenderError` of it fails the entry.
        sleep: how to wait for a slow answer; a turned clock passes its `advance`.
    """

    def __init__(
        self,
        cloud: SimulatedCloud,
        clock: Clock,
        render: Render = no_pictures,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__()
        self._cloud = cloud
        self._clock = clock
        self._render = render
        self._sleep = sleep
        self._lock = threading.Lock()

    def catch_up(self) -> None:
        """Let everything happen that happens by itself until now."""
        now = self._clock.now()
        while (due := self._cloud.next_change()) is not None and due <= now:
            for event in self._cloud.advance(due):
                if isinstance(event, RenderFrame):
                    self._paint(event)

    def _paint(self, event: RenderFrame) -> None:
        try:
            self._cloud.rendered(event.frame_id, self._render(event), event.at)
        except RenderError as why:
            self._cloud.render_failed(event.frame_id, str(why), event.at)

    def send(  # noqa: PLR0917 - the signature is that of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: object = True,
        cert: object = None,
        proxies: object = None,
    ) -> requests.Response:
        """Answer a request as the cloud and its faults want it."""
        del stream, verify, cert, proxies
        address = urlsplit(request.url or "")
        body = request.body or b""
        asked = Request(
            domain=address.netloc,
            path=address.path,
            headers=request.headers,
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        with self._lock:
            self.catch_up()
            answer = self._cloud.receive(asked, self._clock.now())
        self._travel(answer, _patience(timeout), request)
        return self.build_response(request, _raw(answer))

    def _travel(
        self, answer: Answer, patience: float | None, request: requests.PreparedRequest
    ) -> None:
        """Let an answer take its time, or fail as its connection would."""
        self._wait(answer.wait, patience, requests.ReadTimeout, request)
        if answer.lost:
            cause = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            raise requests.ConnectionError(
                ProtocolError("Connection aborted.", cause), request=request
            )
        for seconds, _ in answer.pieces():
            self._wait(seconds, patience, requests.ConnectionError, request)

    def _wait(
        self,
        seconds: float,
        patience: float | None,
        impatience: type[requests.RequestException],
        request: requests.PreparedRequest,
    ) -> None:
        if patience is not None and seconds > patience:
            self._sleep(patience)
            why = ReadTimeoutError(None, request.url, "Read timed out.")  # type: ignore[arg-type]
            raise impatience(why, request=request)
        if seconds:
            self._sleep(seconds)


def _patience(timeout: object) -> float | None:
    """Return how many seconds a caller waits for the next byte; None is for ever."""
    read = timeout[1] if isinstance(timeout, tuple) else timeout
    return float(read) if isinstance(read, int | float) else None


def _raw(answer: Answer) -> HTTPResponse:
    content = b"".join(piece for _, piece in answer.pieces())
    headers = {"Content-Type": answer.media_type, "Content-Length": str(len(answer.content))}
    return HTTPResponse(
        body=io.BytesIO(content), status=answer.status, headers=headers, preload_content=False
    )
