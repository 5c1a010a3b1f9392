"""The money section: amounts in one currency, budgets, and which price holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from renderbus_core.config.values import BudgetRule, PriceRule, Prices
from renderbus_core.errors import Problem
from renderbus_core.money import Money

if TYPE_CHECKING:
    from decimal import Decimal


def missing_currency(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Name lists of amounts without a currency; an empty list needs none.

    Args:
        document: that obeys its schema.
    """
    section = document.get("money", {})
    if "currency" not in section:
        for key in ("budgets", "prices"):
            if section.get(key):
                yield Problem(f"money.{key}", "'currency' is missing, which it needs")


def prices(values: Mapping[str, Any]) -> Prices:
    """Put the money section together.

    Args:
        values: of the section, judged and typed.
    """
    currency = values["currency"]

    def money(amount: Decimal | None) -> Money | None:
        return None if amount is None else Money(amount, currency)

    table = tuple(
        PriceRule(
            Money(row["price_per_hour"], currency),
            row.get("model", ""),
            row.get("ram", 0),
            row.get("gpus", -1),
        )
        for row in values["prices"]
    )
    return Prices(
        price_per_hour=money(values["price_per_hour"]),
        prices=table,
        options_price_per_hour=money(values["options_price_per_hour"]),
        currency=currency,
        budget=money(values["budget"]),
        budget_day=money(values["budget_day"]),
        budget_month=money(values["budget_month"]),
        budget_job=money(values["budget_job"]),
        budgets=tuple(
            BudgetRule(
                Money(row["amount"], currency),
                row.get("period", "all"),
                row.get("user", ""),
                row.get("project", ""),
            )
            for row in values["budgets"]
        ),
        warn_share=values["warn_share"],
        hard_share=values["hard_share"],
    )
