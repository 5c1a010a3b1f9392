"""Money that bursts may take: budgets, whose jobs they pay for, and how full they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.money import Money


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose money a burst takes.

    Args:
        job: that it belongs to.
        user: who submitted the job.
        project: of the job; "" when none.
    """

    job: JobId
    user: str = ""
    project: str = ""

    @classmethod
    def of(cls, job: LocalJob) -> Payer:
        """Return who pays for a job."""
        return cls(job.id, job.user, job.project)


@dataclass(frozen=True, slots=True)
class Budget:
    """What bursts may cost together.

    Args:
        amount: at most.
        since: only bursts that were planned since then count, UTC; None counts all.
        name: for people.
        user: only bursts of jobs of this user; None for everybody's.
        project: only bursts of jobs of this project; None for all.
        job: only bursts of this job; None for all.
    """

    amount: Money
    since: datetime | None = None
    name: str = "the budget"
    user: str | None = None
    project: str | None = None
    job: JobId | None = None

    @property
    def title(self) -> str:
        """Its name and amount: two budgets of one name differ in that."""
        return f"{self.name} of {self.amount}"

    def pays_for(self, payer: Payer) -> bool:
        """Tell whether bursts of a payer count against it."""
        return (
            self.user in {None, payer.user}
            and self.project in {None, payer.project}
            and self.job in {None, payer.job}
        )


@dataclass(frozen=True, slots=True)
class Spending:
    """What the money side knows; without price and budget the automatic route only advises.

    Args:
        price_per_hour: of one machine.
        committed: what each budget has given away: estimates of live bursts, or what they cost
            where that is more, and costs of finished ones.
        prices: of machines that jobs ask for themselves, by job.
    """

    price_per_hour: Money | None = None
    committed: Mapping[Budget, Decimal] = field(default_factory=dict)
    prices: Mapping[JobId, Money | None] = field(default_factory=dict)

    def price_of(self, job: JobId) -> Money | None:
        """Return what an hour of one of a job's machines costs; None when nobody said."""
        return self.prices.get(job, self.price_per_hour)

    def purse(self) -> Purse:
        """Return what is left, to be spent."""
        left = {one: one.amount.amount - given for one, given in self.committed.items()}
        return Purse(left)


@dataclass(slots=True)
class Purse:
    """What is left of each budget while decisions are made."""

    _left: dict[Budget, Decimal]

    def tightest(self, payer: Payer) -> tuple[Budget, Money] | None:
        """Return the budget of a payer that has least left, and that; None when there is none."""
        own = [budget for budget in self._left if budget.pays_for(payer)]
        if not own:
            return None
        found = min(own, key=lambda budget: self._left[budget])
        return found, Money(self._left[found], found.amount.currency)

    def take(self, payer: Payer, amount: Money) -> None:
        """Give an amount away out of every budget that pays."""
        for budget in self._left:
            if budget.pays_for(payer):
                self._left[budget] -= amount.amount


class Level(IntEnum):
    """How full a budget is, and so what is done about it."""

    FINE = 0
    NEARLY = 1
    FULL = 2
    OVER = 3


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a budget is.

    Args:
        budget: which.
        committed: given away, estimates of what is still to be rendered counted.
        spent: charged, what renders at the moment counted as if it were done.
        level: what that means.
    """

    budget: Budget
    committed: Decimal
    spent: Decimal
    level: Level

    @property
    def sentence(self) -> str:
        """For people, the same everywhere."""
        amount = self.budget.amount
        spent = Money(self.spent, amount.currency)
        committed = Money(self.committed, amount.currency)
        return f"{self.budget.title}: {spent} spent, {committed} committed"


def fill(
    budget: Budget, committed: Decimal, spent: Decimal, *, warn_share: float, hard_share: float
) -> Fill:
    """Judge how full a budget is.

    Args:
        budget: which.
        committed: given away.
        spent: charged, with what renders.
        warn_share: of the amount, from which on people are told.
        hard_share: of the amount, from which on everything is stopped; 0 for never.
    """
    amount = budget.amount.amount
    if hard_share and spent >= amount * Decimal(str(hard_share)) and spent > amount:
        level = Level.OVER
    elif spent >= amount:
        level = Level.FULL
    elif committed >= amount * Decimal(str(warn_share)):
        level = Level.NEARLY
    else:
        level = Level.FINE
    return Fill(budget, committed, spent, level)


def worst(fills: Iterable[Fill], payer: Payer) -> Fill | None:
    """Return the fullest budget of a payer that calls for something; None when none does."""
    own = [one for one in fills if one.level is not Level.FINE and one.budget.pays_for(payer)]
    return max(own, key=lambda one: one.level, default=None)
