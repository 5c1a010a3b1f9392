"""Each rule, by program: good documents pass it, and one change to them breaks it and no other.

A case names rule, program, changes by JSON path, and the place that must be named. The good
documents of each program lie in `tasks`.
"""

from __future__ import annotations

import copy
import re

import pytest

from renderbus_core.api.model import HardwareConfig
from renderbus_core.package import Severity, check, programs
from renderbus_core.package.rules import RULES

GONE = object()
INFO = "task.task_info"
RENDER = "task.scene_info_render"
JOB = f"{RENDER}.all_movie_pipline_queue.0.render_job.0"
TILED = {f"{INFO}.tiles": "4"}
SHARED = {f"{INFO}.is_distribute_render": "1"}
STONE = {"local": "E:/lobby/stone.jpg", "server": "/D/maps/stone.jpg"}

CASES = [
    (
        "scene_extension",
        "houdini",
        {f"{INFO}.input_cg_file": "/w.hipx", "upload.asset.0.server": "w.hipx"},
        "input_cg_file",
    ),
    (
        "scene_extension",
        "nuke",
        {f"{INFO}.input_cg_file": "S:/a.nk/b", "upload.asset.0.server": "/S/a.nk/b"},
        "input_cg_file",
    ),
    (
        "sequence",
        "arnold_standalone",
        {f"{INFO}.input_cg_file": "K:/dust/ass/dust.0001.ass"},
        "input_cg_file",
    ),
    ("operating_system", "3ds_max", {f"{INFO}.os_name": "0"}, "os_name"),
    ("operating_system", "cinema4d", {f"{INFO}.os_name": "0"}, "os_name"),
    ("operating_system", "unreal", {f"{INFO}.os_name": "0"}, "os_name"),
    ("frames", "houdini", {f"{RENDER}.rop_node.1.frames": "10-1[1]"}, "rop_node[1].frames"),
    ("frames", "clarisse", {f"{RENDER}.image_node.0.layers.0.frames": "9-1"}, "layers[0].frames"),
    (
        "frames",
        "katana",
        {f"{RENDER}.rendernodes.Render_key.frames": "1-99999999999"},
        "Render_key.frames",
    ),
    ("frames", "nuke", {"task.scene_info.write_nodes.1.frames": "2-1[1]"}, "write_nodes[1].frames"),
    ("frames", "unreal", {f"{JOB}.frames": "2-1[1]"}, "render_job[0].frames"),
    ("frames", "arnold_standalone", {f"{RENDER}.common.frames": "1-2,3-1"}, "common.frames"),
    ("frames", "cinema4d", {"task.scene_info.common.frames": "5-4"}, "scene_info.common.frames"),
    ("frames", "3ds_max", {f"{RENDER}.common.frames": "5-4"}, "common.frames"),
    ("scene_range", "3ds_max", {f"{RENDER}.common.frames": "0-101[1]"}, "common.frames"),
    ("scene_range", "3ds_max", {f"{RENDER}.common.animation_range": "-5-99"}, "common.frames"),
    ("scene_range", "unreal", {f"{JOB}.frames": "0-241[1]"}, "render_job[0].frames"),
    ("scene_range", "unreal", {f"{JOB}.start_frame": "1"}, "render_job[0].frames"),
    ("priority_frames", "maya", {f"{INFO}.pre_frames": "000:1000,1010"}, "pre_frames"),
    (
        "priority_frames",
        "clarisse",
        {f"{INFO}.pre_frames": "000: 11 [1]", f"{INFO}.test_frames": GONE},
        "pre_frames",
    ),
    ("priority_frames", "blender", {f"{INFO}.pre_frames": "100:9-1[1]"}, "pre_frames"),
    ("test_frames", "clarisse", {f"{INFO}.test_frames": "100"}, "test_frames"),
    ("stop_after_test", "katana", {f"{INFO}.stop_after_test": "1"}, "stop_after_test"),
    ("tiles", "clarisse", TILED, "tiles"),
    ("tiles", "katana", TILED, "tiles"),
    (
        "tiles",
        "maya",
        TILED | {f"{INFO}.enable_layered": "0", f"{INFO}.is_layer_rendering": "0"},
        "tiles",
    ),
    ("tiles", "3ds_max", {f"{RENDER}.renderer.gi": "0"}, "tiles"),
    ("tiles", "3ds_max", {f"{RENDER}.renderer.gi": GONE}, "tiles"),
    ("tiles", "blender", TILED | {f"{INFO}.frames_per_task": "2"}, "tiles"),
    ("tiles", "arnold_standalone", TILED, "tiles"),
    ("distributed", "maya", SHARED, "is_distribute_render"),
    ("distributed", "3ds_max", SHARED, "is_distribute_render"),
    ("distributed", "clarisse", SHARED, "is_distribute_render"),
    ("distributed", "katana", SHARED, "is_distribute_render"),
    ("distributed", "houdini", {f"{INFO}.distribute_render_node": "1"}, "distribute_render_node"),
    (
        "distributed",
        "vray_standalone",
        {f"{INFO}.distribute_render_node": "4"},
        "distribute_render_node",
    ),
    (
        "distributed",
        "vray_standalone",
        {f"{INFO}.distribute_render_node": GONE},
        "distribute_render_node",
    ),
    ("distributed_unknown", "blender", SHARED, "is_distribute_render"),
    ("layering", "cinema4d", {f"{INFO}.is_layer_rendering": "1"}, "is_layer_rendering"),
    (
        "layers",
        "maya",
        {
            f"{RENDER}.defaultRenderLayer.renderable": "0",
            f"{RENDER}.fog.renderable": "0",
            f"{INFO}.pre_frames": "100",
        },
        "scene_info_render",
    ),
    (
        "layers",
        "houdini",
        {f"{RENDER}.{n}.0.render": "0" for n in ("rop_node", "geo_node", "distributedsim_node")},
        "scene_info_render",
    ),
    (
        "layers",
        "clarisse",
        {f"{RENDER}.image_node.0.layers.0.renderable": "0"},
        "scene_info_render",
    ),
    ("layers", "katana", {f"{RENDER}.rendernodes": {}}, "scene_info_render"),
    ("layers", "nuke", {"task.scene_info.write_nodes.0.renderable": "0"}, "scene_info_render"),
    ("layers", "unreal", {f"{JOB}.is_enable": "0"}, "scene_info_render"),
    ("layers", "unreal", {f"{JOB}.job_valid": "0"}, "scene_info_render"),
    (
        "layers",
        "unreal",
        {f"{RENDER}.all_movie_pipline_queue.0.renderable": "0"},
        "scene_info_render",
    ),
    ("camera", "maya", {f"{RENDER}.fog.common.render_camera": []}, "fog.common.render_camera"),
    (
        "camera",
        "maya",
        {f"{RENDER}.fog.common.render_camera.0": "shotKam"},
        "fog.common.render_camera",
    ),
    (
        "camera",
        "3ds_max",
        {f"{RENDER}.common.renderable_camera.0": "Camera3"},
        "common.renderable_camera",
    ),
    ("simulation", "houdini", {f"{RENDER}.rop_node.0.option": "0"}, "rop_node[0].option"),
    ("simulation", "houdini", {f"{RENDER}.geo_node.0.option": "-1"}, "geo_node[0].option"),
    (
        "simulation",
        "houdini",
        {f"{RENDER}.distributedsim_node.0.option": "0"},
        "distributedsim_node[0].option",
    ),
    ("time_limits", "katana", {f"{INFO}.job_stop_time": "259200"}, "job_stop_time"),
    ("time_limits", "unreal", {f"{INFO}.task_stop_time": "0"}, "task_stop_time"),
    ("time_out", "unreal", {f"{INFO}.time_out": "12"}, "time_out"),
    ("unknown_key", "maya", {f"{INFO}.geo_node_dependency": "1"}, "geo_node_dependency"),
    ("hardware_ids", "unreal", {f"{INFO}.hardwareConfigIds": GONE}, "task_info"),
    ("scene_upload", "3ds_max", {"upload.scene.server": "/E/lobby/lobby.zip"}, "upload.json"),
    (
        "scene_upload",
        "arnold_standalone",
        {"upload.asset.1.server": "/K/dust/dust.0002.ass"},
        "upload.json",
    ),
    ("upload_conflict", "3ds_max", {"upload.asset.1": STONE}, "asset[1]"),
    ("upload_conflict", "katana", {"upload.scene.0.local": "R:/desert/old.katana"}, "scene[0]"),
    (
        "upload_case",
        "3ds_max",
        {"upload.asset.1": STONE | {"server": "/D/maps/Stone.jpg"}},
        "asset[1]",
    ),
    (
        "upload_twice",
        "vray_standalone",
        {
            "upload.asset.1": {
                "local": "K:\\glass\\glass.vrscene",
                "server": "K/glass/glass.vrscene",
            }
        },
        "asset[1]",
    ),
    ("upload_form", "3ds_max", {"upload.scene.hash": GONE}, "scene"),
    (
        "upload_form",
        "3ds_max",
        {"upload.scene": [{"local": "C:/temp/lobby.max.7z", "server": "/E/lobby/lobby.max.7z"}]},
        "scene",
    ),
    ("asset_list", "clarisse", {"asset.asset": GONE}, "asset.json"),
    ("tips", "blender", {"tips.35001": "/jobs/teapot/maps/gold.png"}, "tips.json: 35001"),
]


def parts(path):
    return [int(part) if part.isdigit() else part for part in path.split(".")]


def change(documents, path, value):
    first, *steps, last = parts(path)
    place = getattr(documents, first)
    for step in steps:
        place = place[step]
    if value is GONE:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(copy.deepcopy(value))
    else:
        # Codes of tips are digits, and keys nevertheless.
        place[last if isinstance(place, list) else str(last)] = copy.deepcopy(value)


@pytest.fixture
def changed(documents_of):
    def make(name, changes):
        documents = documents_of(name)
        for path, value in changes.items():
            change(documents, path, value)
        return documents

    return make


@pytest.mark.parametrize("name", programs())
def test_good_documents_break_no_rule(documents_of, name):
    expected = {"undocumented"} if name == "keyshot" else set()
    assert {finding.rule for finding in check(documents_of(name))} == expected


def test_a_program_that_nobody_documents_is_told_as_such(documents_of):
    (finding,) = check(documents_of("keyshot"))
    assert finding.severity is Severity.INFO
    assert finding.message.startswith("nobody documents KeyShot tasks")


@pytest.mark.parametrize(("rule", "name", "changes", "place"), CASES)
def test_one_change_breaks_one_rule_and_its_place_is_named(changed, rule, name, changes, place):
    (finding,) = check(changed(name, changes))
    assert finding.rule == rule
    assert finding.where.endswith(place)
    assert re.fullmatch(r"[^.].*[^.]", finding.message)
    assert finding.fix


def test_every_rule_is_named_once_and_is_broken_by_some_case():
    named = [rule.id for rule in RULES]
    elsewhere = {"undocumented", "tips_block", *(each for each in named if "hardware_" in each)}
    assert len(named) == len(set(named))
    assert set(named) - elsewhere == {case[0] for case in CASES} - {"hardware_ids"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_what_must_hold_and_what_to_do(rule):
    assert rule.sentence.endswith(".")
    assert not rule.fix.endswith(".")


FINE = [
    ("maya", TILED),
    ("blender", TILED | {f"{INFO}.tiles_type": "strip"}),
    ("vray_standalone", {f"{INFO}.distribute_render_node": "9"}),
    (
        "vray_standalone",
        {f"{INFO}.is_distribute_render": "0", f"{INFO}.distribute_render_node": "0"},
    ),
    (
        "arnold_standalone",
        {f"{INFO}.input_cg_file": "K:/dust/ass/dust.0002.ass", f"{RENDER}.common.frames": "2"},
    ),
    ("houdini", TILED | {f"{INFO}.tiles_type": "strip"}),
    ("houdini", {f"{RENDER}.geo_node.0.option": "1"}),
    ("houdini", {f"{RENDER}.rop_node.1.option": "0"}),
    ("houdini", {f"{RENDER}.rop_node": [], f"{RENDER}.geo_node": []}),
    (
        "clarisse",
        {f"{INFO}.pre_frames": "000: 10,12-14 [2]", f"{INFO}.test_frames": "000:10,12-14[2]"},
    ),
    ("3ds_max", {f"{RENDER}.common.animation_range": ""}),
    (
        "3ds_max",
        {f"{RENDER}.common.animation_range": "-10--1", f"{RENDER}.common.frames": "-10--5[5]"},
    ),
    ("3ds_max", {f"{RENDER}.common.renderable_camera": GONE}),
    ("nuke", {"task.scene_info_render": {}}),
    ("unreal", {f"{JOB}.custom_start_frame": "10", f"{JOB}.custom_end_frame": "20"}),
    ("blender", {"upload.asset.1.server": "/Jobs/teapot/teapot.blend"}),
    ("cinema4d", {f"{INFO}.hardwareConfigIds": []}),
]


@pytest.mark.parametrize(("name", "changes"), FINE)
def test_what_only_looks_odd_is_left_alone(changed, name, changes):
    assert check(changed(name, changes)) == ()


def test_nuke_nodes_may_stand_where_the_table_puts_them(documents_of):
    documents = documents_of("nuke")
    documents.task["scene_info_render"] = documents.task.pop("scene_info")
    assert check(documents) == ()
    documents.task["scene_info_render"]["write_nodes"][0]["frames"] = "2-1"
    (finding,) = check(documents)
    assert finding.where == "task.json: scene_info_render.write_nodes[0].frames"


def test_nuke_nodes_must_stand_somewhere(documents_of):
    documents = documents_of("nuke")
    del documents.task["scene_info"]["write_nodes"]
    (finding,) = check(documents)
    assert (finding.rule, finding.where) == ("schema", "task.json: scene_info")
    assert finding.message == "'write_nodes' is missing"


@pytest.mark.parametrize("slices", ["0", "17", "100", "", "4.0"])
def test_a_simulation_has_at_most_sixteen_slices(changed, slices):
    path = f"{RENDER}.distributedsim_node.0.num_slices"
    (finding,) = check(changed("houdini", {path: slices}))
    assert (finding.rule, finding.where[-10:]) == ("schema", "num_slices")


def test_missing_frames_of_a_sequence_are_named_as_ranges(documents_of):
    documents = documents_of("arnold_standalone")
    documents.task["scene_info_render"]["common"]["frames"] = "1-20[1]"
    (finding,) = check(documents)
    assert finding.message.endswith("is not among the files for frames 4-20[1]")


def test_thousands_of_lines_of_a_tip_become_one_finding(documents_of):
    documents = documents_of("maya")
    documents.tips["20001"] = ["x" * 1000] * 5000
    (finding,) = check(documents)
    assert len(finding.message) < 300
    assert finding.message.endswith(" and 4999 more")


def test_a_tip_that_blocks_is_an_error(documents_of):
    documents = documents_of("houdini")
    documents.tips.update({"50001": ["wave.bgeo is missing"], "50002": []})
    blocking, warning = check(documents, blocking_codes={"50001"})
    assert (blocking.rule, blocking.severity) == ("tips_block", Severity.ERROR)
    assert blocking.message == "the analysis reports 50001: wave.bgeo is missing"
    assert (warning.rule, warning.message) == ("tips", "the analysis reports 50002")


# -- machines ------------------------------------------------------------------------------------


def machine(**changes):
    row = {"id": 21, "type": 1, "model": "28C", "ram": "64GB", "platform": 62, "status": 1}
    return HardwareConfig.read(row | changes)


OTHER = machine(id=22)


def judged(documents, *machines):
    found = check(documents, machines=machines)
    return [(each.rule, each.where.rpartition(".")[2], each.message) for each in found]


def test_a_machine_of_the_list_is_accepted(documents_of):
    assert judged(documents_of("maya"), OTHER, machine()) == []


def test_without_the_list_nothing_is_said_of_machines(documents_of):
    assert check(documents_of("maya"), machines=None) == ()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (OTHER, "no machine has the id 21"),
        (machine(platform=21), "machine 21 (28C) is of platform 21, the task of 62"),
        (machine(status=0), "machine 21 (28C) cannot be had at the moment"),
    ],
)
def test_a_machine_that_cannot_be_had_is_found(documents_of, row, message):
    expected = [("hardware_offer", "hardwareConfigIds", message)]
    assert judged(documents_of("maya"), row) == expected


@pytest.mark.parametrize(
    "refusal",
    [
        {"notSupportCgId": [2000]},
        {"notSupportCgVersions": [{"cgId": 2000, "cgVersionName": "2024"}]},
        {"notSupportPluginList": ["^mtoa 5"]},
        {"notSupportCode": ["20001"]},
    ],
)
def test_a_machine_that_does_not_render_the_scene_is_found(documents_of, refusal):
    documents = documents_of("maya")
    documents.tips["20001"] = []
    (found, _) = judged(documents, machine(**refusal))
    assert found[:2] == ("hardware_scene", "hardwareConfigIds")
    assert found[2].startswith("machine 28C 64GB does not render")


def test_sizes_that_differ_from_the_machines_are_found(documents_of):
    assert judged(documents_of("maya"), machine(ram="128GB", gpuNum="4*GPU")) == [
        ("hardware_size", "ram", "it is 64, and machine 21 (28C) has 128"),
        ("hardware_size", "graphics_cards_num", "it is 2, and machine 21 (28C) has 4"),
    ]


def test_the_older_single_id_counts_where_the_list_is_empty(changed):
    older = {f"{INFO}.hardwareConfigIds": [], f"{INFO}.hardwareConfigId": "23"}
    assert judged(changed("maya", older), machine()) == [
        ("hardware_offer", "hardwareConfigIds", "no machine has the id 23")
    ]


def test_a_task_that_leaves_the_machine_open_needs_one_that_fits(changed):
    documents = changed("maya", {f"{INFO}.hardwareConfigIds": []})
    unfit = machine(notSupportCgId=[2000])
    assert judged(documents, unfit, OTHER) == []
    expected = "no machine renders it: machine 28C 64GB does not render program 2000"
    assert judged(documents, unfit) == [("hardware_none", "hardwareConfigIds", expected)]
    assert judged(documents, machine(platform=2), machine(status=0)) == [
        ("hardware_none", "hardwareConfigIds", "no machine renders it: none is there")
    ]
