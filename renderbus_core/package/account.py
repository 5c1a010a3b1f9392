"""What the account that pays forbids, or makes doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from renderbus_core.money import Money
from renderbus_core.package.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays.

    Args:
        name: for people.
        may_download: whether pictures can come home.
        left: balance, coupons and credit together; None where they are hidden, or nothing is
            charged to them.
        commits: whether what it submits renders without being confirmed on the vendor's page
            (autoCommit).
    """

    name: str
    may_download: bool = True
    left: Money | None = None
    commits: bool = True


def about_account(account: Account, cost: Money | None) -> Iterator[Finding]:
    """Yield what the state of an account forbids or makes doubtful.

    Args:
        account: who pays.
        cost: what the burst will likely cost; None when nobody knows.
    """
    place = f"account {account.name}"
    if not account.may_download:
        yield Finding(
            "account_download",
            Severity.ERROR,
            place,
            f"account {account.name} may not download, so no frame could come home",
            "ask its main account to allow downloads",
        )
    if not account.commits:
        yield Finding(
            "account_commit",
            Severity.WARNING,
            place,
            f"account {account.name} has automatic submission (autoCommit) switched off, "
            "so the task may wait until somebody confirms it on the vendor's page",
            "switch it on there",
        )
    left = account.left
    if left is None:
        return
    if left.amount < 0:
        yield Finding(
            "account_arrears",
            Severity.ERROR,
            place,
            f"account {account.name} is in arrears by {Money(-left.amount, left.currency)}, "
            "credit used up, so nothing would be rendered",
            "pay in",
        )
    elif left.amount == 0:
        yield Finding(
            "account_balance",
            Severity.WARNING,
            place,
            f"account {account.name} has nothing left, so the task may be stopped at once",
            "pay in, unless machines are paid by the month",
        )
    elif cost is not None and cost.currency == left.currency and cost.amount > left.amount:
        yield Finding(
            "account_balance",
            Severity.WARNING,
            place,
            f"account {account.name} has {left} left and the burst costs about {cost}, "
            "so the task may be stopped on its way",
            "pay in, or burst fewer frames",
        )
