"""Editing documents: what is given stays as it was, and nothing is lost, doubled or shared."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core import schema
from renderbus_core.errors import DocumentError, InputError
from renderbus_core.package import (
    Documents,
    append_to_task,
    append_to_upload,
    check,
    cut_upload,
    update_task_info,
)
from renderbus_core.package.findings import Severity
from renderbus_core.paths import Asset

NAMES = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def asset(name, folder="/show"):
    stored = f"{folder}/{name}"
    return Asset(stored, Path(stored), stored)


def upload(*names, **more):
    return {"asset": [{"local": f"/show/{n}", "server": f"/show/{n}"} for n in names]} | more


def documents(task=None, **parts):
    return Documents(**({"task": task or {}, "upload": upload(), "asset": {}, "tips": {}} | parts))


def mutables(value):
    """Yield the identity of every dictionary and list in a document."""
    if isinstance(value, dict | list):
        yield id(value)
        for item in value.values() if isinstance(value, dict) else value:
            yield from mutables(item)


def parts(edited):
    return [edited.task, edited.upload, edited.asset, edited.tips]


def errors(edited):
    return [each for each in check(edited) if each.severity is Severity.ERROR]


# -- settings of the task -----------------------------------------------------------------------


def test_settings_are_changed_and_the_rest_stays(documents_of):
    before = documents_of("maya")
    edited = update_task_info(before, {"frames_per_task": "2", "tiles": "1"})
    assert edited.task["task_info"] == before.task["task_info"] | {"frames_per_task": "2"}
    assert {key: edited.task[key] for key in edited.task if key != "task_info"} == {
        key: before.task[key] for key in before.task if key != "task_info"
    }
    assert errors(edited) == []


def test_whole_numbers_become_text_as_on_the_wire(documents_of):
    edited = update_task_info(documents_of("maya"), {"frames_per_task": 2, "job_stop_time": 600})
    assert edited.task["task_info"]["frames_per_task"] == "2"
    assert edited.task["task_info"]["job_stop_time"] == "600"
    assert errors(edited) == []


@pytest.mark.parametrize("key", ["pack_node_id", "edit_name", "hardwareConfigIds"])
def test_b13_b14_a_key_that_the_protocol_knows_can_be_added(documents_of, key):
    bare = documents_of("arnold_standalone")
    bare.task["task_info"].pop(key, None)
    value = ["20"] if key == "hardwareConfigIds" else "623"
    edited = update_task_info(bare, {key: value})
    assert edited.task["task_info"][key] == value
    assert errors(edited) == []


def test_a_key_that_only_the_document_knows_can_be_changed(documents_of):
    before = documents_of("maya")
    before.task["task_info"]["of_next_year"] = "1"
    assert update_task_info(before, {"of_next_year": "2"}).task["task_info"]["of_next_year"] == "2"


def test_all_unknown_keys_are_named_with_what_may_be_meant(documents_of):
    before = documents_of("maya")
    with pytest.raises(DocumentError, match="did you mean 'frames_per_task'") as caught:
        update_task_info(before, {"frame_per_task": "2", "xyzzy": "1", "tiles": "2", 5: ""})
    assert [problem.where for problem in caught.value.problems] == [
        "task_info.frame_per_task",
        "task_info.xyzzy",
        "task_info.5",
    ]
    assert before == documents_of("maya")


@pytest.mark.parametrize("task", [{}, {"task_info": None}, {"task_info": ["tiles"]}])
def test_a_task_without_settings_is_refused(task):
    with pytest.raises(DocumentError, match=r"task.json: task_info: it must be an object"):
        update_task_info(documents(task), {"tiles": "1"})


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), Path("/a"), b"1"])
def test_a_value_that_json_does_not_have_is_refused_with_its_place(documents_of, value):
    with pytest.raises(DocumentError, match=r"task_info.tiles: .* cannot be written as JSON"):
        update_task_info(documents_of("maya"), {"tiles": value})
    with pytest.raises(DocumentError, match=r"additional_info: .* cannot be written as JSON"):
        append_to_task(documents_of("maya"), {"who": value})


# -- additional information ---------------------------------------------------------------------


def test_additional_information_is_added_and_covered(documents_of):
    first = append_to_task(documents_of("maya"), {"shot": "sh020", "by": {"name": "ada"}})
    second = append_to_task(first, {"shot": "sh030"})
    assert first.task["additional_info"] == {"shot": "sh020", "by": {"name": "ada"}}
    assert second.task["additional_info"] == {"shot": "sh030", "by": {"name": "ada"}}
    assert errors(second) == []


def test_b15_what_is_new_is_added_also_when_nothing_may_be_covered(documents_of):
    first = append_to_task(documents_of("maya"), {"shot": "sh020"}, cover=False)
    second = append_to_task(first, {"take": "3"}, cover=False)
    assert second.task["additional_info"] == {"shot": "sh020", "take": "3"}


def test_what_may_not_be_covered_is_named_and_nothing_is_added(documents_of):
    before = append_to_task(documents_of("maya"), {"shot": "sh020", "take": "3"})
    kept = copy.deepcopy(before)
    with pytest.raises(DocumentError, match="it is there already") as caught:
        append_to_task(before, {"shot": "x", "take": "x", "new": "x"}, cover=False)
    assert [problem.where for problem in caught.value.problems] == [
        "additional_info.shot",
        "additional_info.take",
    ]
    assert before == kept


def test_additional_information_that_is_no_object_is_refused():
    with pytest.raises(DocumentError, match="additional_info: it must be an object"):
        append_to_task(documents({"additional_info": "sh020"}), {"take": "3"})


# -- files --------------------------------------------------------------------------------------


def test_files_are_added_in_order_and_once():
    before = documents(upload=upload("a.png"))
    edited = append_to_upload(before, [asset(n) for n in ["c.png", "a.png", "b.png", "c.png"]])
    assert edited.upload == upload("a.png", "c.png", "b.png")


def test_a_file_is_the_same_with_either_slash_and_without_the_first():
    listed = {"local": "X:\\show\\a.png", "server": "X/show/a.png"}
    file = Asset("X:/show/a.png", Path("X:/show/a.png"), "/X/show/a.png")
    assert append_to_upload(documents(upload={"asset": [listed]}), [file]).upload == {
        "asset": [listed]
    }


@pytest.mark.parametrize("form", [lambda scene: scene, lambda scene: [scene]])
def test_the_scene_may_be_listed_too_but_nothing_else_in_its_place(form):
    scene = {"local": "/show/shot.ma", "server": "/show/shot.ma", "hash": "0" * 32}
    before = documents(upload=upload(scene=form(scene)))
    edited = append_to_upload(before, [asset("shot.ma")])
    assert edited.upload == upload("shot.ma", scene=form(scene))
    other = Asset("/show/shot.ma", Path("/mnt/shot.ma"), "/show/shot.ma")
    with pytest.raises(InputError, match=r"/show/shot.ma and /mnt/shot.ma would both become"):
        append_to_upload(before, [other])


def test_two_files_never_become_one():
    one = Asset("/show/a.png", Path("/mnt/a.png"), "/show/a.png")
    with pytest.raises(InputError, match=r"/show/a.png and /mnt/a.png would both become"):
        append_to_upload(documents(upload=upload("a.png")), [asset("b.png"), one])


@pytest.mark.parametrize(
    "damaged",
    [{}, {"asset": None}, {"asset": [{"local": "/a"}]}, {"asset": ["/a"]}, upload(extra=1)],
)
def test_a_list_without_its_form_is_refused(damaged):
    with pytest.raises(DocumentError, match=r"upload.json: "):
        append_to_upload(documents(upload=damaged), [asset("a.png")])
    with pytest.raises(DocumentError, match=r"upload.json: "):
        cut_upload(damaged, 1)


# -- cutting ------------------------------------------------------------------------------------

SCENE = {"local": "/show/a.7z", "server": "/show/a.7z", "hash": "0" * 32}


@pytest.mark.parametrize(
    ("most", "sizes"), [(1, [1] * 10), (3, [3, 3, 3, 1]), (5, [5, 5]), (10, [10]), (800, [10])]
)
def test_b18_no_part_is_empty_or_too_long_and_no_file_is_lost(most, sizes):
    whole = upload(*(f"{n}.png" for n in range(10)))
    cut = cut_upload(whole, most)
    assert [len(part["asset"]) for part in cut] == sizes
    assert [row for part in cut for row in part["asset"]] == whole["asset"]


def test_b18_the_scene_and_the_maps_are_sent_once():
    rest = {"scene": SCENE, "vrmap": ["a.vrmap"], "vrlmap": ["b.vrlmap"]}
    first, second = cut_upload(upload("a.png", "b.png", **rest), 1)
    assert first == upload("a.png", **rest)
    assert second == upload("b.png")


def test_a_list_without_files_is_one_part():
    assert cut_upload(upload(scene=SCENE), 5) == (upload(scene=SCENE),)


@pytest.mark.parametrize("most", [0, -1, 2.5, "800", True, None])
def test_b18_parts_without_a_size_are_refused(most):
    with pytest.raises(InputError, match="cannot be cut into parts of"):
        cut_upload(upload("a.png"), most)


@given(names=st.lists(NAMES, unique=True, max_size=30), most=st.integers(1, 40))
def test_parts_are_together_what_was_cut(names, most):
    whole = upload(*names, scene=[SCENE], vrmap=[])
    cut = cut_upload(whole, most)
    assert [row for part in cut for row in part["asset"]] == whole["asset"]
    assert all(0 < len(part["asset"]) <= most for part in cut) or not names
    assert {key for part in cut for key in part} == whole.keys()
    for part in cut:
        schema.check("upload.json", part, title="part")


# -- all of them --------------------------------------------------------------------------------


@given(additions=st.dictionaries(st.text(), VALUES, max_size=4), names=st.lists(NAMES, max_size=5))
def test_b2_edits_change_nothing_that_they_are_given_and_share_nothing(
    documents_of, additions, names
):
    before = documents_of("maya")
    kept, added = copy.deepcopy(before), copy.deepcopy(additions)
    edited = [
        update_task_info(before, {"tiles": "1", "hardwareConfigIds": ["20"]}),
        append_to_task(before, additions),
        append_to_upload(before, map(asset, names)),
    ]
    assert before == kept
    assert additions == added
    assert edited[1].task.get("additional_info") == additions
    seen = [{one for part in parts(each) for one in mutables(part)} for each in (*edited, before)]
    seen.append(set(mutables(additions)))
    assert len(set().union(*seen)) == sum(map(len, seen))


def test_parts_share_nothing_with_the_whole():
    whole = upload("a.png", "b.png", scene=[SCENE], vrmap=[])
    cut = cut_upload(whole, 1)
    seen = [set(mutables(each)) for each in (*cut, whole)]
    assert len(set().union(*seen)) == sum(map(len, seen))
