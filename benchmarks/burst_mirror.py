"""What `bench_burst.py` measures of `mirror.diff`: seconds and memory for long bursts.

Run: python burst_mirror.py ROUNDS. Prints one JSON object: for each kind and number of frames the
least of the processor seconds, and the most bytes a difference needs beside what it is given.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from renderbus_core.burst.mirror import Collected, MirrorPolicy, diff
from renderbus_core.burst.model import (
    Burst,
    BurstState,
    BurstTask,
    Remote,
    RemoteEntry,
    RemoteTree,
    TaskState,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, ClaimStamp, JobId, LocalState, LocalTask, TaskRef

SIZES = (1_000, 10_000, 100_000)
KINDS = {"single frames": (1, 1), "chunks of 10": (10, 1), "3 layers": (1, 3)}
"""Frames of a task, and entries in the cloud for each frame."""

# Frames that are compared in one measurement, by several calls where one has fewer.
_AT_LEAST = 20_000
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_WORDS = (Remote.WAITING, Remote.RENDERING, Remote.DONE, Remote.FAILED)


def case(frames: int, chunk: int, layers: int) -> Callable[[], object]:
    """Return a call of `diff` for a burst.

    Args:
        frames: of the burst.
        chunk: frames of each task.
        layers: entries in the cloud for each frame.
    """
    pieces = enumerate(FrameSet.span(1, frames).chunks(chunk))
    refs = [TaskRef(str(number), piece) for number, piece in pieces]
    tasks = tuple(BurstTask(ref, TaskState.SENT, "", _NOW) for ref in refs)
    burst = Burst(
        id=BurstId("b1"),
        farm="local",
        job=JobId("job"),
        state=BurstState.RUNNING,
        reason="",
        tasks=tasks,
        remote_id=7,
        claim_epoch=1,
        estimate=None,
        spent=Decimal(0),
        submits=1,
        absences=0,
        since=_NOW,
        created_at=_NOW,
    )
    entries = tuple(
        RemoteEntry(leaf, number, FrameSet.span(number, number), _WORDS[number % len(_WORDS)])
        for leaf in range(layers)
        for number in range(1, frames + 1)
    )
    tree = RemoteTree(entries, is_over=False, spent=Decimal(0))
    stamp = ClaimStamp(burst.id, 1)
    local = [LocalTask(ref, LocalState.SUSPENDED, stamp) for ref in refs]
    collected = {ref.id: Collected(chunk, 0) for ref in refs}
    policy = MirrorPolicy(output_grace=120, stop_grace=600, longest_wait=3600, longest_frame=600)
    return lambda: diff(tree, collected, local, burst, policy, _NOW)


def seconds(call: Callable[[], object], times: int) -> float:
    """Return the processor seconds of one call, of several in a row."""
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times


def peak(call: Callable[[], object]) -> int:
    """Return the most bytes that a call holds at a time."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def measured(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Measure all kinds; sizes take turns, so that a busy machine slows each."""
    found = {}
    for kind, (chunk, layers) in KINDS.items():
        calls = {size: case(size, chunk, layers) for size in SIZES}
        taken: dict[int, list[float]] = {size: [] for size in SIZES}
        for _ in range(rounds):
            for size, call in calls.items():
                taken[size].append(seconds(call, max(1, _AT_LEAST // size)))
        found[kind] = {
            # The least counts: what others do on the machine only adds to it.
            str(size): [min(taken[size]), peak(call)]
            for size, call in calls.items()
        }
    return found


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
