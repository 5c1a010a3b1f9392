"""What a person may want otherwise in task.json, and what must agree with the rest."""

from __future__ import annotations

import pytest

from renderbus_core.errors import DocumentError
from renderbus_core.package import Severity, check


def info(package):
    return package.task["task_info"]


def test_a_setting_is_overridden_by_its_path_or_in_its_section(built):
    for overrides in (
        {"task_info.frames_per_task": 2},
        {"task_info": {"frames_per_task": "2"}},
    ):
        assert info(built(overrides=overrides))["frames_per_task"] == "2"


def test_what_was_agreed_with_the_vendor_goes_into_its_own_section(built):
    overrides = {"additional_info.node": 7, "additional_info": {"why": ["a.b"]}}
    assert built(overrides=overrides).task["additional_info"] == {"node": 7, "why": ["a.b"]}
    assert "additional_info" not in built().task


def test_a_dot_after_the_section_belongs_to_the_key(built):
    package = built(overrides={"additional_info.a.b": 1})
    assert package.task["additional_info"] == {"a.b": 1}


def test_what_was_asked_for_is_not_changed(built):
    value = {"list": [1]}
    package = built(overrides={"additional_info": value})
    package.task["additional_info"]["list"].append(2)
    assert value == {"list": [1]}


def test_a_value_that_the_protocol_does_not_know_is_found_by_the_check(built):
    package = built(overrides={"task_info.frames_per_task": "none"})
    errors = [each for each in check(package) if each.severity is Severity.ERROR]
    assert [str(each.place) for each in errors] == ["task.json: task_info.frames_per_task"]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"task_info.frames_per_tsk": 1}, "did you mean 'frames_per_task'?"),
        ({"task_info.frames": "1-3"}, "task_info.frames"),
        ({"frames_per_task": 1}, r"did you mean task_info.frames_per_task\?"),
        ({"taskinfo.frames_per_task": 1}, r"did you mean task_info.frames_per_task\?"),
        ({"scene_info_render.a": 1}, "the rest comes from the scene"),
        ({"task_info": 1}, "it must be an object"),
        ({"": 1}, "only task_info and additional_info"),
        ({"additional_info.a": {1, 2}}, "cannot be written as JSON"),
        ({"task_info.task_id": 5}, "the cloud gives it"),
        ({"task_info.user_id": 5}, "it is the account's"),
        ({"task_info.cg_id": "2001"}, "it follows from the scene"),
        ({"task_info.input_cg_file": "/etc/passwd"}, "the job names the scene"),
        ({"task_info.enable_layered": 1}, "it follows from the layers"),
        ({"task_info.tiles": 4}, "ask for the tiles of the burst"),
        ({"task_info.job_stop_time": 0}, "set burst.vendor_time_limits"),
        ({"task_info": {"task_stop_time": 0}}, "set burst.vendor_time_limits"),
        ({"task_info.os_name": "1"}, "the scene has paths of Linux, so it must be 0"),
    ],
)
def test_an_override_without_a_place_or_a_right_is_refused(built, overrides, words):
    with pytest.raises(DocumentError, match=words):
        built(overrides=overrides)


def test_everything_that_is_wrong_is_said_at_once(built):
    with pytest.raises(DocumentError) as refused:
        built(overrides={"task_info": {"task_id": 1, "user_id": 2}})
    assert len(refused.value.problems) == 2


def test_a_very_long_key_is_not_repeated_in_full(built):
    with pytest.raises(DocumentError) as refused:
        built(overrides={"x" * 100_000: 1})
    assert len(str(refused.value)) < 1000


def test_limits_are_a_persons_own_where_the_vendors_would_stand(built):
    overrides = {"task_info.job_stop_time": 600}
    package = built(vendor_time_limits=True, overrides=overrides)
    assert info(package)["job_stop_time"] == "600"


def test_the_system_that_the_paths_belong_to_may_be_said(built):
    package = built(job_scene="X:\\show\\shot.ma", overrides={"task_info.os_name": 1})
    assert info(package)["os_name"] == "1"
