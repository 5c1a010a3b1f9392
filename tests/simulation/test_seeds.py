"""Worlds from seeds: whatever goes wrong in them, every invariant holds at every step."""

from __future__ import annotations

import pytest
from burstsim.cases import SHAPE, Case, draw, save
from burstsim.replay import minimal
from burstsim.world import run

# The first are for every contributor, all for `make test-all`.
SEEDS, SOON = 300, 20
BATCH = 10


@pytest.mark.parametrize("check", SHAPE["check"][1:])
def test_a_quiet_world_brings_every_task_home(check):
    quiet = {name: values[0] for name, values in SHAPE.items()} | {"check": check}
    ended = run(Case(0, quiet, ()))
    assert ended.broken is None
    assert any("burst1 is done: 3 of 3 tasks came home" in line for line in ended.trace)


BATCHES = [
    pytest.param(first, marks=[pytest.mark.heavy] if first >= SOON else [])
    for first in range(0, SEEDS, BATCH)
]


@pytest.mark.parametrize("first", BATCHES)
def test_every_invariant_holds_under_faults_from_a_seed(first, tmp_path):
    for seed in range(first, first + BATCH):
        ended = run(draw(seed))
        if ended.broken is not None:
            small = minimal(ended, at_most=60)
            file = tmp_path / f"seed-{seed}.json"
            save(small.case, file)
            told = "\n".join(small.trace)
            pytest.fail(f"seed {seed}: {small.broken}\n{told}\nreplay: make replay FILE={file}")
