"""The limit on requests per second: how many may go, in what order, and who waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.api.limiter import Limiter, TokenBucket
from renderbus_core.clock import ManualClock

# Far below one token, far above what rounding adds up to.
ROUNDING = 1e-6

rates = st.floats(0.01, 1000)
bursts = st.integers(1, 20)
pauses = st.lists(st.floats(0, 50), min_size=1, max_size=60)


@given(rates, bursts, pauses)
def test_no_window_holds_more_than_the_burst_and_the_rate_allow(rate, burst, pauses):
    bucket, now, moments = TokenBucket(rate, burst), 0.0, []
    for pause in pauses:
        now += pause
        moments.append(now + bucket.book(now))
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            window = moments[last] - moments[first]
            assert last - first + 1 <= burst + rate * window + ROUNDING * rate


@given(rates, bursts, pauses)
def test_moments_are_booked_in_the_order_they_are_asked_for(rate, burst, pauses):
    bucket, now, moments = TokenBucket(rate, burst), 0.0, []
    for pause in pauses:
        now += pause
        moments.append(now + bucket.book(now))
        assert moments[-1] >= now - ROUNDING
    assert all(later >= earlier - ROUNDING for earlier, later in pairwise(moments))


@given(rates, bursts, st.integers(1, 200))
def test_nobody_waits_longer_than_the_rate_demands(rate, burst, requests):
    bucket = TokenBucket(rate, burst)
    waits = [bucket.book(0) for _ in range(requests)]
    expected = [max(0, number + 1 - burst) / rate for number in range(requests)]
    assert waits == pytest.approx(expected, abs=ROUNDING)


def test_after_a_rest_a_whole_burst_may_go_again():
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.book(0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert [bucket.book(100) for _ in range(4)] == [0, 0, 0, 0.5]


def test_threads_share_one_bucket_and_each_waits_for_its_own_moment():
    waits, start = [], threading.Barrier(8)
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    limiter = Limiter(TokenBucket(rate=10, burst=2), clock, waits.append)

    def send():
        start.wait()
        for _ in range(5):
            limiter.wait()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([number / 10 for number in range(1, 39)])
