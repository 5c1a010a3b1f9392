"""What goes wrong between a caller and the simulated cloud, by rules: when, and what is spoiled.

Values only: the cloud asks which rules strike a request, and whoever carries the answer (the
server, the in-process adapter) does to the connection what the answer says. Equal seeds and equal
requests give equal faults.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from renderbus_core.api import operations
from renderbus_core.errors import InputError
from renderbus_core.simulator.protocol import Reply

_PIECES = 20


class FaultKind(StrEnum):
    """What a rule does to a request or its reply."""

    LATENCY = "latency"
    """The reply comes later; the following rules may strike too."""
    RESET_BEFORE = "reset_before"
    """The connection is reset, nothing was carried out."""
    RESET_AFTER = "reset_after"
    """It was carried out, then the connection is reset."""
    STATUS_500 = "status_500"
    """A bare HTTP error."""
    STATUS_502 = "status_502"
    """The error page of a proxy."""
    HTML = "html"
    """A page of HTML with status 200, as a captive portal sends it."""
    TRUNCATE = "truncate"
    """It was carried out; the reply ends before its announced length."""
    SLOW_DRIP = "slow_drip"
    """It was carried out; the reply comes in small pieces."""
    DUPLICATE = "duplicate"
    """It was carried out twice; the second reply is sent."""
    CODE = "code"
    """A code of the cloud; nothing was carried out."""
    EXPIRED = "expired"
    """Code 610 with a server time that is wrong; nothing was carried out."""
    LATE = "late"
    """The connection is reset; the request arrives later all the same."""
    WRONG_COUNTS = "wrong_counts"
    """The frame counts of tasks are off."""


_PASSED_ON = frozenset(
    {
        FaultKind.RESET_AFTER,
        FaultKind.TRUNCATE,
        FaultKind.SLOW_DRIP,
        FaultKind.DUPLICATE,
        FaultKind.WRONG_COUNTS,
    }
)
_COUNTS = (
    "totalFrames",
    "abortFrames",
    "executingFrames",
    "doneFrames",
    "failedFrames",
    "waitingCount",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule.

    Args:
        kind: what it does.
        operations: names in `schemas/api.json`; none are all.
        chance: part of the requests that it strikes, 0 to 1.
        times: how often it strikes at most; None is without end.
        after: how many requests it lets pass first.
        seconds: of the clock, whatever the simulation's speed: `latency` and `slow_drip` take so
            long, `late` arrives so much later, `expired` is so far ahead (negative: behind).
        code: of `code`.
        part: of a truncated reply that is sent, 0 to 1.
        by: what is added to wrong counts.
        processed: whether the request behind `status_500`, `status_502` and `html` was carried out.

    Raises:
        InputError: it could never strike as it is.
    """

    kind: FaultKind
    operations: frozenset[str] = frozenset()
    chance: float = 1.0
    times: int | None = None
    after: int = 0
    seconds: float = 0.0
    code: int = 500
    part: float = 0.5
    by: int = 1
    processed: bool = False

    def __post_init__(self) -> None:
        for name in sorted(self.operations - set(operations())):
            close = difflib.get_close_matches(name, operations(), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "schemas/api.json has the names"
            raise InputError(f"fault {self.kind}: there is no operation {name!r:.80}; {hint}")

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the rule that a document describes which `schemas/simulator.json` has judged."""
        named = frozenset(document.get("operations", ()))
        return cls(**{**document, "kind": FaultKind(document["kind"]), "operations": named})

    @property
    def passes_on(self) -> bool:
        """Whether the request is carried out when it comes."""
        return self.processed or self.kind in _PASSED_ON


@dataclass(slots=True)
class _Rule:
    """A rule and what became of it.

    Args:
        seen: requests of its operations that reached it.
        struck: those of them that it hit.
    """

    fault: Fault
    chance: random.Random
    seen: int = 0
    struck: int = 0

    def strikes(self, operation: str) -> bool:
        fault = self.fault
        if fault.operations and operation not in fault.operations:
            return False
        self.seen += 1
        if self.seen <= fault.after or self.struck == fault.times:
            return False
        hit = self.chance.random() < fault.chance
        self.struck += hit
        return hit


class Faults:
    """Rules in their order, with a memory of how often each has struck.

    Args:
        rules: the first that strikes decides; latencies before it add up.
        seed: of the chances.
    """

    def __init__(self, rules: Iterable[Fault] = (), seed: int = 0) -> None:
        # A generator each, so that one rule's chances do not depend on the others.
        self._rules = [
            _Rule(fault, random.Random(f"{seed}:{place}"))  # noqa: S311 - faults are no secrets
            for place, fault in enumerate(rules)
        ]

    def strike(self, operation: str) -> Strike:
        """Return what happens to a request.

        Args:
            operation: its name in `schemas/api.json`.
        """
        wait = 0.0
        for rule in self._rules:
            if rule.strikes(operation):
                if rule.fault.kind is not FaultKind.LATENCY:
                    return Strike(wait, rule.fault)
                wait += rule.fault.seconds
        return Strike(wait)

    def describe(self) -> list[dict[str, Any]]:
        """Return the rules as `schemas/simulator.json` writes them, with `seen` and `struck`."""
        return [
            _document(rule.fault) | {"seen": rule.seen, "struck": rule.struck}
            for rule in self._rules
        ]


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens to one request: seconds that its reply waits, and a fault or none."""

    wait: float = 0.0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What travels back, and what becomes of it on the way.

    Args:
        status: of HTTP.
        content: the body as announced.
        media_type: of the body.
        wait: seconds before the first byte.
        drip: seconds over which the body is spread.
        sent: bytes of the body after which the connection closes; None sends it all.
        lost: whether the connection is reset instead.
    """

    status: int = 200
    content: bytes = b""
    media_type: str = "application/json"
    wait: float = 0.0
    drip: float = 0.0
    sent: int | None = None
    lost: bool = False

    def pieces(self) -> Iterator[tuple[float, bytes]]:
        """Yield what is sent: seconds to wait before it, and bytes."""
        content = self.content[: self.sent]
        if not self.drip:
            yield 0.0, content
            return
        length = -(-len(content) // _PIECES) or 1
        for start in range(0, len(content), length):
            yield self.drip / _PIECES, content[start : start + length]


def _document(fault: Fault) -> dict[str, Any]:
    """Write what a rule says beyond the defaults."""
    said = {f.name: getattr(fault, f.name) for f in fields(fault)}
    changed = {f.name: said[f.name] for f in fields(fault) if said[f.name] != f.default}
    return changed | ({"operations": sorted(fault.operations)} if fault.operations else {})


def plain(reply: Reply) -> Answer:
    """Return a reply that nothing happens to."""
    return Answer(reply.status, reply.body)


def spoiled(fault: Fault, reply: Reply) -> Answer:
    """Return what a fault makes of a reply.

    Args:
        fault: any but `latency`, which is for the strike.
        reply: what the cloud says, also when it says that nothing was done.
    """
    if fixed := _FIXED.get(fault.kind):
        return fixed
    spoil = _SPOILS.get(fault.kind)
    return spoil(fault, reply) if spoil else plain(reply)


def _cut(fault: Fault, reply: Reply) -> Answer:
    whole = plain(reply)
    # Something is always missing: a reply that is whole after all would be no fault.
    most = max(0, len(whole.content) - 1)
    return replace(whole, sent=min(int(len(whole.content) * fault.part), most))


def _dripping(fault: Fault, reply: Reply) -> Answer:
    return replace(plain(reply), drip=fault.seconds)


def _miscounted(fault: Fault, reply: Reply) -> Answer:
    envelope = dict(reply.envelope)
    envelope["data"] = _shifted(envelope["data"], fault.by)
    return plain(Reply(reply.status, envelope))


def _shifted(data: Any, by: int) -> Any:
    if isinstance(data, list):
        return [_shifted(item, by) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        name: max(0, value + by)
        if name in _COUNTS and isinstance(value, int)
        else _shifted(value, by)
        for name, value in data.items()
    }


def _page(title: str) -> bytes:
    head, body = f"<head><title>{title}</title></head>", f"<body><h1>{title}</h1></body>"
    return f"<!DOCTYPE html><html>{head}{body}</html>\r\n".encode()


_HTML = "text/html; charset=utf-8"
_LOST = Answer(lost=True)
_FIXED: Mapping[FaultKind, Answer] = MappingProxyType(
    {
        FaultKind.RESET_BEFORE: _LOST,
        FaultKind.RESET_AFTER: _LOST,
        FaultKind.LATE: _LOST,
        FaultKind.STATUS_500: Answer(500, b"Internal Server Error", "text/plain; charset=utf-8"),
        FaultKind.STATUS_502: Answer(502, _page("502 Bad Gateway"), _HTML),
        FaultKind.HTML: Answer(200, _page("Please sign in"), _HTML),
    }
)
_SPOILS: Mapping[FaultKind, Callable[[Fault, Reply], Answer]] = MappingProxyType(
    {
        FaultKind.TRUNCATE: _cut,
        FaultKind.SLOW_DRIP: _dripping,
        FaultKind.WRONG_COUNTS: _miscounted,
    }
)
