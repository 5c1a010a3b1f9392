"""The timeline's arithmetic: lengths of time in words, ticks, and bars on the axis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.web import FrameRow, Place, Report, Span, SpanKind
from renderbus_core.web.timeline import duration, lay_out, ticks

START = datetime(2026, 3, 14, 14, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0.0 s"),
        (3.21, "3.2 s"),
        (27.4, "27 s"),
        (59.7, "1 min 00 s"),
        (252, "4 min 12 s"),
        (3900, "1 h 05 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_durations_read_like_speech(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (1, ["0", "1 s"]),
        (62, ["0", "10 s", "20 s", "30 s", "40 s", "50 s", "60 s"]),
        (150, ["0", "0:30", "1:00", "1:30", "2:00", "2:30"]),
        (600, ["0", "2 min", "4 min", "6 min", "8 min", "10 min"]),
        (7200 * 1.5, ["0", "0:30 h", "1:00 h", "1:30 h", "2:00 h", "2:30 h", "3:00 h"]),
        (86_400, ["0", "3 h", "6 h", "9 h", "12 h", "15 h", "18 h", "21 h", "24 h"]),
        (86_400 * 20, ["0", "4 d", "8 d", "12 d", "16 d", "20 d"]),
    ],
)
def test_the_axis_has_ticks_at_round_times(seconds, labels):
    assert [tick.label for tick in ticks(seconds)] == labels


@given(st.floats(1, 1e9))
def test_ticks_are_few_evenly_spaced_and_on_the_axis(seconds):
    marks = ticks(seconds)
    assert marks[0].at == 0
    assert 2 <= len(marks) <= 9
    assert all(0 <= mark.at <= 100 for mark in marks)
    assert len({mark.label for mark in marks}) == len(marks)


MOMENTS = st.timedeltas(-timedelta(days=9), timedelta(days=9)).map(START.__add__)
SPANS = st.builds(Span, st.sampled_from(SpanKind), MOMENTS, MOMENTS)


@given(st.lists(SPANS, max_size=6))
def test_every_bar_lies_on_the_axis_and_can_be_seen(spans):
    row = FrameRow("job", "1", "1", Place.LOCAL, tuple(spans), "", "completed", None)
    run = Report("t", START, START, (), (row,), (), "CNY", Decimal(0), None, ())
    bars = lay_out(run).groups["job"][0].bars
    assert len(bars) == len(spans)
    for bar in bars:
        assert bar.left >= 0
        assert bar.width > 0
        assert bar.left + bar.width <= 100.01
