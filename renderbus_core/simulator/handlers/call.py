"""What every handler is given, and how it finds the tasks its caller may know of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renderbus_core.simulator.account_state import AccountState
from renderbus_core.simulator.life import Event
from renderbus_core.simulator.protocol import INVALID, NOT_FOUND, Refusal
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.simulator.state import Task, World
from renderbus_core.simulator.transfer_line import TransferLine

_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request.

    Args:
        body: judged by the operations table.
        events: takes what the nodes have to do because of this call.
        line: where files are moved; None when there is no storage to talk to.
    """

    world: World
    account: Account
    body: Mapping[str, Any]
    now: datetime
    events: list[Event]
    line: TransferLine | None = None

    @property
    def settings(self) -> Settings:
        """How the cloud behaves."""
        return self.world.settings

    @property
    def state(self) -> AccountState:
        """What is remembered of the caller's account."""
        return self.world.accounts[self.account.user_id]

    def sees(self, task: Task) -> bool:
        """Tell whether a task is the caller's, or of a sub-account of the caller."""
        return task.owner is self.account or task.owner.main == self.account.user_id

    def tasks(self) -> Iterator[Task]:
        """Yield what the caller sees, shells and single leaves, newest first."""
        for task in reversed(self.world.tasks.values()):
            if task.parent is None and self.sees(task):
                yield task

    def own(self, task_id: int) -> Task:
        """Return a task or reserved id that the caller sees.

        Raises:
            Refusal: there is none; another account's id is answered the same way.
        """
        task = self.world.tasks.get(task_id)
        if task is None or not self.sees(task):
            raise Refusal(NOT_FOUND, f"taskId: there is no task {task_id}")
        return task

    def is_listed(self, task: Task) -> bool:
        """Tell whether queries show a task: submitted, or by a setting as soon as reserved."""
        return task.submitted_at is not None or self.settings.list_unsubmitted

    def submitted(self, task_id: int) -> Task:
        """Return a task that the caller sees and queries show.

        Raises:
            Refusal: there is none.
        """
        task = self.own(task_id)
        if not self.is_listed(task):
            raise Refusal(NOT_FOUND, f"taskId: there is no task {task_id}")
        return task

    def all_submitted(self, task_ids: Iterable[int]) -> list[Task]:
        """Return several tasks, or refuse before anything is done to one of them."""
        return [self.submitted(task_id) for task_id in dict.fromkeys(task_ids)]


def number(value: Any, name: str) -> int:
    """Return a whole number that samples also write as text.

    Args:
        value: from a body that was judged.
        name: of the field.

    Raises:
        Refusal: a text is no number.
    """
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise Refusal(INVALID, f"{name}: {value!r:.80} is not a whole number")
    return int(value)
