"""Making and ending tasks, under the vendor's names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from renderbus_core.api.compat.calls import Calls
from renderbus_core.api.compat.exception import RayvisionError
from renderbus_core.api.compat.operators.operator import Operator, whole_number

_NO_ID_MADE = 1_000_000


class TaskOperator(Operator):
    """Making and ending tasks."""

    def __init__(self, connect: Calls) -> None:
        super().__init__(connect)
        self._task_id: int | None = None

    @property
    def task_id(self) -> int:
        """An id for the next submit; the same one until something is submitted."""
        if self._task_id is None:
            made = (self.create_task() or {}).get("taskIdList")
            if not made:
                raise RayvisionError(_NO_ID_MADE, "createTask answered without an id")
            self._task_id = int(made[0])
        return self._task_id

    def create_task(  # noqa: PLR0917 - the vendor's signature
        self,
        count: int = 1,
        task_user_level: int = 50,
        out_user_id: int | None = None,
        labels: Sequence[str] | None = None,
        clone_original_id: int | str | None = None,
        artist: str | None = None,
    ) -> Any:
        """Reserve task ids."""
        return self._call(
            "create_task",
            count=count,
            task_user_level=task_user_level,
            out_user_id=out_user_id or None,
            labels=labels or None,
            clone_original_id=whole_number("clone_original_id", clone_original_id)
            if clone_original_id
            else None,
            artist=artist or None,
        )

    def submit_task(self, task_id: int, producer: str | None = None, only_id: bool = False) -> Any:
        """Start the work of a reserved id; from here on it costs money.

        Args:
            task_id: whose configuration files are uploaded.
            producer: who is named as its maker.
            only_id: whether to return the id, and keep `task_id` for a next submit.
        """
        answer = self._call("submit_task", task_id=task_id, producer=producer or None)
        if only_id:
            return task_id
        self._task_id = None
        return answer

    def stop_task(self, task_param_list: Sequence[int]) -> Any:
        """Stop tasks; they can be started again."""
        return self._call("stop_task", task_ids=task_param_list)

    def start_task(self, task_param_list: Sequence[int]) -> Any:
        """Start stopped tasks again."""
        return self._call("start_task", task_ids=task_param_list)

    def abort_task(self, task_param_list: Sequence[int]) -> Any:
        """Abandon tasks for good."""
        return self._call("abort_task", task_ids=task_param_list)

    def delete_task(self, task_param_list: Sequence[int]) -> Any:
        """Move tasks to the recycle bin."""
        return self._call("delete_task", task_ids=task_param_list)

    def update_priority(self, task_id: int, priority: int) -> Any:
        """Set the priority of a task."""
        return self._call("update_task_user_level", task_id=task_id, task_user_level=priority)

    def set_task_overtime_top(self, task_id_list: Sequence[int], overtime: float) -> Any:
        """Set after how many seconds tasks are stopped; parts of a second are rounded up."""
        is_part = isinstance(overtime, float) and math.isfinite(overtime)
        seconds = math.ceil(overtime) if is_part else overtime
        return self._call("set_task_overtime_stop", task_ids=task_id_list, over_time=seconds)

    def full_speed(self, task_id_list: Sequence[int]) -> Any:
        """Let tasks go on that wait after their priority frames."""
        return self._call("full_speed", task_ids=task_id_list)

    def update_task_limit(
        self,
        taskId: int,  # noqa: N803 - the vendor's name, as below
        taskLimit: int,  # noqa: N803
    ) -> Any:
        """Limit the machines that render a task at the same time."""
        return self._call("update_task_limit", task_id=taskId, task_limit=taskLimit)

    def edit_task_hardware_config(
        self,
        taskIds: Sequence[int],  # noqa: N803 - the vendor's name, as below
        hardwareConfigIds: Sequence[str],  # noqa: N803
        model: str,
        gpuNum: str,  # noqa: N803
        ram: str,
    ) -> Any:
        """Move tasks to other machines."""
        return self._call(
            "edit_task_hardware_config",
            task_ids=taskIds,
            hardware_config_ids=hardwareConfigIds,
            model=model,
            gpu_num=gpuNum,
            ram=ram,
        )
