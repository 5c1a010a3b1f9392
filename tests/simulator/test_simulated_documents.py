"""What the cloud reads out of the documents of each program."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.package import programs
from renderbus_core.simulator.documents import RENDERED, read_plan
from renderbus_core.statuses import TaskCode

UPLOAD = '{"asset": []}'
SCENES = {
    "arnold_standalone": "/a/shot.ass",
    "cinema4d": "/a/shot.c4d",
    "clarisse": "/a/shot.project",
    "houdini": "/a/shot.hip",
    "katana": "/a/shot.katana",
    "keyshot": "/a/shot.bip",
    "nuke": "/a/shot.nk",
    "unreal": "/a/shot.uproject",
    "vray_standalone": "/a/shot.vrscene",
    "3ds_max": "/a/shot.max",
}


def a_document(program, scene_info_render, *, scene_info=None, **info):
    row = programs()[program]
    return {
        "software_config": {"cg_name": row.cg_name, "cg_version": "1", "plugins": {}},
        "task_info": {
            "cg_id": row.cg_id,
            "channel": "4",
            "input_cg_file": SCENES[program],
            "os_name": "1",
            "platform": "62",
            "pre_frames": "000",
        }
        | info,
        "scene_info": scene_info or {},
        "scene_info_render": scene_info_render,
    }


def plan_of(document):
    return read_plan(json.dumps(document), UPLOAD)


def summary(plan):
    return [
        (layer.name, str(layer.frames), [picture.template for picture in layer.pictures])
        for layer in plan.layers
    ]


def test_a_description_of_one_thing_is_one_leaf():
    common = {"frames": "0-3[1]", "width": "640", "height": "480", "regular_image_format": "TIFF"}
    (layer,) = plan_of(a_document("cinema4d", {}, scene_info={"common": common})).layers
    assert (str(layer.frames), layer.size) == ("0-3[1]", (640, 480))
    assert layer.pictures[0].template == "shot.####.tif"
    plan = plan_of(a_document("arnold_standalone", {"common": {"frames": "1-10[1]"}}))
    assert summary(plan) == [("", "1-10[1]", ["shot.####.png"])]


def test_a_vrscene_is_one_frame():
    assert summary(plan_of(a_document("vray_standalone", {}))) == [("", "1", ["shot.####.png"])]


def test_clarisse_images_and_their_layers_are_leaves():
    off = {"name": "off", "renderable": "0", "frames": "1"}
    on = {"name": "project://cam.fog", "renderable": "1", "frames": "0-50[1]", "format": "exr16"}
    plan = plan_of(a_document("clarisse", {"image_node": [off | {"layers": [on, off]}]}))
    assert summary(plan) == [("project://cam.fog", "0-50[1]", ["shot.####.exr"])]


def test_katana_nodes_are_leaves():
    nodes = {
        n: {"renderable": r, "frames": "1-2[1]", "aov": {}} for n, r in (("a", "1"), ("b", "0"))
    }
    plan = plan_of(a_document("katana", {"rendernodes": nodes}))
    assert summary(plan) == [("a", "1-2[1]", ["shot.####.png"])]


@pytest.mark.parametrize("part", ["scene_info", "scene_info_render"])
def test_nuke_nodes_are_leaves_wherever_they_stand(part):
    node = {"node": "Write1", "frames": "1-2[1]", "renderable": "1", "option": "-1"}
    scene = {"scene_info_render": {}, part: {"write_nodes": [node | {"file_type": "dpx"}]}}
    plan = plan_of(
        a_document("nuke", scene["scene_info_render"], scene_info=scene.get("scene_info"))
    )
    assert summary(plan) == [("Write1", "1-2[1]", ["shot.####.dpx"])]


def test_a_video_of_nuke_is_refused():
    node = {"node": "Write1", "frames": "1-2[1]", "renderable": "1", "option": "0"}
    with pytest.raises(InputError, match=r"write_nodes\[0\]\.option '0' writes a video"):
        plan_of(a_document("nuke", {"write_nodes": [node]}))


def test_unreal_jobs_are_leaves_with_a_picture_per_format():
    job = {
        "job_name": "seq",
        "is_enable": "1",
        "job_valid": "1",
        "frames": "0-1[1]",
        "width": "1280",
        "height": "720",
        "format_type": ["JPG", "EXR", "jpeg"],
    }
    queue = {"name": "q", "renderable": "1", "render_job": [job, job | {"is_enable": "0"}]}
    plan = plan_of(a_document("unreal", {"all_movie_pipline_queue": [queue]}))
    assert summary(plan) == [("seq", "0-1[1]", ["shot.####.jpg", "shot.####.exr"])]


def test_defaults_are_those_of_the_template():
    plan = plan_of(a_document("arnold_standalone", {"common": {"frames": "1"}}))
    assert (plan.frames_per_entry, plan.tiles, plan.stops_after_test) == (1, 1, False)
    assert (plan.frame_limit, plan.task_limit, plan.reminder) == (259200, 0, None)


@pytest.mark.parametrize(
    ("program", "render", "complaint"),
    [
        ("arnold_standalone", {}, "scene_info_render.common is missing"),
        ("arnold_standalone", {"common": []}, "scene_info_render.common is no object"),
        ("arnold_standalone", {"common": {}}, "scene_info_render.common.frames is missing"),
        (
            "arnold_standalone",
            {"common": {"frames": "a"}},
            "scene_info_render.common.frames: frame",
        ),
        ("katana", {"rendernodes": {"n": 1}}, "scene_info_render.rendernodes.n is no object"),
        ("clarisse", {"image_node": {}}, "scene_info_render.image_node is no list"),
        ("clarisse", {"image_node": [{}]}, r"image_node\[0\].renderable is missing"),
        ("houdini", {"rop_node": [{"render": True}]}, r"rop_node\[0\].render is no text"),
        ("houdini", {}, "nothing is renderable"),
        ("unreal", {"all_movie_pipline_queue": [{"renderable": "0"}]}, "nothing is renderable"),
        ("3ds_max", {"common": {"renderable_camera": "a"}, "renderer": {}}, "no list of texts"),
    ],
)
def test_a_complaint_names_the_field(program, render, complaint):
    with pytest.raises(InputError, match=complaint):
        plan_of(a_document(program, render))


def test_what_no_source_shows_is_not_rendered():
    assert "keyshot" not in RENDERED
    document = a_document("keyshot", {})
    with pytest.raises(InputError, match="cg_id 2012 is not rendered here"):
        plan_of(document)


@pytest.mark.parametrize("program", ["clarisse", "katana"])
def test_some_programs_have_no_tiles(program):
    with pytest.raises(InputError, match="have no tiles"):
        plan_of(a_document(program, {}, tiles="4"))


def test_houdini_has_tiles_as_no_source_says_otherwise():
    rop = {"render": "1", "node": "/out/beauty", "frames": "1-2[1]", "option": "-1"}
    assert plan_of(a_document("houdini", {"rop_node": [rop]}, tiles="4")).tiles == 4


NAMES = (
    *("common", "renderer", "frames", "rop_node", "geo_node", "node", "option", "render"),
    *("renderable", "image_node", "layers", "rendernodes", "write_nodes", "render_job"),
    *("all_movie_pipline_queue", "is_enable", "job_valid", "job_name", "name", "gi", "gi_frames"),
    *("renderable_camera", "format", "format_type", "file_type", "num_slices"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["1", "0", "-1", "1-3[1]", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(program=st.sampled_from(sorted(set(SCENES) - {"keyshot"})), render=json_values)
@settings(max_examples=300, deadline=None)
def test_whatever_a_document_holds_it_is_read_or_refused(program, render):
    try:
        plan = plan_of(a_document(program, render))
    except InputError:
        return
    for layer in plan.layers:
        assert layer.frames
        for picture in layer.pictures:
            assert picture.template.count("/") == 0


@pytest.mark.parametrize("wire_format", ["x" * 5000, "EXR", ".tga", "exr16", "?", ""])
def test_a_format_makes_an_ending_or_is_refused(wire_format):
    common = {"frames": "1", "regular_image_format": wire_format}
    document = a_document("cinema4d", {"common": common})
    if len(wire_format) > 100:
        with pytest.raises(InputError, match="rename the scene"):
            plan_of(document)
    else:
        ending = plan_of(document).layers[0].pictures[0].template.rpartition(".")[2]
        assert ending in {"exr", "tga", "png"}


def test_nodes_become_the_leaves_of_a_shell(sim, client):
    node = {"frames": "1-2[1]", "renderable": "1", "option": "-1"}
    nodes = [node | {"node": "Write1"}, node | {"node": "Write2"}]
    task = a_document("nuke", {"write_nodes": nodes})
    shell = sim.finish(client, sim.submit(client, task))
    assert {leaf.task_status for leaf in shell.leaves()} == {TaskCode.FINISHED}
    assert [leaf.layer_name for leaf in shell.leaves()] == ["Write1", "Write2"]
    for leaf in shell.leaves():
        names = [file.file_name for file in client.transmit.get_output_files("/", leaf.id)]
        assert names == ["shot.0001.png", "shot.0002.png"]
