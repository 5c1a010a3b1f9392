"""Time windows in which bursts may begin on their own, for example `Mon-Fri 19:00-07:00`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(
    r"(?:([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? )?([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)"
)


def is_open(windows: Sequence[str], zone: str, now: datetime) -> bool:
    """Tell whether a moment lies in one of the windows; without windows it always does.

    Args:
        windows: days are those on which a window begins; one that ends before it begins lasts
            over midnight.
        zone: name of the time zone of its times.
        now: aware.
    """
    if not windows:
        return True
    here = now.astimezone(ZoneInfo(zone))
    return any(_holds(window, here) for window in windows)


def _holds(window: str, here: datetime) -> bool:
    found = _FORM.fullmatch(window)
    assert found is not None, window  # noqa: S101 - the schema says how one looks
    first, last, *clock = found.groups()
    begins, ends = int(clock[0]) * 60 + int(clock[1]), int(clock[2]) * 60 + int(clock[3])
    minute = here.hour * 60 + here.minute
    if begins < ends:
        return begins <= minute < ends and _is_on(first, last, here)
    if minute >= begins:
        return _is_on(first, last, here)
    return minute < ends and _is_on(first, last, here - timedelta(days=1))


def _is_on(first: str | None, last: str | None, day: datetime) -> bool:
    if first is None:
        return True
    from_, to = DAYS.index(first), DAYS.index(last or first)
    today = day.weekday()
    return from_ <= today <= to if from_ <= to else today >= from_ or today <= to
