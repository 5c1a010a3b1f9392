"""Budgets of a day and a month, in the studio's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from renderbus_core.burst import budgets
from renderbus_core.burst.budgets import spending
from renderbus_core.burst.model import Order
from renderbus_core.money import Money

CONFIG = """
[money]
price_per_hour = "1"
currency = "USD"
budget = "100"
budget_day = "10"
budget_month = "50"
[overflow]
time_zone = "Asia/Tokyo"
"""


def usd(amount):
    return Money(Decimal(amount), "USD")


def test_days_and_months_begin_where_the_studio_is(make_world):
    config = make_world(config=CONFIG).gateway.config
    # In Tokyo it is already the first of April.
    found = budgets(config, datetime(2026, 3, 31, 18, tzinfo=UTC))
    began = datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert [(one.amount, one.since) for one in found] == [
        (usd(100), None), (usd(10), began), (usd(50), began)
    ]  # fmt: skip


def test_without_budgets_there_are_none(make_world):
    assert budgets(make_world().gateway.config, datetime(2026, 3, 31, tzinfo=UTC)) == ()


def test_the_policy_hears_of_the_budget_that_leaves_least(make_world):
    world = make_world(config=CONFIG)
    store, config, now = world.store, world.gateway.config, world.clock.now()
    known = spending(store, config, now)
    assert (known.name, known.left) == ("the day's budget", usd(10))
    refs = tuple(task.ref for task in world.tasks())
    store.plan([Order("local", world.job, refs[:1], "x", usd(9))], now)
    world.clock.advance(86400)
    store.plan([Order("local", world.job, refs[1:2], "x", usd(45))], world.clock.now())
    world.clock.advance(86400)
    known = spending(store, config, world.clock.now())
    assert (known.name, known.left) == ("the month's budget", usd(-4))
