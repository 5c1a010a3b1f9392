"""Stories of a gateway that serves a Qube, with the real core and a simulated cloud behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import requests
from deadline_bench import pythons


def finish_all(studio, job, name="shot"):
    """Have the worker render what waits, until nothing does."""
    while task := studio.hands("take", "node-1"):
        picture = studio.folder / "renders" / "shot" / f"{name}.{int(task[1]):04d}.png"
        picture.write_bytes(b"ours")
        studio.hands("finish", *task, 600.0)
    return studio.hands.states(job)


def ask(studio, what, job="", frames=""):
    package = {"ask": what, "job": job, "frames": frames}
    return studio.hands.submit(
        name=what, prototype="renderbus", status="blocked", package=package,
        **({"pid": int(job)} if job else {}),
    )  # fmt: skip


def home(studio, job):
    return studio.hands.states(job).count("complete")


@pytest.mark.heavy
def test_a_job_that_asks_for_the_cloud_comes_home(open_studio):
    with open_studio() as studio:
        job = studio.submit(package={"renderbus_when": "now"})
        with studio.serving("--no-overflow"):
            studio.until(lambda: studio.hands.states(job) == ["complete"] * 6)
            assert studio.pictures() == [f"shot.{n:04d}.png" for n in range(1, 7)]
            studio.until(lambda: studio.hands("job", job)["status"] == "complete")
        kinds = {shown["name"].split(":")[0]: shown for shown in studio.hands.of_type()}
        claim = kinds["in the cloud"]
        assert [item["status"] for item in claim["agenda"]] == ["complete"] * 6
        assert "renderbus.task" in claim["notes"]


@pytest.mark.heavy
@pytest.mark.parametrize("python", sorted(set(pythons()) - {"3.10"}))
def test_the_agent_runs_under_old_pythons(open_studio, python):
    with open_studio(python=python) as studio:
        job = studio.submit(package={"renderbus_when": "now"})
        with studio.serving("--no-overflow"):
            studio.until(lambda: studio.hands.states(job) == ["complete"] * 6)


@pytest.mark.heavy
def test_when_the_farm_is_full_workers_and_cloud_share_a_maya_job(open_studio, root):
    with open_studio(enabled=True) as studio:
        scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
        folder = studio.folder / "renders" / "shot"
        line = f"Render -r sw -s QB_FRAME_START -e QB_FRAME_END -rd {folder} {scene}"
        said = {"cmdline": line, "scenefile": str(scene), "renderbus_outputs": ""}
        job = studio.submit(range(1, 11), package=said)
        first = studio.hands("take", "node-1")
        studio.hands("finish", *first, 600.0)
        (folder / "turntable.0001.png").write_bytes(b"ours")
        with studio.serving():
            studio.until(lambda: home(studio, job) > 1)
            assert "blocked" in studio.hands.states(job) or home(studio, job) == 8
            done = ["complete"] * 10
            studio.until(lambda: finish_all(studio, job, "turntable") == done)
        (claim,) = studio.hands.of_type()
        away = [item["name"] for item in claim["agenda"]]
        assert away == [str(n) for n in range(4, 11)], "above two for the one worker, from the end"
        assert len(studio.pictures()) == 10
        assert (folder / "turntable.0001.png").read_bytes() == b"ours"


@pytest.mark.heavy
def test_what_a_person_wants_back_is_rendered_here(open_studio):
    with open_studio() as studio:
        job = studio.submit(range(1, 201), package={"renderbus_when": "now"})
        with studio.serving("--no-overflow"):
            studio.until(lambda: home(studio, job) > 0)
            (claim,) = [one for one in studio.hands.of_type() if one["agenda"]]
            studio.hands.qb("kill", [claim["id"]])
            studio.until(lambda: "blocked" not in studio.hands.states(job))
            came = home(studio, job)
            assert came < 200
            assert len(studio.pictures()) == came
            assert finish_all(studio, job) == ["complete"] * 200


@pytest.mark.heavy
def test_frames_of_which_people_removed_the_claim_job_come_home_or_go_back(open_studio):
    with open_studio() as studio:
        job = studio.submit(range(1, 101), package={"renderbus_when": "now"})
        with studio.serving("--no-overflow"):
            studio.until(lambda: home(studio, job) > 0)
            (claim,) = [one for one in studio.hands.of_type() if one["agenda"]]
            studio.hands.qb("kill", [claim["id"]])
            studio.hands.qb("remove", [claim["id"]])
            studio.until(lambda: "blocked" not in studio.hands.states(job))
            came = home(studio, job)
            assert len(studio.pictures()) == came
            assert finish_all(studio, job) == ["complete"] * 100


@pytest.mark.heavy
def test_frames_that_people_kill_retire_and_requeue_are_left_to_them(open_studio):
    with open_studio() as studio:
        job = studio.submit(range(1, 41), package={"renderbus_when": "now"})
        with studio.serving("--no-overflow"):
            studio.until(lambda: home(studio, job) > 0)
            studio.hands.work("killwork", job, 38, 40)
            studio.hands.work("retirework", job, 39)
            studio.until(lambda: all(any(f"task {n} " in line and "-> lost" in line
                                         for line in studio.served())
                                     for n in (38, 39, 40)))  # fmt: skip
            studio.hands.work("retrywork", job, 40)
            studio.until(lambda: home(studio, job) == 38)
            assert studio.hands.states(job)[37:] == ["killed", "complete", "pending"]
            finish_all(studio, job)
            assert studio.hands.states(job)[37:] == ["killed", "complete", "complete"]
        assert "shot.0039.png" not in studio.pictures(), "a person said that it needs none"


@pytest.mark.heavy
def test_a_job_that_is_killed_is_stopped_in_the_cloud(open_studio, cloud):
    with open_studio() as studio:
        job = studio.submit(range(1, 401), package={"renderbus_when": "now"})
        with studio.serving("--no-overflow"):
            studio.until(lambda: home(studio, job) > 0)
            studio.hands.qb("kill", [job])
            studio.until(lambda: any(" running -> done " in line for line in studio.served()))
        url = f"http://{cloud['RENDERBUS_CLOUD_DOMAIN']}/simulator/state"
        task = max(requests.get(url, timeout=30).json()["tasks"], key=lambda task: task["id"])
        assert "STOP" in task["status"]
        assert len(studio.pictures()) < 400


@pytest.mark.heavy
def test_a_gateway_that_is_killed_leaves_everything_to_the_next(open_studio):
    with open_studio() as studio:
        job = studio.submit(range(1, 21), package={"renderbus_when": "now"})
        command = studio.serve("--no-overflow")
        with subprocess.Popen(command, env=studio.environment, stderr=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL) as process:  # fmt: skip
            studio.until(lambda: "blocked" in studio.hands.states(job))
            os.kill(process.pid, signal.SIGKILL)
        with studio.serving("--no-overflow"):
            studio.until(lambda: studio.hands.states(job) == ["complete"] * 20)
        assert len(studio.pictures()) == 20


@pytest.mark.heavy
def test_people_ask_with_jobs_and_read_the_answer_in_their_notes(open_studio):
    with open_studio() as studio:
        job = studio.submit(range(1, 5))
        with studio.serving("--no-overflow"):
            why = ask(studio, "explain", job)
            studio.until(lambda: studio.hands("job", why)["status"] == "complete")
            notes = studio.hands("job", why)["notes"]
            assert "automatic bursting is switched off (overflow.enabled)" in notes
            drain = ask(studio, "drain")
            studio.until(lambda: studio.hands("job", drain)["status"] == "complete")
            ask(studio, "open")
            ask(studio, "burst", job, "3-4")
            studio.until(lambda: studio.hands.states(job)[2:] == ["complete"] * 2)
            assert studio.hands.states(job)[:2] == ["pending"] * 2


@pytest.mark.heavy
def test_the_agent_may_start_the_core(open_studio):
    with open_studio() as studio:
        job = studio.submit(package={"renderbus_when": "now"})
        place = studio.folder / "jobtypes" / "renderbus" / "agent.py"
        command = [next(iter(pythons().values())), "-B", str(place), "--ask-seconds", "0", "--",
                   str(studio.folder / "renderbus"), "--config",
                   str(studio.folder / "renderbus.toml"), "serve", "--farm", "link"]  # fmt: skip
        with subprocess.Popen(command, env=studio.environment, stderr=subprocess.PIPE) as process:
            studio.until(lambda: studio.hands.states(job) == ["complete"] * 6)
            process.terminate()
            words = process.stderr.read().decode()
            assert process.wait(60) == 0
        assert "the core ended with code 0" in words


class TestStarting:
    def command(self, studio, *words):
        return subprocess.run(
            [sys.executable, "-m", "renderbus_core", *words], env=studio.environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    @pytest.mark.heavy
    def test_a_python_that_qube_does_not_know_is_told(self, open_studio):
        with open_studio() as studio:
            file = studio.folder / "renderbus.toml"
            place = studio.folder / "jobtypes" / "renderbus" / "agent.py"
            text = f'[farm]\nagent = ["{sys.executable}", "{place}"]\n'
            file.write_text(text)
            done = self.command(studio, "--config", str(file), "serve", "--farm", "qube")
            assert done.returncode == 1
            assert "cannot be loaded by Python 3.1" in done.stderr.splitlines()[-1]
            assert "3.6 to 3.10" in done.stderr.splitlines()[-1]

    @pytest.mark.heavy
    def test_an_agent_that_is_not_there_is_told(self, open_studio):
        with open_studio() as studio:
            file = studio.folder / "renderbus.toml"
            file.write_text('[farm]\nagent = ["/nowhere/python"]\n')
            done = self.command(studio, "--config", str(file), "serve", "--farm", "qube")
            assert done.returncode == 1
            assert "name its program and arguments in farm.agent" in done.stderr
