"""The schemas against the vendor's sources: every field that is known, every sample there is."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.package import Documents, check, programs
from renderbus_core.package.json_text import parse
from renderbus_core.package.reference import fields

# Fields that the tables ask for and the vendor's own samples or tools leave out.
LEFT_OUT = {
    "task_info.enable_layered": "the oldest samples and Unreal's have the older name alone",
    "task_info.graphics_cards_num": "missing in samples of five programs",
    "task_info.ram": "the default is as good as any until a machine is chosen",
    "task_info.render_layer_type": "means nothing outside Maya",
    "task_info.hardwareConfigIds": "in no table; the rule hardware_ids asks for it",
    "asset": "several programs have no list; the rule asset_list asks for it",
}
LEFT_OUT_BY_ONE = {
    ("nuke", "task_info.task_id"): "its sample has none",
    ("nuke", "task_info.task_stop_time"): "its sample has none",
    ("nuke", "scene_info.write_nodes"): "may stand in scene_info_render",
    ("3ds_max", "scene"): "the schema of upload.json serves all; the rule upload_form asks for it",
    ("3ds_max", "scene.hash"): "as above",
}
NOT_JUDGED = {
    "task_info.ram": "the rows of the hardware list decide",
    "task_info.graphics_cards_num": "the rows of the hardware list decide",
    "task_info.os_name": "the rule operating_system judges it by program",
}
# By pattern of the sources: what it lets through and what not.
EXAMPLES = {
    r"^20\d{2}$": (["2000", "2020"], ["", "1999", "20000"]),
    r"^\d+$": (["1", "12", "999999"], ["-1", "1.5", "a", "1\n"]),
    r"^[1-9]\d*$": (["1", "12"], ["", "0", "-1", "a"]),
    r"^[01]{3}": (
        ["000", "111", "000:1,3-4[1]", "000: 1,3-4 [1]"],
        ["", "00", "0000", "000:", "2"],
    ),
    r"^-?\d+(-": (["5", "1-10", "1-10[2]", "1,20-30[2],494"], ["", "1-", "a", "1,", "1-10[]"]),
}
TYPES = {
    "string": {"string"},
    "integer": {"integer"},
    "boolean": {"boolean"},
    "object": {"object"},
    "array": {"array"},
    "array<string>": {"array"},
    "array<object>": {"array"},
    "object<string,string>": {"object"},
    "object<string,array>": {"object"},
    "string|object": {"string", "object"},
    "string|array<string>": {"string", "array"},
    "string (EN table: int)": {"string"},
}


@pytest.fixture(scope="module")
def sources(shared):
    return json.loads((shared / "facts" / "task_json_fields.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(shared):
    return next((shared / "seeds").glob("000_*.txt")).read_text(encoding="utf-8")


def described(program, part):
    """Return what our schema says of each path, named as the sources name it."""
    name = f"{part}.json" if part in {"upload", "asset"} else program.schema
    return {field.path.replace("<name>", "<>"): field for field in fields(name)}


def pairs(sources, name):
    """Yield each row of the sources with our field."""
    for part in ("software_config", "task_info", "scene", "upload", "asset"):
        known = described(programs()[name], part)
        for row in sources["dcc"][name][part]:
            path = re.sub("<[^>]*>", "<>", row["path"])
            if path.startswith("scene."):
                # One object for some programs; one rule serves both forms.
                path = path.replace("scene.", "scene[].")
            # A star stands for members that nobody names.
            if path != "*":
                yield row, known[path]


def allowed_types(rule):
    if "type" in rule:
        return {rule["type"]} if isinstance(rule["type"], str) else set(rule["type"])
    values = rule["enum"] if "enum" in rule else [rule["const"]] if "const" in rule else [{}]
    return {{str: "string", dict: "object"}[type(value)] for value in values}


@pytest.mark.parametrize("name", programs())
def test_every_field_of_the_sources_has_its_type(sources, name):
    for row, field in pairs(sources, name):
        assert TYPES[row["type"]] <= allowed_types(field.rule), row["path"]


@pytest.mark.parametrize("name", programs())
def test_every_field_of_the_sources_says_what_it_means(sources, name):
    assert [row["path"] for row, field in pairs(sources, name) if not description(field)] == []


def description(field):
    """Return what the reference page prints."""
    return field.rule.get("description", "")


@pytest.mark.parametrize("name", programs())
def test_a_default_is_one_of_those_that_the_sources_name(sources, name):
    for row, field in pairs(sources, name):
        theirs = set(map(str, row.get("default", {}).values()))
        # Of the platform they say in words that a program passes it on.
        if theirs and "default" in field.rule and row["path"] != "task_info.platform":
            assert str(field.rule["default"]) in theirs, row["path"]


@pytest.mark.parametrize("name", programs())
def test_what_the_sources_ask_for_must_be_there_unless_their_samples_leave_it_out(sources, name):
    for row, field in pairs(sources, name):
        path = row["path"]
        excepted = path in LEFT_OUT or (name, path) in LEFT_OUT_BY_ONE
        # Of names that vary, one is asked for: by the rule layers.
        if row["required"] is True and not excepted and not path.endswith(">"):
            assert field.required, path


@pytest.mark.parametrize("name", programs())
def test_nothing_is_asked_for_that_the_sources_leave_open(sources, name):
    for row, field in pairs(sources, name):
        if row["required"] is False:
            assert not field.required, row["path"]


@pytest.mark.parametrize("name", programs())
def test_closed_sets_and_single_values_are_those_of_the_sources(sources, name):
    for row, field in pairs(sources, name):
        rule = field.rule
        if "const" in row:
            assert rule["const"] == row["const"], row["path"]
        elif "allowed" in row and row["path"] not in NOT_JUDGED:
            assert set(rule["enum"]) == set(row["allowed"]), row["path"]


@pytest.mark.parametrize("name", programs())
def test_patterns_let_through_what_those_of_the_sources_do(sources, name):
    for row, field in pairs(sources, name):
        if "pattern" in row and "const" not in row:
            judge = Draft202012Validator(field.rule)
            good, bad = next(EXAMPLES[key] for key in EXAMPLES if row["pattern"].startswith(key))
            top = int(row.get("maximum", 10**9))
            assert [x for x in good if not judge.is_valid(x) and int(x) <= top] == [], row["path"]
            assert [text for text in bad if judge.is_valid(text)] == [], row["path"]
            assert "maximum" not in row or not judge.is_valid(str(top + 1))


@pytest.mark.parametrize("name", programs())
def test_defaults_and_examples_of_the_sources_are_accepted(sources, name):
    for row, field in pairs(sources, name):
        rule = field.rule
        judge = Draft202012Validator(rule)
        if "example" in row and row["example"] != "mentalRay, arnold":
            assert judge.is_valid(row["example"]), row["path"]
        default = row.get("default", {}).get("docs", " ")
        if not default.startswith(" ") and "sdk" not in row["default"]:
            assert default == rule["default"], row["path"]


@pytest.mark.parametrize("name", programs())
def test_task_info_has_no_key_that_no_source_knows(sources, name):
    theirs = {
        row["path"].removeprefix("task_info.")
        for dcc in (name, "maya")
        for row in sources["dcc"][dcc]["task_info"]
    }
    known = {
        path.removeprefix("task_info.")
        for path in described(programs()[name], "task_info")
        if path.startswith("task_info.")
    }
    assert known == theirs


TEXT = re.MULTILINE | re.DOTALL

# -- samples -------------------------------------------------------------------------------------


def samples(text):
    """Yield every JSON object in a page of text that begins at a line of its own."""
    decoder = json.JSONDecoder()
    for start in re.finditer(r"^\{$", text, re.MULTILINE):
        try:
            yield decoder.raw_decode(text, start.start())[0]
        except ValueError:
            continue


@pytest.mark.parametrize("name", ["maya", "clarisse"])
def test_the_vendors_tasks_are_accepted_and_their_oddities_told(page, name):
    row = programs()[name]
    found = [each for each in samples(page) if each.get("task_info", {}).get("cg_id") == row.cg_id]
    assert found
    for task in found:
        assert schema.problems(row.schema, task) == ()
        scene = task["task_info"]["input_cg_file"]
        upload = {"asset": [{"local": scene, "server": f"/{scene.replace(':', '')}"}]}
        told = {f.rule for f in check(Documents(task, upload, {"asset": []}, {}))}
        hours = {"time_out"} if name == "maya" else {"time_limits"}
        assert told == {"hardware_ids"} | hours


def test_the_vendors_uploads_are_accepted(page):
    found = [each for each in samples(page) if set(each) in ({"asset"}, {"asset", "scene"})]
    assert len(found) == 3
    for upload in found:
        assert schema.problems("upload.json", upload) == ()


def test_the_vendors_broken_task_is_refused_with_its_place_and_its_remedy(page):
    (broken,) = re.findall(r'^\{\n"scene_info_render": \{\n"rop_node".*?(?=^task)', page, TEXT)
    with pytest.raises(InputError) as caught:
        parse("task.json", broken.encode())
    assert str(caught.value) == (
        "task.json, line 11, column 1: not valid JSON: a comma stands before the end; take it away"
    )
    mended = broken.replace('"1280",', '"1280"')
    with pytest.raises(InputError, match=r"task.json, line 26, column 1: not valid JSON"):
        parse("task.json", mended.encode())
    whole = mended.replace('"particle"\n},\n},', '"particle"\n}\n]\n},')
    task = parse("task.json", whole.encode()).document
    assert schema.problems("task/houdini.json", task) == ()


def test_the_vendors_broken_tips_are_refused_and_accepted_once_mended(page):
    broken = re.findall(r'^\{\n"50001".*?^\}$', page, TEXT)
    assert len(broken) == 2
    for tips in broken:
        with pytest.raises(InputError, match=r"line 4, column 1: .* a comma stands before the end"):
            parse("tips.json", tips.encode())
        mended = parse("tips.json", tips.replace('",\n]', '"\n]').encode()).document
        assert schema.problems("tips.json", mended) == ()
