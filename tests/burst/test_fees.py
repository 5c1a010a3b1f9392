"""What the cloud charges, whatever of it is shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from renderbus_core.api import RemoteFrame
from renderbus_core.burst import BurstState, TaskState
from renderbus_core.burst.fees import Bill, Charge, total
from renderbus_core.money import Money
from renderbus_core.simulator.settings import FeeKind
from renderbus_core.statuses import FrameCode

HOUR = Money(Decimal(3600), "USD")
"""A second costs 1."""

DONE = RemoteFrame(
    frame_status=FrameCode.DONE, start_time=10_000, end_time=40_000, frame_execute_time=25
)


def charge(*frames):
    bill = Bill()
    for frame in frames:
        bill.add(frame)
    return bill.charge


def test_balance_coupon_and_what_is_owed_are_all_money():
    paid = replace(
        DONE, fee_amount=Decimal("1.5"), coupon_fee=Decimal("0.25"), arrears_fee=Decimal("0.1")
    )
    assert charge(paid) == Charge(Decimal("1.85"))
    assert charge(replace(DONE, coupon_fee=Decimal(2))) == Charge(Decimal(2))


@pytest.mark.parametrize("fee_type", [1, 2])
def test_a_package_was_paid_for_beforehand(fee_type):
    assert charge(replace(DONE, fee_type=fee_type)) == Charge()
    assert charge(replace(DONE, fee_type=fee_type, fee_amount=Decimal(0))) == Charge()


def test_a_charge_that_is_not_shown_is_told_by_its_machine_time():
    assert charge(DONE) == Charge(hidden_seconds=25)
    assert charge(replace(DONE, frame_execute_time=0)) == Charge(hidden_seconds=30)
    assert charge(replace(DONE, frame_status=FrameCode.ERROR)) == Charge(hidden_seconds=25)


@pytest.mark.parametrize("code", [FrameCode.WAITING, FrameCode.STARTED])
def test_a_frame_that_is_not_over_has_no_fee_and_hides_none(code):
    assert charge(replace(DONE, frame_status=code)) == Charge()


def test_a_sum_of_the_cloud_that_is_too_low_to_be_all_is_not_believed_yet():
    hidden = Charge(Decimal(1), 25)
    assert total(None, hidden, HOUR) == (26, True)
    assert total(Decimal(7), hidden, HOUR) == (26, True), "fees of some frames are still to come"
    assert total(Decimal(30), hidden, HOUR) == (30, False)
    assert total(None, hidden, None) == (1, True), "nothing to reckon with"
    assert total(Decimal(7), hidden, None) == (7, True)


def test_what_frames_show_goes_before_a_sum_that_is_late():
    assert total(Decimal(0), Charge(Decimal(3)), HOUR) == (3, False), "its sum may be late"
    assert total(None, Charge(), HOUR) == (0, False)


PRICED = """
[money]
price_per_hour = "3600"
currency = "USD"
"""


def settled(world):
    burst = world.order("1", "2", "3")
    return world.carry(world.runner(burst), burst)


def test_fees_are_settled_with_what_the_cloud_says(make_world):
    done = settled(make_world(config=PRICED, price_per_hour=Decimal(3600)))
    assert done.state is BurstState.DONE
    assert done.spent > 0
    assert not done.reckoned


def test_coupons_count(make_world):
    plain = settled(make_world(price_per_hour=Decimal(3600)))
    by_coupon = settled(make_world(account={"coupon": Decimal(10)}, price_per_hour=Decimal(3600)))
    assert by_coupon.spent == plain.spent


def test_a_package_settles_with_nothing(make_world):
    rented = {"fee_kind": FeeKind.MACHINE_PACKAGE}
    done = settled(make_world(config=PRICED, account=rented))
    assert (done.spent, done.reckoned) == (0, False)


def test_hidden_charges_are_reckoned_from_machine_time_and_said_to_be(make_world):
    shown = settled(make_world(price_per_hour=Decimal(3600)))
    world = make_world(config=PRICED, account={"shows_costs": False}, price_per_hour=Decimal(3600))
    hidden = settled(world)
    assert hidden.reckoned
    assert abs(hidden.spent - shown.spent) <= len(hidden.refs(TaskState.COMPLETED)), "whole seconds"
    assert world.store.committed() == hidden.spent, "and budgets keep it"
