"""Cases as data: what a world is like, who acts when, and which faults strike where."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burstsim import verbs

LAST_ACT_SECONDS = 260.0
"""Nobody acts later than this, in seconds after the start."""

STORM_SECONDS = 360.0
"""For so long faults strike and people act; then everything has to come to its end."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at one place.

    Args:
        actor: the gateway at which it strikes.
        point: where, for example `wire submit_task`.
        nth: at which passage of the point by that gateway, from 1.
        kind: what happens; `faults.KINDS` has them by the kind of point.
        seconds: how long or how late, where that matters.
    """

    actor: str
    point: str
    nth: int
    kind: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person does.

    Args:
        at: seconds after the start.
        verb: what; `verbs.VERBS` has them.
        pick: chooses among what there is to act on, by its remainder.
    """

    at: float
    verb: str
    pick: int


@dataclass(frozen=True, slots=True)
class Case:
    """One history of a world, complete: equal cases run equally, byte for byte.

    Args:
        seed: of all chance.
        shape: what the world is like; `SHAPE` has the names and what they may be.
        acts: of people, in order of time.
        faults: that strike; None draws them from the seed while the world runs.
    """

    seed: int
    shape: Mapping[str, Any]
    acts: tuple[Act, ...]
    faults: tuple[Fault, ...] | None = None


# What a world is like: each is drawn independently; what stands twice is twice as likely. The
# first of each is the quiet one, which a minimal case has wherever it does not matter.
SHAPE: Mapping[str, tuple[Any, ...]] = {
    "gateways": (1, 2, 2),
    "frames": (3, 3, 4, 5),
    "chunk": (1, 1, 2, 3),
    "orders": (1, 1, 1, 2, 3),
    "budget": ("", "", "0.30", "0.10"),
    "decider": (False, False, True),
    "workers": (0, 1, 1, 2),
    "worker_fails": (0.0, 0.0, 0.3),
    "intensity": (0.0, 0.004, 0.01, 0.01, 0.03),
    "nodes": (4, 1, 2),
    "frame_seconds": (20, 30, 30, 60),
    "fail_frames": ({}, {}, {"2": 1}, {"1": 99, "3": 1}),
    "listing_lag_seconds": (0, 0, 15, 40, 200),
    "growing_seconds": (0, 0, 25),
    "list_sizes": (True, True, True, True, False),
    "list_unsubmitted": (False, True),
    "second_submit": ("refuse", "ignore", "charge"),
    "missing_assets": ("fail", "frame"),
    "nonce_scope": ("account", "timestamp", "none"),
    "balance": ("1000", "1000", "1000", "0.004"),
    "speed": (1, 1, 2),
    "check": ("header", "header", "off"),
}


def draw(seed: int) -> Case:
    """Return the case of a seed."""
    chance = random.Random(f"case {seed}")  # noqa: S311 - equal seeds give equal worlds
    shape = {name: chance.choice(values) for name, values in SHAPE.items()}
    number = chance.choice((0, 0, 1, 2, 3, 5))
    names = sorted(verbs.VERBS)
    weights = [verbs.VERBS[name].weight for name in names]
    acts = [
        Act(
            round(chance.uniform(10, LAST_ACT_SECONDS), 1),
            chance.choices(names, weights)[0],
            chance.randrange(1000),
        )
        for _ in range(number)
    ]
    return Case(seed, shape, tuple(sorted(acts, key=lambda act: act.at)))


def save(case: Case, file: Path) -> None:
    """Write a case as JSON."""
    file.write_text(json.dumps(dataclasses.asdict(case), indent=1) + "\n", encoding="utf-8")


def load(file: Path) -> Case:
    """Read a case that `save` wrote."""
    document = json.loads(file.read_text(encoding="utf-8"))
    faults = document["faults"]
    return Case(
        document["seed"],
        document["shape"],
        tuple(Act(**act) for act in document["acts"]),
        None if faults is None else tuple(Fault(**fault) for fault in faults),
    )
