"""From the submission to the first frame: the stages of a task, and the reading of its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from renderbus_core.errors import InputError
from renderbus_core.simulator.accounts import inputs_of
from renderbus_core.simulator.documents import read_plan
from renderbus_core.simulator.life.events import Storage
from renderbus_core.simulator.life.layout import lay_out, lay_out_again
from renderbus_core.simulator.life.rendering import missing_sentence
from renderbus_core.simulator.life.waiting import begin_when_ready
from renderbus_core.simulator.settings import MissingAssets
from renderbus_core.simulator.state import Stage, Task, World
from renderbus_core.statuses import FrameCode, TaskCode, task_status

STAGES: Mapping[TaskCode, str] = MappingProxyType(
    {
        TaskCode.RENDERING_TASK_SUBMITTING: "submit_seconds",
        TaskCode.ANALYSE: "analyse_seconds",
        TaskCode.WAITING: "queue_seconds",
        TaskCode.PRE_RENDERING: "preprocess_seconds",
    }
)
"""Stages in their order, and the setting that says how long each lasts."""

_NEXT = dict(zip(STAGES, [*list(STAGES)[1:], TaskCode.RENDERING], strict=True))
# The vendor's code for a file that a scene names and nobody uploaded.
_MISSING_FILE = 10012


def submit(world: World, task: Task, now: datetime) -> None:
    """Begin the life of a reserved id."""
    task.submitted_at = now
    task.submits = 1
    enter(world, task, TaskCode.RENDERING_TASK_SUBMITTING, now)


def enter(world: World, task: Task, code: TaskCode, now: datetime) -> None:
    """Begin a stage."""
    ends_at = now + world.simulated(getattr(world.settings, STAGES[code]))
    world.staged[task.id] = Stage(task, code, ends_at)
    for leaf in task.leaves:
        if not task_status(leaf.status).is_terminal:
            leaf.status = code
    show_preparation(task, code, now)


def show_preparation(task: Task, code: TaskCode, now: datetime) -> None:
    """Let the task that prepares a shell follow its stages, and its end."""
    if task.preparation is None:
        return
    task.preparation.status = TaskCode.FINISHED if code is TaskCode.RENDERING else code
    (entry,) = task.preparation.frames.values()
    if code is TaskCode.PRE_RENDERING:
        entry.started_at, entry.ended_at = now, None
        entry.move(FrameCode.STARTED)
    elif code is TaskCode.RENDERING:
        entry.ended_at = now
        entry.move(FrameCode.DONE)
    else:
        entry.move(FrameCode.ABORTED if task_status(code).is_terminal else FrameCode.WAITING)


def end_stage(world: World, stage: Stage, storage: Storage, now: datetime) -> None:
    """Go on to the next stage, or to the nodes."""
    task = stage.task
    del world.staged[task.id]
    try:
        if stage.code is TaskCode.ANALYSE:
            _analyse(world, task, storage)
    except InputError as why:
        task.status, task.remark, task.completed_at = TaskCode.FAILED, str(why), now
        return
    following = _NEXT[stage.code]
    if following is not TaskCode.RENDERING:
        enter(world, task, following, now)
        return
    show_preparation(task, following, now)
    for leaf in task.leaves:
        begin_when_ready(world, leaf, now)


def look_for_missing(world: World, storage: Storage) -> None:
    """Let tasks go on whose files have come in the meantime."""
    for task in list(world.lacking.values()):
        task.missing = _missing(world, task, task.missing, storage)
        if not task.missing:
            del world.lacking[task.id]


def _analyse(world: World, task: Task, storage: Storage) -> None:
    """Read what a task asks for and lay out its frames."""
    plan = read_plan(task.texts["task.json"], task.texts["upload.json"])
    missing = _missing(world, task, plan.files, storage)
    if missing:
        fails = world.settings.missing_assets is MissingAssets.FAIL
        if fails or plan.files[0] in missing:
            raise InputError(missing_sentence(missing))
        task.missing, world.lacking[task.id] = missing, task
        task.remark = f"{_MISSING_FILE}: {missing_sentence(missing)}"
    lay_out(world, task, plan)
    for _ in range(1, task.submits):
        lay_out_again(world, task)


def _missing(world: World, task: Task, paths: tuple[str, ...], storage: Storage) -> tuple[str, ...]:
    inputs = inputs_of(task.owner, world.settings)
    return tuple(path for path in paths if not storage.exists(inputs, path))
