"""What rendering costs: coupons, balances, packages, shared money, hidden costs, arrears."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from renderbus_core.config import Secret
from renderbus_core.errors import BillingError
from renderbus_core.simulator import Account
from renderbus_core.simulator.settings import FeeKind
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20
# One frame of 60 s costs 6 at this price.
PRICE = Decimal(360)


@pytest.fixture
def rich(simulate):
    """Return a maker of clouds with one account."""

    def make(nodes=1, **account):
        owner = Account("SIM", Secret("key"), user_id=10000007, **account)
        sim = simulate(accounts=(owner,), price_per_hour=PRICE, nodes=nodes)
        return sim, sim.client(owner)

    return make


def test_coupons_are_spent_before_the_balance(rich, blender_task):
    sim, client = rich(balance=Decimal(100), coupon=Decimal(8))
    task = sim.finish(client, sim.submit(client, blender_task("1-3[1]")))
    assert (task.render_consume, task.coupon_consume, task.user_account_consume) == (18, 8, 10)
    frames = sim.frames(client, task.id).values()
    assert [(f.coupon_fee, f.fee_amount) for f in frames] == [(6, 0), (2, 4), (0, 6)]
    profile = client.user.query_user_profile()
    assert (profile.usdbalance, profile.coupon) == (90, 0)


def test_a_package_costs_nothing_by_use(rich, blender_task):
    sim, client = rich(balance=Decimal(0), fee_kind=FeeKind.MACHINE_PACKAGE)
    task = sim.finish(client, sim.submit(client, blender_task("1-3[1]")))
    assert (task.task_status, task.render_consume) == (TaskCode.FINISHED, 0)
    (frame, *_) = sim.frames(client, task.id).values()
    assert (frame.fee_type, frame.frame_price, frame.fee_amount) == (1, 0, 0)


def test_hidden_costs_are_null(rich, blender_task):
    sim, client = rich(shows_costs=False)
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    for name in ("renderConsume", "userAccountConsume", "couponConsume", "qyCouponConsume"):
        assert task.raw[name] is None
    (frame,) = sim.frames(client, task.id).values()
    for name in ("framePrice", "feeAmount", "couponFee", "arrearsFee"):
        assert frame.raw[name] is None


def test_a_frame_costs_nothing_before_it_is_over(rich, blender_task):
    sim, client = rich()
    task_id = sim.submit(client, blender_task("1"))
    sim.clock.advance(BEFORE_RENDERING + 30)
    (frame,) = sim.frames(client, task_id).values()
    assert (frame.raw["feeAmount"], frame.frame_price) == (None, 360)


def test_without_money_tasks_stop_at_that_moment(rich, blender_task):
    sim, client = rich(balance=Decimal(9))
    task_id = sim.submit(client, blender_task("1-3[1]"))
    end = sim.clock.advance(BEFORE_RENDERING + 90)
    task = sim.task(client, task_id)
    assert (task.task_status, task.completed_at) == (TaskCode.ARREARAGE_STOP, end)
    assert [f.frame_status for f in sim.frames(client, task_id).values()] == [4, 3, 3]
    assert task.render_consume == 9
    assert client.user.query_user_profile().usdbalance == 0


def test_the_moment_is_exact_with_many_nodes(rich, blender_task):
    sim, client = rich(nodes=3, balance=Decimal(10))
    task_id = sim.submit(client, blender_task("1-9[1]"))
    sim.clock.advance(BEFORE_RENDERING + 33)
    assert sim.task(client, task_id).task_status == TaskCode.RENDERING
    sim.clock.advance(1)
    task = sim.task(client, task_id)
    assert (task.task_status, task.abort_frames) == (TaskCode.ARREARAGE_STOP, 9)
    assert abs(task.render_consume - 10) < Decimal("0.001")


def test_credit_is_spent_too_and_shows_as_arrears(rich, blender_task):
    sim, client = rich(balance=Decimal(9), credit=Decimal(6), coupon=Decimal(3))
    task_id = sim.submit(client, blender_task("1-9[1]"))
    sim.clock.advance(BEFORE_RENDERING + 180)
    task = sim.task(client, task_id)
    assert task.task_status == TaskCode.ARREARAGE_STOP
    assert (task.render_consume, task.task_arrears) == (18, 6)
    arrears = [f.arrears_fee for f in sim.frames(client, task_id).values()]
    assert arrears == [0, 0, 6, 0, 0, 0, 0, 0, 0]
    assert client.user.query_user_profile().usdbalance == -6


def test_after_paying_in_a_task_goes_on(rich, blender_task):
    sim, client = rich(balance=Decimal(9), credit=Decimal(1))
    task_id = sim.submit(client, blender_task("1-3[1]"))
    sim.clock.advance(BEFORE_RENDERING + 200)
    assert sim.task(client, task_id).task_arrears == 1
    for call in (client.task.start_task, client.query.restart_failed_frames):
        with pytest.raises(BillingError, match="913"):
            call([task_id])
    with pytest.raises(BillingError, match="913"):
        sim.submit(client, blender_task("1"))
    sim.cloud._world.accounts[10000007].paid_in += 100
    client.task.start_task([task_id])
    task = sim.finish(client, task_id)
    assert (task.task_status, task.task_arrears) == (TaskCode.FINISHED, 0)
    assert sim.frames(client, task_id)["2"].fee_amount == 10


def test_what_is_staged_stops_when_it_would_render_without_money(rich, blender_task):
    sim, client = rich(balance=Decimal(6))
    first = sim.submit(client, blender_task("1"))
    sim.clock.advance(BEFORE_RENDERING + 50)
    second = sim.submit(client, blender_task("1"))
    assert sim.finish(client, first).task_status == TaskCode.FINISHED
    assert sim.finish(client, second).task_status == TaskCode.ARREARAGE_STOP


def test_a_sub_account_spends_its_main_accounts_money(simulate, blender_task):
    main = Account("MAIN", Secret("k"), user_id=10000001, user_name="m", balance=Decimal(9))
    sub = Account(
        "SUB",
        Secret("k"),
        user_id=10000002,
        user_name="s",
        balance=Decimal(1000),
        main=main.user_id,
        shares_capital=True,
    )
    sim = simulate(accounts=(main, sub), price_per_hour=PRICE, nodes=1)
    client = sim.client(sub)
    sim.storage.files |= {("10201-10000001", p) for p in ("/a/spin.blend", "/a/wood.png")}
    task_id = sim.submit(client, blender_task("1-3[1]"))
    sim.clock.advance(BEFORE_RENDERING + 60)
    assert sim.client(main).user.query_user_profile().usdbalance == 3
    task = sim.finish(client, task_id)
    assert task.task_status == TaskCode.ARREARAGE_STOP
    assert task.raw["shareMainCapital"] == 1


def test_an_account_without_shared_money_pays_itself(simulate, blender_task):
    main = Account("MAIN", Secret("k"), user_id=10000001, user_name="m", balance=Decimal(0))
    sub = replace(
        main, access_id="SUB", user_id=10000002, user_name="s", balance=Decimal(99), main=10000001
    )
    sim = simulate(accounts=(main, sub), price_per_hour=PRICE)
    client = sim.client(sub)
    assert sim.finish(client, sim.submit(client, blender_task("1"))).render_consume == 6


def test_one_accounts_arrears_stop_nobody_else(simulate, blender_task):
    poor, other = (
        Account(f"SIM{n}", Secret("k"), user_id=n, user_name=str(n), balance=Decimal(n))
        for n in (1, 99)
    )
    sim = simulate(accounts=(poor, other), price_per_hour=PRICE)
    clients = [sim.client(account) for account in (poor, other)]
    tasks = [(client, sim.submit(client, blender_task("1-2[1]"))) for client in clients]
    outcomes = [sim.finish(*task).task_status for task in tasks]
    assert outcomes == [TaskCode.ARREARAGE_STOP, TaskCode.FINISHED]


def test_a_stuck_frame_spends_until_nothing_is_left(rich, blender_task):
    sim, client = rich(balance=Decimal(60))
    sim.cloud._world.stuck = frozenset([1])
    task_id = sim.submit(client, blender_task("1", job_stop_time="0"))
    sim.clock.advance(BEFORE_RENDERING + 600)
    assert sim.task(client, task_id).task_status == TaskCode.ARREARAGE_STOP
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.ABORTED


def test_a_main_account_is_told_what_its_sub_account_is_not(simulate, blender_task):
    main = Account("MAIN", Secret("k"), user_id=10000001, user_name="m")
    sub = Account(
        "SUB", Secret("k"), user_id=10000002, user_name="s", main=10000001, shows_costs=False
    )
    sim = simulate(accounts=(main, sub), price_per_hour=PRICE)
    client, reader = sim.client(sub), sim.client(main)
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    assert task.raw["renderConsume"] is None
    assert sim.task(reader, task.id).render_consume == 6
    (frame,) = sim.frames(reader, task.id).values()
    assert (frame.frame_price, frame.fee_amount) == (360, 6)
