"""Jobs that come over the link in Deadline's words."""

from __future__ import annotations

import pytest

from deadline_plugin.translating import Translator
from renderbus_core import schema
from renderbus_core.errors import InputError

JOB = {
    "id": "5f0000000000000000000001",
    "submitted_at": "2026-11-20T09:00:00+00:00",
    "job_info": {
        "Plugin": "MayaBatch",
        "Name": "shot",
        "Frames": "1-10",
        "UserName": "ada",
        "Priority": "70",
        "Pool": "maya",
        "OutputDirectory0": "/show/renders",
        "OutputFilename0": "shot.####.exr",
    },
    "plugin_info": {"SceneFile": "/show/shot.ma", "Version": "2024"},
    "auxiliary": [],
}


def row(**info):
    return {"job": {**JOB, "job_info": JOB["job_info"] | info}, "counts": {"queued": 3}}


def test_a_row_becomes_one_of_the_link():
    translated = Translator().row(row())
    wrong = schema.problems("link_calls.json", {"snapshot": {"result": queue(translated)}})
    assert wrong == ()
    job = translated["job"]
    assert (job["dcc"], job["scene"], job["frames"]) == ("maya", "/show/shot.ma", "1-10")
    assert (job["pools"], job["priority"], job["refusal"]) == (["maya"], 70, "")
    assert translated["counts"] == {"queued": 3}


def queue(*rows):
    head = {"taken_at": JOB["submitted_at"], "workers": 1, "idle_workers": 0, "tasks": []}
    return {**head, "jobs": list(rows)}


def test_what_speaks_against_a_job_is_told_beside_what_the_agent_tells():
    translated = Translator().row(row(PreTaskScript="/x.py") | {"traits": ["worker_list"]})
    assert translated["traits"] == ["worker_list", "task_scripts"]


def test_a_job_that_cannot_be_sent_is_shown_with_every_reason():
    translated = Translator().row(row(Plugin="Mantra"))
    assert not schema.problems("link_calls.json", {"snapshot": {"result": queue(translated)}})
    assert "Renderbus renders no Mantra archives" in translated["job"]["refusal"]
    odd = Translator().job(row(Fancy="1", Frames="x")["job"])
    assert "Fancy=1: nobody knows what it means for the cloud" in odd["refusal"]
    assert "x" in odd["refusal"]
    assert odd["name"] == "shot"


def test_a_job_whose_scene_is_not_read_is_shown_whole_with_that_reason():
    job = Translator().row(row(Plugin="Nuke"))["job"]
    assert (job["dcc"], job["scene"], job["frames"]) == ("nuke", "/show/shot.ma", "1-10")
    assert job["refusal"].startswith("the bridge does not read Nuke scenes yet")


def test_very_many_reasons_are_counted():
    odd = {f"Studio{chr(97 + number)}": "1" for number in range(26)}
    refusal = Translator().row(row(**odd))["job"]["refusal"]
    assert refusal.count("nobody knows") == 10
    assert refusal.endswith("; and 16 more reasons")


@pytest.mark.parametrize("broken", [None, 7, {}, {**JOB, "job_info": {"Frames": 7}}])
def test_what_is_no_job_is_told_as_such(broken):
    with pytest.raises(InputError):
        Translator().job(broken)
    with pytest.raises(InputError):
        Translator().row({"job": broken, "counts": {}})


def test_a_job_that_changed_is_looked_at_again():
    translator = Translator()
    first = translator.row(row())["job"]
    assert translator.row(row())["job"] == first
    changed = translator.row(row(Priority="90"))["job"]
    assert (first["priority"], changed["priority"]) == (70, 90)
    assert translator.job({**JOB, "id": "5f0000000000000000000002"})["priority"] == 70
