"""Amounts of money: never a float, never without a currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency.

    Args:
        amount: exact.
        currency: ISO 4217 code, `CNY` or `USD`.
    """

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount.quantize(Decimal('0.01'))} {self.currency}"


def render_cost(seconds: float, price_per_hour: Money) -> Money:
    """Return what rendering for some time costs.

    Args:
        seconds: machine time.
        price_per_hour: of the machine.
    """
    amount = Decimal(str(seconds)) * price_per_hour.amount / SECONDS_PER_HOUR
    return Money(amount, price_per_hour.currency)
