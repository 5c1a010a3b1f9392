"""Answers on real connections: late, in drips, cut off, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from renderbus_core.simulator.faults import Answer

_TRANSPORT = "renderbus.transport"
# Closing without waiting sends a reset; Windows has shorter numbers there.
_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Connection(H11Protocol):
    """An HTTP connection whose pages may take hold of the transport below it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and let every page know the transport."""
        super().connection_made(transport)
        pages = self.app

        async def knowing(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {_TRANSPORT: transport}
            await pages(scope, receive, send)

        self.app = knowing


class Delivery(Response):
    """An answer, with what befalls it on the way.

    Args:
        answer: what is sent, and how.
        ending: set when the server ends; then nothing is waited for any more.
    """

    def __init__(self, answer: Answer, ending: asyncio.Event) -> None:
        # Headers announce the whole body, of which less may be sent.
        super().__init__(answer.content, answer.status, media_type=answer.media_type)
        self._answer = answer
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await self._pause(self._answer.wait)
        transport: asyncio.Transport = scope["extensions"][_TRANSPORT]
        if self._answer.lost or self._ending.is_set():
            _reset(transport)
        else:
            await self._send(send)
            if self._answer.sent is None:
                return
            transport.close()
        # The end of a page that has not replied would be taken for a mistake.
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _send(self, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        for seconds, content in self._answer.pieces():
            await self._pause(seconds)
            await send({"type": "http.response.body", "body": content, "more_body": True})
        if self._answer.sent is None:
            await send({"type": "http.response.body"})

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._ending.wait()


def _reset(transport: asyncio.Transport) -> None:
    """Break a connection off so that the other side sees a reset, not an end."""
    if transport.is_closing():
        return
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()
