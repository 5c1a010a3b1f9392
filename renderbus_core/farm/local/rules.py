"""Who may move a task from which state to which: the rules of the embedded farm, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from renderbus_core.jobs import (
    Claim,
    ClaimStamp,
    IntentKind,
    LocalState,
    LocalTask,
    Reason,
    TaskRef,
)

MAX_FAILURES = 3
"""A task that went wrong so often stays failed: it was tried and then retried twice."""

FREE: Mapping[str, Any] = MappingProxyType(
    {"worker": "", "session": None, "started_at": None, "finished_at": None}
)
"""What is set beside the state when a worker no longer renders a task."""

RELEASED: Mapping[str, Any] = MappingProxyType({"burst": None, "claim_epoch": None})
"""What is set beside the state when a burst no longer holds a task."""

_NEW: Mapping[str, Any] = MappingProxyType({**FREE, **RELEASED, "error": "", "failures": 0})


@dataclass(frozen=True, slots=True)
class Act:
    """Something people do to tasks.

    Args:
        verb: for the history.
        sources: states it applies to; tasks in other states stay as they are.
        goal: state it leads to.
        values: other columns that it sets.
        kind: what the bridge is told.
    """

    verb: str
    sources: frozenset[LocalState]
    goal: LocalState
    values: Mapping[str, Any]
    kind: IntentKind


_HELD = frozenset({LocalState.SUSPENDED, LocalState.QUEUED})

SUSPEND = Act(
    "suspended",
    frozenset({LocalState.QUEUED, LocalState.RENDERING}),
    LocalState.SUSPENDED,
    FREE,
    IntentKind.SUSPENDED,
)
# The claim's stamp stays, so that its burst sees what a person did.
RESUME = Act(
    "resumed", frozenset({LocalState.SUSPENDED}), LocalState.QUEUED, {}, IntentKind.RESUMED
)
REQUEUE = Act(
    "requeued",
    frozenset({LocalState.RENDERING, LocalState.COMPLETED, LocalState.FAILED}),
    LocalState.QUEUED,
    _NEW,
    IntentKind.REQUEUED,
)
RETRY = Act("retried", frozenset({LocalState.FAILED}), LocalState.QUEUED, _NEW, IntentKind.REQUEUED)


class Verdict(Enum):
    """What to do about one task of a request that is not refused."""

    ACT = "do it"
    DONE = "it was done before"


def match(task: LocalTask | None, ref: TaskRef) -> LocalTask | Reason:
    """Return the task that is meant, or why it is another one than it was.

    Args:
        task: what the farm has under the id; None when it has nothing.
        ref: what is meant.
    """
    if task is None:
        return Reason.GONE
    return task if task.ref == ref else Reason.CHANGED


def judge_claim(task: LocalTask, claim: Claim) -> Verdict | Reason:
    """Decide whether a burst may take a task.

    A task waits for anybody, or is held by the same burst with the same or an older claim.
    """
    if task.state is LocalState.COMPLETED:
        return Reason.ALREADY_COMPLETE
    if task.state not in _HELD:
        return Reason.NOT_QUEUED
    if task.claim is None:
        return Verdict.ACT if task.state is LocalState.QUEUED else Reason.NOT_QUEUED
    if task.claim.burst != claim.burst or task.claim.claim_epoch > claim.claim_epoch:
        return Reason.NOT_OURS
    repeated = task.state is LocalState.SUSPENDED and task.claim == _stamp(claim)
    return Verdict.DONE if repeated else Verdict.ACT


def judge_end(task: LocalTask, claim: Claim, goal: LocalState) -> Verdict | Reason:
    """Decide whether a burst may complete, fail or release a task.

    Only a task that it still holds; what it completed or failed before counts as done. A released
    task bears no stamp any more, so releasing it again is refused.

    Args:
        task: as the farm has it.
        claim: under which claim.
        goal: COMPLETED, FAILED, or QUEUED for a release.
    """
    ours = task.claim == _stamp(claim)
    if ours and task.state in _HELD:
        return Verdict.ACT
    if ours and task.state is goal:
        return Verdict.DONE
    return Reason.ALREADY_COMPLETE if task.state is LocalState.COMPLETED else Reason.NOT_OURS


def _stamp(claim: Claim) -> ClaimStamp:
    return ClaimStamp(claim.burst, claim.claim_epoch)
