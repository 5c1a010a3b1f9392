"""What is computed before the pictures: preparation, photons, simulations."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from renderbus_core.config import Secret
from renderbus_core.simulator import Account
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20


@pytest.fixture
def max_task(blender_task):
    """Return a maker of 3ds Max documents; `renderer` says what is computed."""

    def make(frames="0", cameras=("VRayCam003",), renderer=None, **info):
        task = blender_task(scene="/a/room.max", cg_id="2001", **info)
        scene = {
            "common": {
                "frames": frames,
                "width": "3200",
                "height": "2400",
                "renderable_camera": list(cameras),
                "output_file_type": ".tga",
            },
            "renderer": {"name": "vray"} | (renderer or {}),
        }
        return task | {"scene_info": {}, "scene_info_render": scene}

    return make


@pytest.fixture
def houdini_task(blender_task):
    """Return a maker of Houdini documents from its nodes: (list, node, option, frames)."""

    def make(*nodes, **more):
        task = blender_task(scene="/a/fx.hip", cg_id="2004")
        render = {"rop_node": [], "geo_node": [], "distributedsim_node": []}
        for where, node, option, frames in nodes:
            row = {"node": node, "option": option, "frames": frames, "render": "1"}
            render[where].append(row | more)
        return task | {"scene_info": {}, "scene_info_render": render}

    return make


def test_photons_and_pictures_are_two_sub_tasks_of_a_shell(sim, client, max_task):
    shell_id = sim.submit(client, max_task(renderer={"gi": "1", "gi_frames": "0"}, tiles="16"))
    shell = sim.finish(client, shell_id)
    photons, pictures = shell.leaves()
    assert [leaf.task_type for leaf in (photons, pictures)] == ["RenderPhoton", "Render"]
    assert [leaf.raw["taskTypeText"] for leaf in (photons, pictures)] == [
        "render_photons_task",
        "render_major_picture_task",
    ]
    # The numbers of the vendor's sample.
    assert [leaf.total_frames for leaf in (photons, pictures)] == [1, 17]
    assert {leaf.render_camera for leaf in (photons, pictures)} == {"VRayCam003"}
    assert [f.frame_type for f in client.query.iter_frames(photons.id)] == [2]
    assert pictures.started_at == photons.completed_at
    (file,) = client.transmit.get_output_files("/", pictures.id)
    assert file.file_name == "room.0000.tga"
    assert client.transmit.get_output_files("/", photons.id) == ()


def test_pictures_wait_for_their_photons(sim, client, max_task):
    shell_id = sim.submit(client, max_task("0-3[1]", renderer={"gi": "1"}))
    sim.clock.advance(BEFORE_RENDERING)
    photons, pictures = sim.task(client, shell_id).leaves()
    assert (photons.task_status, pictures.task_status) == (TaskCode.RENDERING, TaskCode.WAITING)
    waiting = {f.frame_status for f in client.query.iter_frames(pictures.id)}
    assert waiting == {FrameCode.PHOTONDONEWAITING}
    assert pictures.waiting_count == 4
    sim.clock.advance(60)
    photons, pictures = sim.task(client, shell_id).leaves()
    assert (photons.task_status, pictures.executing_frames) == (TaskCode.FINISHED, 4)


def test_several_photon_frames_are_merged_before_the_pictures(sim, client, max_task):
    shell_id = sim.submit(client, max_task("0", renderer={"gi": "1", "gi_frames": "0-2[1]"}))
    sim.clock.advance(BEFORE_RENDERING + 60)
    photons, pictures = sim.task(client, shell_id).leaves()
    frames = list(client.query.iter_frames(photons.id))
    assert [f.frame_type for f in frames] == [2, 2, 2, 3]
    assert frames[-1].frame_status == FrameCode.STARTED
    assert pictures.executing_frames == 0


def test_pictures_wait_until_failed_photons_are_rendered_again(simulate, max_task):
    sim = simulate(fail_frames={0: 1})
    client = sim.client()
    shell_id = sim.submit(client, max_task("0", renderer={"gi": "1"}))
    sim.clock.advance(10_000)
    photons, pictures = sim.task(client, shell_id).leaves()
    assert photons.task_status == TaskCode.FINISHED_HAS_FAILED
    assert pictures.task_status == TaskCode.WAITING
    client.query.restart_failed_frames([shell_id])
    leaves = sim.finish(client, shell_id).leaves()
    assert {leaf.task_status for leaf in leaves} == {TaskCode.FINISHED}


def test_rendering_photons_again_does_not_hold_up_pictures_that_have_begun(sim, client, max_task):
    shell_id = sim.submit(client, max_task("0-9[1]", renderer={"gi": "1"}))
    sim.clock.advance(BEFORE_RENDERING + 60)
    photons, pictures = sim.task(client, shell_id).leaves()
    client.query.restart_frame(photons.id, everything=True)
    assert sim.task(client, pictures.id).executing_frames == 4
    sim.finish(client, shell_id)


def test_each_camera_is_a_sub_task(sim, client, max_task):
    shell = sim.finish(client, sim.submit(client, max_task(cameras=("left", "right"))))
    assert [leaf.render_camera for leaf in shell.leaves()] == ["left", "right"]
    assert {leaf.task_type for leaf in shell.leaves()} == {"Render"}


def test_without_global_illumination_max_is_one_leaf_without_tiles(sim, client, max_task):
    task = sim.finish(client, sim.submit(client, max_task("0-1[1]")))
    assert (task.is_open, task.total_frames, task.task_type) == (0, 2, "Render")
    task = sim.finish(client, sim.submit(client, max_task(tiles="2")))
    assert "only with global illumination" in task.remark


def test_channels_have_entries_of_their_own(sim, client, max_task):
    task = sim.finish(client, sim.submit(client, max_task("0-1[1]", renderer={"channel": "1"})))
    assert [f.frame_type for f in client.query.iter_frames(task.id)] == [5, 9, 5, 9]
    assert len(client.transmit.get_output_files("/", task.id)) == 2


def test_a_packed_scene_counts_as_uploaded(sim, client, max_task):
    (task_id,) = client.task.create_task().task_id_list
    archive = "/b/room.max.7z"
    sim.storage.files.add((f"10201-{client.user.query_user_profile().user_id}", archive))
    documents = {
        "task.json": max_task(),
        "upload.json": {"asset": [], "scene": {"local": "x", "server": archive}},
    }
    for name, document in documents.items():
        client.transmit.upload_json_content(task_id, json.dumps(document), name)
    client.task.submit_task(task_id)
    assert sim.finish(client, task_id).task_status == TaskCode.FINISHED


def test_pictures_wait_for_every_simulation(sim, client, houdini_task):
    shell_id = sim.submit(
        client,
        houdini_task(
            ("geo_node", "/out/geometry1", "0", "10-19[1]"),
            ("rop_node", "/out/mantra1", "-1", "10-12[1]"),
        ),
    )
    sim.clock.advance(BEFORE_RENDERING)
    simulation, pictures = sim.task(client, shell_id).leaves()
    assert (simulation.task_type, pictures.task_type) == ("GopRender", "Render")
    assert simulation.frames_range == "/out/geometry110-19[1]"
    (cache,) = client.query.iter_frames(simulation.id)
    assert (cache.frame_index, cache.frame_type) == ("10-19[1]", 8)
    assert cache.gop_name == "/out/geometry1"
    waiting = {f.frame_status for f in client.query.iter_frames(pictures.id)}
    assert waiting == {FrameCode.GOPJOBWAITING}
    # One machine computes all frames of a simulation, one after the other.
    sim.clock.advance(599)
    assert sim.task(client, pictures.id).executing_frames == 0
    sim.clock.advance(1)
    assert sim.task(client, pictures.id).executing_frames == 3
    sim.finish(client, shell_id)


def test_a_simulation_can_be_shared_by_machines(sim, client, houdini_task):
    node = ("distributedsim_node", "/out/sim", "1", "1-8[1]")
    task = sim.finish(client, sim.submit(client, houdini_task(node, num_slices="4")))
    frames = list(client.query.iter_frames(task.id))
    assert [f.frame_index for f in frames] == [f"1-8[1]-{n}" for n in range(1, 5)]
    assert {str(f.frames) for f in frames} == {"1-8[1]"}
    assert {f.frame_execute_time for f in frames} == {120}


@pytest.mark.parametrize("slices", ["17", "0", "x", "", "0000000165"])
def test_a_simulation_has_at_most_sixteen_slices(sim, client, houdini_task, slices):
    node = ("distributedsim_node", "/out/sim", "1", "1-8[1]")
    task = sim.finish(client, sim.submit(client, houdini_task(node, num_slices=slices)))
    assert "distributedsim_node[0].num_slices" in task.remark


def test_all_frames_wait_for_the_preparation(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1-2[1]", "b": "1"}))
    sim.clock.advance(17)
    shell = sim.task(client, shell_id)
    assert [leaf.task_status for leaf in shell.leaves()] == [TaskCode.PRE_RENDERING] * 2
    assert shell.raw["preTaskStatus"] == TaskCode.PRE_RENDERING
    assert shell.raw["preStatusText"] == "render_task_status_8"
    for leaf in shell.leaves():
        assert {f.frame_status for f in client.query.iter_frames(leaf.id)} == {
            FrameCode.PREDONEWAITING
        }
        assert leaf.waiting_count == leaf.total_frames
    sim.clock.advance(3)
    assert sim.task(client, shell_id).raw["preTaskStatus"] == TaskCode.FINISHED


def test_the_preparation_is_a_task_with_one_frame(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1-2[1]", "b": "1"}))
    sim.clock.advance(17)
    preparation = sim.task(client, shell_id + 1)
    assert (preparation.task_type, preparation.layer_parent_id) == ("Preprocessing", shell_id)
    (frame,) = client.query.iter_frames(preparation.id)
    assert (frame.frame_type, frame.frame_status) == (1, FrameCode.STARTED)
    assert preparation.id not in {leaf.id for leaf in sim.finish(client, shell_id).leaves()}
    (frame,) = client.query.iter_frames(preparation.id)
    assert frame.frame_status == FrameCode.DONE
    assert (frame.ended_at - frame.started_at).total_seconds() == 4


def test_a_shell_has_no_counts_of_its_own(sim, client, maya_task):
    shell = sim.finish(client, sim.submit(client, maya_task({"a": "1-2[1]", "b": "1"})))
    names = ("totalFrames", "failedFrames", "doneFrames", "abortFrames", "executingFrames")
    assert [shell.raw[name] for name in names] == [0, 0, None, None, None]
    assert shell.raw["renderDuration"] is None
    assert shell.raw["taskType"] == ""


def test_without_money_what_waits_for_photons_stops_too(simulate, max_task):
    owner = Account("SIM", Secret("key"), balance=Decimal("0.005"))
    sim = simulate(accounts=(owner,))
    client = sim.client(owner)
    shell = sim.finish(client, sim.submit(client, max_task("0-3[1]", renderer={"gi": "1"})))
    assert {leaf.task_status for leaf in shell.leaves()} == {TaskCode.ARREARAGE_STOP}
    sim.cloud.pay(owner.user_id, Decimal(100), sim.clock.now())
    client.task.start_task([shell.id])
    shell = sim.finish(client, shell.id)
    assert {leaf.task_status for leaf in shell.leaves()} == {TaskCode.FINISHED}
