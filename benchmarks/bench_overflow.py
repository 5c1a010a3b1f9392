"""How fast the overflow policy answers, against a bare walk over the same rows and tasks.

Run: python benchmarks/bench_overflow.py [--rounds N] [--json] [--check]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from renderbus_core import config
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    QueueSnapshot,
    TaskRef,
    WorkerKind,
)
from renderbus_core.money import Money
from renderbus_core.overflow import (
    Budget,
    History,
    OverflowState,
    Probe,
    ProbeState,
    Spending,
    Verdict,
    decide,
    screen,
)

JOBS, CANDIDATES, TASKS, KINDS = 5_000, 20, 2_000, 10
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Goals of the project: both calls together, and memory of the whole process.
MOST_SECONDS, MOST_MEGABYTES = 0.5, 200
POLICY = Path(__file__).resolve().parent.parent / "examples" / "policies" / "deadlines.toml"


def queue() -> QueueSnapshot:
    """Return a large queue whose candidates would all be late."""
    rows = []
    for number in range(JOBS):
        job = LocalJob(
            JobId(f"job-{number}"), f"shot {number}", "maya", "/s.ma", ("/o.####.exr",),
            FrameSet.span(1, TASKS), "ada", 50, NOW - timedelta(hours=1), "opera",
            deadline=NOW + timedelta(hours=3, seconds=number), pools=(f"pool-{number % KINDS}",),
        )  # fmt: skip
        rows.append(JobRow(job, {LocalState.QUEUED: TASKS, LocalState.COMPLETED: 5}, 0, 300.0))
    named = {
        row.job.id: tuple(
            LocalTask(TaskRef(str(n), FrameSet.span(n + 1, n + 1)), LocalState.QUEUED)
            for n in range(TASKS)
        )
        for row in rows[:CANDIDATES]
    }
    kinds = tuple(WorkerKind(200 // KINDS, 0, (f"pool-{n}", "late")) for n in range(KINDS))
    return QueueSnapshot(NOW, 200, 0, tuple(rows), named, kinds)


def bare(snapshot: QueueSnapshot) -> int:
    """Walk over the rows and the tasks of the candidates, and do nothing else."""
    waiting = sum(row.queued for row in snapshot.jobs)
    for tasks in snapshot.tasks.values():
        waiting += sum(task.state is LocalState.QUEUED for task in tasks)
    return waiting


def main() -> int:
    """Measure, print, and judge when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    asked = parser.parse_args()
    snapshot, policy = queue(), config.load(POLICY, env={}).overflow
    budget = Budget(Money(Decimal(10**6), "USD"))
    money = Spending(Money(Decimal(1), "USD"), {budget: Decimal(0)})
    alike = Probe(ProbeState.ALIKE, "alike", "maya 2024, arnold", is_mapped=True)
    probes = dict.fromkeys(snapshot.tasks, alike)
    history, took, plain = History(spending=money, probes=probes), [], []
    for _ in range(asked.rounds):
        begun = time.perf_counter()
        screened = screen(snapshot.jobs, policy, NOW)
        answers = decide(snapshot, policy, history, OverflowState(), NOW)
        took.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        bare(snapshot)
        plain.append(time.perf_counter() - begun)
    if len(screened) != policy.candidates:
        sys.exit(f"{len(screened)} jobs were screened where {policy.candidates} were expected")
    bursts = sum(item.verdict is Verdict.BURST for item in answers.items)
    figures = {
        "seconds": round(statistics.median(took), 4),
        "bare_seconds": round(statistics.median(plain), 4),
        "ratio": round(statistics.median(a / b for a, b in zip(took, plain, strict=True)), 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "bursts": bursts,
    }
    if asked.json:
        print(json.dumps(figures))
    else:
        print(
            f"screen over {JOBS:,} jobs and decide over {CANDIDATES} x {TASKS:,} tasks: "
            f"{figures['seconds']} s, {figures['ratio']} x a bare walk over them, "
            f"{figures['peak_megabytes']} MB at most, {bursts} bursts"
        )
    good = figures["seconds"] <= MOST_SECONDS and figures["peak_megabytes"] <= MOST_MEGABYTES
    return 0 if good or not asked.check else 1


if __name__ == "__main__":
    sys.exit(main())
