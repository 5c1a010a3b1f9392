"""Projects and labels, under the vendor's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from renderbus_core.api.compat.operators.operator import Operator, whole_number


class TagOperator(Operator):
    """Projects, which the protocol also calls labels, and the labels of tasks."""

    def add_label(self, new_name: str, status: int | str = 1) -> Any:
        """Create a project."""
        return self._call("add_label", new_name=new_name, status=whole_number("status", status))

    def delete_label(self, del_name: str) -> Any:
        """Delete a project."""
        return self._call("delete_label", del_name=del_name)

    def get_label_list(self) -> Any:
        """List the account's projects."""
        return self._call("get_label_list")

    def get_project_list(self) -> Any:
        """List the account's projects, without what is around them."""
        return (self.get_label_list() or {}).get("projectNameList") or []

    def add_task_tag(self, tag: str, task_ids: Sequence[int]) -> Any:
        """Put a text on tasks, by which they can be found again."""
        return self._call("add_task_label", label=tag, task_ids=task_ids)

    def delete_task_tag(
        self,
        taskIds: Sequence[int],  # noqa: N803 - the vendor's name, as below
        labelNames: Sequence[str],  # noqa: N803
        tag_ids: Sequence[int] | None = None,
    ) -> Any:
        """Take texts off tasks."""
        return self._call(
            "delete_task_label", task_ids=taskIds, label_names=labelNames, label_ids=tag_ids or []
        )

    def get_list(self, flag: int = 0) -> Any:
        """List projects: 0 own ones, 1 own and the main account's, 2 all below the main one."""
        return self._call("get_project_list_by_flag", flag=flag)
