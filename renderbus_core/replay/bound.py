"""What no policy can do better: the least work that must leave for every deadline to be met."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator

from renderbus_core.replay.values import Trace


def least_cloud_seconds(trace: Trace) -> float:
    """Return the machine time that must leave even if the future were known and work were water.

    Local workers pour themselves over whatever is most pressing, never idle while anything is left
    that is not late yet. That renders the most that can be rendered before deadlines; the rest of
    the work of jobs with deadlines must have left. Real policies need more: tasks cannot be
    divided, and nobody knows what comes.

    Args:
        trace: what happens.
    """
    left = {n: sum(shot.seconds) for n, shot in enumerate(trace.shots)}
    due = {
        n: math.inf if shot.deadline is None else shot.deadline
        for n, shot in enumerate(trace.shots)
    }
    waiting: list[tuple[float, int]] = []
    for begin, end, arrived in _segments(trace):
        for number in arrived:
            heapq.heappush(waiting, (due[number], number))
        room = (end - begin) * trace.workers
        while waiting and room > 0:
            deadline, number = waiting[0]
            if deadline <= begin or left[number] <= 0:
                heapq.heappop(waiting)
                continue
            done = min(room, left[number])
            left[number] -= done
            room -= done
    return sum(seconds for number, seconds in left.items() if due[number] < math.inf)


def _segments(trace: Trace) -> Iterator[tuple[float, float, list[int]]]:
    """Cut time where anything arrives or is due; give each piece with what arrives at its start."""
    moments = {shot.arrives for shot in trace.shots}
    moments |= {shot.deadline for shot in trace.shots if shot.deadline is not None}
    ordered = sorted(moments)
    arriving: dict[float, list[int]] = {}
    for number, shot in enumerate(trace.shots):
        arriving.setdefault(shot.arrives, []).append(number)
    for begin, end in itertools.pairwise(ordered):
        yield begin, end, arriving.get(begin, [])
