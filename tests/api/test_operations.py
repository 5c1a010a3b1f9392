"""The operations table: complete, equal to the facts, and the only place of paths and fields."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from renderbus_core.api import AfterUnknown, Profile, operations, routes
from renderbus_core.api.operations import snake_case
from renderbus_core.errors import DocumentError, InputError

# Names of the facts that differ from ours.
THEIRS = {"get_project_list": "get_project_list_by_flag"}


@pytest.fixture(scope="module")
def facts(shared):
    rows = json.loads((shared / "facts/endpoints.json").read_text())["operations"]
    return {row["op"]: row for row in rows}


def test_paths_and_fields_are_those_of_the_facts(facts):
    for name, operation in operations().items():
        row = facts[THEIRS.get(name, name)]
        assert operation.paths[Profile.CURRENT] == row["paths"]["sdk_current"], name
        assert operation.paths.get(Profile.SEED003) == row["paths"]["v2_seed003"], name
        known = {field for field in row["request"] if field != "aliases"}
        assert set(operation.request["properties"]) <= known, name
        required = {f for f in known if row["request"][f].get("required")}
        assert required <= set(operation.request["required"]), name


def test_what_may_be_repeated_is_what_the_facts_call_safe(facts):
    for name, operation in operations().items():
        verdict = facts[THEIRS.get(name, name)]["retry_after_unknown_outcome"]
        safe = verdict.startswith("safe")
        assert (operation.after_unknown is AfterUnknown.REPEAT) == safe, name


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
        operations()["create_task"].body({"task_user_level": 70})
    with pytest.raises(DocumentError, match="'taskId' is missing"):
        operations()["submit_task"].body({})
    with pytest.raises(InputError, match="submit_task takes no argument task"):
        operations()["submit_task"].body({"task_id": 1, "task": 1})


def test_required_fields_take_the_default_of_the_table():
    assert operations()["query_task_frames"].body({"task_id": 5}) == {
        "taskId": 5,
        "pageNum": 1,
        "pageSize": 100,
    }


def test_an_operation_that_a_profile_lacks_is_a_clear_error():
    with pytest.raises(InputError, match="get_output_files does not exist in protocol profile v1"):
        operations()["get_output_files"].path(Profile.V1)
