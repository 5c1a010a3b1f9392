"""Making, stopping and reading tasks and their frames."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from renderbus_core.simulator import life
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.protocol import EMPTY, INVALID, NOT_FOUND, Refusal
from renderbus_core.simulator.replies import (
    CHINA,
    DATE_FORMAT,
    alias,
    frame_index,
    frame_info,
    page,
    task_info,
)
from renderbus_core.simulator.settings import SecondSubmit
from renderbus_core.simulator.state import Task
from renderbus_core.statuses import TaskCode

_MOST_IDS = 100
_NEEDED = ("task.json", "upload.json")
_DELETED = 1


def create_task(call: Call) -> dict[str, Any]:
    """Reserve ids; nothing else happens."""
    count = call.body["count"]
    if count > _MOST_IDS:
        raise Refusal(INVALID, f"count: {count} is more than {_MOST_IDS}")
    made = [_reserved(call) for _ in range(count)]
    return {
        "taskIdList": [task.id for task in made],
        "aliasTaskIdList": [alias(task.id, call.settings) for task in made],
        "userId": call.account.user_id,
    }


def _reserved(call: Call) -> Task:
    return call.world.add_task(
        Task(
            id=call.world.next_task_id(),
            owner=call.account,
            created_at=call.now,
            user_level=call.body["taskUserLevel"],
            labels=list(call.body.get("labels", ())),
        )
    )


def upload_task_json(call: Call) -> None:
    """Keep one configuration file of a reserved id."""
    task = call.own(call.body["taskId"])
    if task.submitted_at is not None:
        raise Refusal(INVALID, f"taskId: {task.id} is submitted; its files cannot change any more")
    task.texts[call.body["fileName"]] = call.body["content"]


def submit_task(call: Call) -> None:
    """Begin the life of a reserved id."""
    task = call.own(call.body["taskId"])
    if task.submitted_at is not None:
        if call.settings.second_submit is SecondSubmit.IGNORE:
            return
        raise Refusal(INVALID, f"taskId: {task.id} was submitted before")
    missing = [name for name in _NEEDED if name not in task.texts]
    if missing:
        raise Refusal(INVALID, f"taskId: {' and '.join(missing)} of {task.id} were not uploaded")
    task.producer = call.body.get("producer", "")
    life.submit(call.world, task, call.now)


def update_task_limit(call: Call) -> None:
    """Limit the nodes of a task; what renders already goes on."""
    call.own(call.body["taskId"]).machine_limit = call.body["taskLimit"]


def stop_task(call: Call) -> None:
    """Stop tasks so that they could go on later."""
    _end(call, TaskCode.STOP)


def abort_task(call: Call) -> None:
    """Give tasks up."""
    _end(call, TaskCode.ABANDON)


def _end(call: Call, code: TaskCode) -> None:
    for task in call.all_submitted(call.body["taskIds"]):
        if task.submitted_at is not None:
            call.events.extend(life.stop_task(call.world, task, code, call.now))


def stop_task_frames(call: Call) -> None:
    """Stop frame entries by id, or all, or all with a status."""
    task = call.submitted(call.body["taskId"])
    if call.body["selectAll"]:
        codes = call.body.get("status") or ()
        wanted = [f for f in task.frames.values() if not codes or f.status in codes]
    elif ids := call.body.get("ids"):
        unknown = [frame_id for frame_id in ids if frame_id not in task.frames]
        if unknown:
            raise Refusal(NOT_FOUND, f"ids: task {task.id} has no frame {unknown[0]}")
        wanted = [task.frames[frame_id] for frame_id in dict.fromkeys(ids)]
    else:
        raise Refusal(EMPTY, "ids: is missing; name frames or set selectAll to 1")
    call.events.extend(life.stop_frames(call.world, wanted, call.now))


def get_task_list(call: Call) -> dict[str, Any]:
    """List the account's tasks, newest first, one page at a time."""
    rows = [] if call.body.get("recycleFlag") == _DELETED else list(_listed(call))
    number, size = call.body.get("pageNum", 1), call.body.get("pageSize", 100)
    shown = rows[(number - 1) * size : number * size]
    return page(rows, number, size, (task_info(task, call.settings) for task in shown))


def query_task_info(call: Call) -> dict[str, Any]:
    """Read tasks by id, shells or leaves; ids that the account does not have are left out."""
    tasks = (call.world.tasks.get(id_) for id_ in dict.fromkeys(call.body["taskIds"]))
    rows = [t for t in tasks if t and t.owner is call.account and call.is_listed(t)]
    size = len(call.body["taskIds"])
    return page(rows, 1, size, (task_info(task, call.settings) for task in rows))


def query_task_frames(call: Call) -> dict[str, Any]:
    """Read one page of a leaf's frame entries."""
    task = call.submitted(call.body["taskId"])
    keyword = call.body.get("searchKeyword", "")
    rows = [f for f in task.frames.values() if not keyword or keyword in frame_index(f)]
    number, size = call.body["pageNum"], call.body["pageSize"]
    shown = rows[(number - 1) * size : number * size]
    return page(rows, number, size, (frame_info(frame, call.settings) for frame in shown))


def _listed(call: Call) -> Iterator[Task]:
    keyword = call.body.get("searchKeyword", "").lower()
    codes = set(call.body.get("statusList", ()))
    since, until = _date(call, "startTime"), _date(call, "endTime")
    for task in call.world.tasks_of(call.account):
        if (
            call.is_listed(task)
            and keyword in f"{task.id} {task.plan.scene_name if task.plan else ''}".lower()
            and (not codes or codes & {task.status, *(leaf.status for leaf in task.leaves)})
            and (since is None or (task.submitted_at or task.created_at) >= since)
            and (until is None or (task.submitted_at or task.created_at) <= until)
        ):
            yield task


def _date(call: Call, name: str) -> datetime | None:
    text = call.body.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, DATE_FORMAT).replace(tzinfo=CHINA)
    except ValueError as error:
        raise Refusal(INVALID, f"{name}: must be like 2026-01-31 18:00:00") from error
