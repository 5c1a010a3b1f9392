"""Policies that a replay can compare: none, a bare threshold as scripts have it, and ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime

from renderbus_core import overflow
from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import JobId, LocalState, QueueSnapshot
from renderbus_core.overflow import Decision, Decisions, History, OverflowState, Verdict

Read = Callable[[tuple[JobId, ...]], QueueSnapshot]
"""Reads the queue, with the tasks of some jobs."""

Ask = Callable[[Read, History, OverflowState, datetime], Decisions]
"""Asks a policy once."""


def nothing(_read: Read, _history: History, state: OverflowState, _now: datetime) -> Decisions:
    """Leave everything to local workers."""
    return Decisions((), state)


def threshold(tasks_per_worker: float) -> Ask:
    """Return what a script does: above a threshold, whole jobs leave, the largest first.

    Args:
        tasks_per_worker: above which the queue is taken to overflow.
    """

    def ask(read: Read, history: History, state: OverflowState, now: datetime) -> Decisions:
        del now
        rows = read(()).jobs
        waiting = [row for row in rows if row.queued and row.job.id not in history.live]
        snapshot = read(tuple(row.job.id for row in waiting))
        excess = sum(row.queued for row in rows) - tasks_per_worker * max(snapshot.workers, 1)
        items = []
        for row in sorted(waiting, key=lambda row: (-row.queued, row.job.id)):
            if excess <= 0:
                break
            tasks = tuple(
                task.ref
                for task in snapshot.tasks[row.job.id]
                if task.state is LocalState.QUEUED and task.claim is None
            )
            items.append(Decision(row.job.id, Verdict.BURST, ("above the threshold",), tasks))
            excess -= len(tasks)
        return Decisions(tuple(items), state)

    return ask


def ours(policy: OverflowPolicy) -> Ask:
    """Return the overflow policy as a gateway asks it, of jobs whose probes came out well.

    Args:
        policy: of a configuration.
    """
    policy = dataclasses.replace(policy, probe="never")

    def ask(read: Read, history: History, state: OverflowState, now: datetime) -> Decisions:
        candidates = overflow.screen(read(()).jobs, policy, now)
        return overflow.decide(read(candidates), policy, history, state, now)

    return ask
