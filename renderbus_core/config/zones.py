"""Names of time zones in the configuration: which there are, this host knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from renderbus_core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def unknown_zones(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for a time zone that this host does not know.

    Args:
        document: that its schema accepts.
    """
    name = document.get("overflow", {}).get("time_zone")
    if name is None:
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem(
            "overflow.time_zone",
            f"this host knows no time zone {name!r}; write one like Europe/Berlin, or UTC",
        )
