"""What can be seen of frames: counts, logs, small pictures; and files that were not uploaded."""

from __future__ import annotations

import pytest

from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator.settings import MissingAssets
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20


def log_of(client, frame, number=1):
    return client.session.call(
        "get_render_log", {"id": frame.id, "page_num": number, "page_size": 1}
    )


def whole_log(client, frame):
    first = log_of(client, frame)
    pages = [log_of(client, frame, n)["items"] for n in range(1, first["pageCount"] + 1)]
    return [line for page in pages for line in page]


def test_all_frames_of_the_account_are_counted(simulate, blender_task):
    sim = simulate(nodes=2, fail_frames={1: 1})
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-6[1]"))
    sim.clock.advance(BEFORE_RENDERING + 61)
    client.query.stop_frame(task_id, ids=[sim.frames(client, task_id)["6"].id])
    raw = client.session.call("query_all_frame_stats", {})
    assert raw == {
        "executingFramesTotal": 2,
        "doneFramesTotal": 1,
        "failedFramesTotal": 1,
        "waitingFramesTotal": 1,
        "abandonFramesTotal": 1,
        "totalFrames": 6,
    }


def test_a_log_tells_a_frames_history(simulate, blender_task):
    sim = simulate(fail_frames={1: 1})
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    client.query.restart_failed_frames([task.id])
    sim.finish(client, task.id)
    frame = sim.frames(client, task.id)["1"]
    lines = whole_log(client, frame)
    told = [line for line in lines if "frame 1" in line]
    assert [line[20:] for line in told] == [
        "[INFO] frame 1 begins on 10.60.1.11",
        "[INFO] frame 1 fails: the renderer ended with an error",
        "[INFO] frame 1 is sent again, number 1",
        "[INFO] frame 1 begins on 10.60.1.12",
        "[INFO] frame 1 is done",
    ]
    assert told[0].startswith("2026-03-01 20:00:20 ")
    assert lines == sorted(lines, key=lambda line: line[:19])
    assert whole_log(client, frame) == lines


def test_the_log_of_a_running_frame_goes_as_far_as_it_has_come(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1"))
    sim.clock.advance(BEFORE_RENDERING + 30)
    frame = sim.frames(client, task_id)["1"]
    assert whole_log(client, frame)[-1].endswith("50 % rendered")
    sim.clock.advance(6)
    assert whole_log(client, frame)[-1].endswith("60 % rendered")


def test_a_frame_that_never_began_has_an_empty_log(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-2[1]"))
    sim.clock.advance(BEFORE_RENDERING)
    page = log_of(client, sim.frames(client, task_id)["2"])
    assert (page["total"], page["pageCount"], page["items"]) == (0, 0, [])


def test_pages_of_a_log_are_cut_between_lines(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    for _ in range(9):
        client.query.restart_frame(task.id, everything=True)
        sim.finish(client, task.id)
    frame = sim.frames(client, task.id)["1"]
    first = log_of(client, frame)
    assert (first["size"], first["pageCount"]) == (16384, -(-first["total"] // 16384))
    assert first["pageCount"] > 1
    lines = whole_log(client, frame)
    assert sum(len(line.encode()) + 1 for line in lines) == first["total"]
    assert len(lines) == len(set(enumerate(lines)))
    assert sum("is done" in line for line in lines) == 10
    # A sample counts from 0, the vendor's client from 1.
    assert log_of(client, frame, 0)["items"] == first["items"]
    assert log_of(client, frame, 99)["items"] == []


def test_small_pictures_are_named_once_a_frame_is_done(sim, client, maya_task):
    task_id = sim.submit(client, maya_task({"beauty": "1-2[1]"}, frames_per_task="2"))
    sim.clock.advance(BEFORE_RENDERING)
    (frame,) = sim.frames(client, task_id).values()
    assert client.query.get_frame_thumbnail(frame.id) == ()
    sim.finish(client, task_id)
    first, second = client.query.get_frame_thumbnail(frame.id)
    assert first.endswith(f"/{task_id}/Render_{task_id}_shot[-]0001[-]exr.jpg")
    assert second.endswith("shot[-]0002[-]exr.jpg")
    other = {"id": frame.id, "frame_status": 5}
    assert client.session.call("load_frame_thumbnail", other) == []


@pytest.mark.parametrize("operation", ["get_render_log", "load_frame_thumbnail"])
def test_another_accounts_frame_is_not_there(sim, client, blender_task, operation):
    task_id = sim.submit(client, blender_task("1"))
    sim.clock.advance(BEFORE_RENDERING)
    frame = sim.frames(client, task_id)["1"]
    from_others = sim.client(
        next(a for a in sim.cloud.settings.accounts if a.user_name == "theirs")
    )
    with pytest.raises(RequestRefusedError, match="404"):
        from_others.session.call(operation, {"id": frame.id})


def test_progress_is_shown_in_texts_per_frame_and_tile(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("3", tiles="2"))
    sim.clock.advance(BEFORE_RENDERING + 15)
    raw = client.session.call("load_task_process_img", {"task_id": task_id})
    assert (raw["width"], raw["height"], raw["block"]) == (64, 36, 2)
    assert (raw["isRenderPhoton"], raw["currentTaskType"]) == (False, "Render")
    assert raw["sceneName"] == "spin.blend-Camera"
    (row,) = raw["grabInfo"]
    assert [entry["frameBlock"] for entry in row] == ["1", "2", None]
    assert [entry["framePercent"] for entry in row] == ["50", "50", "0"]
    assert [entry["frameEst"] for entry in row] == ["15", "15", "0"]
    assert {type(value) for entry in row for value in entry.values()} == {str, type(None)}


def test_a_missing_asset_can_fail_the_frames_instead_of_the_analysis(simulate, blender_task):
    sim = simulate(missing_assets=MissingAssets.FRAME)
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1-2[1]"), files=("/a/spin.blend",)))
    assert task.task_status == TaskCode.FINISHED_HAS_FAILED
    assert task.remark == "10012: missing in the input storage: /a/wood.png"
    frames = sim.frames(client, task.id)
    assert {f.frame_status for f in frames.values()} == {FrameCode.ERROR}
    last = whole_log(client, frames["1"])[-1]
    assert last.endswith("frame 1 fails: missing in the input storage: /a/wood.png")


def test_frames_succeed_once_the_asset_has_come(simulate, blender_task):
    sim = simulate(missing_assets=MissingAssets.FRAME)
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1"), files=("/a/spin.blend",)))
    sim.storage.files.add(("10201-10000001", "/a/wood.png"))
    client.query.restart_failed_frames([task.id])
    assert sim.finish(client, task.id).task_status == TaskCode.FINISHED


def test_a_missing_scene_always_fails_the_analysis(simulate, blender_task):
    sim = simulate(missing_assets=MissingAssets.FRAME)
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1"), files=("/a/wood.png",)))
    assert task.task_status == TaskCode.FAILED
    assert task.remark == "missing in the input storage: /a/spin.blend"
