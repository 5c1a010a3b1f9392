"""The cloud follows the priority that a job has on the farm, where the site wants it."""

from __future__ import annotations

import pytest

from renderbus_core.api import Client
from renderbus_core.burst import Asked, BurstState
from renderbus_core.burst.urgency import NOTED_PRIORITY
from renderbus_core.errors import RequestRefusedError

FOLLOWED = "urgent_priority = 80\nsweep_seconds = 60"


def levels(world):
    return [task.task_user_level for task in world.remote_tasks()]


def running(burst):
    return burst.state is BurstState.RUNNING


@pytest.mark.parametrize(("priority", "level"), [(100, 60), (80, 60), (79, 50)])
def test_a_job_that_is_urgent_is_created_so(make_world, priority, level):
    world = make_world(config=FOLLOWED)
    world.farm.set_priority(world.job, priority)
    burst = world.order()
    world.carry(world.runner(burst), burst, running)
    assert levels(world) == [level]


def test_what_a_person_changes_meanwhile_is_changed_in_the_cloud(make_world):
    world = make_world(config=FOLLOWED, nodes=1, frame_seconds=600)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    world.farm.set_priority(world.job, 90)
    now = world.carry(runner, burst, lambda _: levels(world) == [60])
    assert now.reason == "as on the farm, it is urgent in the cloud now"
    assert world.farm.annotations(world.job)[burst][NOTED_PRIORITY] == now.reason
    world.farm.set_priority(world.job, 10)
    now = world.carry(runner, burst, lambda _: levels(world) == [50])
    assert now.reason == "as on the farm, it is not urgent in the cloud now"


def test_whoever_goes_on_looks_anew(make_world):
    world = make_world(config=FOLLOWED, nodes=1)
    burst = world.order()
    first = world.runner(burst)
    world.carry(first, burst, running)
    first.detach()
    world.farm.set_priority(world.job, 90)
    world.carry(world.runner(burst, "gateway-2"), burst, lambda _: levels(world) == [60])


def test_where_nobody_wants_it_priorities_stay_apart(world, monkeypatch):
    monkeypatch.setattr(world.gateway.client.task, "update_priority", None)
    world.farm.set_priority(world.job, 100)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert levels(world) == [50]


def test_a_cloud_that_lacks_it_is_not_asked(make_world, monkeypatch):
    world = make_world(config=FOLLOWED)
    able = world.gateway.client.capabilities - {"update_task_user_level"}
    monkeypatch.setattr(Client, "capabilities", property(lambda _: able))
    monkeypatch.setattr(world.gateway.client.task, "update_priority", None)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    world.farm.set_priority(world.job, 100)
    assert world.carry(runner, burst).state is BurstState.DONE


def test_a_cloud_that_refuses_does_not_hold_the_burst_up(make_world, monkeypatch, caplog):
    world = make_world(config=FOLLOWED)

    def refuse(*_):
        raise RequestRefusedError("the cloud does not let it")

    monkeypatch.setattr(world.gateway.client.task, "update_priority", refuse)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    world.farm.set_priority(world.job, 100)
    world.clock.advance(60)
    assert world.carry(runner, burst).state is BurstState.DONE
    assert "its priority is not followed: the cloud does not let it" in caplog.text


def test_a_changed_priority_does_not_undo_what_a_person_asked(world):
    burst = world.order()
    for asked, stands in (
        (Asked.PRIORITY, Asked.PRIORITY),
        (Asked.REQUEUE, Asked.REQUEUE),
        (Asked.PRIORITY, Asked.REQUEUE),
    ):
        world.store.ask(burst, asked, "a person", world.clock.now())
        assert {task.asked for task in world.store.burst(burst).tasks} == {stands}
