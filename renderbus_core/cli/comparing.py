"""What `renderbus overflow simulate` compares, and how it is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from renderbus_core import config as configuration
from renderbus_core.config import Config
from renderbus_core.errors import InputError
from renderbus_core.money import Money, render_cost
from renderbus_core.replay import (
    Ask,
    Cloud,
    Outcome,
    Trace,
    least_cloud_seconds,
    nothing,
    ours,
    threshold,
)
from renderbus_core.web import Comparison, Policy

USUAL = ("none", "threshold:10", "ours")
"""Policies that are compared when none is named."""

COLUMNS = (
    "cost",
    "cloud hours",
    "bursts",
    "tasks in the cloud",
    "mean wait",
    "95 % wait",
    "mean span",
    "late jobs",
)
_THRESHOLD = "threshold:"
_HIGHEST = 1_000_000_000
_HOUR = 3600


def cloud_of(config: Config) -> Cloud:
    """Return what the cloud is taken to be.

    Args:
        config: settings.
    """
    policy = config.overflow
    price = config.price_per_hour or Money(Decimal(1), config.money.currency or "USD")
    return Cloud(policy.cloud_machines, policy.cloud_wait_seconds, policy.cloud_speed, price)


def asked(name: str, config: Config) -> tuple[Ask, Money | None]:
    """Return the policy of a name, and its budget.

    Args:
        name: as people write it.
        config: settings.

    Raises:
        InputError: it names no policy.
        ConfigError: its file cannot be used.
    """
    if name == "none":
        return nothing, None
    if name.startswith(_THRESHOLD):
        return threshold(_number(name)), None
    if name == "ours":
        chosen = config
    elif Path(name).is_file():
        chosen = configuration.load(Path(name))
    else:
        raise InputError(
            f"there is no policy {name!r}: write none, threshold:N, ours, or a configuration file"
        )
    # Whether the automatic route is switched on is no part of the question.
    policy = dataclasses.replace(chosen.overflow, enabled=True)
    return ours(policy), chosen.money.budget


def label(name: str) -> str:
    """Return how a policy is called in tables: a file without its folder."""
    return Path(name).name if Path(name).is_file() else name


def sentence(trace: Trace, cloud: Cloud) -> str:
    """Say what is replayed, and what nobody could do better."""
    tasks = sum(len(shot.seconds) for shot in trace.shots)
    hours = sum(sum(shot.seconds) for shot in trace.shots) / _HOUR
    least = least_cost(trace, cloud)
    bound = (
        f"no policy meets every deadline for less than {least}"
        if least.amount
        else "whoever knew the future could meet every deadline without the cloud"
    )
    return (
        f"{trace.name}: {len(trace.shots)} jobs, {tasks} tasks, {hours:.0f} hours of work for "
        f"{trace.workers} local workers; {bound}"
    )


def least_cost(trace: Trace, cloud: Cloud) -> Money:
    """Return what meeting every deadline costs at least, whoever decides."""
    return render_cost(least_cloud_seconds(trace) / cloud.speed, cloud.price_per_hour)


def figures(outcome: Outcome) -> tuple[str, ...]:
    """Return the texts of `COLUMNS`."""
    return (
        str(outcome.cost),
        f"{outcome.cloud_hours:.1f}",
        str(outcome.bursts),
        str(outcome.cloud_tasks),
        _span(outcome.mean_wait),
        _span(outcome.p95_wait),
        _span(outcome.mean_span),
        f"{len(outcome.missed)} of {outcome.deadlines}",
    )


def document(outcome: Outcome, trace: Trace, cloud: Cloud) -> dict[str, Any]:
    """Return an outcome for machines."""
    return {
        "policy": outcome.policy,
        "cost": outcome.cost,
        "least_cost": least_cost(trace, cloud),
        "cloud_hours": outcome.cloud_hours,
        "bursts": outcome.bursts,
        "cloud_tasks": outcome.cloud_tasks,
        "mean_wait_seconds": outcome.mean_wait,
        "p95_wait_seconds": outcome.p95_wait,
        "mean_span_seconds": outcome.mean_span,
        "missed": outcome.missed,
        "deadlines": outcome.deadlines,
    }


def page(trace: Trace, cloud: Cloud, outcomes: Sequence[Outcome]) -> Comparison:
    """Return what the page of plots says.

    Args:
        trace: that was replayed.
        cloud: beside it.
        outcomes: of the policies.
    """
    values = [_values(one) for one in outcomes]
    # All plots last as long as the longest queue: after its end nothing waits.
    length = max(len(one.samples) for one in outcomes)
    largest = [max(column) or 1.0 for column in zip(*values, strict=True)]
    return Comparison(
        title=f"Policies on {Path(trace.name).name}",
        sentence=sentence(trace, cloud),
        columns=COLUMNS,
        hours=max((one.samples[-1].at for one in outcomes if one.samples), default=0.0) / _HOUR,
        policies=tuple(
            Policy(
                name=one.policy,
                figures=figures(one),
                bars=tuple(v / most for v, most in zip(mine, largest, strict=True)),
                waiting=_padded([sample.queued for sample in one.samples], length),
                cloud=_padded([sample.cloud for sample in one.samples], length),
            )
            for one, mine in zip(outcomes, values, strict=True)
        ),
    )


def _padded(counts: Sequence[int], length: int) -> tuple[int, ...]:
    return (*counts, *(0,) * (length - len(counts)))


def _values(outcome: Outcome) -> tuple[float, ...]:
    return (
        float(outcome.cost.amount),
        outcome.cloud_hours,
        outcome.bursts,
        outcome.cloud_tasks,
        outcome.mean_wait,
        outcome.p95_wait,
        outcome.mean_span,
        len(outcome.missed),
    )


def _number(name: str) -> float:
    try:
        number = float(name.removeprefix(_THRESHOLD))
    except ValueError:
        number = -1.0
    if not 0 <= number < _HIGHEST:
        raise InputError(f"{name!r} names no threshold; write it as threshold:10")
    return number


def _span(seconds: float) -> str:
    return f"{seconds / _HOUR:.1f} h" if seconds >= _HOUR else f"{seconds / 60:.0f} min"
