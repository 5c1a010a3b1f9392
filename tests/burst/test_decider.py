"""The decider: from a queue to bursts in the store, for one gateway at a time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from renderbus_core.burst import BurstState, Crew, Decider, Order, TaskState, history
from renderbus_core.errors import AuthError, StoreError
from renderbus_core.farm import JobSpec
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalState
from renderbus_core.money import Money
from renderbus_core.overflow import Verdict

POLICY = """
[money]
price_per_hour = "1.00"
currency = "USD"
budget = "10"
[overflow]
enabled = true
backlog_tasks_per_worker = 3
local_share_minimum = 2
split_jobs = true
probe = "never"
cloud_wait_seconds = 0
"""


@pytest.fixture
def world(make_world):
    """Return a world whose only worker has rendered one task in 30 s and is still there."""
    world = make_world(config=POLICY)
    worker = world.farm.dispatch.beat("worker", None)
    run = world.farm.dispatch.dequeue(worker)
    for _ in range(5):
        world.clock.advance(6)
        world.farm.dispatch.beat("worker", worker)
    world.farm.dispatch.finish(run)
    return world


def test_an_overflowing_queue_becomes_a_burst_with_its_reasons(world):
    cycle = Decider(world.gateway).step()
    (burst,) = cycle.bursts
    assert burst.state is BurstState.INTENDED
    assert [task.ref.id for task in burst.tasks] == ["4", "5", "6", "7", "8", "9"]
    assert "9.0 queued tasks per worker, threshold 3" in burst.reason
    assert str(burst.estimate) == "0.05 USD"


def test_the_next_look_at_the_same_queue_adds_nothing(world):
    decider = Decider(world.gateway)
    decider.step()
    again = decider.step()
    assert again.bursts == ()
    assert "in the cloud already" in again.decisions[0].sentence


def test_only_one_gateway_decides(world):
    assert Decider(world.gateway).step() is not None
    assert Decider(replace(world.gateway, owner="gateway-2")).step() is None
    world.clock.advance(3600)
    assert Decider(replace(world.gateway, owner="gateway-2")).step() is not None


def test_a_person_who_sends_the_same_task_first_does_not_stop_the_decider(world, monkeypatch):
    decider = Decider(world.gateway)
    plan = world.store.plan

    def too_late(orders, now, *rest):
        monkeypatch.setattr(world.store, "plan", plan)
        world.order("9")
        return plan(orders, now, *rest)

    monkeypatch.setattr(world.store, "plan", too_late)
    assert decider.step().bursts == ()
    with pytest.raises(StoreError, match="in a live burst already"):
        world.order("9")


def test_without_a_budget_it_only_advises(make_world):
    world = make_world(config=POLICY.replace('budget = "10"\n', ""))
    cycle = Decider(world.gateway).step()
    assert cycle.bursts == ()
    assert {item.verdict for item in cycle.decisions} == {Verdict.ADVISE}


def test_a_crew_carries_every_live_burst_and_then_has_nothing_due(world):
    Decider(world.gateway).step()
    crew = Crew(world.gateway)
    for _ in range(300):
        due = crew.step()
        if due is None:
            break
        pause = (due - world.clock.now()).total_seconds()
        world.clock.advance(max(pause, 0.0))
    assert world.store.bursts(live=True) == ()
    assert world.states().count(LocalState.COMPLETED) == 7


def test_a_crew_that_was_taken_over_lets_go_quietly(world):
    world.order("9")
    crew = Crew(world.gateway)
    crew.step()
    world.clock.advance(3600)
    Crew(replace(world.gateway, owner="gateway-2")).step()
    crew.detach()
    crew.step()


def test_a_job_that_was_refused_waits_for_a_person(make_world):
    world = make_world(texture="gone.png", config=POLICY)
    worker = world.farm.dispatch.beat("worker", None)
    world.farm.dispatch.finish(world.farm.dispatch.dequeue(worker))
    decider, crew = Decider(world.gateway), Crew(world.gateway)
    (burst,) = decider.step().bursts
    while crew.step() is not None:
        world.clock.advance(1)
    assert world.store.burst(burst.id).state is BurstState.FAILED
    again = decider.step()
    assert again.bursts == ()
    assert "a person must send it" in again.decisions[0].sentence
    assert "gone.png" in again.decisions[0].sentence


def test_money_that_was_spent_meanwhile_is_not_spent_again(world, monkeypatch):
    decider = Decider(world.gateway)
    plan = world.store.plan

    def too_late(orders, now, *rest):
        monkeypatch.setattr(world.store, "plan", plan)
        other = Order("local", JobId("another"), orders[0].tasks, "", Money(Decimal(10), "USD"))
        plan([other], now)
        return plan(orders, now, *rest)

    monkeypatch.setattr(world.store, "plan", too_late)
    assert decider.step().bursts == ()
    assert [burst.job for burst in world.store.bursts()] == ["another"]


def failed(world, *ids):
    """Let a burst of some tasks fail after its claim."""
    burst = world.order(*ids)
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)

    def refuse(**_):
        raise AuthError("the key has expired")

    create, world.gateway.client.task.create_task = world.gateway.client.task.create_task, refuse
    assert world.carry(runner, burst).state is BurstState.FAILED
    world.gateway.client.task.create_task = create
    world.clock.advance(1)


def known_failures(world):
    return history(
        world.store, world.gateway.config, world.clock.now(), world.farm.snapshot()
    ).failures_in_a_row


def test_bursts_that_fail_one_after_the_other_are_counted_until_one_comes_home(world):
    assert known_failures(world) == 0
    failed(world, "8")
    failed(world, "9")
    assert known_failures(world) == 2
    home = world.order("7")
    assert world.carry(world.runner(home), home).state is BurstState.DONE
    assert known_failures(world) == 0


def test_a_burst_whose_tasks_local_workers_took_first_is_no_failure(world):
    burst = world.order("1")
    world.farm.suspend_tasks(world.job, ["1"])
    assert world.carry(world.runner(burst), burst).state is BurstState.FAILED
    assert known_failures(world) == 0


def test_a_burst_whose_frames_all_failed_in_the_cloud_is_a_failure(make_world):
    world = make_world(fail_frames=dict.fromkeys((8, 9), 99))
    for count, task in enumerate(("7", "8"), 1):
        burst = world.order(task)
        assert world.carry(world.runner(burst), burst).state is BurstState.DONE
        assert known_failures(world) == count
    burst = world.order("1")
    world.carry(world.runner(burst), burst)
    assert known_failures(world) == 0, "one came home"


def test_what_people_call_back_is_no_failure(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, until=lambda b: b.state is BurstState.RUNNING)
    world.store.ask_recall(burst, "the director said so", world.clock.now())
    world.carry(runner, burst)
    assert known_failures(world) == 0


@pytest.mark.parametrize("begun", [0, 4])
def test_a_job_that_may_not_be_shared_is_held_as_a_whole_or_not_at_all(make_world, begun):
    whole = POLICY.replace("split_jobs = true", "split_jobs = false")
    world = make_world(config=whole.replace("local_share_minimum = 2", "local_share_minimum = 0"))
    worker = world.farm.dispatch.beat("worker", None)

    def render():
        run = world.farm.dispatch.dequeue(worker)
        world.clock.advance(9)
        world.farm.dispatch.finish(run)
        world.farm.dispatch.beat("worker", worker)

    # Of another job is known how long tasks of the program take.
    world.farm.submit(
        JobSpec(
            name="first", dcc="maya", scene=str(world.folder / "shot.ma"),
            outputs=(f"{world.folder}/first.####.png",), frames=FrameSet.span(1, 1),
            command=("true",), user="artist", priority=99,
        )
    )  # fmt: skip
    render()
    (burst,) = Decider(world.gateway).step().bursts
    assert len(burst.tasks) == 10
    runner = world.runner(burst.id)
    world.carry(runner, burst.id, until=lambda b: b.state is BurstState.STAGED)
    for _ in range(begun):
        render()
    end = world.carry(runner, burst.id)
    if not begun:
        assert len(end.refs(TaskState.COMPLETED)) == 10
        return
    assert end.state is BurstState.FAILED
    assert "local workers had begun a part of it before the claim, 4 of 10 tasks" in end.reason
    assert world.states().count(LocalState.QUEUED) == 6, "local workers render the rest"
    assert known_failures(world) == 0, "which says nothing of the cloud"
    world.farm.dispatch.beat("worker", worker)
    (item,) = Decider(world.gateway).step().decisions
    assert "it cannot go as a whole" in item.sentence
