"""Worlds from seeds: whatever goes wrong in them, every invariant holds at every step."""

from __future__ import annotations

import pytest
from burstsim.cases import draw, save
from burstsim.replay import minimal
from burstsim.world import run

SEEDS = 300
BATCH = 10


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_every_invariant_holds_under_faults_from_a_seed(first, tmp_path):
    for seed in range(first, first + BATCH):
        ended = run(draw(seed))
        if ended.broken is not None:
            small = minimal(ended, at_most=60)
            file = tmp_path / f"seed-{seed}.json"
            save(small.case, file)
            told = "\n".join(small.trace)
            pytest.fail(f"seed {seed}: {small.broken}\n{told}\nreplay: make replay FILE={file}")
