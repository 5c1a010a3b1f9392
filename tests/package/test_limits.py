"""Every task ends by itself, and what it can cost until then is known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.money import Money
from renderbus_core.package import Limits, time_limits
from renderbus_core.package.limits import cost_range, highest_cost, likely_cost

DAY = 24 * 3600


def test_a_frame_gets_a_multiple_of_its_estimate(burst):
    assert time_limits(burst(frame_seconds=600.4), 10).frame_seconds == 1802


def test_a_frame_never_gets_less_than_the_minimum(burst):
    assert time_limits(burst(frame_seconds=1.0), 10).frame_seconds == 900


def test_a_frame_nobody_can_estimate_gets_hours_not_days(burst):
    assert time_limits(burst(), 10).frame_seconds == 4 * 3600


def test_a_budget_is_machine_time_shared_by_the_machines(burst, usd):
    request = burst(frame_seconds=60, budget=usd(20), price_per_hour=usd("2.00"))
    # 10 machine hours, 10 machines: one hour.
    assert time_limits(request, 100) == Limits(900, 3600)
    # 4 pictures keep 4 machines busy at most.
    assert time_limits(request, 4) == Limits(900, 9000)


def test_a_budget_below_one_frames_limit_still_lets_that_frame_end(burst, usd):
    request = burst(frame_seconds=60, budget=usd("0.01"), price_per_hour=usd("2"))
    assert time_limits(request, 100) == Limits(900, 900)


def test_without_a_budget_a_task_ends_after_a_day(burst, usd):
    assert time_limits(burst(frame_seconds=60), 100).task_seconds == DAY
    free = burst(frame_seconds=60, budget=usd(5), price_per_hour=usd(0))
    assert time_limits(free, 100).task_seconds == DAY


def test_without_a_budget_work_that_needs_longer_than_a_day_gets_it(burst):
    # 600 pictures on 10 machines, 1800 s each at most: 60 rounds.
    assert time_limits(burst(frame_seconds=600), 600).task_seconds == 108_000


def test_no_number_of_frames_keeps_a_task_for_more_than_two_days(burst):
    assert time_limits(burst(), 100_000).task_seconds == 2 * DAY


def test_one_frame_may_need_longer_than_that(burst):
    assert time_limits(burst(frame_seconds=DAY), 1) == Limits(3 * DAY, 3 * DAY)


def test_a_huge_budget_is_no_reason_to_run_for_weeks(burst, usd):
    request = burst(frame_seconds=60, budget=usd(10**6), price_per_hour=usd(1))
    assert time_limits(request, 10).task_seconds == DAY


def test_two_currencies_are_refused(burst, usd):
    request = burst(budget=usd(5), price_per_hour=Money(Decimal(1), "CNY"))
    with pytest.raises(InputError, match="the budget is in USD and the price in CNY"):
        time_limits(request, 1)


def test_a_budget_of_nothing_is_refused(burst, usd):
    with pytest.raises(InputError, match="pays for nothing"):
        time_limits(burst(budget=usd(0), price_per_hour=usd(1)), 1)


def test_the_likely_cost_is_that_of_frames_as_they_were_here(burst, usd):
    request = burst(frame_seconds=90, price_per_hour=usd("2.00"))
    assert likely_cost(request) == usd("0.50")
    assert likely_cost(burst(price_per_hour=usd(2))) is None
    assert likely_cost(burst(frame_seconds=90)) is None


def test_a_cost_that_few_frames_tell_may_be_three_times_as_much_or_as_little(burst, usd):
    low, high = cost_range(burst(frame_seconds=90, price_per_hour=usd("2.00")))
    assert (low.amount.quantize(Decimal("0.001")), high) == (Decimal("0.167"), usd("1.50"))
    assert cost_range(burst(price_per_hour=usd(2))) is None
    assert cost_range(burst(frame_seconds=90)) is None


def test_a_known_spread_narrows_the_cost_down_to_how_much_machines_differ(burst, usd):
    request = burst(frame_seconds=90, frame_seconds_error=0, price_per_hour=usd("3.00"))
    low, high = cost_range(request)
    assert (str(low), high) == ("0.50 USD", usd("1.125"))
    unsure = burst(frame_seconds=90, frame_seconds_error=100, price_per_hour=usd("3.00"))
    assert cost_range(unsure)[0] == usd(0)
    assert cost_range(unsure)[1].amount > high.amount


def test_the_highest_cost_is_that_of_every_limit_met(burst, usd):
    # Few frames: each runs into its own limit of 900 s. Many: the task into its own of a day.
    request = burst(frame_seconds=90, price_per_hour=usd("2.00"))
    assert highest_cost(request, 8) == usd("4.00")
    assert highest_cost(request, 10_000) == usd(10 * 24 * 2 * 2)
    assert highest_cost(burst(), 8) is None
    assert highest_cost(burst(price_per_hour=usd(2), vendor_time_limits=True), 8) is None


@given(
    estimate=st.floats(0, 10**6) | st.none(),
    budget=st.decimals("0.01", 10**6, places=2),
    price=st.decimals("0.01", 1000, places=2),
    machines=st.integers(1, 1000),
    pictures=st.integers(1, 10**6),
)
def test_a_forgotten_task_costs_its_budget_or_one_round_of_frames(
    *, burst, usd, estimate, budget, price, machines, pictures
):
    request = burst(
        frame_seconds=estimate,
        budget=usd(budget),
        price_per_hour=usd(price),
        machine_limit=machines,
    )
    limits = time_limits(request, pictures)
    busy = min(machines, pictures)
    rate = busy * price
    assert rate * limits.task_seconds <= max(budget * 3600, rate * limits.frame_seconds)
    assert 0 < limits.frame_seconds <= limits.task_seconds
