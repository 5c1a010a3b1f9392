"""The cloud's values as the protocol writes them (TaskInfo, FrameInfo, Page, OutputFile)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from renderbus_core.simulator import fees
from renderbus_core.simulator.account_state import label_id
from renderbus_core.simulator.catalogue import platform_row
from renderbus_core.simulator.documents import Work
from renderbus_core.simulator.protocol import CHINA, milliseconds
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.simulator.state import OUTPUT_BID, Frame, StoredFile, Task, World
from renderbus_core.statuses import FrameCode

DATE_FORMAT = "%Y-%m-%d %H:%M:%S"

_PRICE_DIGITS = 6
_GIGABYTES = re.compile(r"([0-9]{1,6})GB")
_PREPARATION = "Preprocessing"
_WORK_TEXTS = {Work.PICTURES: "render_major_picture_task", Work.PHOTONS: "render_photons_task"}


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


def task_info(task: Task, world: World, reader: Account, now: datetime) -> dict[str, Any]:
    """Write a task, with its children when it is a shell, for one account to read."""
    children = [task_info(child, world, reader, now) for child in task.children]
    return (
        {
            "sceneName": task.plan.scene_name if task.plan else "",
            "id": task.id,
            "taskAlias": alias(task.id, world.settings),
            "taskStatus": task.status.value,
            "statusText": f"render_task_status_{task.status.value}",
            "isOpen": int(bool(children)),
            "layerParentId": task.parent.id if task.parent else 0,
            "respRenderingTaskList": children or None,
            "cgId": task.plan.cg_id if task.plan else 0,
            "projectName": task.plan.project_name if task.plan else "",
            "userId": task.owner.user_id,
            "userName": task.owner.user_name,
            "shareMainCapital": int(task.owner.shares_capital),
            "producer": task.producer or task.artist,
            "taskUserLevel": task.user_level,
            "taskLevel": task.user_level,
            "munuTaskId": _scheduler_id(task),
            "labels": labels_text(task.labels),
            "remark": task.remark,
            "isDelete": int(not task.is_deleted),
            "channel": 4,
            "taskLimit": task.machine_limit,
            "taskRam": _gigabytes(task),
            "cloneParentId": 0,
            "cloneOriginalId": task.clone_original_id,
            "stopType": 0,
            "bid": OUTPUT_BID,
        }
        | _work(task)
        | _preparation(task)
        | _times(task, world, now)
        | _counts(task)
        | _costs(task, world, reader)
    )


def frame_info(frame: Frame, world: World, reader: Account, now: datetime) -> dict[str, Any]:
    """Write a frame entry of a leaf for one account to read."""
    return {
        "id": frame.id,
        "taskId": frame.task.id,
        "userId": frame.task.owner.user_id,
        "frameIndex": frame_index(frame),
        "frameBlock": str(frame.block) if frame.block else "",
        "frameStatus": frame.status.value,
        "frameStatusText": f"task_frame_status_{frame.status.value}",
        "frameType": frame.kind.value,
        "platform": world.settings.platform,
        "startTime": milliseconds(frame.started_at),
        "endTime": milliseconds(frame.ended_at),
        "frameExecuteTime": round(frame.seconds),
        "currentRenderTime": round(frame.seconds),
        "munuJobId": str(frame.id),
        "munuTaskId": _scheduler_id(frame.task),
        "recommitFlag": frame.recommits,
        "isCopy": int(frame.is_copy),
        "gopName": frame.layer.node if frame.layer.work is Work.SIMULATION else None,
        "isOverTime": int(_is_late(frame, frame.task, world, now)),
        "taskOverTime": frame.plan.frame_limit,
        "averageCpu": 0,
        "averageMemory": 0,
        "nodeId": frame.node,
    } | _fees(frame, world, reader)


def frame_index(frame: Frame) -> str:
    """Return what the cloud calls a frame entry.

    `7`, `2-4[1]` for several on one node, `7-3` for the third tile of one.
    """
    return f"{frame.frames}-{frame.block}" if frame.block else str(frame.frames)


def alias(task_id: int, settings: Settings) -> str:
    """Return what people call a task: the platform's prefix and the id."""
    return f"{platform_row(settings.platform)['taskPrefix']}{task_id}"


def labels_text(labels: Sequence[str]) -> str:
    """Write labels as JSON text, by their ids; `{}` is the samples' form of none."""
    return json.dumps({str(label_id(label)): label for label in labels}, ensure_ascii=False)


def amount(value: Decimal | float) -> float:
    """Return an amount of money as the number on the wire: six digits, no more."""
    return round(float(value), _PRICE_DIGITS)


def date_text(moment: datetime | None) -> str:
    """Write a moment as the protocol's dates; "" for one that has not come."""
    return moment.astimezone(CHINA).strftime(DATE_FORMAT) if moment else ""


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
        "lastModify": date_text(modified_at),
        "fileType": None if is_folder else name.rpartition(".")[2],
        "filePath": path,
        "directory": is_folder,
        "isArrears": 0,
    }


def _work(task: Task) -> dict[str, Any]:
    """Write what a leaf makes; a shell's children say it for it."""
    layer = task.layer
    if layer is None:
        kind = _PREPARATION if task.parent else ""
        return {
            "taskType": kind,
            "taskTypeText": None,
            "layerName": None,
            "renderCamera": "",
            "outputFileName": None,
            "framesRange": "",
            "taskKeyValueVo": _key_values(None, None),
        }
    tiles = task.plan.tiles if task.plan and layer.work is Work.PICTURES else 1
    return {
        "taskType": layer.work.value,
        "taskTypeText": _WORK_TEXTS.get(layer.work),
        "layerName": layer.name,
        "renderCamera": layer.camera,
        "outputFileName": task.folder,
        "framesRange": f"{layer.node}{layer.frames}",
        "taskKeyValueVo": _key_values(str(tiles) if tiles > 1 else None, layer.camera or None),
    }


def _key_values(tiles: str | None, camera: str | None) -> dict[str, str | None]:
    return {"tiles": tiles, "allCamera": camera, "renderableCamera": camera}


def _preparation(task: Task) -> dict[str, Any]:
    """Write how far a shell is prepared; other tasks have none of their own."""
    if task.preparation is None:
        return {"preTaskStatus": None, "preStatusText": None}
    code = task.preparation.status.value
    return {"preTaskStatus": code, "preStatusText": f"render_task_status_{code}"}


def _times(task: Task, world: World, now: datetime) -> dict[str, Any]:
    """Write when a task was sent and rendered; a shell only tells the former, as in the samples."""
    is_shell = bool(task.children)
    reminder = _reminder(task, world)
    limit = task.time_limit
    if limit is None and task.plan:
        limit = task.plan.task_limit
    return {
        "submitDate": milliseconds(task.submitted_at) or None,
        "startTime": milliseconds(task.started_at) or None,
        "completedDate": milliseconds(task.completed_at) or None,
        "renderDuration": None if is_shell else round(task.seconds),
        "taskOverTime": None if is_shell else reminder,
        "overTimeStop": limit,
        "isOverTime": int(any(_is_late(leaf, leaf, world, now) for leaf in task.leaves)),
    }


def _is_late(what: Task | Frame, task: Task, world: World, now: datetime) -> bool:
    """Tell whether a task or a frame renders, or rendered, for longer than the reminder says."""
    if what.started_at is None:
        return False
    ended_at = what.completed_at if isinstance(what, Task) else what.ended_at
    return world.lived(what.started_at, ended_at or now) > _reminder(task, world)


def _reminder(task: Task, world: World) -> int:
    if task.plan and task.plan.reminder is not None:
        return task.plan.reminder
    return world.accounts[task.owner.user_id].over_time_seconds


def _counts(task: Task) -> dict[str, int | None]:
    """Count frames; a shell has none of its own, and most of its counts are null in the samples."""
    if task.children:
        return {
            "totalFrames": 0,
            "abortFrames": None,
            "executingFrames": None,
            "doneFrames": None,
            "failedFrames": 0,
            "waitingCount": None,
        }
    counts = task.counts
    waiting = task.open_frames - counts[FrameCode.STARTED]
    return {
        "totalFrames": len(task.frames),
        "abortFrames": counts[FrameCode.ABORTED],
        "executingFrames": counts[FrameCode.STARTED],
        "doneFrames": counts[FrameCode.DONE],
        "failedFrames": counts[FrameCode.ERROR] + counts[FrameCode.TIMEOUT],
        "waitingCount": waiting,
    }


def _costs(task: Task, world: World, reader: Account) -> dict[str, float | None]:
    if not reader.shows_costs:
        names = ("renderConsume", "userAccountConsume", "couponConsume", "qyCouponConsume")
        return dict.fromkeys(names) | {"taskArrears": 0}
    fee = fees.sum_of(leaf.fee for leaf in task.leaves)
    return {
        "renderConsume": amount(fee.total),
        "userAccountConsume": amount(fee.account),
        "couponConsume": amount(fee.coupon),
        "qyCouponConsume": 0,
        "taskArrears": amount(_unpaid(fee, task, world)),
    }


def _fees(frame: Frame, world: World, reader: Account) -> dict[str, float | None]:
    """Write what an entry cost in all its renders; nothing before the first is over."""
    kind: dict[str, float | None] = {
        "feeType": world.settings.payer(frame.task.owner).fee_kind.value
    }
    if not reader.shows_costs:
        return kind | dict.fromkeys(("framePrice", "feeAmount", "couponFee", "arrearsFee"))
    fee, is_paid = frame.fee, bool(frame.recommits or frame.ended_at)
    unpaid = _unpaid(fee, frame.task, world)
    return kind | {
        "framePrice": amount(fees.price(world, frame.task.owner)),
        "feeAmount": amount(fee.account - unpaid) if is_paid else None,
        "couponFee": amount(fee.coupon),
        "arrearsFee": amount(unpaid),
    }


def _unpaid(fee: fees.Fee, task: Task, world: World) -> Decimal:
    """Return what of a fee is still owed: nothing any more once the account has paid in."""
    return min(fee.owed, fees.owed(world, task.owner))


def _scheduler_id(task: Task) -> str:
    return f"{task.created_at:%Y%m%d}{task.id}"


def _gigabytes(task: Task) -> int | None:
    """Return the memory of the machines that a task was moved to; None before."""
    found = _GIGABYTES.fullmatch(task.hardware.ram) if task.hardware else None
    return int(found[1]) if found else None
