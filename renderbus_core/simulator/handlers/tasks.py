"""Making, moving, ending and reading tasks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from renderbus_core.simulator import catalogue, life
from renderbus_core.simulator.handlers.call import Call, number
from renderbus_core.simulator.handlers.guard import alive, check_money, check_not_deleted
from renderbus_core.simulator.protocol import CHINA, INVALID, Refusal
from renderbus_core.simulator.replies import DATE_FORMAT, alias, page, task_info
from renderbus_core.simulator.settings import SecondSubmit
from renderbus_core.simulator.state import Hardware, Task
from renderbus_core.statuses import TaskCode

__all__ = [
    "abort_task",
    "create_task",
    "delete_task",
    "edit_task_hardware_config",
    "full_speed",
    "get_task_list",
    "query_task_info",
    "set_task_overtime_stop",
    "start_task",
    "stop_task",
    "submit_task",
    "update_task_limit",
    "update_task_user_level",
    "upload_task_json",
]

_MOST_IDS = 100
_NEEDED = ("task.json", "upload.json")
_IN_RECYCLE_BIN = 1
_LONGEST_SECONDS = 10**9


def create_task(call: Call) -> dict[str, Any]:
    """Reserve ids; nothing else happens. Whose customer a task is for changes nothing here."""
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
            artist=call.body.get("artist", ""),
            clone_original_id=call.body.get("cloneOriginalId", 0),
        )
    )


def upload_task_json(call: Call) -> None:
    """Keep one configuration file of a reserved id."""
    task = call.own(call.body["taskId"])
    if task.submitted_at is not None:
        raise Refusal(INVALID, f"taskId: {task.id} is submitted; its files cannot change any more")
    task.texts[call.body["fileName"]] = call.body["content"]


def submit_task(call: Call) -> None:
    """Begin the life of a reserved id; what a second time does is a setting."""
    task = call.own(call.body["taskId"])
    check_not_deleted(task)
    check_money(call, [task])
    if task.submitted_at is None:
        _submit(call, task)
    elif call.settings.second_submit is SecondSubmit.REFUSE:
        raise Refusal(INVALID, f"taskId: {task.id} was submitted before")
    elif call.settings.second_submit is SecondSubmit.CHARGE:
        life.submit_again(call.world, task, call.now)


def _submit(call: Call, task: Task) -> None:
    missing = [name for name in _NEEDED if name not in task.texts]
    if missing:
        raise Refusal(INVALID, f"taskId: {' and '.join(missing)} of {task.id} were not uploaded")
    task.producer = call.body.get("producer", "")
    life.submit(call.world, task, call.now)


def update_task_limit(call: Call) -> None:
    """Limit the nodes of a task; what renders already goes on."""
    task = call.own(call.body["taskId"])
    check_not_deleted(task)
    task.machine_limit = call.body["taskLimit"]


def update_task_user_level(call: Call) -> None:
    """Move a task before or behind others of the account."""
    task = call.own(call.body["taskId"])
    check_not_deleted(task)
    for one in (task, *task.children):
        one.user_level = call.body["taskUserLevel"]


def set_task_overtime_stop(call: Call) -> str:
    """Set the time after which tasks are stopped; it takes the place of task.json's."""
    seconds = call.body["overTime"]
    if seconds > _LONGEST_SECONDS:
        raise Refusal(INVALID, f"overTime: {seconds} is more than {_LONGEST_SECONDS} seconds")
    for task in alive(call, call.body["taskIds"]):
        life.limit_time(task, seconds)
    return "SUCCESS"


def edit_task_hardware_config(call: Call) -> None:
    """Move tasks to other machines; what renders already goes on where it is."""
    body = call.body
    offered = {str(row["id"]) for row in catalogue.hardware(call.settings.platform)}
    unknown = [id_ for id_ in body["hardwareConfigIds"] if id_ not in offered]
    if unknown:
        raise Refusal(INVALID, f"hardwareConfigIds: there is no configuration {unknown[0]!r:.40}")
    hardware = Hardware(
        tuple(body["hardwareConfigIds"]), body["model"], body["gpuNum"], body["ram"]
    )
    for task in alive(call, [number(id_, "taskIds") for id_ in body["taskIds"]]):
        for one in (task, *task.children):
            one.hardware = hardware


def start_task(call: Call) -> None:
    """Let stopped tasks go on where they were."""
    tasks = alive(call, call.body["taskIds"])
    check_money(call, tasks)
    for task in tasks:
        life.start_task(call.world, task, call.now)


def full_speed(call: Call) -> str:
    """Let the frames go on that wait for a person after the priority frames."""
    tasks = alive(call, call.body["taskIds"])
    check_money(call, tasks)
    for task in tasks:
        life.full_speed(call.world, task, call.now)
    return "success"


def stop_task(call: Call) -> None:
    """Stop tasks so that they could go on later."""
    _end(call, TaskCode.STOP)


def abort_task(call: Call) -> None:
    """Give tasks up."""
    _end(call, TaskCode.ABANDON)


def _end(call: Call, code: TaskCode) -> None:
    for task in alive(call, call.body["taskIds"]):
        call.events.extend(life.stop_task(call.world, task, code, call.now))


def delete_task(call: Call) -> None:
    """Throw tasks into the recycle bin; a second time changes nothing."""
    for task in call.all_submitted(call.body["taskIds"]):
        if not task.is_deleted:
            call.events.extend(life.delete(call.world, task, call.now))


def get_task_list(call: Call) -> dict[str, Any]:
    """List the account's tasks, newest first, one page at a time."""
    rows = list(_listed(call))
    page_number, size = call.body.get("pageNum", 1), call.body.get("pageSize", 100)
    shown = rows[(page_number - 1) * size : page_number * size]
    return page(rows, page_number, size, (_row(call, task) for task in shown))


def query_task_info(call: Call) -> dict[str, Any]:
    """Read tasks by id, shells or leaves, deleted ones included.

    Ids that the account does not have are left out.
    """
    tasks = (call.world.tasks.get(id_) for id_ in dict.fromkeys(call.body["taskIds"]))
    rows = [t for t in tasks if t and call.sees(t) and call.is_listed(t)]
    size = len(call.body["taskIds"])
    return page(rows, 1, size, (_row(call, task) for task in rows))


def _row(call: Call, task: Task) -> dict[str, Any]:
    return task_info(task, call.world, call.account, call.now)


def _listed(call: Call) -> Iterator[Task]:
    keyword = call.body.get("searchKeyword", "").lower()
    codes = set(call.body.get("statusList", ()))
    since, until = _date(call, "startTime"), _date(call, "endTime")
    wants_deleted = call.body.get("recycleFlag") == _IN_RECYCLE_BIN
    for task in call.tasks():
        if (
            call.is_listed(task)
            and task.is_deleted is wants_deleted
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
