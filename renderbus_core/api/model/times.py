"""The protocol's moments."""

from __future__ import annotations

from datetime import UTC, datetime


def from_milliseconds(value: int) -> datetime | None:
    """Return a moment of epoch milliseconds, UTC; None for 0, which stands for "not yet"."""
    return datetime.fromtimestamp(value / 1000, UTC) if value > 0 else None
