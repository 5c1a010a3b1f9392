"""What the cloud charges: fees, coupons, packages, and charges that it does not show.

An account may be one whose charges are hidden, and a frame may be done before its fee is known:
both are null on the wire. What is not shown is reckoned from render times, so that budgets hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from renderbus_core.api import RemoteFrame
from renderbus_core.money import Money, render_cost
from renderbus_core.statuses import FrameCode

# feeType: rendering on machines or for a project that were paid for beforehand.
_PACKAGES = frozenset({1, 2})
_OVER = frozenset({FrameCode.DONE, FrameCode.ERROR, FrameCode.TIMEOUT, FrameCode.ABORTED})
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """What some frames cost.

    Args:
        shown: in the account's currency: by balance, by coupon, or still owed.
        hidden_seconds: machine time whose charge is not shown.
    """

    shown: Decimal = _NOTHING
    hidden_seconds: float = 0.0

    def __add__(self, other: Charge) -> Charge:
        return Charge(self.shown + other.shown, self.hidden_seconds + other.hidden_seconds)


class Bill:
    """Adds frames up as they come: there may be a million of them."""

    def __init__(self) -> None:
        self._shown = _NOTHING
        self._hidden = 0.0

    def add(self, frame: RemoteFrame) -> None:
        """Add what one frame cost so far.

        A coupon is money that is gone, so it counts; a package was paid for beforehand and does
        not. A frame that is not over has no fee yet, which hides nothing.

        Args:
            frame: as the cloud shows it.
        """
        if frame.fee_amount is not None:
            self._shown += frame.fee_amount + (frame.coupon_fee or 0) + (frame.arrears_fee or 0)
        elif frame.coupon_fee is not None or frame.arrears_fee is not None:
            self._shown += (frame.coupon_fee or 0) + (frame.arrears_fee or 0)
        elif frame.frame_status in _OVER and frame.fee_type not in _PACKAGES:
            self._hidden += _seconds(frame)

    @property
    def charge(self) -> Charge:
        """Everything that was added."""
        return Charge(self._shown, self._hidden)


def _seconds(frame: RemoteFrame) -> float:
    if frame.frame_execute_time:
        return float(frame.frame_execute_time)
    began, ended = frame.started_at, frame.ended_at
    return max((ended - began).total_seconds(), 0.0) if began and ended else 0.0


def total(consumed: Decimal | None, charge: Charge, price: Money | None) -> tuple[Decimal, bool]:
    """Return what a whole task has cost, and whether a part of it is only reckoned.

    The sum of the task comes late too: while it is below what its frames must have cost, it is not
    the last word.

    Args:
        consumed: what the cloud says of the task as a whole; None where it does not.
        charge: of its frames.
        price: of a machine for an hour; None when none is configured, and nothing can be reckoned.
    """
    told = max(consumed or _NOTHING, charge.shown)
    if not charge.hidden_seconds:
        return told, False
    hidden = render_cost(charge.hidden_seconds, price).amount if price else _NOTHING
    reckoned = charge.shown + hidden
    if reckoned > told:
        return reckoned, True
    # Without a price, what is hidden may be anything.
    return told, price is None
