"""The link between a farm agent and the core: one file, standard library only, Python 3.6 and up.

It is copied beside the agent, into interpreters that have nothing else of ours; the core uses the
same `Pipe` and judges what comes with schemas besides. `docs/farm-link.md` is the protocol.

An agent starts the core, or is started by it, and serves on the farm's own thread::

    core = Core(["renderbus", "serve", "--farm", "link"], log)
    core.agent.greet("deadline", ["annotate", "complete", "fail"], 60)
    core.agent.serve({"snapshot": snapshot, "claim": claim, ...}, stopping)
    core.detach(60)
"""

# ruff: noqa: FA100 - Python 3.6 cannot put annotations off.

import collections
import concurrent.futures
import itertools
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
import traceback
from types import MappingProxyType
from typing import (
    IO,
    Any,
    Callable,
    Deque,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
    Union,
    cast,
)

PROTOCOL = "1.0"
"""Version of the protocol spoken here; a peer of the same major version is understood."""

MAX_LINE = 1 << 20
"""Most bytes of a line, its line feed included."""

MOST_FRAMES = 1000000
"""Most frames of a list, as the core takes of one job: who submits one may write anything."""

PING_SECONDS = 10.0
"""How often a side gives a sign of life unless told otherwise."""

EXIT_VERSION = 76
"""Exit code of a process whose peer speaks another major version (EX_PROTOCOL of sysexits.h)."""

HELLO, PING, STOP, PAGE = "hello", "ping", "stop", "page"
"""Methods of the link itself; all others are the farm's."""

PARSE_ERROR, UNKNOWN_METHOD, BAD_PARAMS, INTERNAL_ERROR = -32700, -32601, -32602, -32603
REFUSED = -32000
"""Codes of errors. After `INTERNAL_ERROR` it is not known what was done; after all others it is
certain that nothing was."""

REQUIRED = MappingProxyType(
    {
        "job": ("id",),
        "tasks": ("ids",),
        "claim": ("claim", "tasks"),
        "complete": ("claim", "tasks"),
        "fail": ("claim", "tasks", "why"),
        "release": ("claim", "tasks", "why"),
        "annotate": ("claim", "facts"),
        "annotations": ("job",),
        "show": ("claim", "tasks"),
        "acknowledge": ("ids",),
        PAGE: ("token",),
    }
)
"""What must be among the params of each method."""

_BLOCK = 1 << 16
_MAX_WAITING = 256
_MISSED_PINGS = 3
_PAGE_BYTES = MAX_LINE // 2
_LISTS_KEPT = 8
_POLL_SECONDS = 0.5
_GOODBYE_SECONDS = 1.0
_LAST_WORDS = 8192
_MAX_SENTENCE = 1000
_FRAMES = re.compile(r"\s*(-?\d{1,9})(?:-(-?\d{1,9})(?:x(\d{1,9}))?)?\s*")
# The farm's interpreter may point these at libraries of its own.
_DROPPED = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"})
_ADDED = MappingProxyType({"PYTHONUTF8": "1"})

Message = Dict[str, Any]
Handler = Callable[[Message], Any]
Log = Callable[[str], None]
T = TypeVar("T")


class LinkError(Exception):
    """The peer cannot be talked to; one sentence."""


class GoneError(LinkError):
    """The peer is gone."""


class VersionError(LinkError):
    """The peer speaks another major version of the protocol."""


class DataError(LinkError):
    """A line does not follow the protocol; the link goes on."""


class NoAnswerError(LinkError):
    """No answer: what was asked may have been done or not, or may still be."""


class RemoteError(LinkError):
    """The peer could not do what was asked.

    Args:
        code: as in JSON-RPC.
        message: one sentence.
    """

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class RefusedError(Exception):
    """Raised by a handler: certainly nothing was done, for the reason given in one sentence."""


class UnansweredError(Exception):
    """Raised by a handler: the manager does not answer, and nothing is known; one sentence."""


class Request(NamedTuple):
    """What the peer asks: a request, or with no id a notification, which nobody answers."""

    id: Union[int, str, None]
    method: str
    params: Message
    expires_at: float


class Pages(NamedTuple):
    """A result with lists that may be long; it travels in several lines.

    Args:
        head: the other members.
        lists: rows by the name of their member.
    """

    head: Mapping[str, Any]
    lists: Mapping[str, Iterable[Any]]


class Lines:
    """Cuts what comes out of a pipe into lines, in bounded memory."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def pending(self) -> int:
        """Bytes of a line whose end has not come yet."""
        return len(self._rest)

    def feed(self, block: bytes) -> Iterator[Optional[bytes]]:
        """Yield the lines that a block ends, None for one that is too long."""
        *ends, rest = block.split(b"\n")
        for end in ends:
            line, self._rest = self._rest + end, b""
            yield line if len(line) < MAX_LINE else None
        # Cut at the limit, at which it is too long whatever follows.
        self._rest = (self._rest + rest)[:MAX_LINE]


class Lane(Generic[T]):
    """A bounded queue between two threads, in which news may be replaced by newer news."""

    def __init__(self) -> None:
        self._items: Deque[Tuple[T, Optional[str]]] = collections.deque()
        self._changed = threading.Condition()
        self._closed = False

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._items

    def put(self, item: T, topic: Optional[str], timeout_seconds: Optional[float] = None) -> bool:
        """Add an item; when there is no room, one that something newer stands for makes way.

        Args:
            item: what to add.
            topic: what of several items the newest suffices for; None where each item counts.
            timeout_seconds: how long to wait for room; None for as long as it takes.

        Returns:
            False when it was not added: the lane is closed, or there was no room in time.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(topic), timeout_seconds)
            if self._closed or not self._has_room(topic):
                return False
            self._items.append((item, topic))
            self._changed.notify_all()
            return True

    def get(self, timeout_seconds: Optional[float] = None) -> Optional[T]:
        """Take the oldest item.

        Args:
            timeout_seconds: how long to wait for one; None for as long as it takes.

        Returns:
            None when there was none in time, or the lane is closed and all were taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items, timeout_seconds)
            if not self._items:
                return None
            item, _ = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self, discard: bool = False) -> None:
        """Let nothing more in; nobody waits any longer.

        Args:
            discard: whether what waits is dropped; else it can still be taken.
        """
        with self._changed:
            self._closed = True
            if discard:
                self._items.clear()
            self._changed.notify_all()

    def _has_room(self, topic: Optional[str]) -> bool:
        """Make room if that is possible, and tell whether there is."""
        if len(self._items) < _MAX_WAITING:
            return True
        topics = [one for _, one in self._items]
        count = collections.Counter([*topics, topic])
        for index, one in enumerate(topics):
            if one is not None and count[one] > 1:
                del self._items[index]
                return True
        return False


class Pipe:
    """One side of a link; safe to use from several threads.

    A thread reads and a thread writes, so that neither side ever waits for the other to read
    before it can go on. A third one gives signs of life and misses those of the peer. All else
    happens on the threads of the callers.

    Args:
        reader: pipe that the peer writes; the link's own from here on, nothing read from it yet.
        writer: pipe that the peer reads; the link's own from here on. Standard output stays open
            when it is closed, so that the peer sees no end: give a duplicate of its descriptor.
        log: takes a sentence for people; called on any thread.
        judge: says what is wrong with a message, "" when nothing is.
    """

    def __init__(
        self,
        reader: IO[bytes],
        writer: IO[bytes],
        log: Log,
        judge: Callable[[Message], str],
    ) -> None:
        self.log = log
        self._judge = judge
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: Dict[Union[int, str], concurrent.futures.Future[Message]] = {}
        self._gone = ""
        self._over = threading.Event()
        self._heard_at = math.inf
        self._inbox: Lane[Union[Request, LinkError]] = Lane()
        # A line, and when it is no longer wanted.
        self._outbox: Lane[Tuple[bytes, float]] = Lane()
        self._threads = tuple(
            threading.Thread(target=work, args=(pipe,), name="link " + name, daemon=True)
            for name, work, pipe in (
                ("reader", self._read, reader),
                ("writer", self._write, writer),
            )
        )
        for thread in self._threads:
            thread.start()

    @property
    def gone(self) -> str:
        """Why the peer is gone or this side was closed, in words; "" while the link is open."""
        return self._gone

    def exchange(self, mine: Mapping[str, Any], timeout_seconds: float) -> Message:
        """Say hello and return the peer's; the first thing to do.

        From then on this side pings as often as its hello promises, and a peer that misses three
        pings of its own promise is gone. When this fails, the link is closed.

        Args:
            mine: `role`, `farm`, `capabilities` and `ping_seconds`.
            timeout_seconds: how long to wait for the peer.

        Raises:
            VersionError: the peer speaks another major version.
            DataError: the peer's first line is something else.
            GoneError: the peer is gone.
            LinkError: the peer says nothing in time.
        """
        try:
            theirs = self._exchange(mine, timeout_seconds)
        except LinkError:
            # What was said until now still goes out: it may tell the peer what is wrong.
            self.close(_GOODBYE_SECONDS)
            raise
        pulse = (float(mine["ping_seconds"]), float(theirs.get("ping_seconds", 0)))
        if any(pulse):
            threading.Thread(target=self._beat, args=pulse, name="link beat", daemon=True).start()
        return theirs

    def ask(self, method: str, params: Mapping[str, Any], timeout_seconds: float) -> Message:
        """Ask the peer for something and return its answer, with `result` or `error`.

        Args:
            method: what is to be done.
            params: with what; JSON values.
            timeout_seconds: how long to wait; the peer does not start it later.

        Raises:
            NoAnswerError: it may have been done or not.
            DataError: the request cannot be written, or its answer is malformed.
        """
        if timeout_seconds <= 0:
            raise NoAnswerError(method + " had no time left and was not sent")
        number = next(self._numbers)
        call = {"id": number, "method": method, "params": params}
        line = encode(dict(call, deadline_seconds=timeout_seconds))
        expires_at = time.monotonic() + timeout_seconds
        answer: concurrent.futures.Future[Message] = concurrent.futures.Future()
        with self._lock:
            if self._gone:
                raise NoAnswerError(self._gone)
            self._waiting[number] = answer
        try:
            self._outbox.put((line, expires_at), None, timeout_seconds)
            return answer.result(max(0.0, expires_at - time.monotonic()))
        except concurrent.futures.TimeoutError:
            raise NoAnswerError(f"{method} was not answered within {timeout_seconds:g} s") from None
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def tell(self, method: str, params: Mapping[str, Any]) -> None:
        """Let the peer know something; it does not answer.

        While the peer has many lines to read, an older one of the same method makes way.

        Raises:
            DataError: it cannot be written.
            GoneError: the peer is gone.
        """
        self._post({"method": method, "params": params}, method)

    def reply(self, id: Union[int, str, None], **answer: Any) -> None:  # noqa: A002 - the protocol's word
        """Answer a request with a `result` or an `error`.

        Raises:
            DataError: the answer cannot be written.
            GoneError: the peer is gone.
        """
        self._post(dict(answer, id=id), None)

    def receive(self, timeout_seconds: float) -> Optional[Request]:
        """Return what the peer asks next, None when there is nothing in time or ever again.

        Requests whose deadline has passed are left out. When many lines wait, a notification makes
        way when there is a newer one of the same method; requests never do.

        Raises:
            LinkError: a line that came at this place did not follow the protocol; said once.
        """
        until = time.monotonic() + timeout_seconds
        while True:
            item = self._inbox.get(until - time.monotonic())
            if isinstance(item, LinkError):
                raise item
            if item is None or time.monotonic() < item.expires_at:
                return item
            self.log("link: " + item.method + " came too late and is not done")

    def close(self, timeout_seconds: float) -> None:
        """Send what is still to be sent, hang up, and wait for the peer to do the same.

        Args:
            timeout_seconds: how long to wait before leaving the rest to the end of the process.
        """
        until = time.monotonic() + timeout_seconds
        reading, writing = self._threads
        self._inbox.close()
        self._outbox.close()
        writing.join(max(0.0, until - time.monotonic()))
        if writing.is_alive():
            self.log("link: the peer does not read; what was to be sent is lost")
        self._hang_up("the link was closed")
        reading.join(max(0.0, until - time.monotonic()))

    def _exchange(self, mine: Mapping[str, Any], timeout_seconds: float) -> Message:
        # A peer that hung up may have said before why: its line is read in any case.
        line = encode({"method": HELLO, "params": dict(mine, protocol=PROTOCOL)})
        self._outbox.put((line, math.inf), None)
        first = self.receive(timeout_seconds)
        if first is None:
            self._check_open()
            raise LinkError(
                f"the other side of the link did not say hello within {timeout_seconds:g} s; "
                "see its log"
            )
        if first.method != HELLO:
            raise DataError(
                f"the first line of the link calls {first.method!r} where hello is due; "
                "install the same version on both sides"
            )
        return first.params

    def _check_open(self) -> None:
        if self._gone:
            raise GoneError("the link is closed: " + self._gone + "; see the log of the other side")

    def _post(self, message: Message, topic: Optional[str]) -> None:
        line = encode(message)
        self._check_open()
        if not self._outbox.put((line, math.inf), topic):
            self._check_open()

    def _hang_up(self, why: str) -> None:
        """Remember that the peer is gone, and answer everybody who waits for it."""
        with self._lock:
            self._gone = self._gone or why
            for answer in self._waiting.values():
                answer.set_exception(NoAnswerError(why))
            self._waiting.clear()
        self._outbox.close()
        self._over.set()

    # The thread that gives and misses signs of life.

    def _beat(self, mine: float, theirs: float) -> None:
        pause = min(seconds for seconds in (mine, theirs) if seconds)
        woke = time.monotonic()
        while not self._over.wait(pause):
            before, woke = woke, time.monotonic()
            if woke - before > 2 * pause:
                # This side itself was stopped: what the peer said meanwhile is not read yet.
                self._heard_at = max(self._heard_at, woke)
            elif theirs and woke - self._heard_at > _MISSED_PINGS * theirs:
                self._hang_up(f"the peer was silent for {_MISSED_PINGS} pings")
                self._inbox.close()
            elif mine and self._outbox.empty:
                self._outbox.put((encode({"method": PING}), math.inf), PING, 0)

    # The writing thread.

    def _write(self, writer: IO[bytes]) -> None:
        with writer:
            while True:
                item = self._outbox.get()
                if item is None:
                    return
                line, expires_at = item
                # Who waited for an answer has stopped waiting when the peer is gone; the rest may
                # still be read, above all by a peer that is about to learn what is wrong.
                if (math.inf if self._gone else time.monotonic()) >= expires_at < math.inf:
                    continue
                try:
                    _write_all(writer, line)
                except OSError as error:
                    self._hang_up(f"the peer no longer reads ({error.strerror})")
                    self._outbox.close(discard=True)

    # The reading thread.

    def _read(self, reader: IO[bytes]) -> None:
        lines = Lines()
        why = "the peer has hung up"
        with reader:
            try:
                # Below the file's own buffer, whose lock would be held while waiting: a thread
                # that sits in it on standard input breaks the interpreter's way out.
                for block in iter(lambda: os.read(reader.fileno(), _BLOCK), b""):
                    # Nobody is silent while it is this side that does not read.
                    self._heard_at = math.inf
                    for line in lines.feed(block):
                        self._accept(line)
                    self._heard_at = time.monotonic()
            except OSError as error:
                why = f"the peer cannot be read ({error.strerror})"
            finally:
                # Who has hung up waits for this side to do the same.
                if lines.pending:
                    self.log(
                        f"link: dropped a last line that breaks off after {lines.pending} bytes"
                    )
                self._hang_up(why)
                self._inbox.close()

    def _accept(self, line: Optional[bytes]) -> None:
        try:
            message = decode(line)
            if "method" in message:
                self._accept_call(message)
            else:
                self._accept_answer(message)
        except LinkError as error:
            # The newest complaint stands for all: a flood of nonsense is said once.
            self._inbox.put(error, "")

    def _accept_call(self, message: Message) -> None:
        _check_version(message)
        self._check(message)
        method, number = message["method"], message.get("id")
        if method == PING:
            return
        left = message.get("deadline_seconds", math.inf)
        request = Request(number, method, message.get("params", {}), time.monotonic() + left)
        self._inbox.put(request, method if number is None else None)

    def _accept_answer(self, message: Message) -> None:
        number = message.get("id")
        with self._lock:
            answer = self._waiting.pop(number, None) if isinstance(number, (int, str)) else None
        try:
            self._check(message)
        except LinkError as error:
            if answer is None:
                raise
            answer.set_exception(error)
            return
        if answer is not None:
            answer.set_result(message)
        elif number is None:
            said = message["error"]["message"]
            raise DataError("the other side of the link could not read a line: " + said)
        else:
            self.log("link: an answer came after its deadline and is dropped")

    def _check(self, message: Message) -> None:
        wrong = self._judge(message)
        if wrong:
            raise DataError("the other side of the link sent a wrong line: " + wrong)


class Agent(Pipe):
    """The farm's side of a link: serves what the core asks, on the thread that calls it.

    Args:
        reader: as for `Pipe`.
        writer: as for `Pipe`.
        log: takes a sentence for people.
    """

    def __init__(self, reader: IO[bytes], writer: IO[bytes], log: Log) -> None:
        super().__init__(reader, writer, log, _fault)
        # Pages that were not asked for yet, by token.
        self._lists: Dict[str, Deque[Message]] = {}

    def greet(
        self,
        farm: str,
        capabilities: Iterable[str],
        timeout_seconds: float,
        ping_seconds: float = PING_SECONDS,
    ) -> Message:
        """Say hello for a farm and return the core's hello; raises as `exchange`.

        Args:
            farm: its name, for people.
            capabilities: which calls beyond the protocol's least it can carry out.
            timeout_seconds: how long to wait for the core.
            ping_seconds: how often to give a sign of life.
        """
        mine = {"role": "agent", "farm": farm, "capabilities": sorted(capabilities)}
        return self.exchange(dict(mine, ping_seconds=ping_seconds), timeout_seconds)

    def call(self, method: str, params: Mapping[str, Any], timeout_seconds: float) -> Any:
        """Ask the core for something and return its result; raises as `ask`, and `RemoteError`."""
        answer = self.ask(method, params, timeout_seconds)
        if "error" in answer:
            raise RemoteError(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]

    def poll(self, handlers: Mapping[str, Handler], timeout_seconds: float) -> bool:
        """Serve the next thing that the core asks, here and now.

        For agents that have a loop of their own. Once the core is gone nothing is begun any more.

        Args:
            handlers: what carries out each method: from its params to a JSON value or `Pages`.
            timeout_seconds: how long to wait for something.

        Returns:
            Whether there was anything.
        """
        try:
            request = self.receive(timeout_seconds)
        except LinkError as error:
            self.log(str(error))
            self._answer(None, error={"code": PARSE_ERROR, "message": str(error)})
            return True
        if request is None or self.gone:
            return False
        try:
            answer: Message = {"result": self._carry_out(handlers, request)}
        except RemoteError as error:
            answer = {"error": {"code": error.code, "message": str(error)}}
        if request.id is not None:
            self._answer(request.id, **answer)
        return True

    def serve(
        self, handlers: Mapping[str, Handler], stopping: Callable[[], bool] = lambda: False
    ) -> str:
        """Serve until the core is gone or the farm wants to stop; return why the core is gone.

        Args:
            handlers: as for `poll`.
            stopping: whether to stop; asked between two requests, at least every half second.
        """
        while not self.gone and not stopping():
            self.poll(handlers, _POLL_SECONDS)
        return self.gone

    def _carry_out(self, handlers: Mapping[str, Handler], request: Request) -> Any:
        method, params = request.method, request.params
        handler = self._next_page if method == PAGE else handlers.get(method)
        if handler is None:
            raise RemoteError(UNKNOWN_METHOD, f"this farm cannot do {method[:40]!r}")
        missing = [name for name in REQUIRED.get(method, ()) if name not in params]
        if missing:
            raise RemoteError(BAD_PARAMS, f"{method} is asked without {missing[0]}")
        try:
            result = handler(params)
            return self._first_page(result) if isinstance(result, Pages) else result
        except RefusedError as error:
            raise RemoteError(REFUSED, str(error)) from error
        except UnansweredError as error:
            raise RemoteError(INTERNAL_ERROR, str(error)[:_MAX_SENTENCE]) from error
        except Exception as error:
            self.log(traceback.format_exc())
            told = f"{method} ended with {type(error).__name__}: {error}"
            raise RemoteError(INTERNAL_ERROR, told[:_MAX_SENTENCE]) from error

    def _first_page(self, result: Pages) -> Message:
        pages = collections.deque(cut(result.lists))
        first = dict(result.head, **pages.popleft())
        if pages:
            token = first["more"] = str(next(self._numbers))
            self._lists[token] = pages
            for old in list(self._lists)[:-_LISTS_KEPT]:
                del self._lists[old]
        return first

    def _next_page(self, params: Message) -> Message:
        token = params["token"]
        pages = self._lists.get(token)
        if not pages:
            raise RefusedError("this list is no longer kept; ask for all of it again")
        page = pages.popleft()
        if pages:
            page["more"] = token
        return page

    def _answer(self, id: Union[int, str, None], **answer: Any) -> None:  # noqa: A002 - see `reply`
        try:
            try:
                self.reply(id, **answer)
            except DataError as error:
                self.log(str(error))
                self.reply(id, error={"code": INTERNAL_ERROR, "message": str(error)})
        except GoneError as error:
            self.log(str(error))


class Core:
    """The core as a child of the agent's process; it lives on its own account.

    Args:
        command: program and arguments.
        log: takes what the core says on standard error, and the link's own sentences.
        apart: whether signals to the agent's whole group are not meant for it: a core that is
            stopped in the middle of a write holds up all others.

    Raises:
        LinkError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], log: Log, apart: bool = False) -> None:
        try:
            self.process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=child_environment(),
                start_new_session=apart and os.name == "posix",
                # Otherwise Windows shows a window for it.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise LinkError(
                f"the core cannot be started ({error.strerror}: {command[0]}); "
                "install it on this host and give its full path"
            ) from error
        streams = (self.process.stdin, self.process.stdout, self.process.stderr)
        writer, reader, errors = (cast("IO[bytes]", stream) for stream in streams)
        self._last_words = ""
        self._log = log
        self._draining = threading.Thread(
            target=self._drain, args=(errors,), name="core log", daemon=True
        )
        self._draining.start()
        self.agent = Agent(reader, writer, log)

    def stop(self) -> None:
        """Ask the core to finish what it has in hand and end; remote work goes on."""
        try:
            self.agent.tell(STOP, {})
        except GoneError as error:
            self._log(str(error))

    def detach(self, timeout_seconds: float) -> Optional[int]:
        """Hang up, so that the core ends by itself, and wait for that; it is never killed.

        Args:
            timeout_seconds: how long to wait.

        Returns:
            Its exit code; None while it has not ended.
        """
        until = time.monotonic() + timeout_seconds
        self.agent.close(timeout_seconds)
        return self.exit_code(max(0.0, until - time.monotonic()))

    def exit_code(self, timeout_seconds: float) -> Optional[int]:
        """Wait for the core to end and return its exit code; None while it has not."""
        try:
            code = self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        self._draining.join(1.0)
        return code

    def ending(self, timeout_seconds: float) -> str:
        """Say in a sentence how the core ended, with the last line that it logged."""
        code = self.exit_code(timeout_seconds)
        if code is None:
            return "the core has not ended yet"
        how = f"was killed by signal {-code}" if code < 0 else "ended with code " + str(code)
        return "the core {}: {}".format(how, self._last_words or "it said nothing")

    def _drain(self, errors: IO[bytes]) -> None:
        with errors:
            # No more of a line than this is ever held.
            for raw in iter(lambda: errors.readline(_LAST_WORDS), b""):
                line = raw.decode("utf-8", "backslashreplace").rstrip()
                if line:
                    self._last_words = line
                    self._log(line)


def child_environment() -> Dict[str, str]:
    """Return the environment for a process under another interpreter than this one."""
    kept = {name: v for name, v in os.environ.items() if name not in _DROPPED}
    return dict(kept, **_ADDED)


def own_pipes() -> Tuple[IO[bytes], IO[bytes]]:
    """Take standard input and output of this process for a link.

    What anybody prints from here on goes to standard error, and nobody else reads the input, nor
    do processes that are started later.
    """
    if sys.stdout:  # there may be none inside another program
        sys.stdout.flush()
    reader = os.fdopen(os.dup(0), "rb", 0)
    writer = os.fdopen(os.dup(1), "wb", 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return reader, writer


def encode(message: Mapping[str, Any]) -> bytes:
    """Write one line; only ASCII, so that file names that are no valid text pass too.

    Raises:
        DataError: it is too long, or JSON cannot hold it.
    """
    try:
        whole = dict(message, jsonrpc="2.0")
        text = json.dumps(whole, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError("a line for the link cannot be written as JSON: " + str(error)) from error
    line = text.encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise DataError(
            f"a line for the link has {len(line):,} bytes where at most {MAX_LINE:,} are allowed; "
            "send long lists in pages"
        )
    return line


def decode(line: Optional[bytes]) -> Message:
    """Read one line as far as an object; whether it is a right one is for others to judge.

    Raises:
        DataError: it is too long (None), or no JSON object.
    """
    if line is None:
        raise DataError(
            f"the other side of the link sent a line of more than {MAX_LINE:,} bytes; "
            "long lists must come in pages"
        )
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"the other side of the link sent a line that is not JSON ({error}); "
            "nothing but the protocol may be printed there"
        ) from error
    if not isinstance(message, dict):
        raise DataError("the other side of the link sent a line that is not a JSON object")
    return message


def cut(lists: Mapping[str, Iterable[Any]]) -> Iterator[Message]:
    """Yield pages of rows that fit into a line each; at least one."""
    page: Message = {name: [] for name in lists}
    size = 0
    for name, rows in lists.items():
        for row in rows:
            length = len(encode({"row": row}))
            if size and size + length > _PAGE_BYTES:
                yield page
                page, size = {one: [] for one in lists}, 0
            page[name].append(row)
            size += length
    yield page


def frame_numbers(text: str) -> List[int]:
    """Read a frame list as it travels over the link, for example `1-10x2,20`.

    Raises:
        RefusedError: it is no frame list, or names over a million frames, repeats included.
    """
    numbers: List[int] = []
    for part in filter(None, text.split(",")):
        found = _FRAMES.fullmatch(part)
        first, last, step = found.groups() if found else ("", "", "0")
        if step is not None and int(step) == 0:
            raise RefusedError(f"the frame list {text[:40]!r} cannot be read")
        end = int(last or first)
        stride = int(step or 1) * (1 if end >= int(first) else -1)
        run = range(int(first), end + (1 if stride > 0 else -1), stride)
        if len(numbers) + len(run) > MOST_FRAMES:
            raise RefusedError(
                f"the frame list {text[:40]!r} names over {MOST_FRAMES:,} frames; name fewer"
            )
        numbers.extend(run)
    return numbers


def frame_text(numbers: Iterable[int]) -> str:
    """Write a frame list for the link, in the order given."""
    runs: List[List[int]] = []
    for number in numbers:
        # A run is its first frame, its last one and its step; a single frame has no step yet.
        first, last, step = runs[-1] if runs else (number, number, 0)
        if runs and number != last and step in {0, number - last}:
            runs[-1] = [first, number, number - last]
        elif abs(step) > 1 and first + step == last != number:
            # Two frames that are no neighbours: the second one may begin a run.
            runs[-1:] = [[first, first, 0], [last, number, number - last]]
        else:
            runs.append([number, number, 0])
    return ",".join(itertools.chain.from_iterable(map(_written, runs)))


def _written(run: List[int]) -> List[str]:
    """Write a run; two frames that are no neighbours are shorter by themselves."""
    first, last, step = run
    if not step:
        return [str(first)]
    if abs(step) == 1:
        return [f"{first}-{last}"]
    return [str(first), str(last)] if first + step == last else [f"{first}-{last}x{abs(step)}"]


def _check_version(message: Message) -> None:
    """Raise `VersionError` for a hello that is not understood; the rest may depend on it."""
    params = message.get("params")
    if message["method"] != HELLO or not isinstance(params, dict):
        return
    spoken = params.get("protocol")
    if isinstance(spoken, str) and spoken.partition(".")[0] != PROTOCOL.partition(".")[0]:
        raise VersionError(
            f"the other side of the link speaks protocol {spoken[:20]!r} and this side {PROTOCOL}; "
            "install the same version on both sides"
        )


def _fault(message: Message) -> str:
    """Say what is wrong with a message as far as an agent must know it, "" when nothing is."""
    number, params = message.get("id"), message.get("params", {})
    left = message.get("deadline_seconds", 1)
    error = message.get("error", {"code": 0, "message": ""})
    is_call = "method" in message
    checks = (
        (message.get("jsonrpc") == "2.0", "jsonrpc must be 2.0"),
        (number is None or type(number) in {int, str}, "id must be a number or a text"),
        (not is_call or isinstance(message["method"], str), "method must be a text"),
        (isinstance(params, dict), "params must be an object"),
        (type(left) in {int, float} and left > 0, "deadline_seconds must be above 0"),
        (is_call or ("result" in message) != ("error" in message), "result or error is due"),
        (is_call or number is not None or "error" in message, "id is missing"),
        (isinstance(error, dict) and {"code", "message"} <= set(error), "error is incomplete"),
        (message.get("method") != HELLO or _is_hello(params), "hello is incomplete"),
    )
    return next((wrong for right, wrong in checks if not right), "")


def _is_hello(params: Any) -> bool:
    return isinstance(params, dict) and {"protocol", "role", "farm", "capabilities"} <= set(params)


def _refuse_constant(name: str) -> None:
    raise ValueError(name + " is not a JSON number")


def _write_all(writer: IO[bytes], line: bytes) -> None:
    # Below the file's own buffer, for the reason given where the other pipe is read.
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(writer.fileno(), rest) :]
