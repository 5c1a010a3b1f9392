"""The four documents of a task as values: they are never changed, only replaced."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar

from renderbus_core.package.outputs import OutputMap

D = TypeVar("D", bound="Documents")


@dataclass(frozen=True, slots=True)
class Documents:
    """The four documents that the cloud reads, decoded."""

    task: dict[str, Any]
    upload: dict[str, Any]
    asset: dict[str, Any]
    tips: dict[str, Any]


NAMES = tuple(f"{field.name}.json" for field in dataclasses.fields(Documents))
"""What the files of the four are called."""


@dataclass(frozen=True, slots=True)
class TaskPackage(Documents):
    """The documents of a new task, and where its pictures belong."""

    outputs: OutputMap


def with_identity(documents: D, task_id: int, user_id: int) -> D:
    """Return the same documents for a task whose id is known; nothing is shared.

    Args:
        documents: what was built or read.
        task_id: given by createTask.
        user_id: of the account.
    """
    fresh = copy.deepcopy(documents)
    identity = {"task_id": str(task_id), "user_id": str(user_id)}
    task = fresh.task | {"task_info": fresh.task["task_info"] | identity}
    return dataclasses.replace(fresh, task=task)
