"""The protocol's moments."""

from __future__ import annotations

from datetime import UTC, datetime

_LAST = 253_402_300_799_999
"""The last millisecond of the year 9999, behind which Python has no moments."""


def from_milliseconds(value: int) -> datetime | None:
    """Return a moment of epoch milliseconds, UTC.

    None for 0, which stands for "not yet", and for what is no moment.
    """
    return datetime.fromtimestamp(value / 1000, UTC) if 0 < value <= _LAST else None
