"""What rendering costs and who pays: coupons first, then the balance, then what is owed.

A render is paid when it ends; what runs counts towards the moment at which the money is used up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from renderbus_core.money import SECONDS_PER_HOUR, Money, render_cost
from renderbus_core.simulator.settings import Account, FeeKind

if TYPE_CHECKING:
    from renderbus_core.simulator.state import Run, World

_NOTHING = Decimal(0)
# Machine seconds too small to be money: they absorb what floats lose.
_TOLERANCE = 1e-6
# Money for longer than this is no limit: 30 years of machine time.
_ENDLESS = 1e9


@dataclass(frozen=True, slots=True)
class Fee:
    """What something cost.

    Args:
        account: part that the balance paid, what is owed included.
        coupon: part that coupons paid.
        owed: part of `account` for which there was no money.
    """

    account: Decimal = _NOTHING
    coupon: Decimal = _NOTHING
    owed: Decimal = _NOTHING

    @property
    def total(self) -> Decimal:
        """Everything, whoever paid it."""
        return self.account + self.coupon

    def __add__(self, other: Fee) -> Fee:
        return Fee(self.account + other.account, self.coupon + other.coupon, self.owed + other.owed)


NO_FEE = Fee()
"""What nothing costs."""


def sum_of(fees: Iterable[Fee]) -> Fee:
    """Add fees up."""
    return sum(fees, start=NO_FEE)


def price(world: World, account: Account) -> Decimal:
    """Return what an hour of a machine costs; packages are paid for already."""
    if world.settings.payer(account).fee_kind is FeeKind.BY_USE:
        return world.settings.price_per_hour
    return _NOTHING


def balance(world: World, account: Account) -> Decimal:
    """Return the money that is left without coupons; below nothing it is owed."""
    who = world.settings.payer(account)
    return who.balance + world.accounts[who.user_id].paid_in - _spent(world, who).account


def coupon(world: World, account: Account) -> Decimal:
    """Return the coupons that are left."""
    who = world.settings.payer(account)
    return who.coupon - _spent(world, who).coupon


def owed(world: World, account: Account) -> Decimal:
    """Return what the payer owes; 0 once it has paid in enough."""
    return max(_NOTHING, -balance(world, account))


def consumed(world: World, account: Account) -> Fee:
    """Return what an account's own tasks have cost."""
    return sum_of(task.fee for task in world.tasks.values() if task.owner is account)


def is_in_arrears(world: World, account: Account, now: datetime) -> bool:
    """Tell whether money, coupons and credit are used up, running renders counted in."""
    left = _seconds_left(world, world.settings.payer(account))
    if left is None or left - _most_charged(world, now) > _TOLERANCE:
        return False
    return left - _charged(_runs(world, account), now) <= _TOLERANCE


def charge(world: World, account: Account, seconds: float) -> Fee:
    """Take render time off the payer's coupons and balance.

    Args:
        world: its books change.
        account: whose task was rendered.
        seconds: machine time.
    """
    hourly = Money(price(world, account), world.settings.currency)
    total = render_cost(seconds, hourly).amount
    by_coupon = max(_NOTHING, min(total, coupon(world, account)))
    by_account = total - by_coupon
    unpaid = by_account - min(by_account, max(_NOTHING, balance(world, account)))
    fee = Fee(by_account, by_coupon, unpaid)
    who = world.settings.payer(account)
    world.spent[who.user_id] = _spent(world, who) + fee
    return fee


def exhaustion(world: World, horizon: datetime | None) -> datetime | None:
    """Return when the first payer's money is used up by what runs.

    Args:
        world: as it is.
        horizon: before which no run begins or ends; None when none will.

    Returns:
        A moment up to the horizon; None when the money lasts until then.
    """
    owners = {leaf.owner.user_id: leaf.owner for leaf in world.rendering.values()}
    payers = {who.user_id: who for who in map(world.settings.payer, owners.values())}
    if horizon is not None:
        most = _most_charged(world, horizon)
        lefts = (_seconds_left(world, who) for who in payers.values())
        if all(left is None or left > most for left in lefts):
            return None
    moments = (_used_up(world, who, _runs(world, who), horizon) for who in payers.values())
    return min((moment for moment in moments if moment is not None), default=None)


def _used_up(
    world: World, who: Account, runs: list[Run], horizon: datetime | None
) -> datetime | None:
    left = _seconds_left(world, who)
    if left is None or left > _ENDLESS or not runs:
        return None
    start = max(run.started_at for run in runs)
    slowest = min(1.0, world.settings.speed)
    last = horizon or start + timedelta(seconds=max(left, 0.0) / slowest + 1)
    if _charged(runs, last) < left:
        return None
    # The sum grows steadily, so the moment is found by halving, to the microsecond.
    low, high = 0, max(0, (last - start) // timedelta(microseconds=1))
    while low < high:
        middle = (low + high) // 2
        if _charged(runs, start + timedelta(microseconds=middle)) < left - _TOLERANCE / 2:
            low = middle + 1
        else:
            high = middle
    return start + timedelta(microseconds=high)


def _seconds_left(world: World, who: Account) -> float | None:
    """Return the machine time that the settled money pays for; None when nothing costs money."""
    hourly = price(world, who)
    if not hourly:
        return None
    left = balance(world, who) + who.credit + coupon(world, who)
    return float(left / hourly) * SECONDS_PER_HOUR


def _runs(world: World, account: Account) -> list[Run]:
    who = world.settings.payer(account)
    return [run for run in world.runs.values() if world.settings.payer(run.frame.task.owner) is who]


def _most_charged(world: World, moment: datetime) -> float:
    """Return machine seconds that all runs together cannot exceed: cheap, and usually enough."""
    if not world.runs:
        return 0.0
    oldest = min(run.started_at for run in world.runs.values())
    passed = (moment - oldest).total_seconds()
    return len(world.runs) * max(1.0, world.settings.speed) * passed


def _charged(runs: Iterable[Run], moment: datetime) -> float:
    return math.fsum(run.charged(moment) for run in runs)


def _spent(world: World, who: Account) -> Fee:
    return world.spent.get(who.user_id, NO_FEE)
