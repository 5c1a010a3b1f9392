"""What a person may change about a world that runs: money, machines, the speed of time."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from renderbus_core.errors import InputError
from renderbus_core.simulator.state import Run, World, node_name


def pay(world: World, user_id: int, amount: Decimal) -> None:
    """Add money to an account, or take it away; what follows from it is up to `life`.

    Raises:
        InputError: there is no such account.
    """
    state = world.accounts.get(user_id)
    if state is None:
        known = ", ".join(map(str, world.accounts))
        raise InputError(f"there is no account {user_id}; there are {known}")
    state.paid_in += amount


def set_nodes(world: World, nodes: int) -> None:
    """Change the number of machines; busy ones that are too many leave after their frame."""
    wanted = [node_name(place) for place in range(nodes)]
    busy = {run.frame.node for run in world.runs.values()}
    kept = [node for node in world.nodes if node in set(wanted)]
    world.nodes = deque([*kept, *(node for node in wanted if node not in {*kept, *busy})])
    world.leaving = frozenset(busy.difference(wanted))
    world.settings = replace(world.settings, nodes=nodes)


def set_speed(world: World, speed: float, now: datetime) -> None:
    """Change how fast simulated time runs from now on."""
    factor = world.settings.speed / speed
    world.earlier_speeds.append((now, world.settings.speed))
    world.settings = replace(world.settings, speed=speed)
    for task_id, stage in world.staged.items():
        world.staged[task_id] = replace(stage, ends_at=now + (stage.ends_at - now) * factor)
    for frame_id, run in world.runs.items():
        world.runs[frame_id] = _at_speed(run, speed, now)


def _at_speed(run: Run, speed: float, now: datetime) -> Run:
    """Return a run that has done as much by now as before, and goes on at another speed."""
    other = replace(run, speed=speed)
    passed = other.moment(run.charged(now)) - other.started_at
    return replace(other, started_at=now - passed)
