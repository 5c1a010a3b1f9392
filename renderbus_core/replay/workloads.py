"""Queues that are made up: equal seeds give equal ones, on every host."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

from renderbus_core.replay.values import Shot, Trace

HOUR = 3600.0


def steady(seed: int = 0) -> Trace:
    """A farm that is busy day and night, now and then with more than it can do."""
    chance = random.Random(f"steady {seed}")  # noqa: S311 - a queue need not be secret
    shots: list[Shot] = []
    at = 0.0
    while at < 36 * HOUR:
        count, mean = chance.randint(20, 80), chance.uniform(300, 900)
        shots.append(_shot(chance, f"steady-{len(shots)}", at, count, mean, hours=(3, 12)))
        at += chance.expovariate(1 / 1700)
    return Trace("steady", 20, tuple(shots))


def evening(seed: int = 0) -> Trace:
    """Quiet days; everybody submits before going home and wants pictures in the morning."""
    chance = random.Random(f"evening {seed}")  # noqa: S311 - a queue need not be secret
    shots: list[Shot] = []
    for day in range(2):
        for _ in range(8):
            at = (24 * day + chance.uniform(0, 9)) * HOUR
            shots.append(_shot(chance, f"day-{len(shots)}", at, 20, 400, hours=(4, 8)))
        for _ in range(30):
            at = (24 * day + chance.gauss(9.5, 0.5)) * HOUR
            count, mean = chance.randint(40, 120), chance.uniform(300, 900)
            morning = (24 * (day + 1)) * HOUR
            shot = _shot(chance, f"night-{len(shots)}", at, count, mean, hours=None)
            shots.append(_due(shot, morning))
    return Trace("evening", 25, tuple(sorted(shots, key=lambda shot: shot.arrives)))


def crunch(seed: int = 0) -> Trace:
    """Too much for days, short deadlines, and frames that take many times what others do."""
    chance = random.Random(f"crunch {seed}")  # noqa: S311 - a queue need not be secret
    shots: list[Shot] = []
    at = 0.0
    while at < 30 * HOUR:
        count, mean = chance.randint(30, 100), chance.uniform(300, 1000)
        shot = _shot(chance, f"crunch-{len(shots)}", at, count, mean, hours=(3, 8), stragglers=0.02)
        shots.append(shot)
        at += chance.expovariate(1 / 1500)
    return Trace("crunch", 20, tuple(shots))


WORKLOADS: Mapping[str, Callable[[int], Trace]] = MappingProxyType(
    {"steady": steady, "evening": evening, "crunch": crunch}
)
"""Made-up queues by their names."""

# How far the frames of one shot differ, and how much longer a straggler takes.
_SIGMA = 0.25
_STRAGGLES = 8.0


def _shot(
    chance: random.Random,
    name: str,
    at: float,
    count: int,
    mean: float,
    *,
    hours: tuple[float, float] | None,
    stragglers: float = 0.0,
) -> Shot:
    seconds = tuple(
        round(
            mean
            * chance.lognormvariate(-(_SIGMA**2) / 2, _SIGMA)
            * (_STRAGGLES if chance.random() < stragglers else 1.0),
            1,
        )
        for _ in range(count)
    )
    due = None if hours is None else round(at + chance.uniform(*hours) * HOUR, 1)
    dcc = chance.choice(("maya", "houdini", "blender"))
    return Shot(name, round(max(at, 0.0), 1), seconds, chance.choice((40, 50, 50, 60)), due, dcc)


def _due(shot: Shot, when: float) -> Shot:
    return Shot(shot.name, shot.arrives, shot.seconds, shot.priority, math.floor(when), shot.dcc)
