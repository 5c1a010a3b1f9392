"""What each status code of the cloud means, and that no code can surprise us."""

from __future__ import annotations

import json

import pytest

from renderbus_core import schema
from renderbus_core.statuses import (
    NO_CODE,
    FrameCode,
    FrameType,
    Status,
    TaskCode,
    frame_status,
    frame_type,
    task_status,
)

TABLES = schema.load("statuses.json")


@pytest.fixture(scope="module")
def facts(shared):
    return json.loads((shared / "facts" / "endpoints.json").read_text(encoding="utf-8"))


def codes_where(flag, table):
    return {row["code"] for row in TABLES[table] if row[flag]}


@pytest.mark.parametrize("table", ["task_statuses", "frame_statuses", "frame_types"])
def test_the_table_lists_the_codes_of_the_sources(facts, table):
    assert [row["code"] for row in TABLES[table]] == [row["code"] for row in facts[table]]


@pytest.mark.parametrize("table", ["task_statuses", "frame_statuses"])
def test_names_are_the_vendors_where_it_has_any(facts, table):
    ours = {row["code"]: row["name"] for row in TABLES[table]}
    named = {row["code"]: row["name"] for row in facts[table] if row["name"].isidentifier()}
    assert named.items() <= ours.items()


def test_polling_stops_where_the_sources_say_so(facts):
    stops = {r["code"] for r in facts["task_statuses"] if r["stops_polling_judgement"] == "yes"}
    assert codes_where("is_terminal", "task_statuses") == stops
    ends = {r["code"] for r in facts["frame_statuses"] if r["terminal_judgement"] == "yes"}
    assert codes_where("is_terminal", "frame_statuses") == ends


@pytest.mark.parametrize(
    ("codes", "table", "lookup"),
    [(TaskCode, "task_statuses", task_status), (FrameCode, "frame_statuses", frame_status)],
)
def test_the_constants_are_the_table(codes, table, lookup):
    assert {code.name: code.value for code in codes} == {
        row["name"]: row["code"] for row in TABLES[table]
    }
    assert [lookup(code).name for code in codes] == [code.name for code in codes]


def test_only_whole_success_is_success():
    assert codes_where("is_success", "task_statuses") == {TaskCode.FINISHED}
    assert codes_where("is_success", "frame_statuses") == {FrameCode.DONE}


def test_a_person_is_needed_where_only_a_decision_goes_on():
    assert codes_where("needs_person", "task_statuses") == {
        TaskCode.STOP,
        TaskCode.USER_STOP,
        TaskCode.ARREARAGE_STOP,
        TaskCode.TIME_OUT_STOP,
        TaskCode.FINISHED_TEST,
    }
    assert codes_where("needs_person", "frame_statuses") == set()


def test_a_finished_test_is_not_over():
    status = task_status(TaskCode.FINISHED_TEST)
    assert not status.is_terminal
    assert status.needs_person


def test_a_status_says_what_it_means():
    assert task_status(25) == Status(
        code=25,
        name="FINISHED",
        meaning="every frame is rendered",
        is_terminal=True,
        is_success=True,
        needs_person=False,
    )
    assert frame_type(5) == FrameType(5, "PICTURE", "a picture")


@pytest.mark.parametrize("lookup", [task_status, frame_status, frame_type])
def test_digits_are_as_good_as_a_number(lookup):
    assert lookup("5") == lookup(5)
    assert lookup("5").name != "UNKNOWN"


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (7777, 7777),
        ("7777", 7777),
        (-3, -3),
        (10**30, 10**30),
        (None, NO_CODE),
        ("", NO_CODE),
        ("Rendering", NO_CODE),
        ("9" * 5000, NO_CODE),
        ("\N{ARABIC-INDIC DIGIT FIVE}", NO_CODE),
        ("5\n", NO_CODE),
        (5.0, NO_CODE),
        (True, NO_CODE),
        ([5], NO_CODE),
        ({}, NO_CODE),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_an_unlisted_code_is_unknown_never_over_and_needs_a_person(code, number):
    unknown = Status(
        code=number,
        name="UNKNOWN",
        meaning="not listed by any source",
        is_terminal=False,
        is_success=False,
        needs_person=True,
    )
    assert task_status(code) == unknown
    assert frame_status(code) == unknown
    assert frame_type(code) == FrameType(number, "UNKNOWN", "not listed by any source")
