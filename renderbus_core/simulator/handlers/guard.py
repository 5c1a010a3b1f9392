"""What stands before an operation that lets tasks move: the recycle bin, and an empty purse."""

from __future__ import annotations

from collections.abc import Iterable

from renderbus_core.simulator import fees
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.protocol import NOT_FOUND, Refusal
from renderbus_core.simulator.state import Task

_IN_ARREARS = 913
"""The table's only code about arrears; by its name it is a sub-account's."""


def alive(call: Call, task_ids: Iterable[int]) -> list[Task]:
    """Return submitted tasks that are not deleted, or refuse before anything is done.

    Raises:
        Refusal: one of them is not there, or was deleted.
    """
    tasks = [task for task in call.all_submitted(task_ids) if task.submitted_at is not None]
    for task in tasks:
        check_not_deleted(task)
    return tasks


def check_not_deleted(task: Task) -> None:
    """Refuse what would move a deleted task.

    Raises:
        Refusal: it was deleted.
    """
    if task.is_deleted:
        raise Refusal(NOT_FOUND, f"taskId: {task.id} was deleted")


def check_money(call: Call, tasks: Iterable[Task]) -> None:
    """Refuse to render without money.

    Raises:
        Refusal: money, coupons and credit of one of the owners are used up.
    """
    for task in tasks:
        if fees.is_in_arrears(call.world, task.owner, call.now):
            raise Refusal(_IN_ARREARS, f"{task.owner.user_name}: the account is in arrears")
