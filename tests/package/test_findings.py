"""The same mistake is told once, with where else it is; and every place has its line."""

from __future__ import annotations

import json
from dataclasses import replace

from renderbus_core.package import Finding, Group, Place, Severity, check, grouped, worst_first
from renderbus_core.package.findings import MOST_PLACES, located
from renderbus_core.package.json_places import Position
from renderbus_core.package.json_text import JsonText

MISSING = Finding("missing_file", Severity.ERROR, "file1", "'a.png' is missing", "put it back")


def in_upload(number, message="it is wrong", **changes):
    place = Place("upload.json", ("asset", number, "local"))
    finding = Finding("r", Severity.ERROR, str(place), message, "mend it", place)
    return replace(finding, **changes)


def test_a_place_is_printed_as_people_write_it():
    assert str(Place("upload.json", ("asset", 3, "local"))) == "upload.json: asset[3].local"
    assert str(Place("task.json")) == "task.json"


def test_the_same_sentence_about_many_nodes_is_one_group():
    (group,) = grouped(replace(MISSING, where=f"file{n}") for n in range(300))
    assert group.count == 300
    assert [each.where for each in group.findings] == [f"file{n}" for n in range(MOST_PLACES)]


def test_a_sentence_that_names_its_place_is_the_same_sentence():
    (group,) = grouped(
        replace(MISSING, where=where, message=f"'a.png' ({where}) is empty")
        for where in ("file1", "file2")
    )
    assert group.count == 2


def test_different_files_are_told_one_by_one():
    other = replace(MISSING, message="'b.png' is missing")
    assert grouped([MISSING, other]) == (Group((MISSING,), 1), Group((other,), 1))


def test_thousands_of_wrong_entries_of_a_list_are_one_group_whatever_their_values():
    (group,) = grouped(in_upload(n, f"{n} is wrong") for n in range(2000))
    assert group.count == 2000
    assert group.first.message == "0 is wrong"


def test_a_few_entries_with_values_of_their_own_are_told_one_by_one():
    few = [in_upload(n, f"{n} is wrong") for n in range(3)]
    assert grouped(few) == tuple(Group((each,), 1) for each in few)


def test_what_is_wrong_in_different_ways_stays_apart():
    found = [in_upload(n, kind=n % 2 or None) for n in range(10)]
    assert [group.count for group in grouped(found)] == [5, 5]


def test_errors_and_warnings_stay_apart():
    warning = replace(MISSING, severity=Severity.WARNING)
    assert len(grouped([warning, MISSING])) == 2
    assert worst_first([warning, MISSING]) == (MISSING, warning)


def test_findings_get_the_line_and_column_of_their_values():
    document = {"asset": [{"local": "a"}, {"local": "b"}]}
    text = JsonText("shots/7/upload.json", json.dumps(document, indent=1).encode(), document)
    elsewhere = Group((MISSING,), 1)
    group, same = located([Group((in_upload(1),), 1), elsewhere], {"upload.json": text})
    assert same == elsewhere
    path = ("asset", 1, "local")
    assert group.first.place == Place("shots/7/upload.json", path, Position(7, 13))
    assert group.first.where == "upload.json: asset[1].local"


def test_a_problem_of_a_schema_tells_what_is_there_and_what_should_be(documents_of):
    documents = documents_of("maya")
    documents.task["task_info"]["os_name"] = "linux"
    (finding,) = check(documents)
    assert finding.place == Place("task.json", ("task_info", "os_name"))
    assert (finding.found, finding.expected) == ('"linux"', 'one of "0", "1"')
    assert finding.fix == "choose one of them"


def test_an_unknown_key_is_a_place_of_its_own(documents_of):
    documents = documents_of("maya")
    documents.upload["asset"][0]["lokal"] = "x"
    (finding,) = check(documents)
    assert finding.place == Place("upload.json", ("asset", 0, "lokal"))
    assert (finding.where, finding.fix) == ("upload.json: asset[0]", "did you mean 'local'?")


def test_a_rule_tells_what_is_there_and_what_should_hold(documents_of):
    documents = documents_of("maya")
    documents.task["task_info"]["time_out"] = "12"
    (finding,) = check(documents)
    assert finding.place == Place("task.json", ("task_info", "time_out"))
    assert finding.found == '"12"'
    assert finding.expected == "The reminder is in seconds, not in hours."


def test_layers_with_dots_in_their_names_have_a_path_that_leads_to_them(documents_of):
    documents = documents_of("maya")
    (layer,) = list(documents.task["scene_info_render"].values())[:1]
    odd = json.loads(json.dumps(layer))
    odd["renderable"], odd["common"]["frames"] = "1", "5-1[1]"
    documents.task["scene_info_render"]["a.b"] = odd
    (finding,) = [each for each in check(documents) if each.rule == "frames"]
    assert finding.place.path == ("scene_info_render", "a.b", "common", "frames")
    assert finding.found == '"5-1[1]"'
