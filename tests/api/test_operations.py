"""The operations table: complete, equal to the facts, and the only place of paths and fields."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from renderbus_core.api import AfterUnknown, Profile, operations, routes
from renderbus_core.api.operations import snake_case
from renderbus_core.errors import DocumentError, InputError
from renderbus_core.statuses import FrameCode

# Its three generations require different fields, so none of them is required here.
CHANGED_WITH_TIME = {"delete_task_label"}
SIGNED_THE_SAME_BY_ALL = {"integer", "string", "array", "object"}


@pytest.fixture(scope="module")
def facts(shared):
    rows = json.loads((shared / "facts/endpoints.json").read_text())["operations"]
    return {row["op"]: row for row in rows}


def test_the_table_holds_what_the_facts_list(facts):
    assert set(operations()) == set(facts)


def test_paths_and_fields_are_those_of_the_facts(facts):
    for name, operation in operations().items():
        row = facts[name]
        assert operation.paths[Profile.CURRENT] == row["paths"]["sdk_current"], name
        assert operation.paths.get(Profile.SEED003) == row["paths"]["v2_seed003"], name
        first = {path for era, path in row["paths"].items() if era.startswith("v1_")}
        assert operation.paths.get(Profile.V1) in first, name
        known = {field for field in row["request"] if field != "aliases"}
        assert set(operation.request["properties"]) <= known, name
        required = {f for f in known if row["request"][f].get("required")}
        assert required <= set(operation.request["required"]) or name in CHANGED_WITH_TIME, name


def test_what_may_be_repeated_is_what_the_facts_call_safe(facts):
    for name, operation in operations().items():
        safe = facts[name]["retry_after_unknown_outcome"].startswith("safe")
        assert (operation.after_unknown is AfterUnknown.REPEAT) == safe, name


def rules_of(rule):
    """Yield a rule of the table and every rule within it."""
    yield rule
    for inner in [*rule.get("properties", {}).values(), *filter(None, [rule.get("items")])]:
        yield from rules_of(inner)


@pytest.mark.parametrize("operation", operations().values(), ids=lambda operation: operation.name)
def test_no_request_can_hold_what_is_signed_in_more_than_one_way(operation):
    """Booleans, null and floats: how the service writes them in the signed text is not known."""
    for rule in rules_of(operation.request):
        kinds = rule.get("type", [])
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        kinds |= {{int: "integer", str: "string"}.get(type(v), "?") for v in rule.get("enum", [])}
        assert kinds, rule
        assert kinds <= SIGNED_THE_SAME_BY_ALL, rule
        assert rule.get("type") != "array" or "items" in rule, rule
        assert rule.get("type") != "object" or rule["additionalProperties"] is False, rule


@pytest.mark.parametrize("value", [1.0, True, None, float("nan")])
def test_a_number_that_is_no_integer_is_refused_even_where_json_schema_would_take_it(value):
    for name, arguments in {
        "query_task_info": {"task_ids": [value]},
        "stop_task_frames": {"task_id": 1, "select_all": 0, "ids": [value]},
    }.items():
        with pytest.raises(DocumentError, match="must be of type integer"):
            operations()[name].body(arguments, Profile.CURRENT)
    if value is not None:  # which leaves an argument out
        with pytest.raises(DocumentError, match="is not one of 0, 1"):
            operations()["add_label"].body({"new_name": "a", "status": value}, Profile.CURRENT)


def test_a_member_of_an_enumeration_is_sent_as_its_number():
    body = operations()["restart_failed_frames"].body(
        {"task_ids": [1], "status": [FrameCode.ERROR]}, Profile.CURRENT
    )
    assert json.dumps(body) == '{"taskIds": [1], "status": [5]}'


def test_every_request_schema_is_a_valid_closed_schema():
    for operation in operations().values():
        Draft202012Validator.check_schema(dict(operation.request))
        assert operation.request["additionalProperties"] is False


def test_every_path_leads_to_one_operation():
    paths = [path for operation in operations().values() for path in set(operation.paths.values())]
    assert len(paths) == len(set(paths)) == len(routes())


def test_no_path_of_the_service_stands_in_code(root):
    for file in sorted((root / "renderbus_core").rglob("*.py")):
        assert not re.search(r"[\"']/api/", file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize(
    ("wire", "python"),
    [("taskUserLevel", "task_user_level"), ("ids", "ids"), ("cgId", "cg_id"), ("id", "id")],
)
def test_wire_names_become_python_names(wire, python):
    assert snake_case(wire) == python


def test_a_wrong_argument_is_named_before_anything_is_sent():
    with pytest.raises(DocumentError, match=r"request create_task: taskUserLevel: 70 is not one"):
        operations()["create_task"].body({"task_user_level": 70}, Profile.CURRENT)
    with pytest.raises(DocumentError, match="'taskId' is missing"):
        operations()["submit_task"].body({}, Profile.CURRENT)
    with pytest.raises(InputError, match="submit_task takes no argument task"):
        operations()["submit_task"].body({"task_id": 1, "task": 1}, Profile.CURRENT)


def test_required_fields_take_the_default_of_the_table():
    assert operations()["query_task_frames"].body({"task_id": 5}, Profile.CURRENT) == {
        "taskId": 5,
        "pageNum": 1,
        "pageSize": 100,
    }


def test_an_operation_that_a_profile_lacks_is_a_clear_error():
    with pytest.raises(InputError, match="get_output_files does not exist in protocol profile v1"):
        operations()["get_output_files"].path(Profile.V1)
