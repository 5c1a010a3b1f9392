"""Frames that are cut into tiles: parts, and the merge that puts them together."""

from __future__ import annotations

import pytest

from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20


def kinds(client, task_id):
    return [(f.frame_index, f.frame_type) for f in client.query.iter_frames(task_id)]


def test_a_frame_becomes_its_tiles_and_a_merge(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("0", tiles="16"))
    task = sim.finish(client, task_id)
    frames = list(client.query.iter_frames(task_id))
    assert (task.total_frames, task.done_frames) == (17, 17)
    assert [f.frame_index for f in frames] == [*(f"0-{n}" for n in range(1, 17)), "0"]
    assert [f.frame_block for f in frames] == [*map(str, range(1, 17)), ""]
    assert [f.frame_type for f in frames] == [5] * 16 + [7]
    assert {str(f.frames) for f in frames} == {"0"}
    assert task.raw["taskKeyValueVo"]["tiles"] == "16"


def test_the_merge_waits_for_all_tiles_and_then_renders(simulate, blender_task):
    sim = simulate(nodes=3)
    client = sim.client()
    task_id = sim.submit(client, blender_task("7", tiles="4", tiles_type="strip"))
    sim.clock.advance(BEFORE_RENDERING)
    frames = sim.frames(client, task_id)
    assert frames["7-3"].frame_status == FrameCode.STARTED
    assert frames["7-4"].frame_status == FrameCode.WAITING
    assert frames["7"].frame_status == FrameCode.SUBFRAMEWAITING
    assert sim.task(client, task_id).waiting_count == 2
    sim.clock.advance(15)
    assert sim.frames(client, task_id)["7"].frame_status == FrameCode.SUBFRAMEWAITING
    sim.clock.advance(15)
    assert sim.frames(client, task_id)["7"].frame_status == FrameCode.STARTED


def test_only_the_merged_picture_lands_in_the_output(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1-2[1]", tiles="4")))
    names = [file.file_name for file in client.transmit.get_output_files("/", task.id)]
    assert names == ["shot_0001.png", "shot_0002.png"]
    assert len(sim.rendered) == 2


def test_tiles_of_priority_frames_have_a_merge_of_their_own_kind(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-2[1]", tiles="2", pre_frames="100"))
    sim.finish(client, task_id)
    assert kinds(client, task_id) == [
        ("1-1", 4),
        ("1-2", 4),
        ("1", 6),
        ("2-1", 5),
        ("2-2", 5),
        ("2", 7),
    ]


def test_a_tile_costs_its_part_of_the_frame(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1", tiles="4")))
    # Four quarters, and a merge that takes as long as one of them.
    assert task.raw["renderDuration"] == 75


def test_a_merge_without_all_its_tiles_fails_and_comes_back_with_them(simulate, blender_task):
    sim = simulate(fail_frames={1: 1})
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1", tiles="4")))
    frames = sim.frames(client, task.id)
    assert task.task_status == TaskCode.FINISHED_HAS_FAILED
    assert [f.frame_status for f in frames.values()] == [5, 4, 4, 4, 5]
    client.query.restart_frame(task.id, ids=[frames["1-1"].id])
    task = sim.finish(client, task.id)
    assert task.task_status == TaskCode.FINISHED
    assert [f.recommit_flag for f in sim.frames(client, task.id).values()] == [1, 0, 0, 0, 1]


def test_a_merge_alone_cannot_be_rendered_again_before_its_tiles(simulate, blender_task):
    sim = simulate(fail_frames={1: 1})
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1", tiles="2")))
    merge = sim.frames(client, task.id)["1"]
    client.query.restart_frame(task.id, ids=[merge.id])
    assert sim.frames(client, task.id)["1"].frame_status == FrameCode.ERROR
    assert sim.task(client, task.id).task_status == TaskCode.FINISHED_HAS_FAILED


def test_a_stopped_tile_stops_its_merge(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1", tiles="2"))
    sim.clock.advance(BEFORE_RENDERING)
    client.query.stop_frame(task_id, ids=[sim.frames(client, task_id)["1-2"].id])
    task = sim.finish(client, task_id)
    assert task.task_status == TaskCode.FINISHED_HAS_STOPPED
    assert [f.frame_status for f in sim.frames(client, task_id).values()] == [4, 3, 3]


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        ({"frames_per_task": "2"}, "tiles 4 and frames_per_task 2 exclude each other"),
        ({"tiles": "99999999"}, "more than the 100000 simulated here"),
    ],
)
def test_tiles_that_cannot_be_fail_the_analysis(sim, client, blender_task, change, remark):
    task = sim.finish(client, sim.submit(client, blender_task("1", **({"tiles": "4"} | change))))
    assert task.task_status == TaskCode.FAILED
    assert remark in task.remark


def test_maya_tiles_need_layers(sim, client, maya_task):
    layers = {"beauty": "1"}
    task = sim.finish(client, sim.submit(client, maya_task(layers, tiles="2")))
    assert "only with enable_layered 1" in task.remark
    layered = maya_task(layers, tiles="2", enable_layered="1")
    assert sim.finish(client, sim.submit(client, layered)).total_frames == 3
