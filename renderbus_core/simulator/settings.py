"""What a simulated cloud is like: its accounts, its speed, its faults, and its open questions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Self

from renderbus_core.api import signing
from renderbus_core.codes import cloud_codes
from renderbus_core.config import Secret
from renderbus_core.errors import InputError

_FIRST_USER = 10_000_001


class FeeKind(IntEnum):
    """How rendering is paid (`feeType`)."""

    BY_USE = 0
    MACHINE_PACKAGE = 1
    PROJECT_PACKAGE = 2


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may use the simulated cloud.

    Args:
        access_id: identifies the caller.
        access_key: signs its requests.
        user_id: number in paths and replies.
        user_name: shown to people.
        balance: money at the start, in the currency of the zone.
        credit: how far the balance may fall below nothing before work stops.
        coupon: vouchers, which are spent before the balance.
        fee_kind: how its rendering is paid.
        shows_costs: whether replies tell what things cost; where not, prices and fees are null.
        main: user id of the main account whose sub-account it is; None for a main account.
        shares_capital: whether a sub-account uploads to, and pays from, its main account.
        refusal: cloud code that answers every signed call, for example 804 for a locked account;
            None lets it in.
    """

    access_id: str
    access_key: Secret = field(repr=False)
    user_id: int = _FIRST_USER
    user_name: str = "studio"
    balance: Decimal = Decimal(1000)
    credit: Decimal = Decimal(0)
    coupon: Decimal = Decimal(0)
    fee_kind: FeeKind = FeeKind.BY_USE
    shows_costs: bool = True
    main: int | None = None
    shares_capital: bool = False
    refusal: int | None = None

    @classmethod
    def fresh(cls) -> Self:
        """Return an account with credentials that nobody can know."""
        return cls(f"SIM{secrets.token_hex(8)}", Secret(secrets.token_urlsafe(24)))


class SecondSubmit(StrEnum):
    """What a second submit of one id does; the sources do not say."""

    REFUSE = "refuse"
    IGNORE = "ignore"
    CHARGE = "charge"
    """Everything is rendered and paid a second time."""


class MissingAssets(StrEnum):
    """What a file that was not uploaded does to its task; the scene itself always fails it."""

    FAIL = "fail"
    """The analysis fails."""
    FRAME = "frame"
    """The analysis warns, and the frames fail."""


class NonceScope(StrEnum):
    """Within what a nonce may come once; the sources do not say."""

    ACCOUNT = "account"
    TIMESTAMP = "timestamp"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the simulated cloud behaves; equal settings and equal calls give equal histories.

    Durations are seconds of simulated time, which runs `speed` times as fast as the clock.

    Args:
        accounts: who may call; a server makes one up when there is none.
        platform: id of the render platform.
        zone: 1 counts in CNY, 2 in USD.
        nodes: machines that render at the same time, for all accounts together.
        submit_seconds: time in the state "being submitted".
        analyse_seconds: time in the state "analysing".
        queue_seconds: time in the state "waiting".
        preprocess_seconds: time in the state "preprocessing".
        frame_seconds: mean render time of one frame.
        jitter: largest deviation from it, as a part of one.
        speed: how much faster than the clock simulated time runs.
        price_per_hour: of one machine.
        fail_frames: frame number -> how many renders of it fail before one succeeds, counted over
            all tasks.
        list_unsubmitted: whether reserved ids are listed before they are submitted.
        second_submit: what a second submit of one id does.
        missing_assets: what a file that was not uploaded does to its task.
        listing_lag_seconds: time from "done" until a frame's files are listed.
        list_sizes: whether listings tell how large files are.
        checksums: whether the storages tell the MD5 of a file that is fetched whole.
        signed_words: how booleans and null are signed.
        nonce_scope: within what a nonce may come once.
        clock_window: largest age of a request either way.
        seed: of render times and request ids.

    Raises:
        InputError: a number is impossible.
    """

    accounts: tuple[Account, ...] = ()
    platform: int = 62
    zone: int = 2
    nodes: int = 4
    submit_seconds: float = 2.0
    analyse_seconds: float = 15.0
    queue_seconds: float = 10.0
    preprocess_seconds: float = 5.0
    frame_seconds: float = 60.0
    jitter: float = 0.25
    speed: float = 1.0
    price_per_hour: Decimal = Decimal("0.80")
    fail_frames: Mapping[int, int] = field(default_factory=dict)
    list_unsubmitted: bool = False
    second_submit: SecondSubmit = SecondSubmit.REFUSE
    missing_assets: MissingAssets = MissingAssets.FAIL
    listing_lag_seconds: float = 0.0
    list_sizes: bool = True
    checksums: bool = False
    signed_words: signing.Words = signing.Words.PYTHON
    nonce_scope: NonceScope = NonceScope.ACCOUNT
    clock_window: float = 300.0
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "fail_frames", MappingProxyType(dict(self.fail_frames)))
        for name in _DURATIONS:
            _require(
                0 <= getattr(self, name) <= _LONGEST, f"{name} must lie between 0 and {_LONGEST}"
            )
        _require(
            _SLOWEST <= self.speed <= _FASTEST, f"speed must lie between {_SLOWEST} and {_FASTEST}"
        )
        _require(0 <= self.jitter < 1, "jitter must be at least 0 and below 1")
        _require(1 <= self.nodes <= _MOST_NODES, f"nodes must lie between 1 and {_MOST_NODES}")
        _require(self.zone in _CURRENCIES, "zone must be 1 (China) or 2 (overseas)")
        _require(
            _is_money(self.price_per_hour) and self.price_per_hour >= 0,
            "price_per_hour must be 0 or more",
        )
        self._check_accounts()

    def _check_accounts(self) -> None:
        ids = [account.access_id for account in self.accounts]
        users = [account.user_id for account in self.accounts]
        _require(
            len(set(ids)) == len(ids) == len(set(users)),
            "each account must have its own access_id and user_id",
        )
        for account in self.accounts:
            self._check_account(account)

    def _check_account(self, account: Account) -> None:
        name = account.user_name
        _require(
            0 < account.user_id <= _LAST_USER,
            f"user_id of {name} must lie between 1 and {_LAST_USER}",
        )
        _require(_is_money(account.balance), f"balance of {name} must be a sum of money")
        for part in ("credit", "coupon"):
            sum_ = getattr(account, part)
            _require(_is_money(sum_) and sum_ >= 0, f"{part} of {name} must be 0 or more")
        # 200 would be a success with nothing in it.
        known = account.refusal is None or account.refusal in cloud_codes().keys() - {_SUCCESS}
        _require(known, f"refusal {account.refusal} of {name} must be a code that refuses")
        if account.main is None:
            _require(
                not account.shares_capital,
                f"{name} must name its main account to share its capital",
            )
        else:
            main = self.main_of(account)
            _require(
                main is not None and main.main is None,
                f"main {account.main} of {name} must be the user_id of a main account",
            )

    @property
    def currency(self) -> str:
        """ISO 4217 code of everything that costs money."""
        return _CURRENCIES[self.zone]

    def main_of(self, account: Account) -> Account | None:
        """Return the main account of a sub-account; None for a main account."""
        return next((each for each in self.accounts if each.user_id == account.main), None)

    def subs_of(self, account: Account) -> tuple[Account, ...]:
        """Return the sub-accounts of a main account."""
        return tuple(each for each in self.accounts if each.main == account.user_id)

    def payer(self, account: Account) -> Account:
        """Return whose money and input storage an account uses: its own, or its main account's."""
        return (self.main_of(account) or account) if account.shares_capital else account


_CURRENCIES = {1: "CNY", 2: "USD"}
# Within these, no moment falls outside the calendar.
_LONGEST = 100_000
_SLOWEST, _FASTEST = 0.1, 100_000
_MOST_NODES = 1000
_LAST_USER = 2**53
_SUCCESS = 200
_MOST_MONEY = 10**12
_DURATIONS = tuple(
    f.name for f in fields(Settings) if f.name.endswith("_seconds") or f.name == "clock_window"
)


def _is_money(value: Decimal) -> bool:
    return value.is_finite() and abs(value) <= _MOST_MONEY


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise InputError(f"simulator settings: {rule}")
