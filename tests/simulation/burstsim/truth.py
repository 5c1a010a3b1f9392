"""What is true in the cloud, farm and store: read behind the engine's back, never through it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from burstsim.wire import Cloud
from renderbus_core import frames as frame_lists
from renderbus_core.frames import FrameSet
from renderbus_core.simulator.state import Frame, Task
from renderbus_core.statuses import FrameCode, task_status


class Database:
    """One database file, by plain SQL.

    Args:
        file: which.
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=1)
        self._connection.row_factory = sqlite3.Row

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows of a query, or none of a change."""
        with closing(self._connection.execute(query, values)) as cursor:
            return cursor.fetchall()

    def close(self) -> None:
        self._connection.close()


def frame_set(text: str) -> FrameSet:
    """Read a frame list as databases keep it."""
    return FrameSet.parse(text, frame_lists.Dialect.DEADLINE)


def root(cloud: Cloud, remote_id: int) -> Task | None:
    """Return a remote task that was submitted; None when none was under this id."""
    task = cloud._world.tasks.get(remote_id)
    return task if task is not None and task.submitted_at is not None else None


def entries(task: Task) -> Iterator[Frame]:
    """Yield the frame entries of a remote task that matter to local tasks."""
    for leaf in task.leaves:
        yield from leaf.frames.values()


def is_on_its_way(cloud: Cloud, remote_id: int) -> bool:
    """Tell whether a submit of an id is still travelling."""
    return any(
        admitted.operation.name == "submit_task" and admitted.body["taskId"] == remote_id
        for _, _, admitted in cloud._underway
    )


def may_render(cloud: Cloud, remote_id: int, frames: FrameSet) -> bool:
    """Tell whether the cloud renders some frames of a task, or will by itself."""
    task = root(cloud, remote_id)
    if task is None:
        return is_on_its_way(cloud, remote_id)
    if task.deleted:
        return False
    for leaf in task.kept_leaves:
        if not leaf.frames and not task_status(leaf.status).is_terminal:
            return True
        wanted = set(frames)
        if any(not entry.is_over and wanted & set(entry.frames) for entry in leaf.frames.values()):
            return True
    return False


def is_at_work(cloud: Cloud, remote_id: int) -> bool:
    """Tell whether anything of a remote task renders, or will by itself."""
    task = root(cloud, remote_id)
    if task is None:
        return is_on_its_way(cloud, remote_id)
    if task.deleted:
        return False
    return remote_id in cloud._world.staged or any(not entry.is_over for entry in entries(task))


def frames_with(cloud: Cloud, remote_id: int, *codes: FrameCode) -> list[tuple[int, int]]:
    """Return leaf and id of a remote task's frame entries; only those with some states, if any."""
    task = root(cloud, remote_id)
    if task is None or task.deleted:
        return []
    found = [entry for entry in entries(task) if not codes or entry.status in codes]
    return [(entry.task.id, entry.id) for entry in found]
