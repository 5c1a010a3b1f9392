"""Budgets of a day and a month, in the studio's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from renderbus_core.burst import budgets
from renderbus_core.burst.budgets import spending
from renderbus_core.burst.model import Order
from renderbus_core.jobs import JobId
from renderbus_core.money import Money
from renderbus_core.overflow import Budget, Level, Payer, fill

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


def payer(job="job-1", user="ada", project="opera"):
    return Payer(JobId(job), user, project)


def test_days_and_months_begin_where_the_studio_is(make_world):
    config = make_world(config=CONFIG).gateway.config
    # In Tokyo it is already the first of April.
    found = budgets(config, datetime(2026, 3, 31, 18, tzinfo=UTC), ())
    began = datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert [(one.amount, one.since) for one in found] == [
        (usd(100), None), (usd(10), began), (usd(50), began)
    ]  # fmt: skip


def test_without_budgets_there_are_none(make_world):
    config = make_world().gateway.config
    assert budgets(config, datetime(2026, 3, 31, tzinfo=UTC), [payer()]) == ()


RULES = """
[money]
price_per_hour = "1"
currency = "USD"
budget_job = "3"
[[money.budgets]]
amount = "5"
user = "*"
period = "day"
[[money.budgets]]
amount = "7"
project = "opera"
[[money.budgets]]
amount = "9"
user = "ada"
project = "*"
period = "month"
"""


def test_each_rule_gives_its_budgets_to_those_it_is_for(make_world):
    config = make_world(config=RULES).gateway.config
    payers = [payer(), payer("job-2", "grace", ""), payer("job-3")]
    found = budgets(config, datetime(2026, 3, 31, 18, tzinfo=UTC), payers)
    assert [(one.name, one.amount.amount) for one in found] == [
        ("the budget of job job-1", 3),
        ("the day's budget of user ada", 5),
        ("the budget of project opera", 7),
        ("the month's budget of user ada and project opera", 9),
        ("the budget of job job-2", 3),
        ("the day's budget of user grace", 5),
        ("the budget of job job-3", 3),
    ]
    assert len(set(found)) == len(found), "those that two jobs share are there once"


def test_bursts_of_jobs_whose_user_is_not_known_have_budgets_too(make_world):
    config = make_world(config=RULES).gateway.config
    found = budgets(config, datetime(2026, 3, 31, 18, tzinfo=UTC), [payer("job-1", "", "")])
    assert [one.name for one in found][1] == "the day's budget of jobs of no known user"


def test_a_burst_takes_from_every_budget_that_pays_for_it(make_world):
    world = make_world(config=RULES)
    store, config, now = world.store, world.gateway.config, world.clock.now()
    (ref, *_) = (task.ref for task in world.tasks())
    order = Order("local", world.job, (ref,), "x", usd(2), user="ada", project="opera")
    store.plan([order], now)
    known = spending(store, config, now, [Payer(world.job, "ada", "opera"), payer("job-9", "ada")])
    assert [(one.name, given) for one, given in known.committed.items()] == [
        (f"the budget of job {world.job}", 2),
        ("the day's budget of user ada", 2),
        ("the budget of project opera", 2),
        ("the month's budget of user ada and project opera", 2),
        ("the budget of job job-9", 0),
    ]


def test_the_tightest_budget_decides(make_world):
    world = make_world(config=CONFIG)
    store, config, now = world.store, world.gateway.config, world.clock.now()

    def tightest():
        known = spending(store, config, world.clock.now(), [payer()])
        budget, left = known.purse().tightest(payer())
        return budget.name, left

    assert tightest() == ("the day's budget", usd(10))
    refs = tuple(task.ref for task in world.tasks())
    store.plan([Order("local", world.job, refs[:1], "x", usd(9))], now)
    world.clock.advance(86400)
    store.plan([Order("local", world.job, refs[1:2], "x", usd(45))], world.clock.now())
    world.clock.advance(86400)
    assert tightest() == ("the month's budget", usd(-4))


@pytest.mark.parametrize(
    ("committed", "spent", "level"),
    [
        (0, 0, Level.FINE),
        ("79.99", 0, Level.FINE),
        (80, 0, Level.NEARLY),
        (100, "99.99", Level.NEARLY),
        (100, 100, Level.FULL),
        (100, "119.99", Level.FULL),
        (100, 120, Level.OVER),
    ],
)
def test_what_is_done_follows_from_what_is_spent(committed, spent, level):
    found = fill(
        Budget(usd(100)), Decimal(committed), Decimal(spent), warn_share=0.8, hard_share=1.2
    )
    assert found.level is level


def test_without_a_hard_limit_nothing_is_ever_stopped_in_the_middle():
    found = fill(Budget(usd(1)), Decimal(9), Decimal(9), warn_share=0.8, hard_share=0)
    assert found.level is Level.FULL
