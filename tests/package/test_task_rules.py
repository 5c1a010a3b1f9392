"""What no schema can hold is still found, and said with its place and its remedy."""

from __future__ import annotations

import copy

import pytest

from renderbus_core.package import Documents, Severity, check


@pytest.fixture
def documents(built):
    package = built()
    return Documents(package.task, package.upload, package.asset, package.tips)


def said(documents):
    return [(finding.rule, finding.severity.value, finding.where) for finding in check(documents)]


def layer(documents, name="defaultRenderLayer"):
    return documents.task["scene_info_render"][name]


def test_a_built_package_has_nothing_wrong(built, maya, blender):
    assert check(built(maya())) == ()
    assert check(built(blender())) == ()


def test_a_schema_problem_names_the_document_and_the_place(documents):
    documents.task["task_info"]["tiles"] = 1
    documents.upload["asset"][0].pop("local")
    assert said(documents) == [
        ("schema", "error", "upload.json: asset[0]"),
        ("schema", "error", "task.json: task_info.tiles"),
    ]


def test_a_missing_section_is_said_once(documents):
    del documents.task["task_info"]
    (finding,) = check(documents)
    assert (finding.where, finding.message) == ("task.json", "'task_info' is missing")
    assert finding.fix == "add what is missing"


def test_name_and_number_of_the_program_must_agree(documents):
    documents.task["software_config"]["cg_name"] = "Blender"
    (finding,) = check(documents)
    assert (finding.rule, finding.where) == ("program", "task.json: software_config.cg_name")
    assert finding.message == "'Blender' does not belong to the number 2000, which is Maya"


def test_an_unknown_program_is_refused_with_those_that_exist(documents):
    documents.task["task_info"]["cg_id"] = "2099"
    (finding,) = check(documents)
    assert finding.message == "no program has the number 2099"
    assert "2007 (Blender)" in finding.fix


def test_the_scene_must_be_one_of_the_program(documents):
    documents.task["task_info"]["input_cg_file"] = "/show/shot.blend"
    documents.upload["asset"][0]["server"] = "/show/shot.blend"
    assert said(documents) == [("scene_extension", "error", "task.json: task_info.input_cg_file")]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"start": "2"}, "frames"),
        ({"end": "11"}, "frames"),
        ({"by_frame": "2"}, "by_frame"),
        ({"frames": "1-2[1],10", "by_frame": "3"}, "by_frame"),
        ({"frames": "10-1[1]"}, "frames"),
        ({"frames": "1-99999999999[1]"}, "frames"),
    ],
)
def test_frames_that_contradict_each_other_are_found(documents, change, place):
    layer(documents)["common"] |= change
    expected = f"task.json: scene_info_render.defaultRenderLayer.common.{place}"
    assert said(documents) == [("frames", "error", expected)]


@pytest.mark.parametrize(
    "same",
    [
        {"frames": "1-10"},
        {"frames": "1-10[3]", "by_frame": "3"},
        {"frames": "10,1", "by_frame": "9"},
        {"frames": "5", "start": "5", "end": "5", "by_frame": "7"},
    ],
)
def test_frames_that_agree_are_left_alone(documents, same):
    layer(documents)["common"] |= same
    assert check(documents) == ()


def test_blenders_frames_are_read_too(built, blender):
    package = built(blender())
    package.task["scene_info"]["common"]["frames"] = "5-1[1]"
    assert said(package) == [("frames", "error", "task.json: scene_info.common.frames")]


def test_tiles_and_several_frames_per_machine_exclude_each_other(documents):
    layered = {"enable_layered": "1", "is_layer_rendering": "1"}
    documents.task["task_info"] |= layered | {"tiles": "4", "frames_per_task": "2"}
    assert said(documents) == [("tiles", "error", "task.json: task_info.tiles")]


def test_maya_tiles_need_layers(documents):
    documents.task["task_info"] |= {"tiles": "4"}
    (finding,) = check(documents)
    assert finding.fix == "set enable_layered to 1 or tiles to 1"


def test_a_layer_without_a_camera_is_found(documents):
    layer(documents)["common"]["render_camera"] = []
    assert [finding.message for finding in check(documents)] == [
        "the layer has no camera to render"
    ]


def test_a_camera_the_scene_does_not_have_is_found(documents):
    layer(documents)["common"]["render_camera"] = ["kam"]
    assert [finding.message for finding in check(documents)] == ["'kam' is not in all_camera"]


def test_a_layer_that_is_not_rendered_needs_no_camera(documents):
    other = copy.deepcopy(layer(documents)) | {"renderable": "0"}
    other["common"]["render_camera"] = []
    documents.task["scene_info_render"]["off"] = other
    assert check(documents) == ()


def test_a_task_that_renders_no_layer_is_found(documents):
    layer(documents)["renderable"] = "0"
    assert said(documents) == [("layers", "error", "task.json: scene_info_render")]


@pytest.mark.parametrize("hours", ["12", "0", "999"])
def test_a_reminder_that_looks_like_hours_is_a_warning(documents, hours):
    documents.task["task_info"]["time_out"] = hours
    (finding,) = check(documents)
    assert finding.severity is Severity.WARNING
    assert finding.message == f"{hours} seconds are so short that hours may be meant"


def test_the_protocols_own_limits_are_warned_about(documents):
    documents.task["task_info"] |= {"job_stop_time": "259200", "task_stop_time": "0"}
    assert [finding.message for finding in check(documents)] == [
        "a task that hangs stops after 3 days",
        "a task that hangs never stops",
    ]


def test_a_misspelt_key_is_warned_about_with_a_suggestion(documents):
    documents.task["task_info"]["frame_per_task"] = "1"
    (finding,) = check(documents)
    assert finding.severity is Severity.WARNING
    assert finding.fix == "did you mean 'frames_per_task'?"


def test_a_scene_that_is_not_sent_is_found(documents):
    documents.upload.update({"asset": [], "scene": []})
    (finding,) = check(documents)
    assert finding.where == "upload.json"
    assert "its server path would be /show/shot.ma" in finding.message


def test_a_scene_whose_server_path_lost_its_first_slash_is_still_sent(documents):
    documents.upload.update({"asset": [{"local": "/show/shot.ma", "server": "show/shot.ma"}]})
    documents.upload["scene"] = {"local": "/x", "server": "/x"}
    assert check(documents) == ()


def test_a_relative_scene_is_found(documents):
    documents.task["task_info"]["input_cg_file"] = "shot.ma"
    assert said(documents) == [("scene_upload", "error", "task.json: task_info.input_cg_file")]


def test_errors_come_before_warnings(documents):
    documents.task["task_info"] |= {"time_out": "12"}
    documents.upload.update({"asset": [], "scene": []})
    assert [finding.severity for finding in check(documents)] == [
        Severity.ERROR,
        Severity.WARNING,
    ]
