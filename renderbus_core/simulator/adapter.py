"""The simulated cloud inside the process: a transport for `requests` without a socket."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from renderbus_core.clock import Clock
from renderbus_core.simulator.cloud import SimulatedCloud
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

    Args:
        cloud: answers.
        clock: the server's time, which need not be the caller's.
        render: makes the pictures of a frame entry and returns their sizes by name below the
            task's folder; a `RenderError` of it fails the entry.
    """

    def __init__(self, cloud: SimulatedCloud, clock: Clock, render: Render = no_pictures) -> None:
        super().__init__()
        self._cloud = cloud
        self._clock = clock
        self._render = render
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
        """Answer a request at once."""
        del stream, timeout, verify, cert, proxies
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
            reply = self._cloud.handle(asked, self._clock.now())
        raw = HTTPResponse(
            body=io.BytesIO(reply.body),
            status=reply.status,
            headers={"Content-Type": "application/json"},
            preload_content=False,
        )
        return self.build_response(request, raw)
