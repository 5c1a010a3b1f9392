"""The net has no hole: each guard that is taken away is noticed by the invariant it serves."""

from __future__ import annotations

import itertools
import logging

import pytest
from burstsim.guards import GUARDS
from burstsim.world import run

MOST_SEEDS = 200


def test_the_net_is_tried_with_at_least_twenty_broken_guards():
    assert len(GUARDS) >= 20


# A few are for every contributor, all for `make test-all`.
SOON = 6
NAMES = [
    pytest.param(name, marks=[pytest.mark.heavy] if number >= SOON else [])
    for number, name in enumerate(GUARDS)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_guard_is_noticed(name, caplog):
    caplog.set_level(logging.CRITICAL)
    guard = GUARDS[name]
    seen = {}
    with guard.broken():
        for seed in itertools.chain([guard.seed], range(MOST_SEEDS)):
            broken = run(guard.case(seed)).broken
            if broken is not None and broken.invariant in guard.caught_by:
                return
            if broken is not None:
                seen[broken.invariant] = seed
    pytest.fail(f"no seed below {MOST_SEEDS} noticed that {name!r} was broken; others: {seen}")
