"""What goes over the link as values, and which of the core's errors say what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import FarmError
from renderbus_core.shim import renderbus_link as shim

_SCHEMA = "link.json"


class LinkError(FarmError):
    """The farm agent, or the core, cannot be talked to."""


class LinkVersionError(LinkError):
    """The peer speaks another major version of the protocol."""

    exit_status = shim.EXIT_VERSION


class LinkDataError(LinkError):
    """A line does not follow the protocol; the link goes on."""


class LinkClosedError(LinkError):
    """The peer is gone."""


_OURS = {
    shim.VersionError: LinkVersionError,
    shim.DataError: LinkDataError,
    shim.GoneError: LinkClosedError,
    shim.LinkError: LinkError,
}


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
        ping_seconds: it says something at least this often; 0 when it promises nothing.
    """

    role: Role
    farm: str
    capabilities: frozenset[str] = frozenset()
    protocol: str = shim.PROTOCOL
    ping_seconds: float = 0.0


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


@contextmanager
def our_errors() -> Iterator[None]:
    """Raise what the pipe raises as errors of the core."""
    try:
        yield
    except shim.LinkError as error:
        raise _OURS[type(error)](str(error)) from error


def fault(message: Mapping[str, Any]) -> str:
    """Say what is wrong with a message by the schema of lines, "" when nothing is."""
    found = schema.problems(_SCHEMA, message)
    return str(found[0]) if found else ""
