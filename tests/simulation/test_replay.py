"""Equal cases run equally, whoever runs them, and a failing one shrinks to what it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from burstsim.cases import Case, Fault, draw, load, save
from burstsim.guards import GUARDS
from burstsim.replay import minimal
from burstsim.world import run

HERE = Path(__file__).parent


@pytest.fixture
def broken():
    """Return a case that fails, and keep the guard away that would hold."""
    guard = GUARDS["a submit that was interrupted is asked after"]
    with guard.broken():
        yield run(guard.case(guard.seed))


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [3, 7])
def test_one_seed_is_one_history_in_every_process(seed):
    digests = {run(draw(seed)).digest}
    for hashes in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "burstsim", "replay", "--seed", str(seed)],
            cwd=HERE,
            env={**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(HERE)},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.splitlines()[-1].split()[1].rstrip(";"))
    assert len(digests) == 1


def test_a_case_that_was_saved_runs_as_it_ran(tmp_path):
    first = run(draw(7))
    assert first.case.faults, "a seed in which something goes wrong"
    save(first.case, tmp_path / "case.json")
    assert run(load(tmp_path / "case.json")).digest == first.digest


def test_a_failing_case_shrinks_to_the_faults_that_it_needs(broken):
    small = minimal(broken)
    assert small.broken.invariant == broken.broken.invariant
    assert small.case.acts == ()
    assert small.case.faults
    for fault in small.case.faults:
        rest = tuple(other for other in small.case.faults if other != fault)
        other = run(replace(small.case, faults=rest)).broken
        assert other is None or other.invariant != small.broken.invariant, fault


def test_a_fault_that_a_case_lists_strikes_where_it_says(tmp_path):
    quiet = {**draw(0).shape, "gateways": 1, "intensity": 0.0, "orders": 1, "budget": ""}
    fault = Fault("gateway-1", "wire submit_task", 1, "crash after", 5.0)
    case = Case(0, quiet, (), (fault,))
    save(case, tmp_path / "case.json")
    ended = run(load(tmp_path / "case.json"))
    assert ended.broken is None
    assert ended.case.faults == (fault,)
    assert any("crashes" in line for line in ended.trace)
