"""Tasks, their counts, and the projects they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from renderbus_core import statuses
from renderbus_core.api.model.times import from_milliseconds
from renderbus_core.api.model.wire import Wire, named

# Samples of different years give the reminder in seconds and in milliseconds.
_SURELY_MILLISECONDS = 10**7


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedTasks(Wire):
    """Reserved ids; unsubmitted ones are harmless.

    Args:
        task_id_list: the ids.
        alias_task_id_list: what people call them, with the platform's prefix.
    """

    task_id_list: tuple[int, ...] = ()
    alias_task_id_list: tuple[str, ...] = ()
    user_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTask(Wire):
    """A task, or a shell whose children are the tasks that hold frames.

    Args:
        task_status: code, which `status` explains.
        pre_task_status: code of a shell's preprocessing.
        frames_range: as `1-10[1]`; Houdini puts a node's path in front of it.
        output_file_name: folder below the output storage; "" on a shell.
        render_consume: cost so far, in the account's currency; None where it is hidden.
        task_over_time: after how long it is reported as late; `over_time_seconds` knows the unit.
        over_time_stop: seconds of rendering after which it is stopped.
        task_limit: most machines at a time.
        is_delete: 0 deleted, 1 not: the protocol's sense.
        labels: JSON text.
        bid: output storage of the owner, where the cloud tells it.
        children: tasks below a shell.
    """

    id: int = 0
    task_alias: str = ""
    scene_name: str = ""
    project_name: str = ""
    user_id: int = 0
    user_name: str = ""
    producer: str = ""
    cg_id: int = 0
    bid: str = ""
    task_status: int = statuses.NO_CODE
    pre_task_status: int | None = None
    total_frames: int = 0
    done_frames: int = 0
    failed_frames: int = 0
    abort_frames: int = 0
    executing_frames: int = 0
    waiting_count: int = 0
    frames_range: str = ""
    submit_date: int = 0
    start_time: int = 0
    completed_date: int = 0
    render_duration: int = 0
    render_consume: Decimal | None = None
    user_account_consume: Decimal | None = None
    coupon_consume: Decimal | None = None
    task_arrears: Decimal | None = None
    task_user_level: int = 0
    task_limit: int | None = None
    task_over_time: int | None = None
    over_time_stop: int | None = None
    is_over_time: int = 0
    output_file_name: str = ""
    layer_name: str = ""
    render_camera: str = ""
    layer_parent_id: int = 0
    clone_original_id: int | None = None
    is_open: int = 0
    is_delete: int | None = None
    task_type: str = ""
    labels: str = ""
    remark: str = ""
    children: tuple[RemoteTask, ...] = named("respRenderingTaskList", ())

    def leaves(self) -> Iterator[RemoteTask]:
        """Yield the tasks that hold frames: itself, or all below it."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    @property
    def status(self) -> statuses.Status:
        """What its code means; a code that no source lists is a status like any other."""
        return statuses.task_status(self.task_status)

    @property
    def is_over(self) -> bool:
        """Whether nothing renders any more until somebody restarts it: all leaves are terminal."""
        return all(leaf.status.is_terminal for leaf in self.leaves())

    @property
    def is_submitted(self) -> bool:
        """Whether it is more than a reserved id: some clouds may list those too."""
        return self.submit_date > 0 or self.total_frames > 0 or self.task_status > 0

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers that change when any frame changes: pages are read only when these did."""
        return (
            self.task_status,
            self.total_frames,
            self.done_frames,
            self.failed_frames,
            self.abort_frames,
            self.executing_frames,
        )

    @property
    def over_time_seconds(self) -> int | None:
        """Seconds after which it is reported as late; some clouds write milliseconds."""
        limit = self.task_over_time
        if limit is not None and limit >= _SURELY_MILLISECONDS:
            return limit // 1000
        return limit

    @property
    def submitted_at(self) -> datetime | None:
        """When it was submitted, UTC."""
        return from_milliseconds(self.submit_date)

    @property
    def started_at(self) -> datetime | None:
        """When rendering began, UTC."""
        return from_milliseconds(self.start_time)

    @property
    def completed_at(self) -> datetime | None:
        """When rendering ended, UTC."""
        return from_milliseconds(self.completed_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStats(Wire):
    """How many frames of all the account's tasks there are, by what became of them."""

    executing_frames_total: int = 0
    done_frames_total: int = 0
    failed_frames_total: int = 0
    waiting_frames_total: int = 0
    abandon_frames_total: int = 0
    total_frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Wire):
    """What tasks are grouped by; the protocol calls it a label too."""

    project_id: int = 0
    project_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectList(Wire):
    """Projects, as a reply holds them."""

    project_name_list: tuple[Project, ...] = ()
