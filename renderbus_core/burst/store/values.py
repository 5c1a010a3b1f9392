"""What the store takes and gives, beside bursts and leases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NewType

from renderbus_core.burst.model import RemoteEntry
from renderbus_core.errors import StoreError
from renderbus_core.money import Money

EffectId = NewType("EffectId", int)

PERSON = "a person"
"""Who did it, where nobody is named."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect about to happen: its name and what it is about."""

    name: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the live bursts of a farm may come to; None is no limit.

    Args:
        bursts: how many.
        frames: how many frames they hold together.
        budget: what all bursts of the farm may cost, those that are over with what they cost.
    """

    bursts: int | None = None
    frames: int | None = None
    budget: Money | None = None


class LimitReachedError(StoreError):
    """A limit forbids a burst; nothing was planned, and it may be asked for again later."""


class FilesInUseError(StoreError):
    """Another burst at work has sent another content under the same name; nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file the cloud has listed for a burst.

    Args:
        name: path below the output storage.
        frame: frame it shows.
        size: bytes, as listed last.
        listings: how often in a row it was listed with that size; once it is collected, it is not
            counted any more.
        local: where it belongs.
        collected: it is there.
    """

    name: str
    frame: int
    size: int
    listings: int
    local: Path
    collected: bool


@dataclass(frozen=True, slots=True)
class RemoteLeaf:
    """A task of the cloud that holds frames, as it was read last.

    Args:
        id: the cloud's.
        status: the cloud's code.
        counts: of its frames by state; while they are the same, so are its frames.
        entries: its frames.
    """

    id: int
    status: int
    counts: tuple[int, ...]
    entries: tuple[RemoteEntry, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    Args:
        at: UTC.
        who: the gateway or person that did it; "" in what releases before version 2 logged.
        subject: `burst`, `task 7`, `recall`, or `waiver`, where the state after is a rule's name.
        before: state before; None when there was none.
        after: state after.
        reason: for people.
    """

    at: datetime
    who: str
    subject: str
    before: str | None
    after: str
    reason: str

    @property
    def change(self) -> str:
        """From where to where, for people."""
        return f"{self.before} -> {self.after}" if self.before else f"-> {self.after}"
