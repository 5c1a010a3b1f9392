"""The embedded farm shared by several real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from renderbus_core.clock import ManualClock, SystemClock
from renderbus_core.farm import LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState

PRELUDE = """
import sys
from pathlib import Path
from renderbus_core.clock import SystemClock
from renderbus_core.farm import LocalFarm, WorkerPool
farm = LocalFarm(Path(sys.argv[1]), SystemClock())
print("open", flush=True)
sys.stdin.readline()
"""

DEQUEUE = """
session = farm.dispatch.beat(sys.argv[2], None)
run = farm.dispatch.dequeue(session)
print(run.job, run.ref.id, flush=True)
sys.stdin.readline()
while run:
    farm.dispatch.finish(run)
    if run := farm.dispatch.dequeue(session):
        print(run.job, run.ref.id, flush=True)
"""

HOLD = """
pool = WorkerPool(farm, [sys.argv[2]], Path(sys.argv[1]).parent / "logs")
pool.step()
print(pool.workers[0]._render.process.pid, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def start(database):
    """Return what starts a process on the farm; it waits for a line before it goes on."""
    started = []

    def start(code, name):
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code, str(database), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def tell(process):
    process.stdin.write("go on\n")
    process.stdin.flush()


@pytest.mark.heavy
def test_two_processes_render_every_task_exactly_once(database, start, spec):
    with LocalFarm(database, SystemClock()) as farm:
        jobs = [
            farm.submit(spec(frames=FrameSet.parse("1-100"), priority=priority))
            for priority in (40, 60)
        ]
        both = [start(DEQUEUE, name) for name in ("node-1", "node-2")]
        for process in both:
            assert process.stdout.readline() == "open\n"
            tell(process)
        said = [[process.stdout.readline().strip()] for process in both]
        for process in both:
            tell(process)
        for process, lines in zip(both, said, strict=True):
            out, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            lines.extend(out.splitlines())
        assert sorted(said[0] + said[1]) == sorted(
            f"{job} {task}" for job in jobs for task in range(100)
        )
        assert {row.counts[LocalState.COMPLETED] for row in farm.jobs()} == {100}
        whys = [event.why for event in farm.history(jobs[0])]
        assert whys.count("all tasks are complete") == 1


@pytest.mark.heavy
def test_many_processes_may_create_the_farm_at_once(start):
    several = [start("", f"node-{number}") for number in range(6)]
    for process in several:
        assert process.stdout.readline() == "open\n"
        assert process.communicate("go\n", timeout=60)
        assert process.returncode == 0


def test_the_task_of_a_killed_worker_is_requeued(database, start, script):
    forever = "import signal; signal.pause()"
    with LocalFarm(database, SystemClock()) as farm:
        job = farm.submit(script(forever, frames=FrameSet.parse("1")))
    process = start(HOLD, "node-1")
    process.stdout.readline()
    tell(process)
    renderer = int(process.stdout.readline())
    try:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        clock = ManualClock(datetime.now(UTC))
        with LocalFarm(database, clock) as farm:
            assert farm.dispatch.reap(clock.now()) == 0
            assert farm.dispatch.reap(clock.advance(11)) == 1
            (task,) = farm.tasks([job])[job]
            assert (task.state, task.worker) == (LocalState.QUEUED, "")
            assert farm.snapshot().workers == 0
    finally:
        # The worker died too suddenly to end what it had started.
        os.killpg(renderer, signal.SIGKILL)
