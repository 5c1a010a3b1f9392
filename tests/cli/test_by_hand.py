"""README's quick start by hand: simulator, farm, burst, recall and status as separate processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TASK = Path(__file__).parent.parent / "package" / "tasks" / "maya.json"
MAYA_2030 = """//Maya ASCII 2030 scene
requires maya "2030";
fileInfo "product" "Maya 2030";
createNode camera -n "camShape" -p "cam";
\tsetAttr ".rnd" yes;
select -ne :defaultRenderGlobals;
\tsetAttr ".ren" -type "string" "mayaSoftware";
\tsetAttr ".outf" 32;
\tsetAttr ".an" yes;
\tsetAttr ".fs" 1;
\tsetAttr ".ef" 3;
// End of shot.ma
"""


@pytest.fixture
def job(renderbus, spin, tmp_path):
    output = tmp_path / "renders" / "spin.####.png"
    answer = renderbus("farm", "submit", spin, "--output", output, "--renderer", "stand-in",
                       "--seconds", "0", "--frames", "1-8")  # fmt: skip
    assert answer.status == 0, answer.err
    return answer.out.strip()


@pytest.mark.heavy
def test_a_part_of_a_job_is_sent_and_the_workers_do_the_rest(renderbus, cloud, job, tmp_path):
    answer = renderbus(
        "burst", job, "--farm", "local", "--frames", "5-8", "--option", "frames_per_machine=2",
        "--yes", "--json", env=cloud,
    )  # fmt: skip
    assert answer.status == 0, answer.err
    last = answer.lines[-1]["burst"]
    assert last["state"] == "done"
    assert last["reason"] == "4 of 4 tasks came home"
    assert "frames_per_machine" in renderbus("status", last["id"]).out
    assert len(list((tmp_path / "renders").glob("*.png"))) == 4
    assert renderbus("farm", "work", "--until-idle").status == 0
    assert len(list((tmp_path / "renders").glob("*.png"))) == 8
    (row,) = renderbus("farm", "jobs", "--json").json
    assert row["counts"] == {"completed": 8}
    shown = renderbus("farm", "show", job, "--json").json
    assert shown["notes"][last["id"]]["renderbus.reason"] == "asked for by a person"
    assert "asked for by a person" in renderbus("farm", "show", job).out
    assert renderbus("farm", "show", "job-99").status == 1


@pytest.mark.heavy
def test_what_a_job_wants_of_the_cloud_is_said_when_it_is_submitted(renderbus, spin, tmp_path):
    output = tmp_path / "spin.####.png"
    submit = ("farm", "submit", spin, "--output", output)
    answer = renderbus(*submit, "--option", "machine_limit=5", "--option", "priority_frames=first")
    assert answer.status == 0, answer.err
    (row,) = renderbus("farm", "jobs", "--json").json
    assert row["job"]["options"]["machine_limit"] == 5
    for wrong, sentence in (
        ("machine_limit", "has no =; write it like machine_limit=5"),
        ("machine_limt=5", "did you mean 'machine_limit'?"),
    ):
        refused = renderbus(*submit, "--option", wrong)
        assert refused.status == 1
        assert sentence in refused.err


@pytest.mark.heavy
def test_a_frame_is_probed_and_the_farm_left_alone(renderbus, cloud, job, tmp_path):
    assert renderbus("farm", "work", "--until-idle").status == 0
    before = {file.name: file.read_bytes() for file in (tmp_path / "renders").glob("*.png")}
    answer = renderbus(
        "probe", job, "--farm", "local", "--frame", "3", "--yes", "--json", env=cloud
    )
    result = answer.lines[-1]["result"]
    # The stand-in renderer labels its pictures with where they were made.
    assert (answer.status, result["alike"]) == (1, False)
    assert result["why"].startswith("The pictures are not alike: ")
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "renders").glob("*.png")}
    (burst,) = renderbus("status", "--json").json["bursts"]
    assert (burst["kind"], burst["state"]) == ("probe", "done")
    assert f"{job} (probe)" in renderbus("status").out
    none = renderbus("probe", job, "--farm", "local", "--frame", "99", "--yes", env=cloud)
    assert (none.status, "has no frame 99; it has 1-8" in none.err) == (1, True)


@pytest.mark.heavy
def test_a_detached_burst_is_carried_by_run(renderbus, cloud, job):
    recorded = renderbus("burst", job, "--yes", "--detach", env=cloud)
    assert recorded.status == 0, recorded.err
    (burst,) = renderbus("status", "--json").json["bursts"]
    assert burst["state"] == "intended"
    answer = renderbus("run", burst["id"], env=cloud)
    assert answer.status == 0, answer.err
    assert "8 of 8 tasks came home" in answer.out
    again = renderbus("run", burst["id"], env=cloud)
    assert again.status == 0


@pytest.mark.heavy
def test_a_burst_is_recalled(renderbus, cloud, job):
    renderbus("burst", job, "--yes", "--detach", env=cloud)
    (burst,) = renderbus("status", "--json").json["bursts"]
    assert renderbus("recall", burst["id"], "--yes").status == 0
    answer = renderbus("run", burst["id"], env=cloud)
    assert answer.status == 0, answer.err
    (row,) = renderbus("farm", "jobs", "--json").json
    assert row["counts"] == {"queued": 8}
    assert renderbus("recall", burst["id"], "--yes").status == 1


@pytest.mark.heavy
def test_the_cloud_is_asked_before_a_burst_and_waivers_stand_in_its_log(
    renderbus, cloud, spin, tmp_path
):
    output = tmp_path / "renders" / "spin.####.png"
    job = renderbus("farm", "submit", spin, "--output", output, "--renderer", "stand-in",
                    "--seconds", "0", "--frames", "16-18").out.strip()  # fmt: skip
    answer = renderbus("burst", job, "--yes", "--detach", "--json", "--waive", "frames_outside",
                       "--waive", "frames_outsid", env=cloud)  # fmt: skip
    assert answer.status == 0, answer.err
    assert "--waive frames_outsid changes nothing: nothing was found by that name" in answer.err
    findings, planned = answer.lines
    (waived,) = [each for each in findings["findings"] if each["waived_by"]]
    assert (waived["rule"], waived["severity"]) == ("frames_outside", "info")
    log = renderbus("status", planned["burst"]["id"], "--json").json["log"]
    assert ("frames_outside", waived["waived_by"]) in [
        (event["after"], event["who"]) for event in log if event["subject"] == "waiver"
    ]


@pytest.mark.heavy
def test_a_version_that_is_not_offered_is_told_before_a_burst_is_planned(
    renderbus, cloud, tmp_path
):
    scene = tmp_path / "shot.ma"
    scene.write_text(MAYA_2030)
    output = tmp_path / "shot.####.png"
    answer = renderbus("check", scene, "--output", output, "--online", env=cloud)
    assert answer.status == 1
    assert "the cloud does not render Maya 2030" in answer.out
    offline = renderbus("check", scene, "--output", output)
    assert "the cloud was not asked" in offline.out
    job = renderbus("farm", "submit", scene, "--output", output).out.strip()
    assert renderbus("burst", job, "--yes", env=cloud).status == 1
    assert renderbus("status", "--json").json["bursts"] == []


def test_a_package_is_held_against_what_the_cloud_offers(renderbus, cloud, tmp_path):
    for name, document in json.loads(TASK.read_text()).items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document, indent=2))
    (tmp_path / "tips.json").write_text('{"15006": ["no camera"], "50001": ["wood.png"]}')
    rules = {
        (each["rule"], each["severity"]): each
        for each in renderbus("check", tmp_path, "--online", "--json", env=cloud).json
    }
    assert "15006" in rules["tips_block", "error"]["message"]
    assert "Files that the scene uses are missing" in rules["tips", "warning"]["message"]
    assert ("tips_block", "error") not in {
        (each["rule"], each["severity"]) for each in renderbus("check", tmp_path, "--json").json
    }


@pytest.fixture
def agent(tmp_path, cloud):
    """Return what starts an agent of the embedded farm that starts a core with some arguments."""
    started = []
    home = tmp_path / "home"

    def start(*arguments):
        (database,) = home.rglob("farm.db")
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(home))
        process = subprocess.Popen(
            [sys.executable, "-m", "renderbus_core.farm.agent", database,
             sys.executable, "-m", "renderbus_core", *arguments],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **homes, **cloud},
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.communicate()


@pytest.mark.heavy
def test_a_burst_is_carried_by_a_core_that_the_farm_started(renderbus, cloud, job, agent):
    renderbus("burst", job, "--yes", "--detach", env=cloud)
    (burst,) = renderbus("status", "--json").json["bursts"]
    farm = agent("run", burst["id"], "--farm", "link")
    _, said = farm.communicate(timeout=120)
    assert farm.returncode == 0, said
    assert "8 of 8 tasks came home" in said
    assert said.splitlines()[-1].startswith("the core ended with code 0")
    (row,) = renderbus("farm", "jobs", "--json").json
    assert row["counts"] == {"completed": 8}


@pytest.mark.heavy
def test_a_core_that_is_asked_to_stop_lets_go_and_the_next_one_carries_on(
    renderbus, cloud, job, agent
):
    renderbus("burst", job, "--yes", "--detach", env=cloud)
    (burst,) = renderbus("status", "--json").json["bursts"]
    farm = agent("run", burst["id"], "--farm", "link")
    assert burst["id"] in farm.stderr.readline()
    farm.terminate()
    _, said = farm.communicate(timeout=120)
    assert farm.returncode == 75, "not over: somebody is to go on"
    assert "the farm wants the bridge to stop" in said
    assert f"let go of burst {burst['id']}" in said
    assert renderbus("run", burst["id"], env=cloud).status == 0


@pytest.mark.heavy
def test_the_burst_of_a_job_is_planned_once_and_carried_by_whoever_comes(renderbus, cloud, job):
    assert renderbus("run").status == renderbus("run", "x", "--of-job", job).status == 1
    gone = renderbus("run", "--of-job", "job-99", env=cloud)
    leases = {"RENDERBUS_BURST_LEASE_SECONDS": "2", "RENDERBUS_BURST_TAKEOVER_SECONDS": "1"}
    assert (gone.status, "there is no job job-99" in gone.err) == (1, True)
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "renderbus_core", "run", "--of-job", job],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=renderbus.home | cloud | leases,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    (burst,) = renderbus("status", "--json").json["bursts"]
    assert (burst["job"], burst["state"], len(burst["tasks"])) == (job, "done", 8)
    again = renderbus("run", "--of-job", job, env=cloud)
    assert (again.status, "nothing of job" in again.err) == (0, True)


@pytest.mark.heavy
def test_who_is_to_plan_nothing_carries_on_what_is_at_work_alone(renderbus, cloud, job):
    odd = renderbus("run", "x", "--no-new")
    assert (odd.status, "--no-new goes with --of-job" in odd.err) == (1, True)
    none = renderbus("run", "--of-job", job, "--no-new", env=cloud)
    assert (none.status, f"nothing of job {job} is at work" in none.err) == (0, True)
    assert renderbus("status", "--json").json["bursts"] == []
    assert "takes no new bursts" in renderbus("drain").out
    closed = renderbus("run", "--of-job", job, env=cloud)
    assert (closed.status, "farm local takes no new bursts" in closed.err) == (1, True)
