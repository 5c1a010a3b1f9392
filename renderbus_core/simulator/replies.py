"""The cloud's values as the protocol writes them (TaskInfo, FrameInfo, Page, OutputFile)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from renderbus_core.money import Money, render_cost
from renderbus_core.simulator.catalogue import platform_row
from renderbus_core.simulator.protocol import milliseconds
from renderbus_core.simulator.settings import Settings
from renderbus_core.simulator.state import Frame, StoredFile, Task
from renderbus_core.statuses import FrameCode, TaskCode

# The vendor's documents give dates without a zone in China's time.
CHINA = timezone(timedelta(hours=8))
DATE_FORMAT = "%Y-%m-%d %H:%M:%S"

_PRICE_DIGITS = 6
_MAIN_PICTURE = 5
_FRAME_WAITS_FOR_PREPROCESSING = (TaskCode.WAITING, TaskCode.PRE_RENDERING)


def page(rows: Sequence[Any], number: int, size: int, items: Iterable[Any]) -> dict[str, Any]:
    """Wrap one page of a listing.

    Args:
        rows: the whole listing.
        number: of the page, from 1.
        size: rows on a page.
        items: the page's rows as the protocol writes them.
    """
    return {
        "pageCount": -(-len(rows) // size),
        "pageNum": number,
        "total": len(rows),
        "size": size,
        "items": list(items),
    }


def task_info(task: Task, settings: Settings) -> dict[str, Any]:
    """Write a task, with its children when it is a shell."""
    is_shell = bool(task.children)
    name = task.plan.scene_name if task.plan else ""
    return (
        {
            "sceneName": name,
            "id": task.id,
            "taskAlias": alias(task.id, settings),
            "taskStatus": task.status.value,
            "statusText": f"render_task_status_{task.status.value}",
            "isOpen": int(is_shell),
            "layerParentId": task.parent.id if task.parent else 0,
            "respRenderingTaskList": (
                [task_info(child, settings) for child in task.children] if is_shell else None
            ),
            "cgId": task.plan.cg_id if task.plan else 0,
            "projectName": task.plan.project_name if task.plan else "",
            "userId": task.owner.user_id,
            "userName": task.owner.user_name,
            "producer": task.producer,
            "taskUserLevel": task.user_level,
            "taskLevel": task.user_level,
            "munuTaskId": f"{task.created_at:%Y%m%d}{task.id}",
            "labels": labels_text(task.labels),
            "remark": task.remark,
            "isDelete": 1,
            "channel": 4,
            "taskType": "" if is_shell else "Render",
            "taskTypeText": None if is_shell else "render_major_picture_task",
            "layerName": task.layer.name if task.layer else None,
            "renderCamera": task.layer.camera if task.layer else "",
            "outputFileName": task.folder or None,
            "framesRange": str(task.layer.frames) if task.layer else "",
            "taskLimit": task.machine_limit,
            "taskOverTime": None,
            "overTimeStop": task.plan.task_limit if task.plan else None,
        }
        | _preprocessing(task)
        | _times(task)
        | _counts(task)
        | _costs(task, settings)
    )


def frame_info(frame: Frame, settings: Settings) -> dict[str, Any]:
    """Write a frame entry of a leaf."""
    is_over = frame.ended_at is not None
    return {
        "id": frame.id,
        "taskId": frame.task.id,
        "userId": frame.task.owner.user_id,
        "frameIndex": frame_index(frame),
        "frameBlock": "",
        "frameStatus": frame.status.value,
        "frameStatusText": f"task_frame_status_{frame.status.value}",
        "frameType": _MAIN_PICTURE,
        "framePrice": amount(settings.price_per_hour),
        "feeType": 0,
        "feeAmount": cost(frame.seconds, settings) if is_over else None,
        "couponFee": 0,
        "arrearsFee": 0,
        "platform": settings.platform,
        "startTime": milliseconds(frame.started_at),
        "endTime": milliseconds(frame.ended_at),
        "frameExecuteTime": round(frame.seconds),
        "currentRenderTime": round(frame.seconds),
        "munuJobId": str(frame.id),
        "munuTaskId": f"{frame.task.created_at:%Y%m%d}{frame.task.id}",
        "recommitFlag": frame.recommits,
        "isCopy": 0,
        "gopName": None,
        "isOverTime": 0,
        "taskOverTime": frame.plan.frame_limit,
        "averageCpu": 0,
        "averageMemory": 0,
        "nodeId": frame.node,
    }


def frame_index(frame: Frame) -> str:
    """Return what the cloud calls a frame entry: `7`, or `2-4[1]` for several on one node."""
    return str(frame.frames)


def alias(task_id: int, settings: Settings) -> str:
    """Return what people call a task: the platform's prefix and the id."""
    return f"{platform_row(settings.platform)['taskPrefix']}{task_id}"


def labels_text(labels: Sequence[str]) -> str:
    """Write labels as JSON text, by their place; `{}` is the samples' form of none."""
    return json.dumps({str(i): label for i, label in enumerate(labels, 1)}, ensure_ascii=False)


def cost(seconds: float, settings: Settings) -> float:
    """Return what render time costs, as the number on the wire."""
    price = Money(settings.price_per_hour, settings.currency)
    return amount(render_cost(seconds, price).amount)


def amount(value: Any) -> float:
    """Return an amount of money as the number on the wire: six digits, no more."""
    return round(float(value), _PRICE_DIGITS)


def folder_rows(files: Mapping[str, StoredFile], folder: str) -> Iterator[dict[str, Any]]:
    """List one folder of an output storage.

    Args:
        files: the whole storage, by path without first slash.
        folder: path without slashes at its ends; "" for the root.
    """
    start = f"{folder}/" if folder else ""
    inside = {path.removeprefix(start): f for path, f in files.items() if path.startswith(start)}
    folders: dict[str, datetime] = {}
    for path, stored in inside.items():
        name, slash, _ = path.partition("/")
        if slash:
            folders[name] = max(stored.modified_at, folders.get(name, stored.modified_at))
    for name, modified_at in sorted(folders.items()):
        yield _row(f"/{start}{name}", modified_at, None)
    for path, stored in sorted(inside.items()):
        if "/" not in path:
            yield _row(f"/{start}{path}", stored.modified_at, stored.size)


def _row(path: str, modified_at: datetime, size: int | None) -> dict[str, Any]:
    name = path.rpartition("/")[2]
    is_folder = size is None
    return {
        "fileName": name,
        "fileSize": size,
        "iconPath": None,
        "lastModify": modified_at.astimezone(CHINA).strftime(DATE_FORMAT),
        "fileType": None if is_folder else name.rpartition(".")[2],
        "filePath": path,
        "directory": is_folder,
        "isArrears": 0,
    }


def _preprocessing(task: Task) -> dict[str, Any]:
    """Write a shell's preprocessing, which its leaves' status tells; others have none."""
    if not task.children:
        return {"preTaskStatus": None, "preStatusText": None}
    status = task.children[0].status
    shown = status if status in _FRAME_WAITS_FOR_PREPROCESSING else TaskCode.FINISHED
    return {"preTaskStatus": shown.value, "preStatusText": f"render_task_status_{shown.value}"}


def _times(task: Task) -> dict[str, Any]:
    return {
        "submitDate": milliseconds(task.submitted_at) or None,
        "startTime": milliseconds(task.started_at) or None,
        "completedDate": milliseconds(task.completed_at) or None,
        "renderDuration": round(task.seconds),
    }


def _counts(task: Task) -> dict[str, int]:
    counts = task.counts
    return {
        "totalFrames": len(task.frames),
        "abortFrames": counts[FrameCode.ABORTED],
        "executingFrames": counts[FrameCode.STARTED],
        "doneFrames": counts[FrameCode.DONE],
        "failedFrames": counts[FrameCode.ERROR] + counts[FrameCode.TIMEOUT],
        "waitingCount": counts[FrameCode.WAITING],
    }


def _costs(task: Task, settings: Settings) -> dict[str, float]:
    spent = cost(sum(leaf.seconds for leaf in task.leaves), settings)
    return {
        "renderConsume": spent,
        "userAccountConsume": spent,
        "couponConsume": 0,
        "qyCouponConsume": 0,
        "taskArrears": 0,
    }
