"""When bursts may begin on their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from renderbus_core.overflow import windows

# A Monday.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "day", "hour", "opens"),
    [
        ("19:00-07:00", 2, 18, False),
        ("19:00-07:00", 2, 19, True),
        ("19:00-07:00", 3, 6, True),
        ("19:00-07:00", 3, 7, False),
        ("09:00-17:00", 2, 9, True),
        ("09:00-17:00", 2, 17, False),
        ("Mon-Fri 19:00-07:00", 6, 20, True),
        ("Mon-Fri 19:00-07:00", 7, 6, True),
        ("Mon-Fri 19:00-07:00", 7, 20, False),
        ("Mon-Fri 19:00-07:00", 2, 6, False),
        ("Sat 00:00-23:59", 7, 12, True),
        ("Sat 00:00-23:59", 8, 12, False),
        ("Fri-Mon 08:00-09:00", 8, 8, True),
        ("Fri-Mon 08:00-09:00", 4, 8, False),
        ("Sun 22:00-00:00", 8, 23, True),
        ("Sun 22:00-00:00", 9, 0, False),
    ],
)
def test_a_window_is_open_on_the_days_on_which_it_begins(window, day, hour, opens):
    moment = MONDAY.replace(day=day, hour=hour)
    assert windows.is_open([window], "UTC", moment) is opens


def test_without_windows_it_is_always_open():
    assert windows.is_open([], "UTC", MONDAY)


def test_one_of_several_windows_is_enough():
    assert windows.is_open(["01:00-02:00", "00:00-01:00"], "UTC", MONDAY)


def test_times_are_those_of_the_studio():
    moment = MONDAY.replace(hour=18, minute=30)
    assert windows.is_open(["19:00-07:00"], "Europe/Berlin", moment)
    assert not windows.is_open(["19:00-07:00"], "Europe/London", moment)
