"""Tasks that a person holds back on the farm while a burst holds them: nothing more of them begins.

What the cloud has begun is finished, as a worker finishes what it has in hand.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from renderbus_core.burst import Asked, BurstState, Crew, TaskState
from renderbus_core.jobs import LocalState

WHY = "a person holds it back on the farm"
ALL = [str(number) for number in range(10)]


def hold_back(world, ids: Collection[str]) -> None:
    """Have the farm say so of some tasks, until it is called again."""
    tasks = world.farm.__class__.tasks

    def shown(jobs):
        found = tasks(world.farm, jobs)
        return {
            job: tuple(replace(one, held_back=one.ref.id in ids) for one in all_)
            for job, all_ in found.items()
        }

    world.farm.tasks = shown


def running(burst):
    return burst.state is BurstState.RUNNING


def ids(burst, state):
    return [ref.id for ref in burst.refs(state)]


def test_what_waits_in_the_cloud_is_stopped_and_what_renders_there_comes_home(make_world):
    world = make_world(nodes=2)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: ids(b, TaskState.COMPLETED))
    hold_back(world, ALL)
    end = world.carry(runner, burst)
    home, back = ids(end, TaskState.COMPLETED), ids(end, TaskState.RELEASED)
    assert end.state is BurstState.DONE
    assert 1 < len(home) < 10, "what rendered came home, and more was not begun"
    assert sorted(home + back) == ALL
    assert {task.reason for task in end.tasks if task.ref.id in back} == {WHY}
    assert sorted(world.pictures()) == [f"shot.{int(one) + 1:04d}.png" for one in home]


@pytest.mark.heavy
def test_only_those_that_are_held_back_come_back(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    hold_back(world, ["8", "9"])
    end = world.carry(runner, burst)
    assert ids(end, TaskState.RELEASED) == ["8", "9"]
    assert ids(end, TaskState.COMPLETED) == ALL[:8]


@pytest.mark.heavy
def test_what_is_being_stopped_comes_back_although_nobody_holds_it_back_any_more(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    hold_back(world, ["9"])
    world.carry(runner, burst, lambda b: b.tasks[9].asked is Asked.RECALL_WAITING)
    hold_back(world, [])
    assert ids(world.carry(runner, burst), TaskState.RELEASED) == ["9"]


@pytest.mark.parametrize("state", [BurstState.CLAIMED, BurstState.ID_RESERVED])
def test_what_is_held_back_before_it_is_sent_is_left_out(world, state):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is state)
    hold_back(world, ALL[:4])
    end = world.carry(runner, burst)
    assert ids(end, TaskState.RELEASED) == ALL[:4]
    assert ids(end, TaskState.COMPLETED) == ALL[4:]
    (task,) = world.remote_tasks()
    assert task.total_frames == 6


def test_a_job_that_is_held_back_before_it_is_sent_costs_nothing(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.ID_RESERVED)
    hold_back(world, ALL)
    end = world.carry(runner, burst)
    assert (end.state, end.reason) == (BurstState.RECALLED, WHY)
    assert not [task for task in world.remote_tasks() if task.is_submitted]
    assert set(world.states()) == {LocalState.QUEUED}


def test_what_is_held_back_is_not_sent_again_while_nobody_knows_whether_it_arrived(world):
    burst = world.order()
    runner = world.runner(burst)
    world.cut("submit/task", reaches=False)
    world.carry(runner, burst, lambda b: b.state is BurstState.SUBMIT_UNCERTAIN)
    hold_back(world, ALL)
    for _ in range(20):
        due = runner.step()
        world.clock.advance(max(0.0, (due.at - world.clock.now()).total_seconds()))
    assert world.store.burst(burst).submits == 1
    hold_back(world, [])
    end = world.carry(runner, burst)
    assert (end.state, end.submits) == (BurstState.DONE, 2)


def test_a_burst_in_which_nothing_moved_for_long_hears_of_it_at_its_next_look(make_world):
    world = make_world(config="sweep_seconds = 86400", nodes=1, frame_seconds=36000)
    burst = world.order()
    crew = Crew(world.gateway)

    def look():
        due = crew.step()
        world.clock.advance(max(0.0, (due - world.clock.now()).total_seconds()))

    for _ in range(20):
        look()
    hold_back(world, ALL)
    look()
    asked = [task.asked for task in world.store.burst(burst).tasks]
    assert asked[0] is Asked.NOTHING, "it renders"
    assert set(asked[1:]) == {Asked.RECALL_WAITING}
