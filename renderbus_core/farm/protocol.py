"""What goes over the link: its values, and how lines become messages; no I/O.

`schemas/link.json` describes the lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn

from renderbus_core import schema
from renderbus_core.errors import FarmError

PROTOCOL = "1.0"
"""Version of the link spoken here; a peer of the same major version is understood."""

MAX_LINE = 1 << 20
"""Most bytes of a line, its line feed included."""

HELLO = "hello"
"""Method of the first line of each side."""

_SCHEMA = "link.json"


class LinkError(FarmError):
    """The farm agent, or the core, cannot be talked to."""


class LinkVersionError(LinkError):
    """The peer speaks another major version of the protocol."""


class LinkDataError(LinkError):
    """A line does not follow the protocol; the link goes on."""


class LinkClosedError(LinkError):
    """The peer is gone."""


class Role(StrEnum):
    """Which side of the link somebody is."""

    CORE = "core"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Hello:
    """The first line of each side.

    Args:
        role: which side it is.
        farm: name of the farm it speaks for.
        capabilities: what it can do beyond the protocol's least.
        protocol: major and minor version.
    """

    role: Role
    farm: str
    capabilities: frozenset[str] = frozenset()
    protocol: str = PROTOCOL


@dataclass(frozen=True, slots=True)
class RemoteError:
    """How the peer says that it could not do what was asked.

    Args:
        code: as in JSON-RPC; -32601 is an unknown method.
        message: one sentence.
        data: more, by agreement.
    """

    code: int
    message: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: a value, or the error that stood in the way."""

    value: Any = None
    error: RemoteError | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer: what was asked may have been done or not, or may still be; read again.

    Args:
        why: in words.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the peer asks.

    Args:
        id: to answer with; None when it expects no answer.
        method: what is to be done.
        params: with what.
        expires_at: by the clock's `monotonic`; after it the peer does not want it any more.
    """

    id: int | str | None
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    expires_at: float | None = None


class Lines:
    """Cuts what comes out of a pipe into lines, in bounded memory."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def pending(self) -> int:
        """Bytes of a line whose end has not come yet."""
        return len(self._rest)

    def feed(self, block: bytes) -> Iterator[bytes | None]:
        """Yield the lines that a block ends, None for one that is too long."""
        *ends, rest = block.split(b"\n")
        for end in ends:
            line, self._rest = self._rest + end, b""
            yield line if len(line) < MAX_LINE else None
        # Cut at the limit, at which it is too long whatever follows.
        self._rest = (self._rest + rest)[:MAX_LINE]


def encode(**message: Any) -> bytes:
    """Write one line; only ASCII, so that file names that are no valid text pass too."""
    try:
        text = json.dumps({"jsonrpc": "2.0", **message}, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise LinkDataError(f"a line for the link cannot be written as JSON: {error}") from error
    line = text.encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise LinkDataError(
            f"a line for the link has {len(line):,} bytes where at most {MAX_LINE:,} are allowed; "
            "send long lists in pages"
        )
    return line


def decode(line: bytes | None) -> dict[str, Any]:
    """Read one line as far as an object; whether it is a right one is for `fault`."""
    if line is None:
        raise LinkDataError(
            f"the other side of the link sent a line of more than {MAX_LINE:,} bytes; "
            "long lists must come in pages"
        )
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise LinkDataError(
            f"the other side of the link sent a line that is not JSON ({error}); "
            "nothing but the protocol may be printed there"
        ) from error
    if not isinstance(message, dict):
        raise LinkDataError("the other side of the link sent a line that is not a JSON object")
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def fault(message: Mapping[str, Any]) -> LinkError | None:
    """Say what is wrong with a message; the version comes first, the rest may depend on it."""
    if message.get("method") == HELLO and isinstance(message.get("params"), dict):
        spoken = message["params"].get("protocol")
        if isinstance(spoken, str) and spoken.partition(".")[0] != PROTOCOL.partition(".")[0]:
            return LinkVersionError(
                f"the other side of the link speaks protocol {spoken[:20]!r} and this side "
                f"{PROTOCOL}; install the same version on both sides"
            )
    found = schema.problems(_SCHEMA, message)
    if not found:
        return None
    return LinkDataError(f"the other side of the link sent a wrong line: {found[0]}")
