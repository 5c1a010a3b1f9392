"""The gateway as wranglers run it: processes, signals, and the commands that steer it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def jobs(renderbus, spin, tmp_path):
    """Return two jobs of four frames each."""
    found = []
    for name in "ab":
        output = tmp_path / "renders" / f"{name}.####.png"
        answer = renderbus("farm", "submit", spin, "--output", output, "--renderer", "stand-in",
                           "--seconds", "0", "--frames", "1-4")  # fmt: skip
        assert answer.status == 0, answer.err
        found.append(answer.out.strip())
    return found


def burst(renderbus, cloud, job):
    answer = renderbus("burst", job, "--yes", "--detach", "--json", env=cloud)
    assert answer.status == 0, answer.err
    *_, last = answer.lines
    return last["burst"]["id"]


def states(renderbus):
    return {b["job"]: b["state"] for b in renderbus("status", "--json").json["bursts"]}


@pytest.mark.heavy
def test_all_bursts_come_home_and_every_change_is_a_line(renderbus, cloud, jobs, tmp_path):
    ids = [burst(renderbus, cloud, job) for job in jobs]
    answer = renderbus("serve", "--no-overflow", "--until-idle", "--json", env=cloud)
    assert answer.status == 0, answer.err
    assert set(states(renderbus).values()) == {"done"}
    assert len(list((tmp_path / "renders").glob("*.png"))) == 8
    ends = [line["burst"] for line in answer.lines if line["after"] == "done"]
    assert sorted(ends) == sorted(ids)


@pytest.mark.heavy
def test_a_gateway_that_is_ended_recalls_nothing_and_the_next_goes_on(renderbus, cloud, jobs, home):
    burst(renderbus, cloud, jobs[0])
    process = subprocess.Popen(
        [sys.executable, "-m", "renderbus_core", "serve", "--no-overflow", "--json"],
        env=home | cloud, cwd=home["HOME"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    for line in process.stdout:
        if json.loads(line)["after"] == "running":
            break
    alive = renderbus("status", "--json").json
    assert len(alive["alive"]) == 1
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "nothing is recalled" in err
    assert renderbus("status", "--json").json["gateways"] == []
    assert renderbus("serve", "--no-overflow", "--until-idle", env=cloud).status == 0
    assert states(renderbus)[jobs[0]] == "done"


@pytest.mark.heavy
def test_a_drained_route_lets_work_go_on_and_takes_nothing_new(renderbus, cloud, jobs):
    burst(renderbus, cloud, jobs[0])
    assert "takes no new bursts" in renderbus("drain", "--why", "the line is down").out
    refused = renderbus("burst", jobs[1], "--yes", "--detach", env=cloud)
    assert refused.status == 1
    assert "the line is down" in refused.err
    assert "takes no new bursts" in renderbus("status").out
    assert renderbus("serve", "--until-idle", "--no-overflow", env=cloud).status == 0
    assert states(renderbus) == {jobs[0]: "done"}
    assert "takes new bursts" in renderbus("drain", "--off").out
    burst(renderbus, cloud, jobs[1])


@pytest.mark.heavy
def test_everything_is_stopped_and_goes_back(renderbus, cloud, jobs):
    for job in jobs:
        burst(renderbus, cloud, job)
    assert renderbus("stop-all").status == 2, "it asks first"
    assert "2 bursts will be recalled" in renderbus("stop-all", "--yes").out
    assert renderbus("serve", "--until-idle", "--no-overflow", env=cloud).status == 0
    assert set(states(renderbus).values()) == {"recalled"}
    counts = [row["counts"] for row in renderbus("farm", "jobs", "--json").json]
    assert counts == [{"queued": 4}, {"queued": 4}]
    assert renderbus("drain", "--show", "--json").json["route"]["drained"]


@pytest.mark.heavy
def test_single_frames_are_recalled(renderbus, cloud, jobs):
    one = burst(renderbus, cloud, jobs[0])
    assert "1 open task of burst" in renderbus("recall", one, "--frames", "4", "--yes").out
    wrong = renderbus("recall", one, "--frames", "99", "--yes")
    assert "has no open task in 99" in wrong.err
    assert renderbus("serve", "--until-idle", "--no-overflow", env=cloud).status == 0
    (row,) = [r for r in renderbus("farm", "jobs", "--json").json if r["job"]["id"] == jobs[0]]
    assert row["counts"] == {"completed": 3, "queued": 1}


@pytest.mark.heavy
def test_a_burst_is_approved_by_name_and_the_log_says_by_whom(renderbus, cloud, jobs):
    one = burst(renderbus, cloud, jobs[0])
    assert renderbus("approve", one, env={"LOGNAME": "ada"}).status == 0
    (line,) = [
        e for e in renderbus("status", one, "--json").json["log"] if e["after"] == "approved"
    ]
    assert line["who"] == "ada"
    assert renderbus("approve", "nope").status == 1


@pytest.mark.heavy
def test_a_burst_that_nobody_carries_is_told(renderbus, cloud, jobs):
    burst(renderbus, cloud, jobs[0])
    assert "start one: renderbus serve" in renderbus("status").err


@pytest.mark.heavy
def test_a_lost_record_is_shown_first_and_rebuilt_when_asked(renderbus, cloud, jobs, home):
    slow = cloud | {"RENDERBUS_CRASH_AT": "limit_machines:done"}
    one = burst(renderbus, cloud, jobs[0])
    assert renderbus("serve", "--no-overflow", env=slow).status == -signal.SIGKILL
    for file in Path(home["HOME"], "renderbus").glob("bursts.db*"):
        file.unlink()
    shown = renderbus("recover", "--json", env=cloud)
    assert shown.status == 1
    assert [(row["what"], row["burst"], row["result"]) for row in shown.json] == [
        ("take up", one, "not done")
    ]
    assert renderbus("status", "--json").json["bursts"] == []
    mended = renderbus("recover", "--apply", "--yes", env=cloud)
    assert mended.status == 0, mended.err
    assert renderbus("serve", "--no-overflow", "--until-idle", env=cloud).status == 0
    assert states(renderbus)[jobs[0]] == "done"
    assert "agree" in renderbus("recover", env=cloud).out


def test_a_place_to_crash_that_does_not_exist_is_a_sentence(renderbus, cloud):
    answer = renderbus("serve", env=cloud | {"RENDERBUS_CRASH_AT": "claim:never"})
    assert answer.status == 1
    assert "names no place to crash at; write an effect and one of" in answer.err
