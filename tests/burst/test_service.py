"""The gateway's own work: many bursts, signs of life, an end in good order."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from renderbus_core.burst import (
    BurstState,
    Crew,
    Heartbeat,
    Service,
    TaskState,
    answered,
    wishes,
)
from renderbus_core.burst.effects import Switch
from renderbus_core.errors import FarmError
from renderbus_core.jobs import BurstId, Claim, Intent, IntentKind, LocalState

SUSPENDED = LocalState.SUSPENDED


def turn(world, service):
    due = service.step()
    world.clock.advance(max(0.0, (due - world.clock.now()).total_seconds()))


def test_it_carries_every_burst_to_its_end_and_gives_signs_of_life(world):
    bursts = [world.order(*ids) for ids in (("0", "1", "2"), ("3", "4"), ("5",))]
    service = Service(world.gateway, decides=False)
    while world.store.live("local"):
        turn(world, service)
    assert {world.store.burst(burst).state for burst in bursts} == {BurstState.DONE}
    assert len(world.pictures()) == 6
    (sign,) = world.store.gateways()
    assert sign.owner == "gateway-1"
    assert world.clock.now() - sign.seen_at <= timedelta(seconds=30)
    service.close()
    assert world.store.gateways() == ()


def test_a_burst_of_another_farm_in_the_same_store_is_for_others(world):
    config = replace(world.gateway.config, farm=replace(world.gateway.config.farm, kind="qube"))
    burst = world.order()
    other = Service(replace(world.gateway, config=config), decides=False)
    for _ in range(5):
        turn(world, other)
    assert world.store.state(burst) is BurstState.INTENDED
    assert [sign.bursts for sign in world.store.gateways()] == [0]
    service = Service(world.gateway, decides=False)
    while world.store.live("local"):
        turn(world, service)
    assert world.store.state(burst) is BurstState.DONE


def test_a_process_that_died_is_shown_until_it_is_long_gone(world):
    Heartbeat(world.gateway).step()
    world.clock.advance(6 * 86400)
    other = replace(world.gateway, owner="gateway-2")
    Heartbeat(other).step()
    assert [sign.owner for sign in world.store.gateways()] == ["gateway-2", "gateway-1"]
    world.clock.advance(2 * 86400)
    Heartbeat(other).step()
    assert [sign.owner for sign in world.store.gateways()] == ["gateway-2", "gateway-2"][:1]


def test_a_gateway_that_ends_lets_another_go_on_at_once(world):
    burst = world.order()
    service = Service(world.gateway, decides=False)
    while world.store.burst(burst).state is not BurstState.RUNNING:
        turn(world, service)
    service.close()
    other = Service(replace(world.gateway, owner="gateway-2", switch=Switch()), decides=False)
    other.step()
    assert world.store.events(burst)[-1].who in {"gateway-1", "gateway-2"}
    while world.store.live("local"):
        turn(world, other)
    assert world.store.burst(burst).state is BurstState.DONE


def test_what_a_process_claims_that_stood_still_for_too_long_goes_back_by_itself(world, caplog):
    burst = world.order("0", "1")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)
    world.store.ask_recall(burst, "changed my mind", world.clock.now())
    assert world.carry(runner, burst).state is BurstState.RECALLED
    refs = [task.ref for task in world.tasks()]
    late = Claim(burst, 1, 1, world.job, tuple(refs[:2]))
    nobody = replace(late, burst=BurstId("of-another-store"), tasks=(refs[5],))
    assert world.farm.claim(late).taken == late.tasks
    assert world.farm.claim(nobody).taken == nobody.tasks
    with caplog.at_level(logging.WARNING):
        Service(world.gateway, decides=False).step()
    assert f"burst {burst} is recalled, but they still bear its stamp" in caplog.text
    held = [ref for ref, state in zip(refs, world.states(), strict=True) if state is SUSPENDED]
    assert held == [refs[5]], "only `recover` judges what this store does not know"


def test_a_burst_that_moves_files_does_not_keep_the_others_waiting(world):
    slow, quick = world.order("0"), world.order("1")
    entered, free = threading.Event(), threading.Event()
    open_engine = world.gateway.open_engine

    def opened(client, config):
        engine = open_engine(client, config)
        upload = engine.upload

        def wait_then_upload(plan, progress):
            if not entered.is_set():
                entered.set()
                free.wait(60)
            upload(plan, progress)

        engine.upload = wait_then_upload
        return engine

    gateway = replace(world.gateway, open_engine=opened)
    with ThreadPoolExecutor(2) as workers:
        crew = Crew(gateway, workers)
        states = set()
        for _ in range(2000):
            crew.step()
            states = {world.store.burst(burst).state for burst in (slow, quick)}
            if BurstState.RUNNING in states:
                break
            entered.wait(0.01)
        assert states == {BurstState.CHECKED, BurstState.RUNNING}
        free.set()
        crew.detach()


def test_a_fault_in_one_burst_is_logged_and_does_not_end_the_others(world, caplog):
    bad, good = world.order("0"), world.order("1")
    farm_claim = world.farm.claim

    def claim(request):
        if request.burst == bad:
            raise ZeroDivisionError("a fault of ours")
        return farm_claim(request)

    world.farm.claim = claim
    with ThreadPoolExecutor(1) as workers, caplog.at_level(logging.ERROR):
        crew = Crew(world.gateway, workers)
        for _ in range(3000):
            due = crew.step()
            if world.store.burst(good).state is BurstState.DONE:
                break
            if due is not None and not crew._busy:
                world.clock.advance(max(0.0, (due - world.clock.now()).total_seconds()))
        crew.detach()
    assert world.store.burst(good).state is BurstState.DONE
    assert world.store.burst(bad).refs(TaskState.WANTED)
    assert "its step failed" in caplog.text


@pytest.mark.parametrize("state", [BurstState.STAGED, BurstState.RUNNING])
def test_what_is_looked_at_while_the_process_ends_is_left_as_it_is(world, state):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is state)
    world.gateway.switch.turn_off()
    before = world.store.events(burst)
    runner.step()
    assert world.store.burst(burst).state is state
    assert world.store.events(burst) == before


class Asking:
    """A farm on which somebody asks something of the gateway."""

    def __init__(self, farm, kind, job):
        self._farm = farm
        self.left = [Intent("1", job, kind, datetime(2026, 3, 1, tzinfo=UTC), "ada")]

    def intents(self):
        return tuple(self.left)

    def acknowledge(self, ids):
        self.left = [one for one in self.left if one.id not in ids]

    def __getattr__(self, name):
        return getattr(self._farm, name)


@pytest.mark.parametrize("kind", [IntentKind.DRAIN, IntentKind.OPEN])
def test_people_close_and_open_the_way_to_the_cloud_from_the_farm(world, kind):
    farm = Asking(world.farm, kind, world.job)
    wishes.grant(replace(world.gateway, farm=farm))
    route = world.store.route("local")
    assert (route.drained, route.who) == (kind is IntentKind.DRAIN, "ada")
    assert farm.left == []


def test_people_who_ask_why_a_job_stays_read_what_the_policy_says(world):
    farm = Asking(world.farm, IntentKind.EXPLAIN, world.job)
    wishes.grant(replace(world.gateway, farm=farm))
    said = world.farm.annotations(world.job)["policy"]["renderbus.answer"]
    queue = world.farm.snapshot([world.job])
    (item,) = answered(world.store, world.gateway.config, queue).items
    assert said == f"{world.clock.now():%H:%M:%S} UTC, stay: {item.sentence}"


def test_a_wish_that_the_farm_does_not_answer_for_is_looked_at_again(world, monkeypatch):
    farm = Asking(world.farm, IntentKind.BURST, world.job)

    def silent(_):
        raise FarmError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(world.farm, "job", silent)
        wishes.grant(replace(world.gateway, farm=farm))
    assert len(farm.left) == 1
    wishes.grant(replace(world.gateway, farm=farm))
    assert farm.left == []
    assert len(world.store.bursts()) == 1


def test_a_job_that_waits_for_something_goes_when_it_is_free(world):
    farm = Asking(world.farm, IntentKind.BURST, world.job)
    world.farm.suspend_tasks(world.job)
    for _ in range(2):
        wishes.grant(replace(world.gateway, farm=farm))
        assert world.store.bursts() == ()
        assert len(farm.left) == 1
    world.farm.resume_tasks(world.job)
    wishes.grant(replace(world.gateway, farm=farm))
    assert len(world.store.bursts()) == 1
    assert farm.left == []
