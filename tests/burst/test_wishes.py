"""What people ask for on the farm reaches the bursts it is about, at least once and no more."""

from __future__ import annotations

import logging

from renderbus_core.burst import Asked, BurstState, Route, Service, TaskState
from renderbus_core.burst.wishes import grant
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState

QUEUED, HELD = LocalState.QUEUED, LocalState.SUSPENDED


def running(burst):
    return burst.state is BurstState.RUNNING


def asked(world, burst):
    return [task.asked for task in world.store.burst(burst).tasks]


def test_a_burst_that_is_asked_for_on_the_farm_begins_and_says_for_whom(world):
    world.farm.ask_burst(world.job, frames=FrameSet.span(1, 4), who="ada")
    assert grant(world.gateway) == 1
    (burst,) = world.store.bursts(live=True)
    assert [ref.id for ref in burst.refs(TaskState.WANTED)] == ["0", "1", "2", "3"]
    assert world.store.events(burst.id)[0].who == "ada"
    assert world.farm.intents() == ()


def test_a_wish_that_comes_again_begins_nothing_twice(world):
    world.farm.ask_burst(world.job, who="ada")
    (intent,) = world.farm.intents()
    world.farm.acknowledge, keep = (lambda _ids: None), world.farm.acknowledge
    grant(world.gateway)
    grant(world.gateway)
    assert len(world.store.bursts()) == 1
    world.farm.acknowledge = keep
    grant(world.gateway)
    assert intent not in world.farm.intents()


def test_a_wish_that_cannot_be_granted_is_told_and_not_asked_again(world, caplog):
    world.store.set_route(Route("local", drained=True, who="bob", at=world.clock.now()))
    world.farm.ask_burst(world.job, who="ada")
    with caplog.at_level(logging.WARNING):
        grant(world.gateway)
    assert "takes no new bursts" in caplog.text
    assert world.store.bursts() == ()
    assert world.farm.intents() == ()


def test_a_recall_on_the_farm_is_a_recall(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    world.farm.ask_recall(world.job, frames=FrameSet.span(1, 2), who="ada")
    grant(world.gateway)
    assert asked(world, burst)[:3] == [Asked.RECALL_ALL, Asked.RECALL_ALL, Asked.NOTHING]
    world.farm.ask_recall(world.job, who="ada")
    grant(world.gateway)
    assert world.store.burst(burst).recall
    assert world.carry(runner, burst).state is BurstState.RECALLED


def test_a_recall_reaches_what_is_left_when_a_frame_came_home_meanwhile(make_world, monkeypatch):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    early = world.carry(runner, burst, running)
    now = world.carry(runner, burst, lambda b: b.refs(TaskState.COMPLETED))
    home = len(now.refs(TaskState.COMPLETED))
    world.farm.ask_recall(world.job, frames=FrameSet.span(1, 10), who="ada")
    seen = iter([early])
    read = world.store.burst
    monkeypatch.setattr(world.store, "burst", lambda id_: next(seen, None) or read(id_))
    grant(world.gateway)
    assert asked(world, burst).count(Asked.RECALL_ALL) == 10 - home


def test_what_people_do_to_held_tasks_is_noted_on_them(world):
    burst = world.order()
    world.carry(world.runner(burst), burst, running)
    world.farm.resume_tasks(world.job, ["3"], who="ada")
    grant(world.gateway)
    assert asked(world, burst)[3] is Asked.RESUME
    assert set(asked(world, burst)) == {Asked.RESUME, Asked.NOTHING}


def test_the_gateway_grants_wishes_as_it_goes(world):
    world.farm.ask_burst(world.job, who="ada")
    service = Service(world.gateway, decides=False)
    service.step()
    while world.store.live("local"):
        due = service.step()
        world.clock.advance(max(0.0, (due - world.clock.now()).total_seconds()))
    assert world.states() == [LocalState.COMPLETED] * 10
