"""The core's side of the link: the pipe of `renderbus_link`, in values and errors of the core.

Either side calls (`Link.call` waits for the result, `Link.tell` for nothing) and serves what the
other side calls (`Link.receive`, `Link.reply`). What comes is judged with `schemas/link.json`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, Self

from renderbus_core.farm.protocol import (
    Hello,
    LinkDataError,
    RemoteError,
    Result,
    Role,
    Unknown,
    fault,
    our_errors,
)
from renderbus_core.shim import renderbus_link as shim

_log = logging.getLogger(__name__)


class Link:
    """One side of a link; safe to use from several threads.

    Args:
        reader: pipe that the peer writes; the link's own from here on, nothing read from it yet.
        writer: pipe that the peer reads; the link's own from here on. Standard output stays open
            when it is closed, so that the peer sees no end: give a duplicate of its descriptor.
    """

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._pipe = shim.Pipe(reader, writer, _log.warning, fault)

    @property
    def closed(self) -> bool:
        """Whether the peer is gone, or this side was closed."""
        return bool(self._pipe.gone)

    def greet(self, mine: Hello, deadline_seconds: float) -> Hello:
        """Say hello and return the peer's; the first thing to do.

        From then on this side pings as often as its hello promises, and a peer that misses three
        pings of its own promise is gone. When this fails, the link is closed.

        Raises:
            LinkVersionError: the peer speaks another major version.
            LinkDataError: the peer's first line is something else.
            LinkClosedError: the peer is gone.
            LinkError: the peer says nothing in time.
        """
        said = {
            "role": mine.role,
            "farm": mine.farm,
            "capabilities": sorted(mine.capabilities),
            "ping_seconds": mine.ping_seconds,
        }
        with our_errors():
            theirs = self._pipe.exchange(said, deadline_seconds)
        return Hello(
            role=Role(theirs["role"]),
            farm=theirs["farm"],
            capabilities=frozenset(theirs["capabilities"]),
            protocol=theirs["protocol"],
            ping_seconds=theirs.get("ping_seconds", 0.0),
        )

    def call(
        self, method: str, params: Mapping[str, Any], deadline_seconds: float
    ) -> Result | Unknown:
        """Ask the peer for something and wait for its answer.

        Args:
            method: what is to be done.
            params: with what; JSON values.
            deadline_seconds: how long to wait; the peer does not start it later.

        Raises:
            LinkDataError: the request cannot be written, or its answer is malformed.
        """
        try:
            answer = self._pipe.ask(method, params, deadline_seconds)
        except shim.NoAnswerError as error:
            return Unknown(str(error))
        except shim.DataError as error:
            raise LinkDataError(str(error)) from error
        if "error" not in answer:
            return Result(value=answer["result"])
        said = answer["error"]
        return Result(error=RemoteError(said["code"], said["message"], said.get("data")))

    def tell(self, method: str, params: Mapping[str, Any]) -> None:
        """Let the peer know something; it does not answer.

        While the peer has many lines to read, an older one of the same method makes way.

        Raises:
            LinkDataError: it cannot be written.
            LinkClosedError: the peer is gone.
        """
        with our_errors():
            self._pipe.tell(method, params)

    def receive(self, timeout_seconds: float) -> shim.Request | None:
        """Return what the peer asks next, None when there is nothing in time or ever again.

        Requests whose deadline has passed are left out. When many lines wait, a notification makes
        way when there is a newer one of the same method; requests never do.

        Raises:
            LinkError: a line that came at this place did not follow the protocol; said once.
        """
        with our_errors():
            return self._pipe.receive(timeout_seconds)

    def reply(self, id: int | str, result: Result) -> None:  # noqa: A002 - the protocol's word
        """Answer a request.

        Raises:
            LinkDataError: the answer cannot be written.
            LinkClosedError: the peer is gone.
        """
        answer: dict[str, Any] = {"result": result.value}
        if result.error is not None:
            answer = {"error": {"code": result.error.code, "message": result.error.message}}
            if result.error.data is not None:
                answer["error"]["data"] = result.error.data
        with our_errors():
            self._pipe.reply(id, **answer)

    def close(self, deadline_seconds: float = 5.0) -> None:
        """Send what is still to be sent, hang up, and wait for the peer to do the same.

        Args:
            deadline_seconds: how long to wait before leaving the rest to the end of the process.
        """
        self._pipe.close(deadline_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
