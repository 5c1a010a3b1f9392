"""Small pictures of frames: where they would lie, and how far what they show has come.

Their paths are modelled on the samples, in which `[-]` stands for the dot of a file's ending; no
file lies there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from renderbus_core.frames import pad_path
from renderbus_core.simulator.documents import Work
from renderbus_core.simulator.replies import amount, date_text
from renderbus_core.simulator.settings import Account
from renderbus_core.simulator.state import Frame, Task, World
from renderbus_core.statuses import FrameCode

_PHOTON = 2
_PERCENT = 100


def thumbnails(frame: Frame) -> list[str]:
    """Return the paths of a finished entry's small pictures, one per picture."""
    if frame.status is not FrameCode.DONE or not frame.makes_pictures:
        return []
    return [
        _path(frame, pad_path(picture.template, number).replace("/", "_"))
        for number in frame.frames
        for picture in frame.layer.pictures
    ]


def process_pictures(
    task: Task, world: World, reader: Account, frame_type: int | None, now: datetime
) -> dict[str, Any]:
    """Describe how far the frames of a task have come.

    Args:
        task: a shell or a leaf.
        world: as it is.
        reader: who asks.
        frame_type: 2 photons, 5 pictures; None for those that are made now.
        now: when.
    """
    leaf = _shown(task, frame_type)
    layer, plan = leaf.layer, leaf.plan
    width, height = layer.size if layer else (0, 0)
    scene = plan.scene_name if plan else ""
    rows: dict[str, list[dict[str, Any]]] = {}
    for frame in leaf.frames.values():
        rows.setdefault(str(frame.frames), []).append(_grab(frame, world, reader, now))
    return {
        "width": width,
        "height": height,
        "block": plan.tiles if plan and leaf.work is Work.PICTURES else 1,
        "isRenderPhoton": any(one.work is Work.PHOTONS for one in task.leaves),
        "currentTaskType": (leaf.work or Work.PICTURES).value,
        "sceneName": f"{scene}-{layer.camera}" if layer and layer.camera else scene,
        "startTime": date_text(leaf.started_at),
        "endTime": date_text(leaf.completed_at),
        "completedTime": date_text(leaf.completed_at),
        "grabInfo": list(rows.values()),
    }


def _shown(task: Task, frame_type: int | None) -> Task:
    photons = [leaf for leaf in task.leaves if leaf.work is Work.PHOTONS]
    others = [leaf for leaf in task.leaves if leaf.work is not Work.PHOTONS]
    if frame_type is None:
        unfinished = [leaf for leaf in photons if leaf.open_frames]
        return (unfinished or others or photons)[0]
    return ((photons or others) if frame_type == _PHOTON else (others or photons))[0]


def _grab(frame: Frame, world: World, reader: Account, now: datetime) -> dict[str, Any]:
    """Write one entry; all of it is text, as in the samples."""
    used, left = frame.seconds, 0.0
    if run := world.runs.get(frame.id):
        used = run.charged(now)
        left = max(0.0, run.planned - used)
    percent = (
        _PERCENT if frame.status is FrameCode.DONE else int(_PERCENT * used / (used + left or 1))
    )
    shows = reader.shows_costs
    return {
        "frameIndex": str(frame.frames),
        "frameBlock": str(frame.block) if frame.block else None,
        "frameStatus": str(frame.status.value),
        "isMaxPrice": "0",
        "feeAmount": f"{amount(frame.fee.account):.2f}" if shows else "",
        "couponFee": f"{amount(frame.fee.coupon):.2f}" if shows else "",
        "framePercent": str(percent),
        "frameUsed": str(round(used)),
        "frameEst": str(round(left)),
        "renderInfo": frame.why,
        "grabUrl": _path(frame, f"frame_{frame.frames.first}_block_{frame.block}.jpg"),
        "startTime": date_text(frame.started_at),
        "endTime": date_text(frame.ended_at),
    }


def _path(frame: Frame, name: str) -> str:
    work = frame.layer.work.value
    small = f"{work}_{frame.task.id}_{name.replace('.', '[-]')}.jpg"
    return f"/mnt/output/small_pic/{frame.task.owner.user_id}/{frame.task.id}/{small}"
