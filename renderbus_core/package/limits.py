"""Time limits that go with every task: they end it when nobody watches any more.

The cloud stops a frame after `job_stop_time` and the whole task after `task_stop_time`. With at
most `machine_limit` machines at work, a task that everybody forgot costs no more than the larger
of its budget and what the machines cost during one frame's limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from renderbus_core.errors import InputError
from renderbus_core.money import SECONDS_PER_HOUR, Money, render_cost
from renderbus_core.package.request import BurstRequest

UNKNOWN_FRAME_SECONDS = 4 * SECONDS_PER_HOUR
"""Limit of a frame whose render time nobody can estimate."""

DAY = 24 * SECONDS_PER_HOUR
"""What a task gets at least when no budget says less."""

LONGEST_TASK = 2 * DAY
"""What a task gets at most, however many frames it has; one frame's own limit may be longer."""


# A machine of the cloud is this many times as fast or as slow as those here, at most; and a mean
# of a few frames is off by as much again. ASSUMPTIONS, until a parity probe has measured it.
_MACHINES_DIFFER = Decimal("1.5")
_FEW_DIFFER = Decimal(2)


@dataclass(frozen=True, slots=True)
class Limits:
    """Whole seconds after which the cloud stops a frame and the task."""

    frame_seconds: int
    task_seconds: int

    def run_seconds(self, frames: int) -> int:
        """Return the limit of frames that one machine renders in a row.

        To the cloud they are one entry, which `job_stop_time` ends as a whole.

        Args:
            frames: how many they are at most.
        """
        return min(self.frame_seconds * frames, self.task_seconds)


def time_limits(request: BurstRequest, pictures: int) -> Limits:
    """Derive a task's time limits from its estimate and its budget.

    Args:
        request: the burst.
        pictures: how many pictures the cloud renders, all layers and cameras counted; at least 1.

    Raises:
        InputError: budget and price are in different currencies, or not above zero.
    """
    frame = _frame_seconds(request)
    parts = _parts(request, pictures)
    machines = min(request.machine_limit, parts)
    rounds = math.ceil(parts / machines)
    ceiling = min(max(DAY, rounds * frame * request.frames_per_machine), LONGEST_TASK)
    paid = _paid_seconds(request, machines)
    # Less than one frame's own limit would stop frames that are allowed to go on.
    task = max(frame, ceiling if paid is None else min(paid, ceiling))
    if request.task_limit is not None:
        task = min(task, math.ceil(request.task_limit))
    return Limits(min(frame, task), task)


def _parts(request: BurstRequest, pictures: int) -> int:
    """Return what machines take one at a time: tiles of pictures, or several frames in a row."""
    return math.ceil(pictures / request.frames_per_machine) * max(request.tiles, 1)


def likely_cost(request: BurstRequest) -> Money | None:
    """Return what rendering costs when frames take as long as they did here; None when unknown."""
    if request.frame_seconds is None or request.price_per_hour is None:
        return None
    return render_cost(request.frame_seconds * len(request.frames), request.price_per_hour)


def cost_range(request: BurstRequest) -> tuple[Money, Money] | None:
    """Return between which amounts the cost will be, limits apart; None when unknown.

    What was measured here is uncertain by its own spread, and by how much machines differ; the
    mean of a few frames is taken to be off by a factor.
    """
    seconds, error, price = (
        request.frame_seconds,
        request.frame_seconds_error,
        request.price_per_hour,
    )
    if seconds is None or price is None:
        return None

    def cost(each: float, factor: Decimal) -> Money:
        whole = render_cost(each * len(request.frames), price)
        return Money(whole.amount * factor, whole.currency)

    if error is None:
        factor = _MACHINES_DIFFER * _FEW_DIFFER
        return cost(seconds, 1 / factor), cost(seconds, factor)
    low, high = max(0.0, seconds - error), seconds + error
    return cost(low, 1 / _MACHINES_DIFFER), cost(high, _MACHINES_DIFFER)


def highest_cost(request: BurstRequest, pictures: int) -> Money | None:
    """Return what rendering costs when every limit is met; None without a price or a limit.

    Args:
        request: the burst.
        pictures: how many pictures the cloud renders; at least 1.
    """
    if request.price_per_hour is None or request.vendor_time_limits:
        return None
    limits = time_limits(request, pictures)
    parts, run = _parts(request, pictures), limits.run_seconds(request.frames_per_machine)
    seconds = min(parts * run, min(request.machine_limit, parts) * limits.task_seconds)
    return render_cost(seconds, request.price_per_hour)


def _frame_seconds(request: BurstRequest) -> int:
    estimate = request.frame_seconds
    wanted = (
        UNKNOWN_FRAME_SECONDS if estimate is None else estimate * request.frame_time_limit_factor
    )
    usual = max(wanted, request.frame_time_limit_minimum)
    return math.ceil(usual if request.frame_limit is None else min(usual, request.frame_limit))


def _paid_seconds(request: BurstRequest, machines: int) -> int | None:
    """Return how long the budget lasts when all machines work all the time; None without one."""
    budget, price = request.budget, request.price_per_hour
    if budget is None or price is None:
        return None
    if budget.currency != price.currency:
        raise InputError(
            f"the budget is in {budget.currency} and the price in {price.currency}; "
            "configure both in the account's currency"
        )
    if budget.amount <= 0:
        raise InputError(f"a budget of {budget} pays for nothing; raise it or leave it out")
    if price.amount <= 0:
        return None
    return int(budget.amount * SECONDS_PER_HOUR // (price.amount * machines))
