"""What every handler is given, and how it finds the tasks its caller may know of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renderbus_core.simulator.life import Event
from renderbus_core.simulator.protocol import NOT_FOUND, Refusal
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.simulator.state import Task, World
from renderbus_core.simulator.transfer_line import TransferLine


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

    def own(self, task_id: int) -> Task:
        """Return a task or reserved id of the caller.

        Raises:
            Refusal: there is none; another account's id is answered the same way.
        """
        task = self.world.tasks.get(task_id)
        if task is None or task.owner is not self.account:
            raise Refusal(NOT_FOUND, f"taskId: there is no task {task_id}")
        return task

    def is_listed(self, task: Task) -> bool:
        """Tell whether queries show a task: submitted, or by a setting as soon as reserved."""
        return task.submitted_at is not None or self.settings.list_unsubmitted

    def submitted(self, task_id: int) -> Task:
        """Return a task of the caller that queries show.

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
