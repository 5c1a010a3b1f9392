"""What the simulation found: each story is a minimal case of it, in the engine's own words."""

from __future__ import annotations

import sqlite3

import pytest

from renderbus_core.burst import BurstState, TaskState, WakeAt
from renderbus_core.jobs import LocalState, Outcome
from renderbus_core.simulator import Fault, FaultKind


def change_frames(world, task):
    """Give a task other frames under its id, as Deadline lets people do."""
    with sqlite3.connect(world.folder / "farm.db") as database:
        database.execute("UPDATE tasks SET frames = '900' WHERE id = ?", (task,))
    database.close()


def strike(world, operation, kind, **more):
    rule = Fault(kind, frozenset({operation}), times=1, **more)
    world.cloud.set_faults([rule])


def test_a_burst_that_is_looked_after_never_changes_hands(world):
    burst = world.order()
    first, second = world.runner(burst, "gateway-1"), world.runner(burst, "gateway-2")
    world.carry(first, burst, lambda b: b.state is BurstState.RUNNING)
    for _ in range(30):
        answer = first.step()
        if not isinstance(answer, WakeAt):
            break
        world.clock.advance(10)
        before = world.store.burst(burst)
        second.step()
        assert world.store.burst(burst) == before, "the first one's lease has not run out"


def test_absences_seen_by_two_runners_at_one_moment_are_one_absence(world):
    burst = world.order()
    world.cut("submit/task", reaches=False)
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.absences == 1)
    runner.detach()
    world.runner(burst, "gateway-2").step()
    now = world.store.burst(burst)
    assert (now.absences, now.submits) == (1, 1), "nothing proves that the submit is not late"


def test_listings_by_two_runners_at_one_moment_are_one_listing(world):
    burst = world.order("0")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: bool(b.refs(TaskState.DONE_REMOTE)))
    runner.detach()
    world.runner(burst, "gateway-2").step()
    (output,) = world.store.outputs(burst)
    assert output.listings == 1
    assert world.pictures() == []


def test_a_remote_task_in_the_recycle_bin_can_be_recalled(world):
    burst = world.order()
    runner = world.runner(burst)
    now = world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    world.gateway.client.task.delete_task([now.remote_id])
    world.store.ask_recall(burst, "it is gone", world.clock.now())
    end = world.carry(runner, burst)
    assert end.state is BurstState.RECALLED
    assert world.states() == [LocalState.QUEUED] * 10


def test_frames_of_a_remote_task_in_the_recycle_bin_go_back_after_the_grace(world):
    burst = world.order()
    runner = world.runner(burst)
    now = world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    world.gateway.client.task.delete_task([now.remote_id])
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert world.states() == [LocalState.QUEUED] * 10


def test_a_submit_that_the_network_brought_twice_is_found_behind_its_refusal(world):
    strike(world, "submit_task", FaultKind.DUPLICATE)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE, end.reason
    assert end.submits == 1
    assert world.states() == [LocalState.COMPLETED] * 10


@pytest.mark.parametrize("seconds", [5, 25])
def test_what_frames_cost_until_they_stand_still_is_counted(world, seconds):
    burst = world.order("0")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    world.clock.advance(40 + seconds)
    world.farm.delete_job(world.job)
    end = world.carry(runner, burst)
    (task,) = world.remote_tasks()
    assert end.spent == task.render_consume


def claimed_by_an_attempt_that_died(world, burst):
    """Let the farm take a claim whose reply is lost; then somebody changes a task's frames."""
    claim = world.farm.claim

    def lost(asked):
        claim(asked)
        return Outcome(unknown=asked.tasks)

    world.farm.claim = lost
    world.carry(world.runner(burst), burst, lambda b: b.claim_epoch == 1)
    world.farm.claim = claim
    change_frames(world, "0")


def test_a_task_that_was_claimed_and_then_changed_is_not_held_for_nobody(world):
    burst = world.order("0", "1")
    claimed_by_an_attempt_that_died(world, burst)
    now = world.carry(world.runner(burst), burst, lambda b: b.state is BurstState.CLAIMED)
    assert [(task.ref.id, task.state) for task in now.tasks] == [
        ("0", TaskState.LOST), ("1", TaskState.HELD)
    ]  # fmt: skip
    assert world.states()[0] is LocalState.QUEUED


def test_a_burst_that_ends_before_it_left_frees_tasks_that_were_changed(world):
    burst = world.order("0", "1")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)
    change_frames(world, "0")
    world.store.ask_recall(burst, "changed my mind", world.clock.now())
    assert world.carry(runner, burst).state is BurstState.RECALLED
    assert world.states()[:2] == [LocalState.QUEUED] * 2


def test_a_changed_task_that_the_farm_cannot_free_now_is_freed_later(world):
    burst = world.order("0", "1")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    change_frames(world, "0")
    release, asked = world.farm.release, []

    def unsure(claim, tasks, why):
        asked.append(tasks)
        return release(claim, tasks, why) if len(asked) > 1 else Outcome(unknown=tuple(tasks))

    world.farm.release = unsure
    end = world.carry(runner, burst)
    assert len(asked) > 1
    assert {task.ref.id: task.state for task in end.tasks}["0"] is TaskState.LOST
    assert world.states()[0] is LocalState.QUEUED
