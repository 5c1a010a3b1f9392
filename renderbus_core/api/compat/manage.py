"""`RayvisionManageTask`: whether tasks are over, and what their output folders are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from renderbus_core import statuses
from renderbus_core.api.compat.operators import QueryOperator
from renderbus_core.statuses import TaskCode

# The words of the vendor's scripts; what it has no word for gets our meaning.
_DESCRIPTIONS: Mapping[int, str] = MappingProxyType(
    {
        TaskCode.WAITING: "Waiting",
        TaskCode.RENDERING: "Rendering",
        TaskCode.PRE_RENDERING: "Preprocessing",
        TaskCode.STOP: "Stop",
        TaskCode.ARREARAGE_STOP: "Arrearage-stop",
        TaskCode.TIME_OUT_STOP: "Timeout stop",
        TaskCode.FINISHED: "Done",
        TaskCode.FINISHED_HAS_FAILED: "Done(with failed frame)",
        TaskCode.ABANDON: "Abort",
        TaskCode.FINISHED_TEST: "Test done",
        TaskCode.FAILED: "Failed",
    }
)
_OPEN = "1"


class RayvisionManageTask:
    """Reads where tasks stand.

    Args:
        query: `RayvisionAPI(...).query`.
    """

    def __init__(self, query: QueryOperator) -> None:
        self._query = query

    def is_task_end(self, task_id: int, is_test_stop: bool) -> bool | None:
        """Tell whether all layers of a task are over.

        Args:
            task_id: of the task.
            is_test_stop: whether waiting after the priority frames counts as over.

        Returns:
            None when the cloud does not know the task (yet).
        """
        codes = self.find_task_status_codes(self.get_task_status([task_id]))
        return all(_is_over(code, is_test_stop) for code in codes) if codes else None

    def get_task_status(self, task_id_list: list[int]) -> list[dict[str, Any]]:
        """Read where each task stands."""
        page = self._query.task_info(task_id_list) or {}
        return self.task_info_iterater(page.get("items") or [])

    def task_info_iterater(
        self, task_info_list: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Pick what matters from tasks as the cloud describes them, layers inside."""
        return [
            {
                "task_id": str(task.get("id")),
                "task_status_code": str(task.get("taskStatus")),
                "task_status_text": str(task.get("statusText")),
                "task_status_description": _description(task.get("taskStatus")),
                "is_opener": str(task.get("isOpen") or 0),
                "output_file_name": task.get("outputFileName"),
                "sub_task_status": self.task_info_iterater(_layers(task)),
                "userId": task.get("userId"),
                "bid": task.get("bid"),
            }
            for task in task_info_list
        ]

    def output_file_names(
        self, task_status_list: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Name the output folders of tasks, of their layers where they have some."""
        return [
            {
                "output_name": leaf["output_file_name"],
                "user_id": leaf.get("userId"),
                "bid": leaf.get("bid"),
            }
            for leaf in _leaves(task_status_list)
            if leaf.get("output_file_name") is not None and leaf.get("is_opener") != _OPEN
        ]

    def find_task_status_codes(self, task_status_list: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return the status codes of tasks, of their layers where they have some."""
        codes = [leaf.get("task_status_code") for leaf in _leaves(task_status_list)]
        return [code for code in codes if code is not None]


def _layers(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return task.get("respRenderingTaskList") or [] if str(task.get("isOpen")) == _OPEN else []


def _leaves(tasks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what renders; a shell whose layers are not known yet stands for itself."""
    found: list[Mapping[str, Any]] = []
    for task in tasks:
        layers = task.get("sub_task_status")
        found += _leaves(layers) if layers else [task]
    return found


def _description(code: object) -> str:
    status = statuses.task_status(code)
    return _DESCRIPTIONS.get(status.code, status.meaning)


def _is_over(code: str, is_test_stop: bool) -> bool:
    status = statuses.task_status(code)
    return status.is_terminal or (is_test_stop and status.code == TaskCode.FINISHED_TEST)
