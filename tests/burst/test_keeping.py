"""Budgets that are full, and local workers that have nothing to do: what comes back, and when."""

from __future__ import annotations

from decimal import Decimal

import pytest

from renderbus_core.burst import (
    BurstState,
    Decider,
    LimitReachedError,
    Order,
    Service,
    TaskState,
    refuse_when_spent,
    wishes,
)
from renderbus_core.burst.keeping import keep_budgets
from renderbus_core.jobs import LocalState
from renderbus_core.money import Money
from renderbus_core.overflow import Payer

CONFIG = """
[money]
price_per_hour = "3600"
currency = "USD"
budget = "100"
hard_share = {hard}
[overflow]
enabled = true
backlog_tasks_per_worker = 1000
probe = "never"
split_jobs = true
"""


def planned(world, *ids, estimate="100", user="artist"):
    """Plan a burst of some tasks with what they are expected to cost, and return its id."""
    refs = tuple(task.ref for task in world.tasks() if task.ref.id in ids)
    money = Money(Decimal(estimate), "USD")
    order = Order("local", world.job, refs, "a test", money, user=user)
    (burst,) = world.store.plan([order], world.clock.now())
    return burst.id


def carried(world, burst, *, until, act):
    """Step a burst, acting after each step, until something is true of it."""
    runner = world.runner(burst)

    def acted(now):
        act()
        return until(now)

    return world.carry(runner, burst, until=acted)


def told(world):
    lines = (line.event for line in world.store.follow_log(0) if not line.burst)
    return [(event.before, event.after) for event in lines]


def a_cloud(make_world, hard="0"):
    # One machine, so that something always waits; a frame costs some 60 USD.
    return make_world(config=CONFIG.format(hard=hard), nodes=1, price_per_hour=Decimal(3600))


def test_when_a_budget_is_spent_what_waits_comes_back_and_what_renders_ends(make_world):
    world = a_cloud(make_world)
    burst = planned(world, "0", "1", "2", "3", "4")
    end = carried(
        world,
        burst,
        until=lambda now: now.state.is_over,
        act=lambda: keep_budgets(world.gateway, world.clock.now()),
    )
    home, back = end.refs(TaskState.COMPLETED), end.refs(TaskState.RELEASED)
    assert home, "what was rendered comes home"
    assert back, "what was not begun comes back"
    assert len(home) + len(back) == 5
    assert world.states().count(LocalState.QUEUED) == 5 + len(back)
    (why,) = {task.reason for task in end.tasks if task.ref in back}
    assert why.startswith("not begun, the budget of 100.00 USD: ")
    assert [word for word in told(world) if "used up" in word[1]] == [
        ("the budget of 100.00 USD", "nearly used up"),
        ("the budget of 100.00 USD", "used up: nothing new leaves, what waits comes back"),
    ]


def test_when_it_is_overdrawn_everything_comes_back(make_world):
    world = a_cloud(make_world, hard="1.001")
    burst = planned(world, "0", "1", "2", "3", "4", estimate="1")
    end = carried(
        world,
        burst,
        until=lambda now: now.state.is_over,
        act=lambda: keep_budgets(world.gateway, world.clock.now()),
    )
    assert end.state is BurstState.RECALLED
    assert end.recall.startswith("stopped, the budget of 100.00 USD: ")
    assert ("the budget of 100.00 USD", "overdrawn: everything comes back") in told(world)


def test_what_is_not_sent_yet_comes_back_too(make_world):
    world = a_cloud(make_world)
    spent = planned(world, "0")
    lease = world.store.lease(f"burst {spent}", "gateway-1", 60, world.clock.now())
    world.store.note(lease, spent, spent=Decimal(100))
    burst = planned(world, "1", "2")
    keep_budgets(world.gateway, world.clock.now())
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.RECALLED
    assert end.claim_epoch == 0, "local workers were never kept from it"


def test_a_gateway_that_decides_nothing_keeps_budgets_too(make_world):
    world = a_cloud(make_world)
    spent = planned(world, "0")
    lease = world.store.lease(f"burst {spent}", "gateway-2", 3600, world.clock.now())
    world.store.note(lease, spent, spent=Decimal(100))
    burst = planned(world, "1")
    Service(world.gateway, decides=False).step()
    assert all(
        task.asked.is_recall or task.state.is_over for task in world.store.burst(burst).tasks
    )


def test_a_budget_of_somebody_else_stops_nothing(make_world):
    config = CONFIG.format(hard="0").replace('budget = "100"\n', "")
    rule = '[[money.budgets]]\namount = "0"\nuser = "grace"\n'
    world = make_world(config=config + rule)
    burst = planned(world, "0")
    keep_budgets(world.gateway, world.clock.now())
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE


def test_when_a_budget_is_spent_nobody_sends_more(make_world):
    world = a_cloud(make_world)
    spent = planned(world, "0")
    lease = world.store.lease(f"burst {spent}", "gateway-1", 60, world.clock.now())
    world.store.note(lease, spent, spent=Decimal(100))
    payer = Payer(world.job, "artist")
    with pytest.raises(LimitReachedError, match=r"the budget of 100\.00 USD: 100\.00 USD spent"):
        refuse_when_spent(world.store, world.gateway.config, world.clock.now(), payer)
    world.farm.ask_burst(world.job, who="ada")
    wishes.grant(world.gateway)
    assert len(world.store.bursts()) == 1, "it would come back at once"


def test_a_full_budget_keeps_new_bursts_here(make_world):
    config = CONFIG.format(hard="0").replace("= 1000", "= 0").replace('"100"', '"0.001"')
    config += "local_share_minimum = 0\ncloud_wait_seconds = 0\n"
    world = make_world(config=config)
    worker = world.farm.dispatch.beat("worker", None)
    run = world.farm.dispatch.dequeue(worker)
    world.clock.advance(5)
    world.farm.dispatch.finish(run)
    (item,) = Decider(world.gateway).step().decisions
    assert item.sentence.endswith("of the budget is left")


@pytest.fixture
def waiting(make_world):
    """Return a world of one machine in the cloud, and a burst of which four tasks wait for it."""
    world = make_world(config=CONFIG.format(hard="0").replace('"100"', '"100000"'), nodes=1)
    burst = planned(world, "5", "6", "7", "8", "9")

    def waits(now):
        return sum(task.remote == "waiting" for task in now.tasks) == 4

    world.carry(world.runner(burst), burst, until=waits)
    return world, burst


def test_local_workers_with_nothing_to_do_take_back_what_waits(waiting):
    world, burst = waiting
    for id_ in "01234":
        world.farm.suspend_tasks(world.job, [id_])
    for name in ("a", "b"):
        world.farm.dispatch.beat(name, None)
    cycle = Decider(world.gateway).step()
    (returned,) = cycle.returns
    assert [ref.id for ref in returned.tasks] == ["8", "9"], "as many as they can begin, the last"
    assert "4 of its tasks wait in the cloud: 2 come back" in returned.why
    assert Decider(world.gateway).step().returns == (), "until they have come back"
    end = world.carry(world.runner(burst), burst, until=lambda b: len(b.refs(TaskState.RELEASED)))
    assert [ref.id for ref in end.refs(TaskState.RELEASED)] == ["8", "9"]
    assert [task.state for task in world.tasks()][-2:] == [LocalState.QUEUED] * 2


def test_while_anything_waits_here_nothing_comes_back(waiting):
    world, _ = waiting
    world.farm.dispatch.beat("a", None)
    assert Decider(world.gateway).step().returns == ()


def test_a_job_that_may_not_be_shared_stays_in_the_cloud_once_that_has_begun(make_world):
    config = CONFIG.format(hard="0").replace('"100"', '"100000"').replace("split_jobs = true\n", "")
    world = make_world(config=config, nodes=1)
    burst = planned(world, *map(str, range(10)))
    runner = world.runner(burst)
    world.carry(runner, burst, until=lambda b: sum(t.remote == "waiting" for t in b.tasks) == 9)
    for name in map(str, range(12)):
        world.farm.dispatch.beat(name, None)
    assert Decider(world.gateway).step().returns == ()


def test_a_job_that_may_not_be_shared_comes_back_whole_while_nothing_has_begun(make_world):
    config = CONFIG.format(hard="0").replace('"100"', '"100000"').replace("split_jobs = true\n", "")
    world = make_world(config=config, nodes=1)
    burst = planned(world, *map(str, range(10)))
    runner = world.runner(burst)
    world.carry(runner, burst, until=lambda b: sum(t.remote == "waiting" for t in b.tasks) == 10)
    for name in map(str, range(9)):
        world.farm.dispatch.beat(name, None)
    assert Decider(world.gateway).step().returns == (), "nine cannot begin ten"
    world.farm.dispatch.beat("tenth", None)
    (returned,) = Decider(world.gateway).step().returns
    assert len(returned.tasks) == 10


def test_budgets_of_one_name_are_each_told_once(make_world):
    rows = "".join(f'[[money.budgets]]\nuser = "*"\namount = "{n}"\n' for n in (1, 2, 500))
    config = CONFIG.format(hard="0").replace('budget = "100"', 'budget_job = "90"')
    world = make_world(config=config + rows)
    for task, job in (("0", world.job), ("1", "job-other")):
        ref = next(each.ref for each in world.tasks() if each.ref.id == task)
        money = Money(Decimal(80), "USD")
        order = Order("local", job, (ref,), "a test", money, user="ada")
        (burst,) = world.store.plan([order], world.clock.now())
    lease = world.store.lease(f"burst {burst.id}", "gateway-1", 60, world.clock.now())
    world.store.note(lease, burst.id, spent=Decimal(80))
    for _ in range(3):
        keep_budgets(world.gateway, world.clock.now())
    full = "used up: nothing new leaves, what waits comes back"
    assert sorted(told(world)) == [
        ("the budget of job job-1 of 90.00 USD", "nearly used up"),
        ("the budget of job job-other of 90.00 USD", "nearly used up"),
        ("the budget of user ada of 1.00 USD", full),
        ("the budget of user ada of 2.00 USD", full),
    ]


def test_a_burst_that_comes_to_its_end_meanwhile_does_not_keep_the_others(make_world, monkeypatch):
    world = a_cloud(make_world)
    first, second = planned(world, "0"), planned(world, "1")
    lease = world.store.lease(f"burst {first}", "gateway-2", 3600, world.clock.now())
    world.store.note(lease, first, spent=Decimal(100))
    real = world.store.bursts

    def bursts(**which):
        found = sorted(real(**which), key=lambda burst: burst.id != first)
        if world.store.state(first) is not BurstState.FAILED:
            world.store.move(lease, first, BurstState.FAILED, reason="x", now=world.clock.now())
        return found

    monkeypatch.setattr(world.store, "bursts", bursts)
    keep_budgets(world.gateway, world.clock.now())
    assert all(task.asked.is_recall for task in world.store.burst(second).tasks)
