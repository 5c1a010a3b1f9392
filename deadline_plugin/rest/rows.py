"""Tasks, workers and limits of the Web Service, with the members that the agent asks for.

Their names are those of Deadline's scripting reference. The keys in JSON are as follows:

* Tasks: those of Deadline 10.1 that github.com/thevfxcoop/go-deadline-api shows.
* Workers: `Info` with `Name` and `Stat` (go-deadline-api, `pkg/schema/worker.go`, with the numbers
  of the manual's page on workers), `Pools` and `Grps` as texts with commas, `Settings` with
  `Enable` (github.com/huntfx/deadline-control, `slaves.py`).
* Limits: the manual names `Name` and `Limit` where one is set; that they are called so where it is
  read is an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deadline_plugin.rest.jobs import Job
from deadline_plugin.rest.values import (
    Moment,
    Span,
    as_table,
    as_texts,
    as_whole,
    is_number,
    word_of,
)
from renderbus_core.errors import FarmError


class Task:
    """A task as it is now.

    Args:
        document: as the Web Service sent it.
        job: that it belongs to.

    Raises:
        FarmError: it is no task, or its frames cannot be told.
    """

    def __init__(self, document: Any, job: Job) -> None:
        row = as_table(document)
        number = row.get("TaskID")
        if not is_number(number):
            raise FarmError(f"a task of job {job.JobId} has no number (TaskID)")
        self.TaskId = str(number)
        self.TaskStatus = word_of("task", row.get("Stat"))
        self.TaskSlaveName = str(row.get("Slave") or "")
        self.TaskFrameList = job.frames_of(number, str(row.get("Frames", "")))
        self.TaskCompletedDateTime = Moment(row.get("Comp"))
        self.TaskRenderTime = Span(_seconds(row))


class Tasks:
    """The tasks of a job.

    Args:
        tasks: all of them.
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self.TaskCollectionTasks = tuple(tasks)


class Worker:
    """A worker: what it is doing, and what may be given to it.

    A state that cannot be read counts as rendering: of a farm that is thought too large too little
    leaves, which costs nothing.

    Args:
        document: of `Data=infosettings`, or the name alone.
    """

    def __init__(self, document: Any) -> None:
        row = as_table(document)
        info, settings = as_table(row.get("Info")), as_table(row.get("Settings"))
        name = info.get("Name") or settings.get("Name") or document
        self.SlaveName = name if isinstance(name, str) else ""
        self.SlaveEnabled = settings.get("Enable") is not False
        self.SlavePools = _named(info.get("Pools"), settings.get("Pools"))
        self.SlaveGroups = _named(info.get("Grps"), settings.get("Grps"))
        self.is_known = is_number(info.get("Stat"))
        self.SlaveState = word_of("worker", info.get("Stat")) if self.is_known else "Rendering"


class Limit:
    """A limit; one of which no number above zero can be read counts as none.

    Args:
        document: as the Web Service sent it.
    """

    def __init__(self, document: Any) -> None:
        row = as_table(document)
        inner = as_table(row.get("Props"))
        self.Name = str(row.get("Name") or inner.get("Name") or "")
        self.Limit = as_whole(row.get("Limit", inner.get("Limit")), 0)
        self.UnlimitedLimit = not (self.Name and self.Limit > 0)


def _seconds(row: Mapping[str, Any]) -> float:
    """Return for how long a task was rendered; 0 where nobody can tell."""
    begun, ended = Moment(row.get("StartRen")), Moment(row.get("Comp"))
    if begun.at is None:
        begun = Moment(row.get("Start"))
    if begun.at is None or ended.at is None:
        return 0.0
    return max((ended.at - begun.at).total_seconds(), 0.0)


def _named(*spellings: Any) -> list[str]:
    """Return names that stand in a list, or in a text with commas, wherever they stand."""
    for given in spellings:
        found = as_texts(given.split(",") if isinstance(given, str) else given)
        named = [name.strip() for name in found if name.strip()]
        if named:
            return named
    return []
