"""Jobs that come over the link in Qube's words."""

from __future__ import annotations

import pytest

from qube_jobtype.translating import Translator
from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.farm import read_job

JOB = {
    "id": "4711",
    "submitted_at": "2026-11-20T09:00:00+00:00",
    "job": {
        "id": "4711",
        "name": "shot",
        "prototype": "pyCmdrange",
        "user": "ada",
        "priority": "50",
        "groups": "linux",
    },
    "package": {
        "cmdline": "Render -s QB_FRAME_START -e QB_FRAME_END -rd /show/out /show/shot.ma",
        "range": "1-10",
    },
    "env": {},
}


def row(agenda=None, **package):
    job = {**JOB, "package": JOB["package"] | package}
    return {
        "job": job if agenda is None else {**job, "agenda": agenda},
        "counts": {"queued": 10},
    }


def queue(*rows):
    head = {"taken_at": JOB["submitted_at"], "workers": 1, "idle_workers": 0, "tasks": []}
    return {**head, "jobs": list(rows)}


def test_a_row_becomes_one_of_the_link():
    translated = Translator().row(row())
    wrong = schema.problems("link_calls.json", {"snapshot": {"result": queue(translated)}})
    assert wrong == ()
    job = translated["job"]
    assert (job["dcc"], job["scene"], job["frames"]) == ("maya", "/show/shot.ma", "1-10")
    assert (job["groups"], job["priority"], job["refusal"]) == (["linux"], -50, "")
    assert translated["counts"] == {"queued": 10}


def test_a_job_whose_items_were_read_has_their_frames():
    assert Translator().row(row(["3", "4-6"]))["job"]["frames"] == "3-6"


def test_what_speaks_against_a_job_is_told_beside_what_the_agent_tells():
    native = row(env_runTimeOS="x") | {"traits": ["worker_list"]}
    assert Translator().row(native)["traits"] == ["worker_list", "environment"]


def test_a_job_that_cannot_be_sent_is_shown_with_every_reason():
    translated = Translator().row(row(cmdline="prman a.rib"))
    assert not schema.problems("link_calls.json", {"snapshot": {"result": queue(translated)}})
    assert "command lines of 'prman' are not known" in translated["job"]["refusal"]
    assert (translated["job"]["name"], translated["job"]["dcc"]) == ("shot", "pyCmdrange")


def test_one_odd_job_does_not_hide_the_others():
    translator = Translator()
    odd = translator.job({**JOB, "job": {**JOB["job"], "priority": "9" * 400}})
    assert "is no whole number" in odd["refusal"]
    assert translator.job(JOB)["refusal"] == ""


@pytest.mark.parametrize("broken", [None, 7, {}, {**JOB, "package": {"range": 7}}])
def test_what_is_no_job_is_told_as_such(broken):
    with pytest.raises(InputError):
        Translator().job(broken)
    with pytest.raises(InputError):
        Translator().row({"job": broken, "counts": {}})


def test_a_job_that_changed_is_looked_at_again():
    translator = Translator()
    assert translator.row(row())["job"]["frames"] == "1-10"
    assert translator.row(row(["1"]))["job"]["frames"] == "1"


def test_the_core_finds_it_by_the_name_of_the_farm():
    assert read_job("qube", JOB).scene == "/show/shot.ma"
