"""Operations that make, change and end tasks."""

from __future__ import annotations

from collections.abc import Iterable

from renderbus_core.api.group import Group, as_list
from renderbus_core.api.model import CreatedTasks, HardwareConfig
from renderbus_core.errors import UnknownOutcomeError


class TaskOperations(Group):
    """Making and ending tasks."""

    def create_task(
        self,
        *,
        count: int = 1,
        task_user_level: int = 50,
        out_user_id: int | None = None,
        labels: Iterable[str] = (),
        clone_original_id: int | None = None,
        artist: str | None = None,
    ) -> CreatedTasks:
        """Reserve task ids.

        Args:
            count: how many.
            task_user_level: priority, 50 or 60.
            out_user_id: a user of the caller's own system.
            labels: texts to put on them.
            clone_original_id: task that they repeat.
            artist: who made the scene.

        Raises:
            UnknownOutcomeError: fewer or more ids came than were asked for.
        """
        created = self._value(
            "create_task",
            CreatedTasks,
            count=count,
            task_user_level=task_user_level,
            out_user_id=out_user_id,
            labels=as_list(labels) or None,
            clone_original_id=clone_original_id,
            artist=artist,
        )
        if len(created.task_id_list) != count:
            raise UnknownOutcomeError(
                f"create_task: asked for {count} ids, got {len(created.task_id_list)}",
                operation="create_task",
            )
        return created

    def submit_task(
        self,
        task_id: int,
        *,
        producer: str | None = None,
        asset_isolation_model: str | None = None,
        out_user_id: str | None = None,
    ) -> None:
        """Start the work of a reserved id; from here on it costs money.

        Args:
            task_id: whose configuration files are uploaded.
            producer: who is named as its maker.
            asset_isolation_model: of the first generation only: `TASK_ID_MODEL` keeps the task's
                files apart, `OUT_USER_MODEL` those of a user.
            out_user_id: that user.
        """
        self._call(
            "submit_task",
            task_id=task_id,
            producer=producer,
            asset_isolation_model=asset_isolation_model,
            out_user_id=out_user_id,
        )

    def stop_task(self, task_ids: Iterable[int]) -> None:
        """Stop tasks; they can be started again."""
        self._call("stop_task", task_ids=as_list(task_ids))

    def start_task(self, task_ids: Iterable[int]) -> None:
        """Start stopped tasks again."""
        self._call("start_task", task_ids=as_list(task_ids))

    def abort_task(self, task_ids: Iterable[int]) -> None:
        """Abandon tasks for good."""
        self._call("abort_task", task_ids=as_list(task_ids))

    def delete_task(self, task_ids: Iterable[int]) -> None:
        """Move tasks to the recycle bin."""
        self._call("delete_task", task_ids=as_list(task_ids))

    def full_speed(self, task_ids: Iterable[int]) -> None:
        """Let tasks go on that wait after their priority frames."""
        self._call("full_speed", task_ids=as_list(task_ids))

    def set_task_overtime_stop(self, task_ids: Iterable[int], seconds: int) -> None:
        """Set after how many seconds of rendering tasks are stopped."""
        self._call("set_task_overtime_stop", task_ids=as_list(task_ids), over_time=seconds)

    def update_priority(self, task_id: int, priority: int) -> None:
        """Set the priority of a task, for example 50 or 60."""
        self._call("update_task_user_level", task_id=task_id, task_user_level=priority)

    def update_task_limit(self, task_id: int, task_limit: int) -> None:
        """Limit the machines that render a task at the same time."""
        self._call("update_task_limit", task_id=task_id, task_limit=task_limit)

    def edit_task_hardware_config(self, task_ids: Iterable[int], hardware: HardwareConfig) -> None:
        """Move tasks to other machines.

        Args:
            task_ids: the tasks.
            hardware: a row of `user.get_hardware_config`.
        """
        self._call(
            "edit_task_hardware_config",
            task_ids=as_list(task_ids),
            hardware_config_ids=[str(hardware.id)],
            model=hardware.model,
            gpu_num=hardware.gpu_num,
            ram=hardware.ram,
        )
