"""Which budgets the configuration sets, and which of them leaves least."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from renderbus_core.burst.store import Budget, BurstStore
from renderbus_core.config import Config
from renderbus_core.overflow import Spending


def budgets(config: Config, now: datetime) -> tuple[Budget, ...]:
    """Return the budgets that hold now; days and months begin in the policy's time zone.

    Args:
        config: settings.
        now: UTC.
    """
    money, here = config.money, now.astimezone(ZoneInfo(config.overflow.time_zone))
    day = here.replace(hour=0, minute=0, second=0, microsecond=0)
    periods = (
        (money.budget, None, "the budget"),
        (money.budget_day, day, "the day's budget"),
        (money.budget_month, day.replace(day=1), "the month's budget"),
    )
    return tuple(
        Budget(amount, since and since.astimezone(UTC), name)
        for amount, since, name in periods
        if amount is not None
    )


def spending(store: BurstStore, config: Config, now: datetime) -> Spending:
    """Return what the policy must know of money: of several budgets, the one that leaves least.

    Args:
        store: the record.
        config: settings.
        now: UTC.
    """
    farm, price = config.farm.kind, config.money.price_per_hour
    found = [
        Spending(price, budget.amount, store.committed(farm, budget.since), budget.name)
        for budget in budgets(config, now)
    ]
    left = [(one.left.amount, place) for place, one in enumerate(found) if one.left is not None]
    return found[min(left)[1]] if left else Spending(price, None, store.committed(farm))
