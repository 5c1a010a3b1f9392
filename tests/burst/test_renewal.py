"""The configuration's file is edited while a gateway runs."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from renderbus_core.burst import BurstState, Service
from renderbus_core.config import Renewer
from renderbus_core.money import Money

POLICY = """
[money]
price_per_hour = "1"
currency = "USD"
budget = "10"
[overflow]
enabled = true
probe = "never"
split_jobs = true
local_share_minimum = 0
cloud_wait_seconds = 0
backlog_tasks_per_worker = 1000
"""


@pytest.fixture
def world(make_world):
    world = make_world(config=POLICY)
    worker = world.farm.dispatch.beat("worker", None)
    run = world.farm.dispatch.dequeue(worker)
    world.clock.advance(5)
    world.farm.dispatch.finish(run)
    return world


@pytest.fixture
def service(world):
    return Service(world.gateway, renewer=Renewer(world.gateway.config, env={}))


def edit(world, old, new):
    """Change the file; later edits have later times, however coarse the disk's clock is."""
    file = world.gateway.config.file
    before = file.stat().st_mtime_ns
    file.write_text(file.read_text().replace(old, new))
    os.utime(file, ns=(before + 10**9, before + 10**9))


def look(world, service):
    world.clock.advance(world.gateway.config.gateway.decide_seconds)
    world.farm.dispatch.beat("worker", None)
    service.step()
    return len(world.store.bursts())


def turn(world, service):
    due = service.step()
    world.clock.advance(max(timedelta(), due - world.clock.now()).total_seconds())


def told(world):
    lines = (line.event for line in world.store.follow_log(0) if not line.burst)
    return [(event.after, event.reason) for event in lines if event.subject == "configuration"]


def test_a_policy_that_is_edited_takes_effect_at_the_next_look(world, service):
    assert look(world, service) == 0
    edit(world, "worker = 1000", "worker = 1")
    assert look(world, service) == 1
    assert told(world) == [
        ("renewed", "overflow and money and parity are as the file has them now")
    ]


def test_a_file_that_turns_bad_changes_nothing_and_everything_wrong_is_told(world, service):
    edit(world, "worker = 1000", "worker = 1\nrelief = 7\nwindows = ['Mo']")
    assert look(world, service) == 0, "the last good one holds"
    ((after, why),) = told(world)
    assert after == "cannot be used, the last good one holds"
    for problem in ("overflow.relief", "overflow.windows", " line "):
        assert problem in why
    look(world, service)
    assert len(told(world)) == 1, "told once"
    edit(world, "relief = 7\nwindows = ['Mo']", "")
    assert look(world, service) == 1
    assert told(world)[-1][0] == "renewed"


def test_a_file_that_is_gone_changes_nothing(world, service):
    world.gateway.config.file.unlink()
    assert look(world, service) == 0
    assert "does not exist" in told(world)[0][1]


def test_what_needs_a_new_process_stays_as_it_was(world, service):
    edit(world, "poll_seconds = 10", "poll_seconds = 99")
    look(world, service)
    assert service._gateway.config.burst.poll_seconds == 10


def test_a_configuration_without_a_file_stays(world):
    assert Renewer(replace(world.gateway.config, file=None)).look() is None


def test_a_price_stays_that_of_the_machines_which_this_process_asks_for(world, service):
    edit(
        world,
        'currency = "USD"',
        'currency = "USD"\nprices = [{price_per_hour = "5", model = "64C"},'
        ' {price_per_hour = "2", model = "28C"}]',
    )
    edit(world, "[burst]", '[burst]\nhardware_model = "64C"')
    look(world, service)
    config = service._gateway.config
    assert config.burst.hardware_model != "64C"
    assert config.money.price_per_hour == Money(Decimal(1), "USD"), "no row is for them"
    assert config.source("burst.hardware_model") == "default"
    assert config.source("money.prices") == str(config.file)


def test_bursts_at_work_go_on_with_what_was_edited(world, service):
    burst = world.order("1", "2")
    while world.store.burst(burst).state is not BurstState.RUNNING:
        turn(world, service)
    edit(world, 'price_per_hour = "1"', 'price_per_hour = "7"')
    turn(world, service)
    (runner,) = service._crew._runners.values()
    turn(world, service)
    assert runner._context.config.money.price_per_hour == Money(Decimal(7), "USD")
    while world.store.live("local"):
        turn(world, service)
    assert world.store.burst(burst).state is BurstState.DONE


def test_a_file_that_could_not_be_read_is_read_again_although_it_is_the_same(
    world, service, monkeypatch
):
    edit(world, "worker = 1000", "worker = 1")

    def denied(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", denied)
        assert look(world, service) == 0
        assert look(world, service) == 0
        assert len(told(world)) == 1, "told once"
    assert look(world, service) == 1
    assert told(world)[-1][0] == "renewed"
