"""A farm in a real file, a clock that is turned by hand, and jobs that really run."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from renderbus_core.clock import ManualClock
from renderbus_core.farm import JobSpec, LocalFarm, WorkerPool
from renderbus_core.frames import FrameSet

PYTHON = (sys.executable, "-I", "-S", "-c")
WRITE = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 20, 9, tzinfo=UTC))


@pytest.fixture
def database(tmp_path):
    return tmp_path / "farm.db"


@pytest.fixture
def farm(database, clock):
    with LocalFarm(database, clock) as farm:
        yield farm


@pytest.fixture
def spec(tmp_path):
    """Return what makes a job of ten frames; its command writes the frame into the output."""
    base = JobSpec(
        name="shot 010",
        dcc="blender",
        scene="/projects/shot.blend",
        outputs=(str(tmp_path / "shot.####.png"),),
        frames=FrameSet.parse("1-10"),
        command=(*PYTHON, WRITE, "{output}", "{frame}"),
        user="ada",
    )
    return lambda **changes: replace(base, **changes)


@pytest.fixture
def script(spec):
    """Return what makes a job whose command is a few lines of Python; argv[1] is the output."""
    return lambda code, **changes: spec(command=(*PYTHON, code, "{output}", "{frame}"), **changes)


@pytest.fixture
def pool(farm, tmp_path):
    """Return what makes a pool of named workers, stopped after the test."""
    made = []

    def make(*names):
        made.append(WorkerPool(farm, names, tmp_path / "logs"))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def work_off(pool):
    """Return what lets named workers, or a pool of them, work until nothing is left to do."""

    def work_off(*names, by=None):
        workers = by or pool(*names)
        while workers.step():
            wait_for_renders(workers)

    return work_off


def wait_for_renders(pool):
    """Wait until the processes have ended, and leave it to the workers to find out."""
    for worker in pool.workers:
        if worker._render:
            os.waitid(os.P_PID, worker._render.process.pid, os.WEXITED | os.WNOWAIT)
