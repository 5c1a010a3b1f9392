"""The states of a burst and of its tasks: what may follow what, and what never can."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from renderbus_core.burst.model import (
    NEXT_BURST,
    NEXT_TASK,
    Burst,
    BurstState,
    BurstTask,
    TaskState,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, JobId, TaskRef

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BURST_ENDS = {BurstState.DONE, BurstState.RECALLED, BurstState.FAILED}
TASK_ENDS = {TaskState.COMPLETED, TaskState.RELEASED, TaskState.FAILED, TaskState.LOST}
both_tables = pytest.mark.parametrize("table", [NEXT_BURST, NEXT_TASK], ids=["burst", "task"])


def reachable(table, start, without=None):
    """Return every state that some walk from a state comes to, past a state that is left out."""
    found, rest = set(), [start]
    while rest:
        fresh = table[rest.pop()] - found - {without}
        found |= fresh
        rest += fresh
    return found


def walks(path=(TaskState.WANTED,)):
    """Yield every walk of a task that takes no step twice, ended or not."""
    yield path
    for state in sorted(NEXT_TASK[path[-1]]):
        if (path[-1], state) not in pairwise(path):
            yield from walks((*path, state))


EVERY_WALK = list(walks())


def passes(path, *states):
    """Tell whether a walk comes to states one after the other."""
    rest = iter(path)
    return all(state in rest for state in states)


def first(table):
    return next(iter(table))


@both_tables
def test_every_state_has_its_line(table):
    assert set(table) == set(type(first(table)))


def test_only_ends_have_no_successors():
    assert {state for state in BurstState if not NEXT_BURST[state]} == BURST_ENDS
    assert {state for state in TaskState if not NEXT_TASK[state]} == TASK_ENDS


def test_over_means_an_end():
    assert {state for state in BurstState if state.is_over} == BURST_ENDS
    assert {state for state in TaskState if state.is_over} == TASK_ENDS


@both_tables
def test_every_state_can_be_reached(table):
    assert reachable(table, first(table)) | {first(table)} == set(table)


@both_tables
def test_every_state_that_is_no_end_can_reach_one(table):
    ends = {state for state in table if state.is_over}
    assert {state for state in table if not reachable(table, state) & ends} == ends


@both_tables
def test_no_state_follows_itself(table):
    assert [state for state in table if state in table[state]] == []


@both_tables
def test_a_table_cannot_be_changed(table):
    with pytest.raises(TypeError):
        table[first(table)] = frozenset()


@pytest.mark.parametrize("state", ["inspected", "checked", "staged", "claimed", "id_reserved"])
def test_nothing_is_submitted_without_what_comes_before(state):
    assert BurstState.SUBMITTING not in reachable(NEXT_BURST, BurstState.INTENDED, without=state)


def test_only_what_was_submitted_or_is_found_again_runs():
    into = {state for state in BurstState if BurstState.RUNNING in NEXT_BURST[state]}
    assert into == {BurstState.SUBMITTING, BurstState.SUBMIT_UNCERTAIN, BurstState.STRANDED}


def test_only_a_burst_that_ran_is_ever_done():
    assert BurstState.DONE not in reachable(NEXT_BURST, BurstState.INTENDED, without="running")


def test_a_burst_that_ran_never_simply_fails():
    assert BurstState.FAILED not in reachable(NEXT_BURST, BurstState.RUNNING)


def test_after_the_claim_a_burst_is_recalled_only_by_recalling():
    assert BurstState.RECALLED not in reachable(NEXT_BURST, BurstState.CLAIMED, without="recalling")


@pytest.mark.parametrize("state", sorted(set(BurstState) - BURST_ENDS - {BurstState.RECALLING}))
def test_a_recall_can_begin_in_any_state(state):
    assert NEXT_BURST[state] & {BurstState.RECALLING, BurstState.RECALLED}


def test_a_recall_of_a_burst_that_may_hold_tasks_passes_through_recalling():
    may_hold = set(BurstState) - BURST_ENDS - {BurstState.RECALLING}
    may_hold -= {BurstState.INTENDED, BurstState.INSPECTED, BurstState.CHECKED}
    assert [state for state in may_hold if BurstState.RECALLING not in NEXT_BURST[state]] == []


def test_a_task_completes_only_after_it_was_held_sent_done_and_collected():
    way = ("held", "sent", "done_remote", "collected", "completed")
    assert [path for path in EVERY_WALK if "completed" in path and not passes(path, *way)] == []


def test_a_collected_task_is_never_given_back():
    assert [path for path in EVERY_WALK if {"collected", "released"} <= set(path)] == []


def test_a_task_is_released_only_by_releasing_what_was_held():
    way = ("held", "releasing", "released")
    assert [path for path in EVERY_WALK if "released" in path and not passes(path, *way)] == []


def test_once_its_release_has_begun_a_task_never_leaves_for_the_cloud_again():
    begun = [path[path.index("releasing") + 1 :] for path in EVERY_WALK if "releasing" in path]
    assert {state for rest in begun for state in rest} == {"released", "lost"}


def test_a_task_that_was_never_held_can_only_leave():
    assert {path for path in EVERY_WALK if "held" not in path} == {("wanted",), ("wanted", "lost")}


def test_a_done_frame_that_the_cloud_restarts_is_sent_again():
    assert TaskState.SENT in NEXT_TASK[TaskState.DONE_REMOTE]


@pytest.mark.parametrize("state", sorted(set(TaskState) - TASK_ENDS))
def test_a_person_can_take_a_task_away_at_any_time(state):
    assert TaskState.LOST in NEXT_TASK[state]


def a_burst(*states):
    tasks = tuple(
        BurstTask(TaskRef(str(number), FrameSet.span(number, number)), state, "", NOW)
        for number, state in enumerate(states)
    )
    return Burst(
        id=BurstId("b1"),
        farm="local",
        job=JobId("job"),
        state=BurstState.RUNNING,
        reason="",
        tasks=tasks,
        remote_id=7,
        claim_epoch=3,
        estimate=None,
        spent=Decimal(0),
        submits=1,
        absences=0,
        since=NOW,
        created_at=NOW,
    )


def test_a_burst_names_its_tasks_by_state_in_their_order():
    burst = a_burst(TaskState.SENT, TaskState.LOST, TaskState.HELD, TaskState.SENT)
    assert [ref.id for ref in burst.refs(TaskState.HELD, TaskState.SENT)] == ["0", "2", "3"]
    assert burst.refs() == ()


def test_open_tasks_are_those_that_are_at_no_end():
    burst = a_burst(*TaskState)
    assert {task.state for task in burst.open_tasks} == set(TaskState) - TASK_ENDS


def test_a_claim_names_the_tasks_and_both_epochs():
    burst = a_burst(TaskState.HELD)
    refs = burst.refs(TaskState.HELD)
    assert burst.claim(refs, 5) == Claim(BurstId("b1"), 3, 5, JobId("job"), refs)
