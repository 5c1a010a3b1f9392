"""The schemas accept what the vendor's documents and tools hold, and name what is wrong."""

from __future__ import annotations

import copy
import json

import pytest
from jsonschema import Draft202012Validator

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.package import program, programs
from renderbus_core.package.reference import fields

SCHEMAS = [
    "task/base.json",
    *(row.schema for row in programs().values()),
    "upload.json",
    "asset.json",
    "tips.json",
]


def places(name, document):
    return [problem.where for problem in schema.problems(name, document)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_itself_valid(name):
    Draft202012Validator.check_schema(schema.load(name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_everything_in_a_schema_is_described(name):
    for field in fields(name):
        assert field.rule.get("description"), field.path


@pytest.mark.parametrize("name", programs())
def test_good_documents_of_every_program_are_accepted(documents_of, name):
    documents = documents_of(name)
    assert schema.problems(programs()[name].schema, documents.task) == ()
    assert schema.problems("upload.json", documents.upload) == ()
    assert schema.problems("asset.json", documents.asset) == ()
    assert schema.problems("tips.json", documents.tips) == ()


def test_defaults_are_those_of_the_vendors_current_template(shared):
    fields = json.loads((shared / "facts" / "task_json_fields.json").read_text(encoding="utf-8"))
    template = fields["task_info_defaults"]["rayvision_utils 1.2.2.4 (what analysers emit)"]
    rules = schema.load("task/base.json")["properties"]["task_info"]["properties"]
    assert {key: rule["default"] for key, rule in rules.items() if "default" in rule} == template


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("frames_per_task", 1),
        ("frames_per_task", "0"),
        ("frames_per_task", "1\n"),
        ("frames_per_task", "9" * 5000),
        ("pre_frames", "1000"),
        ("pre_frames", "000:"),
        ("os_name", "Linux"),
        ("os_name", 1),
        ("hardwareConfigIds", "5"),
        ("job_stop_time", "12h"),
        ("job_stop_time", "-1"),
        ("job_stop_time", "٣"),
        ("task_id", -1),
        ("task_id", 1.5),
        ("task_id", None),
        ("tiles_type", "stripe"),
        ("input_cg_file", ""),
        ("cg_id", "1999"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(built, key, value):
    task = copy.deepcopy(built().task)
    task["task_info"][key] = value
    assert set(places("task/maya.json", task)) == {f"task_info.{key}"}


@pytest.mark.parametrize("text", ["1", "1-10", "1-10[2]", "1,20-30[2],494", "-5--1[1]", "0"])
def test_every_form_of_frame_list_is_accepted(built, text):
    task = copy.deepcopy(built().task)
    task["scene_info_render"]["defaultRenderLayer"]["common"]["frames"] = text
    assert places("task/maya.json", task) == []


@pytest.mark.parametrize("text", ["", "1-", "a", "1;2", "1-10[0]", "1-10[1]\n", "1,", "1-10 [1]"])
def test_a_broken_frame_list_is_refused(built, text):
    task = copy.deepcopy(built().task)
    task["scene_info_render"]["defaultRenderLayer"]["common"]["frames"] = text
    expected = ["scene_info_render.defaultRenderLayer.common.frames"]
    assert places("task/maya.json", task) == expected


@pytest.mark.parametrize(
    "text", ["000", "100", "000:1,3-4[1]", "000:2,4,6-10[1]", "000: 1,3-4 [1]"]
)
def test_every_form_of_priority_frames_is_accepted(built, text):
    task = copy.deepcopy(built().task)
    task["task_info"]["pre_frames"] = text
    assert places("task/maya.json", task) == []


def test_ids_may_be_numbers_and_a_project_may_be_null(built):
    task = copy.deepcopy(built().task)
    task["task_info"] |= {"task_id": 439800, "user_id": 10000031, "project_name": None}
    assert places("task/maya.json", task) == []


def test_additional_info_is_the_customers_own(built):
    task = built().task | {"additional_info": {"anything": [1, None]}}
    assert places("task/maya.json", task) == []


def test_a_misspelt_section_is_refused_with_a_suggestion(built):
    task = built().task | {"scene_infos": {}}
    (problem,) = schema.problems("task/maya.json", task)
    assert "did you mean 'scene_info'" in problem.message


@pytest.mark.parametrize(
    "document",
    [
        {"asset": []},
        {"asset": [{"local": "D:/a", "server": "/D/a"}]},
        {"asset": [], "scene": [{"local": "D:/a", "server": "/D/a", "hash": "0" * 32}]},
        {
            "asset": [],
            "scene": {"hash": "F" * 32, "server": "/D/a.7z", "local": "D:/a.7z"},
            "vrmap": [],
            "vrlmap": [],
        },
        {"asset": [], "scene": {"local": "D:/a", "server": "/D/a"}},
        {"asset": [], "scene": [], "vrmap": [], "vrlmap": [{"anything": 1}]},
    ],
)
def test_every_form_of_upload_json_is_accepted(document):
    assert places("upload.json", document) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, ""),
        ([], ""),
        ({"asset": {}}, "asset"),
        ({"asset": [{"local": "D:/a"}]}, "asset[0]"),
        ({"asset": [{"local": "", "server": "/D/a"}]}, "asset[0].local"),
        ({"asset": [], "scene": [{"local": "a", "server": "b", "hash": "x"}]}, "scene[0].hash"),
        ({"asset": [], "scene": {"local": "a"}}, "scene"),
        ({"asset": [], "scene": "a"}, "scene"),
        ({"asset": [], "assets": []}, ""),
    ],
)
def test_a_wrong_upload_json_is_named_by_its_place(document, place):
    assert places("upload.json", document) == [place]


def test_tips_are_lines_by_number():
    assert places("tips.json", {}) == []
    assert places("tips.json", {"50001": ["a"], "35001": "b"}) == []
    assert places("tips.json", {"missing": []}) == [""]
    assert places("tips.json", {"50001": [1]}) == ["50001[0]"]


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"asset": ["D:/a.png  (mtime 2030-01-02)"]}, []),
        ({}, []),
        ({"": {"aseet": {}}}, []),
        ({"zip_data": {"a": [1]}}, []),
        ({"asset": {}}, ["asset"]),
        ({"asset": [""]}, ["asset[0]"]),
        ([], [""]),
    ],
)
def test_a_list_of_assets_is_judged_and_other_forms_are_let_through(document, wrong):
    assert places("asset.json", document) == wrong


def test_every_program_of_the_protocol_is_in_the_table(shared):
    fields = json.loads((shared / "facts" / "task_json_fields.json").read_text(encoding="utf-8"))
    ours = {name: (row.cg_id, row.cg_name, set(row.extensions)) for name, row in programs().items()}
    theirs = {
        name: (str(row["cg_id"]), row["cg_name"], set(row["extensions"]))
        for name, row in fields["dcc"].items()
    }
    assert ours == theirs


def test_a_program_that_can_be_sent_has_everything_it_needs():
    for row in programs().values():
        parts = [row.formats, row.cloud_output, row.reader]
        assert all(parts) or not any(parts)


def test_the_task_of_every_program_can_be_judged():
    assert {row.schema for row in programs().values()} <= set(schema.names())


def test_only_a_program_whose_scenes_are_read_can_be_built():
    assert program("blender").cg_name == "Blender"
    with pytest.raises(
        InputError, match="Houdini tasks cannot be built; supported are maya, blender"
    ):
        program("houdini")
    with pytest.raises(InputError, match=r"there is no program 'blendr'; did you mean 'blender'?"):
        program("blendr")
