"""How much of a job leaves: whole chunks from its tail, no more than needed, and only in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import JobId, LocalState, LocalTask, TaskRef
from renderbus_core.money import Money, render_cost
from renderbus_core.overflow.capacity import Projection
from renderbus_core.overflow.values import History


@dataclass(frozen=True, slots=True)
class Times:
    """When a job would be done, in seconds from now.

    Args:
        local: by local workers alone.
        cloud: what leaves, in the cloud; upload, its queue and download counted.
        rest: what stays, by local workers; 0 when nothing does.
    """

    local: float
    cloud: float
    rest: float

    @property
    def saved(self) -> float:
        """By how much sooner the job is done, in seconds."""
        return self.local - max(self.cloud, self.rest)


def may_go(task: LocalTask, job: JobId, history: History) -> bool:
    """Tell whether a task waits, is nobody's, and has not come back too often."""
    returned = history.given_back.get((job, task.ref.id), 0)
    return (
        task.state is LocalState.QUEUED
        and task.claim is None
        and returned < history.give_back_limit
    )


def tail(free: Sequence[LocalTask], wanted: int, maximum_frames: int) -> Sequence[LocalTask]:
    """Take up to so many tasks from the end, within the limit of frames, in the job's order."""
    frames = 0
    start = len(free)
    while start > 0 and len(free) - start < wanted:
        frames += len(free[start - 1].ref.frames)
        if frames > maximum_frames:
            break
        start -= 1
    return free[start:]


def paid_for(
    tasks: Sequence[TaskRef], mean: float, price: Money, left: Money
) -> tuple[TaskRef, ...]:
    """Return the last of some tasks, as many as an amount pays for.

    Args:
        tasks: in the job's order.
        mean: seconds of one in the cloud.
        price: of a machine for an hour.
        left: the amount.
    """
    each = render_cost(mean, price).amount
    count = len(tasks) if each <= 0 else min(len(tasks), max(0, int(left.amount // each)))
    # What several cost is rounded otherwise than one is.
    if count and render_cost(mean * count, price).amount > left.amount:
        count -= 1
    return tuple(tasks[len(tasks) - count :])


def too_many(seconds: float, task_seconds: float) -> int:
    """Return how many tasks are as much work as some worker-seconds."""
    return math.ceil(seconds / task_seconds) if seconds > 0 and task_seconds > 0 else 0


def times(projection: Projection, count: int, queued: int, policy: OverflowPolicy) -> Times:
    """Reckon when a job would be done with and without a burst.

    Args:
        projection: of the job.
        count: tasks that would leave.
        queued: tasks that wait, those included.
        policy: says what the cloud takes.
    """
    mean = projection.time.mean
    rounds = math.ceil(count / policy.cloud_machines)
    left = projection.finishes - projection.starts - count * mean / projection.slots
    stays = queued > count
    return Times(
        local=projection.finishes,
        cloud=policy.cloud_wait_seconds + rounds * mean / policy.cloud_speed,
        rest=projection.starts + max(left, mean) if stays else 0.0,
    )
