"""The link between core and farm agent: JSON-RPC 2.0, one object per line, over two pipes.

Either side calls (`Link.call` waits for the result, `Link.tell` for nothing) and serves what the
other side calls (`Link.receive`, `Link.reply`). A thread reads and a thread writes, so that
neither side ever waits for the other to read before it can go on; farm calls stay on the thread
that asks for them.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, Self

from renderbus_core.clock import Clock
from renderbus_core.farm.protocol import (
    HELLO,
    Hello,
    Lines,
    LinkClosedError,
    LinkDataError,
    LinkError,
    RemoteError,
    Request,
    Result,
    Role,
    Unknown,
    decode,
    encode,
    fault,
)

_BLOCK = 1 << 16
_MAX_WAITING = 256

_log = logging.getLogger(__name__)


class Link:
    """One side of a link; safe to use from several threads.

    Args:
        reader: pipe that the peer writes; the link's own from here on, nothing read from it yet.
        writer: pipe that the peer reads; the link's own from here on. Standard output stays open
            when it is closed, so that the peer sees no end: give a duplicate of its descriptor.
        clock: measures deadlines.
    """

    def __init__(self, reader: BinaryIO, writer: BinaryIO, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._inbox: deque[Request | LinkError] = deque()
        self._waiting: dict[int | str, Future[Result | Unknown]] = {}
        self._gone = ""
        self._at_end = False
        self._closing = False
        # A line and when it is no longer wanted; None ends the writing.
        self._outbox: queue.Queue[tuple[bytes, float | None] | None] = queue.Queue(_MAX_WAITING)
        self._threads = tuple(
            threading.Thread(target=work, args=(pipe,), name=f"link {work.__name__}", daemon=True)
            for work, pipe in ((self._read, reader), (self._write, writer))
        )
        for thread in self._threads:
            thread.start()

    @property
    def closed(self) -> bool:
        """Whether the peer is gone, or this side was closed."""
        return bool(self._gone)

    def greet(self, mine: Hello, deadline_seconds: float) -> Hello:
        """Say hello and return the peer's; the first thing to do.

        Raises:
            LinkVersionError: the peer speaks another major version.
            LinkDataError: the peer's first line is something else.
            LinkClosedError: the peer is gone.
            LinkError: the peer says nothing in time.
        """
        # A peer that hung up may have said before why: its line is read in any case.
        with suppress(LinkClosedError):
            self.tell(
                HELLO,
                {
                    "protocol": mine.protocol,
                    "role": mine.role,
                    "farm": mine.farm,
                    "capabilities": sorted(mine.capabilities),
                },
            )
        first = self.receive(deadline_seconds)
        if first is None:
            self._check_open()
            raise LinkError(
                f"the other side of the link did not say hello within {deadline_seconds:g} s; "
                "see its log"
            )
        if first.method != HELLO:
            raise LinkDataError(
                f"the first line of the link calls {first.method!r} where hello is due; "
                "install the same version on both sides"
            )
        theirs = first.params
        return Hello(
            role=Role(theirs["role"]),
            farm=theirs["farm"],
            capabilities=frozenset(theirs["capabilities"]),
            protocol=theirs["protocol"],
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
        if deadline_seconds <= 0:
            return Unknown(f"{method} had no time left and was not sent")
        number = next(self._numbers)
        line = encode(
            id=number, method=method, params=dict(params), deadline_seconds=deadline_seconds
        )
        expires_at = self._clock.monotonic() + deadline_seconds
        answer: Future[Result | Unknown] = Future()
        with self._changed:
            if self._gone:
                return Unknown(self._gone)
            self._waiting[number] = answer
        try:
            self._outbox.put((line, expires_at), timeout=deadline_seconds)
            return answer.result(max(0.0, expires_at - self._clock.monotonic()))
        except (queue.Full, TimeoutError):
            return Unknown(f"{method} was not answered within {deadline_seconds:g} s")
        finally:
            with self._changed:
                self._waiting.pop(number, None)

    def tell(self, method: str, params: Mapping[str, Any]) -> None:
        """Let the peer know something; it does not answer.

        Waits while the peer has many lines to read.

        Raises:
            LinkDataError: it cannot be written.
            LinkClosedError: the peer is gone.
        """
        self._post(encode(method=method, params=dict(params)))

    def receive(self, timeout_seconds: float) -> Request | None:
        """Return what the peer asks next, None when there is nothing in time or ever again.

        Requests whose deadline has passed are left out. When many lines wait, a notification makes
        way when there is a newer one of the same method; requests never do.

        Raises:
            LinkError: a line that came at this place did not follow the protocol; said once.
        """
        until = self._clock.monotonic() + timeout_seconds
        with self._changed:
            while True:
                while self._inbox:
                    item = self._inbox.popleft()
                    self._changed.notify_all()
                    if isinstance(item, LinkError):
                        raise item
                    if item.expires_at is None or self._clock.monotonic() < item.expires_at:
                        return item
                    _log.warning("link: %s came too late and is not done", item.method)
                left = until - self._clock.monotonic()
                if self._at_end or left <= 0:
                    return None
                self._changed.wait(left)

    def reply(self, id: int | str, result: Result) -> None:  # noqa: A002 - the protocol's word
        """Answer a request.

        Raises:
            LinkDataError: the answer cannot be written.
            LinkClosedError: the peer is gone.
        """
        if result.error is None:
            self._post(encode(id=id, result=result.value))
            return
        error = {"code": result.error.code, "message": result.error.message}
        if result.error.data is not None:
            error["data"] = result.error.data
        self._post(encode(id=id, error=error))

    def close(self, deadline_seconds: float = 5.0) -> None:
        """Send what is still to be sent, hang up, and wait for the peer to do the same.

        Args:
            deadline_seconds: how long to wait before leaving the rest to the end of the process.
        """
        until = self._clock.monotonic() + deadline_seconds
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        try:
            self._outbox.put(None, timeout=deadline_seconds)
        except queue.Full:
            _log.warning("link: the peer does not read; what was to be sent is lost")
        reading, writing = self._threads
        writing.join(max(0.0, until - self._clock.monotonic()))
        self._hang_up("the link was closed")
        reading.join(max(0.0, until - self._clock.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._gone:
            raise LinkClosedError(
                f"the link is closed: {self._gone}; see the log of the other side"
            )

    def _post(self, line: bytes) -> None:
        self._check_open()
        self._outbox.put((line, None))

    def _hang_up(self, why: str) -> None:
        """Remember that the peer is gone, and answer everybody who waits for it."""
        with self._changed:
            self._gone = self._gone or why
            for answer in self._waiting.values():
                answer.set_result(Unknown(why))
            self._waiting.clear()
            self._changed.notify_all()

    # The writing thread.

    def _write(self, writer: BinaryIO) -> None:
        with writer:
            while (item := self._outbox.get()) is not None:
                line, expires_at = item
                late = expires_at is not None and self._clock.monotonic() >= expires_at
                # After the peer is gone lines are only taken off, so that nobody waits for room.
                if late or self._gone:
                    continue
                try:
                    _write_all(writer, line)
                except OSError as error:
                    self._hang_up(f"the peer no longer reads ({error.strerror})")

    # The reading thread.

    def _read(self, reader: BinaryIO) -> None:
        lines = Lines()
        why = "the peer has hung up"
        with reader:
            try:
                # Below the file's own buffer, whose lock would be held while waiting: a thread
                # that sits in it on standard input breaks the interpreter's way out.
                while block := os.read(reader.fileno(), _BLOCK):
                    for line in lines.feed(block):
                        self._accept(line)
            except OSError as error:
                why = f"the peer cannot be read ({error.strerror})"
        if lines.pending:
            _log.warning("link: dropped a last line that breaks off after %d bytes", lines.pending)
        self._hang_up(why)
        with self._changed:
            self._at_end = True
            self._changed.notify_all()
        # Who has hung up waits for this side to do the same.
        self._outbox.put(None)

    def _accept(self, line: bytes | None) -> None:
        try:
            message = decode(line)
        except LinkError as error:
            self._offer(error)
            return
        if "method" in message:
            self._accept_call(message)
        else:
            self._accept_answer(message)

    def _accept_call(self, message: Mapping[str, Any]) -> None:
        wrong = fault(message)
        if wrong is not None:
            self._offer(wrong)
            return
        left = message.get("deadline_seconds")
        self._offer(
            Request(
                id=message.get("id"),
                method=message["method"],
                params=message.get("params", {}),
                expires_at=None if left is None else self._clock.monotonic() + left,
            )
        )

    def _accept_answer(self, message: Mapping[str, Any]) -> None:
        wrong, number = fault(message), message.get("id")
        with self._changed:
            answer = self._waiting.pop(number, None) if isinstance(number, int | str) else None
        if answer is not None and wrong is not None:
            answer.set_exception(wrong)
        elif answer is not None:
            answer.set_result(_result(message))
        elif wrong is not None:
            self._offer(wrong)
        elif number is None:
            said = message["error"]["message"]
            self._offer(LinkDataError(f"the other side of the link could not read a line: {said}"))
        else:
            _log.info("link: an answer came after its deadline and is dropped")

    def _offer(self, item: Request | LinkError) -> None:
        """Put something into the inbox; wait while it is full and somebody may still read it."""
        with self._changed:
            while len(self._inbox) >= _MAX_WAITING and not self._make_way(item):
                if self._closing:
                    return
                self._changed.wait()
            self._inbox.append(item)
            self._changed.notify_all()

    def _make_way(self, item: Request | LinkError) -> bool:
        """Drop the oldest that something newer stands for; tell whether there was such."""
        topics = [_topic(one) for one in (*self._inbox, item)]
        count = Counter(topics)
        for index, topic in enumerate(topics[:-1]):
            if topic is not None and count[topic] > 1:
                del self._inbox[index]
                return True
        return False


def _result(message: Mapping[str, Any]) -> Result:
    if "error" not in message:
        return Result(value=message["result"])
    error = message["error"]
    return Result(error=RemoteError(error["code"], error["message"], error.get("data")))


def _topic(item: Request | LinkError) -> str | type[LinkError] | None:
    """Return what the newest of several suffices for; None for a request, each of which counts."""
    if isinstance(item, LinkError):
        return type(item)
    return item.method if item.id is None else None


def _write_all(writer: BinaryIO, line: bytes) -> None:
    # Below the file's own buffer, for the reason given where the other pipe is read.
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(writer.fileno(), rest) :]
