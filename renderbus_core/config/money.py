"""The money section: amounts in one currency, budgets, and which price holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from renderbus_core.config.values import BudgetRule, PriceRule, Prices
from renderbus_core.errors import Problem
from renderbus_core.money import Money

if TYPE_CHECKING:
    from decimal import Decimal

    from renderbus_core.config.values import Burst


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


def prices(values: Mapping[str, Any], burst: Burst) -> Prices:
    """Put the money section together.

    Args:
        values: of the section, judged and typed.
        burst: says which machines bursts ask for.
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
        price_per_hour=_price(table, burst) or money(values["price_per_hour"]),
        prices=table,
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


def _price(table: Iterable[PriceRule], burst: Burst) -> Money | None:
    """Return the price of the row that names most of what bursts ask for; None where none fits."""
    fitting = [
        row
        for row in table
        if row.model in {"", burst.hardware_model}
        and row.ram in {0, burst.hardware_ram}
        and row.gpus in {-1, burst.hardware_gpus}
    ]
    found = max(fitting, key=_named, default=None)
    return found.price_per_hour if found else None


def _named(row: PriceRule) -> int:
    return (row.model != "") + (row.ram != 0) + (row.gpus != -1)
