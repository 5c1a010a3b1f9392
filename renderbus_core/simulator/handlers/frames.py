"""Reading, stopping and restarting the frames of tasks, and looking at what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from renderbus_core.simulator import life
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.handlers.guard import alive, check_money, check_not_deleted
from renderbus_core.simulator.previews import process_pictures, thumbnails
from renderbus_core.simulator.protocol import EMPTY, NOT_FOUND, Refusal
from renderbus_core.simulator.render_log import log_page
from renderbus_core.simulator.replies import frame_index, frame_info, page
from renderbus_core.simulator.state import Frame, Task
from renderbus_core.statuses import FrameCode

__all__ = [
    "get_render_log",
    "load_frame_thumbnail",
    "load_task_process_img",
    "query_all_frame_stats",
    "query_task_frames",
    "restart_failed_frames",
    "restart_frame",
    "stop_task_frames",
]

_FAILED = (FrameCode.ERROR, FrameCode.TIMEOUT)


def query_task_frames(call: Call) -> dict[str, Any]:
    """Read one page of a leaf's frame entries."""
    task = call.submitted(call.body["taskId"])
    keyword = call.body.get("searchKeyword", "")
    rows = [f for f in task.frames.values() if not keyword or keyword in frame_index(f)]
    number, size = call.body["pageNum"], call.body["pageSize"]
    shown = rows[(number - 1) * size : number * size]
    return page(
        rows, number, size, (frame_info(f, call.world, call.account, call.now) for f in shown)
    )


def query_all_frame_stats(call: Call) -> dict[str, int]:
    """Count the frame entries of all tasks of the account that are not deleted."""
    counts: Counter[FrameCode] = Counter()
    waiting = 0
    for task in call.tasks():
        if not task.is_deleted:
            for leaf in task.kept_leaves:
                counts.update(leaf.counts)
                waiting += leaf.open_frames - leaf.counts[FrameCode.STARTED]
    return {
        "executingFramesTotal": counts[FrameCode.STARTED],
        "doneFramesTotal": counts[FrameCode.DONE],
        "failedFramesTotal": sum(counts[code] for code in _FAILED),
        "waitingFramesTotal": waiting,
        "abandonFramesTotal": counts[FrameCode.ABORTED],
        "totalFrames": counts.total(),
    }


def restart_failed_frames(call: Call) -> None:
    """Render the frames of tasks with some statuses again; without a status, those that failed.

    A task that failed before it had frames is analysed once more.
    """
    codes = call.body.get("status") or _FAILED
    tasks = alive(call, call.body["taskIds"])
    check_money(call, tasks)
    if FrameCode.ERROR in codes:
        for task in tasks:
            life.analyse_again(call.world, task, call.now)
    frames = [frame for task in tasks for frame in _frames(task) if frame.status in codes]
    call.events.extend(life.restart_frames(call.world, frames, call.now))


def restart_frame(call: Call) -> None:
    """Render frame entries again: by id, or all of a task, or all with a status."""
    chosen = _chosen(call)
    check_money(call, [frame.task for frame in chosen])
    call.events.extend(life.restart_frames(call.world, chosen, call.now))


def stop_task_frames(call: Call) -> None:
    """Stop frame entries: by id, or all of a task, or all with a status."""
    call.events.extend(life.stop_frames(call.world, _chosen(call), call.now))


def load_frame_thumbnail(call: Call) -> list[str]:
    """Name the small pictures of a frame entry that is done; others have none."""
    frame = _frame(call, call.body["id"])
    return thumbnails(frame) if call.body["frameStatus"] == FrameCode.DONE else []


def load_task_process_img(call: Call) -> dict[str, Any]:
    """Describe how far the frames of a task have come; here it works for every program."""
    task = call.submitted(call.body["taskId"])
    return process_pictures(task, call.world, call.account, call.body.get("frameType"), call.now)


def get_render_log(call: Call) -> dict[str, Any]:
    """Read one page of a frame entry's log; pages are as large as in the samples, not as asked."""
    frame = _frame(call, call.body["id"])
    return log_page(frame, call.world.runs.get(frame.id), call.body["pageNum"], call.now)


def _chosen(call: Call) -> list[Frame]:
    """Return the frame entries that a request selects, or refuse one that selects none."""
    if call.body["selectAll"]:
        if "taskId" not in call.body:
            raise Refusal(EMPTY, "taskId: is missing; selectAll 1 needs it")
        (task,) = alive(call, [call.body["taskId"]]) or [call.own(call.body["taskId"])]
        codes = call.body.get("status") or ()
        return [frame for frame in _frames(task) if not codes or frame.status in codes]
    ids = call.body.get("ids")
    if not ids:
        raise Refusal(EMPTY, "ids: is missing; name frames or set selectAll to 1")
    frames = [_frame(call, frame_id) for frame_id in dict.fromkeys(ids)]
    for frame in frames:
        check_not_deleted(frame.task)
    _check_task(call, frames)
    return frames


def _check_task(call: Call, frames: Iterable[Frame]) -> None:
    """Refuse entries that are not of the task that the request names, when it names one."""
    if "taskId" in call.body:
        task = call.submitted(call.body["taskId"])
        for frame in frames:
            if task not in {frame.task, frame.task.root}:
                raise Refusal(NOT_FOUND, f"ids: task {task.id} has no frame {frame.id}")


def _frames(task: Task) -> list[Frame]:
    return [frame for leaf in task.kept_leaves for frame in leaf.frames.values()]


def _frame(call: Call, frame_id: int) -> Frame:
    frame = call.world.frames.get(frame_id)
    if frame is None or not call.sees(frame.task):
        raise Refusal(NOT_FOUND, f"id: there is no frame {frame_id}")
    return frame
