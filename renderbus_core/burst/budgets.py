"""Which budgets the configuration sets for whom, and how full they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from renderbus_core.burst.store import BurstStore, LimitReachedError
from renderbus_core.config import BudgetRule, Config, for_job
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.money import Money
from renderbus_core.overflow import Budget, Fill, Level, Payer, Spending, fill, worst

EACH = "*"
"""Stands for one budget for each user, or each project."""


def budgets(config: Config, now: datetime, payers: Iterable[Payer]) -> tuple[Budget, ...]:
    """Return the budgets that hold now for some jobs, each once.

    Args:
        config: settings; days and months begin in the policy's time zone.
        now: UTC.
        payers: whose money bursts would take.
    """
    money, starts = config.money, _Starts.of(config, now)
    whole = (
        (money.budget, None, "the budget"),
        (money.budget_day, starts.day, "the day's budget"),
        (money.budget_month, starts.month, "the month's budget"),
    )
    found = [Budget(amount, since, name) for amount, since, name in whole if amount is not None]
    for payer in payers:
        if money.budget_job is not None:
            name = f"the budget of job {payer.job}"
            found.append(Budget(money.budget_job, name=name, job=payer.job))
        found += (each for rule in money.budgets for each in _of_rule(rule, payer, starts))
    return tuple(dict.fromkeys(found))


def spending(store: BurstStore, config: Config, now: datetime, payers: Iterable[Payer]) -> Spending:
    """Return what the policy must know of money.

    Args:
        store: the record.
        config: settings.
        now: UTC.
        payers: of the jobs that are decided about.
    """
    found = budgets(config, now, payers)
    committed = {budget: store.committed(budget) for budget in found}
    return Spending(config.price_per_hour, committed)


def own_prices(config: Config, jobs: Iterable[LocalJob]) -> dict[JobId, Money | None]:
    """Return the prices of machines that jobs ask for themselves, by job.

    Args:
        config: settings.
        jobs: any.
    """
    return {
        job.id: for_job(config, job.options).price_per_hour
        for job in jobs
        if job.options.names_machines
    }


def fills(
    store: BurstStore, config: Config, now: datetime, payers: Iterable[Payer]
) -> tuple[Fill, ...]:
    """Return how full each budget is.

    Args:
        store: the record.
        config: settings.
        now: UTC.
        payers: whose budgets are looked at, beside those of everybody.
    """
    money = config.money
    return tuple(
        fill(
            budget,
            store.committed(budget),
            store.spent(budget),
            warn_share=money.warn_share,
            hard_share=money.hard_share,
        )
        for budget in budgets(config, now, payers)
    )


def refuse_when_spent(store: BurstStore, config: Config, now: datetime, payer: Payer) -> None:
    """Raise `LimitReachedError` when all of a budget that would pay is spent.

    People's bursts need no estimate and no budget; but what would come back at once is not sent.

    Args:
        store: the record.
        config: settings.
        now: UTC.
        payer: whose money a burst would take.
    """
    full = worst(fills(store, config, now, [payer]), payer)
    if full is not None and full.level >= Level.FULL:
        raise LimitReachedError(
            f"job {payer.job} stays on the farm: {full.sentence}; raise it in money of the "
            "configuration to send more"
        )


@dataclass(frozen=True, slots=True)
class _Starts:
    """When the day and the month began, UTC."""

    day: datetime
    month: datetime

    @classmethod
    def of(cls, config: Config, now: datetime) -> _Starts:
        here = now.astimezone(ZoneInfo(config.overflow.time_zone))
        day = here.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(day.astimezone(UTC), day.replace(day=1).astimezone(UTC))

    def named(self, period: str) -> datetime | None:
        return {"day": self.day, "month": self.month}.get(period)


def _of_rule(rule: BudgetRule, payer: Payer, starts: _Starts) -> Iterator[Budget]:
    """Give the budget of one rule that pays for a job, where it does."""
    user = payer.user if rule.user == EACH else rule.user
    project = payer.project if rule.project == EACH else rule.project
    budget = Budget(
        rule.amount,
        starts.named(rule.period),
        _name(rule, user, project),
        user=user if rule.user else None,
        project=project if rule.project else None,
    )
    if budget.pays_for(payer):
        yield budget


def _name(rule: BudgetRule, user: str, project: str) -> str:
    period = {"day": "the day's budget", "month": "the month's budget"}.get(
        rule.period, "the budget"
    )
    whose = []
    if rule.user:
        whose.append(f"user {user}" if user else "jobs of no known user")
    if rule.project:
        whose.append(f"project {project}" if project else "jobs without a project")
    of = " and ".join(whose)
    return f"{period} of {of}" if of else period
