"""Values as the Web Service sends them: states, times, names and lists, read without surprises."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeGuard

_NO_DATE = "0001-01-01T00:00:00"
UNKNOWN = "Unknown"
"""Deadline's word for a state that is none."""


class Moment:
    """A moment as .NET has it; the least of all stands for none.

    Args:
        text: ISO 8601; what is none counts as no moment, and one without a zone as UTC.
    """

    def __init__(self, text: Any) -> None:
        self.at: datetime | None = None
        try:
            found = datetime.fromisoformat(str(text))
            zoned = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            return
        if zoned.year > 1:
            self.at = zoned

    def ToUniversalTime(self) -> Moment:
        """Return the same in UTC."""
        return self

    def ToString(self, form: str) -> str:
        """Write it sortable, the only form that is asked for: `s`."""
        if form != "s":
            raise ValueError(f"moments are written in the form s only, not {form}")
        return _NO_DATE if self.at is None else self.at.strftime("%Y-%m-%dT%H:%M:%S")


class Span:
    """A span of time.

    Args:
        seconds: how long.
    """

    def __init__(self, seconds: float) -> None:
        self.TotalSeconds = seconds


@cache
def _states() -> Any:
    return json.loads((files("deadline_plugin.rest") / "states.json").read_text("utf-8"))


def word_of(kind: str, number: Any) -> str:
    """Return Deadline's word for a state.

    Args:
        kind: whose: `job`, `task` or `worker`.
        number: as it was sent.
    """
    return str(_states()[kind].get(str(number), UNKNOWN)) if is_number(number) else UNKNOWN


def as_text(value: Any) -> str:
    """Return a value as a text, "" for none."""
    return "" if value is None else str(value)


def as_table(value: Any) -> dict[str, Any]:
    """Return an object, an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def as_texts(value: Any) -> list[str]:
    """Return the texts of a list, none for what is no list."""
    return [str(one) for one in value] if isinstance(value, list) else []


def is_number(value: object) -> TypeGuard[int]:
    """Tell whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def as_whole(value: Any, usual: int) -> int:
    """Return a whole number, or what is usual where a value is none."""
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return int(value) if is_number(value) else usual
