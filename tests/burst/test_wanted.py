"""What a job wants of the cloud reaches the cloud, is priced, and lifts no limit of the site."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from renderbus_core import package
from renderbus_core.burst import BurstState, Order, answered
from renderbus_core.burst.examine import FrameTimes, Known, examine, expected_cost, inspect
from renderbus_core.burst.wanted import with_options
from renderbus_core.config import for_job, judged
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState
from renderbus_core.money import Money
from renderbus_core.options import NO_OPTIONS, CloudOptions, read_options
from renderbus_core.overflow import Verdict

PRICES = """
[money]
currency = "USD"
price_per_hour = "1.00"
options_price_per_hour = "4.00"
[[money.prices]]
model = "28C"
price_per_hour = "3.00"
[[money.prices]]
gpus = 10
price_per_hour = "9.00"
"""
BIG = CloudOptions(hardware_model="28C")


def made(world, frames=None, known=None, **options):
    """Return task_info of a burst of the job with other options."""
    config = world.gateway.config
    job = replace(world.farm.job(world.job), options=CloudOptions(**options))
    facts = inspect(config, job)
    built, findings = examine(config, job, frames or job.frames, facts, known or Known())
    assert built is not None, [str(each) for each in findings]
    return built.task["task_info"]


def refusal(world, **options):
    job = replace(world.farm.job(world.job), options=CloudOptions(**options))
    return judged(world.gateway.config, job).refusal


# -- what is asked of the cloud -------------------------------------------------------------------


@pytest.mark.parametrize(("options", "keys"), [
    ({"frames_per_machine": 4}, {"frames_per_task": "4"}),
    ({"tiles": 4, "tiles_type": "strip"}, {"tiles": "4", "tiles_type": "strip"}),
    ({"remind_minutes": 60}, {"time_out": "3600"}),
    ({"priority_frames": "first, last, 3-5"},
     {"pre_frames": "101:3-5[1]", "stop_after_test": "2"}),
    ({"priority_frames": "middle", "stop_after_test": True},
     {"pre_frames": "010", "stop_after_test": "1"}),
    ({"frame_limit_minutes": 10}, {"job_stop_time": "600"}),
    ({"task_limit_minutes": 90}, {"job_stop_time": "5400", "task_stop_time": "5400"}),
])  # fmt: skip
def test_each_option_is_a_setting_of_the_task(world, options, keys):
    found = made(world, **options)
    assert {key: found[key] for key in keys} == keys


def test_what_the_job_says_holds_over_what_the_site_says(make_world):
    site = ["pre_frames=100", "stop_after_test=1", "frames_per_task=2", "time_out=7200"]
    listed = ", ".join(f'"task_info.{each}"' for each in site)
    world = make_world(config=f"overrides = [{listed}]")
    untouched = made(world)
    assert (untouched["pre_frames"], untouched["frames_per_task"]) == ("100", "2")
    found = made(world, priority_frames="last", frames_per_machine=5)
    assert found["pre_frames"] == "001"
    assert (found["frames_per_task"], found["time_out"]) == ("5", "7200")


@pytest.mark.parametrize(("frames", "wanted", "expected"), [
    ("1-10", {"priority_frames": "last"}, "001"),
    ("6-10", {"priority_frames": "1"}, "100"),
    ("6-10", {"priority_frames": "6-10"}, "010"),
    ("7", {"priority_frames": "first"}, "010"),
    ("1-10", {"frames_per_machine": 2}, "010"),
])  # fmt: skip
def test_no_option_takes_away_that_the_site_has_a_person_look_first(
    make_world, frames, wanted, expected
):
    listed = '"task_info.pre_frames=010", "task_info.stop_after_test=1"'
    found = made(make_world(config=f"overrides = [{listed}]"), FrameSet.parse(frames), **wanted)
    assert (found["pre_frames"], found["stop_after_test"]) == (expected, "1")


def test_a_job_that_would_not_wait_where_the_site_has_all_wait_stays_here(make_world):
    wanted = {"priority_frames": "last", "stop_after_test": False}
    site = 'overrides = ["task_info.pre_frames=100", "task_info.stop_after_test=1"]'
    assert "has all bursts wait for a person" in refusal(make_world(config=site), **wanted)
    assert refusal(make_world(), **wanted) == ""


@pytest.mark.parametrize(("frames", "options", "expected"), [
    ("6-10", {"priority_frames": "1, 7, 99"}, "000:7"),
    ("6-10", {"priority_frames": "1"}, "000"),
    ("6-10", {"priority_frames": "1", "stop_after_test": True}, "100"),
    ("7", {"priority_frames": "first", "stop_after_test": True}, "000"),
    ("6-7", {"priority_frames": "first, last", "stop_after_test": True}, "000"),
])  # fmt: skip
def test_a_burst_of_a_part_lists_the_priority_frames_that_it_renders(
    world, frames, options, expected
):
    found = made(world, FrameSet.parse(frames), **options)
    assert found["pre_frames"] == expected
    assert found["stop_after_test"] == ("1" if expected == "100" else "2")


def test_tiles_that_nobody_puts_together_again_are_refused_with_the_reason(make_world):
    world = make_world()
    config, job = world.gateway.config, world.farm.job(world.job)
    facts = inspect(config, job)
    request = package.BurstRequest(job, job.frames, 62, "auto", 3, 900, 10)
    assert with_options(request, NO_OPTIONS) is request
    tiled = with_options(request, read_options({"tiles": "2"}))
    blender = {"task_info": {"tiles": str(tiled.tiles), "cg_id": "2007"}}
    with pytest.raises(InputError, match="puts tiles of Blender pictures together again"):
        package.output_map(blender, job.outputs)
    assert facts.dcc == "maya"


# -- money ----------------------------------------------------------------------------------------


def test_a_bigger_machine_has_its_own_price(make_world):
    world = make_world(config=PRICES)
    config, job = world.gateway.config, world.farm.job(world.job)
    big = replace(job, options=BIG)
    hour = FrameTimes(3600)
    assert expected_cost(config, job, hour, 2) == Money(Decimal(2), "USD")
    assert expected_cost(config, big, hour, 2) == Money(Decimal(6), "USD")
    assert for_job(config, NO_OPTIONS) is config


def test_limits_from_a_budget_know_the_price_of_the_machines(make_world):
    world = make_world(config=PRICES.replace("currency", 'budget = "150"\ncurrency'))
    assert int(made(world)["task_stop_time"]) == 15 * 3600
    assert int(made(world, hardware_model="28C")["task_stop_time"]) == 5 * 3600
    assert int(made(world, hardware_model="28C", machine_limit=2)["task_stop_time"]) == 24 * 3600


@pytest.mark.parametrize(("options", "machines"), [
    ({"frame_limit_minutes": 9000}, 10),
    ({"task_limit_minutes": 9000}, 10),
    ({"frames_per_machine": 10}, 1),
    ({"tiles": 50}, 10),
    ({"machine_limit": 2}, 2),
])  # fmt: skip
def test_no_option_lets_a_burst_cost_more_than_its_budget(make_world, options, machines):
    world = make_world(config=PRICES.replace("currency", 'budget = "150"\ncurrency'))
    found = made(world, **options)
    assert int(found["task_stop_time"]) * machines <= 150 * 3600
    assert int(found["job_stop_time"]) <= int(found["task_stop_time"]) <= 2 * 24 * 3600


def test_several_frames_in_a_row_get_the_time_of_several_frames(world):
    assert made(world)["job_stop_time"] == "14400"
    assert made(world, frames_per_machine=3)["job_stop_time"] == "43200"
    assert made(world, frames_per_machine=10)["job_stop_time"] == "144000"


def test_where_the_site_leaves_the_vendors_limits_a_job_may_still_set_its_own(make_world):
    world = make_world(config="vendor_time_limits = true")
    assert made(world)["job_stop_time"] == "259200"
    found = made(world, frame_limit_minutes=10)
    assert (found["job_stop_time"], found["task_stop_time"]) == ("600", "0")


# -- what the site lets jobs do -------------------------------------------------------------------


@pytest.mark.parametrize(("options", "sentence"), [
    ({"machine_limit": 11}, "it asks for 11 machines, and a job may ask for 10 (burst.options_"),
    ({"platform": 2}, "it asks for platform 2, and this gateway serves platform 62 alone"),
    ({"hardware_model": "4090"}, "(model 4090), and no row of money.prices is for them"),
    ({"hardware_ram": 128}, "(ram 128), and no row of money.prices is for them"),
    ({"hardware_gpus": 10}, "(gpus 10) cost 9.00 USD an hour, and a job may ask for 4.00 USD"),
])  # fmt: skip
def test_more_than_the_site_allows_keeps_a_job_here(make_world, options, sentence):
    world = make_world(config=PRICES)
    assert sentence in refusal(world, **options)
    job = replace(world.farm.job(world.job), options=CloudOptions(**options))
    with pytest.raises(InputError, match="cannot be rendered in the cloud: it"):
        inspect(world.gateway.config, job)


@pytest.mark.parametrize("options", [
    {"machine_limit": 10}, {"platform": 62}, {"hardware_model": "28C"}, {"tiles": 4},
])  # fmt: skip
def test_what_the_site_allows_it_allows(make_world, options):
    assert refusal(make_world(config=PRICES), **options) == ""


def test_dearer_machines_than_those_of_all_jobs_must_be_allowed(make_world):
    world = make_world(config=PRICES.replace("options_price_per_hour", "budget"))
    assert "cost 3.00 USD an hour, and a job may ask for 1.00 USD" in refusal(
        world, hardware_model="28C"
    )
    unpriced = make_world(config=PRICES.replace('price_per_hour = "1.00"', "", 1).replace(
        "options_price_per_hour", "budget"
    ))  # fmt: skip
    assert "how dear they may be is not set" in refusal(unpriced, hardware_model="28C")


def test_the_machines_that_all_jobs_get_need_no_permission(make_world):
    world = make_world(config='hardware_model = "4090"')
    assert refusal(world, hardware_model="4090") == ""


def test_a_site_can_keep_single_options_to_itself(make_world):
    world = make_world(config='options_refused = ["tiles", "machine_limit"]\n'
                       "options_machine_limit = 40")  # fmt: skip
    found = refusal(world, tiles=2, machine_limit=5, frames_per_machine=1)
    assert found == (
        "this site does not let jobs set the cloud option machine_limit (burst.options_refused); "
        "this site does not let jobs set the cloud option tiles (burst.options_refused)"
    )
    more = make_world(config="options_machine_limit = 40")
    assert refusal(more, machine_limit=40) == ""


# -- and all of it in a burst ---------------------------------------------------------------------


def test_a_burst_is_carried_with_what_its_job_wanted_when_it_was_planned(make_world):
    options = CloudOptions(frames_per_machine=3, machine_limit=2, hardware_model="28C")
    world = make_world(config=PRICES, options=options)
    job = world.farm.job(world.job)
    refs = tuple(task.ref for task in world.tasks())
    order = Order("local", world.job, refs, "a test", options=job.options)
    (burst,) = world.store.plan([order], world.clock.now())
    assert world.store.burst(burst.id).options == options
    end = world.carry(world.runner(burst.id), burst.id)
    assert end.state is BurstState.DONE
    assert set(world.states()) == {LocalState.COMPLETED}
    (remote,) = world.remote_tasks()
    assert remote.task_limit == 2
    task = package.read(world.gateway.config.burst.work_folder / burst.id).task["task_info"]
    assert task["hardwareConfigIds"] == ["22"]
    assert task["frames_per_task"] == "3"


def test_a_burst_stops_after_the_frames_that_the_job_wants_to_see_first(make_world):
    options = CloudOptions(priority_frames="last", stop_after_test=True)
    world = make_world(nodes=2, options=options)
    refs = tuple(task.ref for task in world.tasks())
    order = Order("local", world.job, refs, "a test", options=options)
    (burst,) = world.store.plan([order], world.clock.now())
    runner = world.runner(burst.id)
    world.carry(runner, burst.id, lambda one: bool(one.waiting_since and world.pictures()))
    assert world.pictures() == ["shot.0010.png"]
    world.store.approve(burst.id, world.clock.now())
    assert world.carry(runner, burst.id).state is BurstState.DONE


def test_on_its_own_nothing_leaves_that_asks_for_too_much(make_world):
    world = make_world(options=CloudOptions(machine_limit=99))
    queue = world.farm.snapshot([world.job])
    (item,) = answered(world.store, world.gateway.config, queue).items
    assert item.verdict is Verdict.STAY
    (rule,) = [one for one in item.weighed if one.rule == "sendable"]
    assert not rule.passed
    assert "it asks for 99 machines" in rule.why
