"""A gateway job on a worker, with the real core and a simulated cloud behind it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests

# Two machines need a minute for hundreds of frames: people come before the end.
SLOWLY = {
    "ExtraInfoKeyValue0": "renderbus_when=now",
    "ExtraInfoKeyValue1": "renderbus_machine_limit=2",
}


def test_a_job_that_asks_for_the_cloud_comes_home(open_studio):
    with open_studio() as studio:
        job = studio.submit(ExtraInfoKeyValue0="renderbus_when=now")
        studio.host()
        done = [("Completed", "cloud")] * 6
        studio.until(lambda: studio.states(job) == done)
        assert studio.pictures() == [f"shot.{n:04d}.png" for n in range(1, 7)]
        assert studio.hands("state", job)["status"] == "Completed"
        end = studio.detach()
        assert end["outcome"] == "completed"
        assert "detached: what is in the cloud goes on" in end["log"][-1]


@pytest.mark.heavy
def test_when_the_farm_is_full_workers_and_cloud_share_a_job(open_studio):
    with open_studio(enabled=True) as studio:
        job = studio.submit("1-10")
        studio.hands("finish", *studio.hands("dequeue", "node-1"), 600.0)
        (studio.folder / "renders" / "shot" / "shot.0001.png").write_bytes(b"\x89PNG ours")
        studio.host()
        studio.until(lambda: ("Completed", "cloud") in studio.states(job))
        while task := studio.hands("dequeue", "node-1"):
            studio.hands("finish", *task, 600.0)
        studio.until(lambda: {state for state, _ in studio.states(job)} == {"Completed"})
        workers = [worker for _, worker in studio.states(job)]
        assert workers.count("cloud") == 7, "what is above two tasks for the one worker"
        assert workers[-1] == "cloud", "from the end"
        assert workers[0] == "node-1"
        assert "the queue" not in studio.seen()["status"]
        studio.detach()


@pytest.mark.heavy
def test_a_gateway_that_is_taken_away_leaves_everything_to_the_next(open_studio):
    with open_studio() as studio:
        job = studio.submit("1-8", ExtraInfoKeyValue0="renderbus_when=now")
        studio.host()
        studio.until(lambda: ("Suspended", "") in studio.states(job))
        assert studio.column(job).startswith("IN CLOUD ")
        studio.detach()
        assert "Queued" not in {state for state, _ in studio.states(job)}, "nothing is recalled"
        studio.host()
        studio.until(lambda: studio.states(job) == [("Completed", "cloud")] * 8)
        assert len(studio.pictures()) == 8
        assert studio.column(job) == "", "nothing of it is in the cloud any more"
        studio.detach()


@pytest.mark.heavy
def test_a_job_that_is_deleted_is_stopped_in_the_cloud(open_studio, cloud):
    with open_studio() as studio:
        job = studio.submit("1-400", **SLOWLY)
        studio.host()
        studio.until(lambda: ("Completed", "cloud") in studio.states(job))
        studio.hands("delete", job)
        studio.until(lambda: any(" running -> done " in line for line in studio.seen()["log"]))
        assert len(studio.pictures()) < 400
        studio.detach()
        url = f"http://{cloud['RENDERBUS_CLOUD_DOMAIN']}/simulator/state"
        tasks = requests.get(url, timeout=30).json()["tasks"]
        task = max(tasks, key=lambda task: task["id"])
        assert "STOP" in task["status"], task


def test_a_job_that_cannot_be_sent_says_why_to_whoever_asked(open_studio):
    with open_studio() as studio:
        studio.submit(ExtraInfoKeyValue0="renderbus_when=now", Fancy="1")
        studio.host()
        reason = "Fancy=1: nobody knows what it means for the cloud"
        studio.until(lambda: any(reason in line for line in studio.seen()["log"]))
        studio.detach()


def test_a_worker_without_the_program_says_what_to_do(open_studio):
    with open_studio() as studio:
        studio.hands("gateway", "begin", {"Executable": "/a/renderbus;/b/renderbus"}, {})
        end = studio.until(lambda: studio.seen()["outcome"].startswith("failed") and studio.seen())
        assert (
            "no executable of the bridge was found on this worker (/a/renderbus" in end["outcome"]
        )


def test_a_core_that_ends_with_an_error_fails_the_task_with_its_last_words(open_studio):
    with open_studio() as studio:
        (studio.folder / "renderbus.toml").write_text("[overflow]\nrelief = 7\n")
        studio.host()
        end = studio.until(lambda: studio.seen()["outcome"].startswith("failed") and studio.seen())
        assert "the core ended with code" in end["outcome"]
        assert any("overflow.relief" in line for line in end["log"])


def test_a_worker_that_takes_a_job_for_the_cloud_only_says_so(open_studio):
    with open_studio() as studio:
        studio.host(Role="cloud", NativePlugin="Blender")
        end = studio.until(lambda: studio.seen()["outcome"].startswith("failed") and studio.seen())
        assert "This job renders in the Renderbus cloud only" in end["outcome"]


@pytest.mark.heavy
def test_a_job_for_the_cloud_only_is_work(open_studio):
    with open_studio() as studio:
        output = studio.folder / "renders" / "only"
        output.mkdir(parents=True)
        info = {
            "Plugin": "Renderbus",
            "Name": "only",
            "Frames": "1-2",
            "OutputDirectory0": str(output),
            "OutputFilename0": "only.####.png",
            "ExtraInfoKeyValue0": "renderbus_when=now",
        }
        scene = Path(studio.scene)
        plugin_info = {"Role": "cloud", "NativePlugin": "Blender", "SceneFile": str(scene)}
        job = studio.hands("submit", info, plugin_info)
        studio.host()
        studio.until(lambda: studio.states(job) == [("Completed", "cloud")] * 2)
        studio.detach()


@pytest.mark.heavy
def test_a_core_that_is_killed_leaves_everything_to_the_next(open_studio):
    with open_studio() as studio:
        job = studio.submit("1-8", ExtraInfoKeyValue0="renderbus_when=now")
        studio.host()
        studio.until(lambda: ("Suspended", "") in studio.states(job))
        os.kill(studio.workers[0].core(), signal.SIGKILL)
        end = studio.until(lambda: studio.seen()["outcome"].startswith("failed") and studio.seen())
        assert "the core was killed by signal 9" in end["outcome"], "so Deadline begins it again"
        studio.host()
        studio.until(lambda: studio.states(job) == [("Completed", "cloud")] * 8)
        assert len(studio.pictures()) == 8
        studio.detach()


@pytest.mark.heavy
def test_ten_jobs_are_carried_together(open_studio):
    with open_studio() as studio:
        names = [f"shot{number}" for number in range(10)]
        when = {"ExtraInfoKeyValue0": "renderbus_when=now"}
        jobs = [studio.submit("1-2", name, **when) for name in names]
        studio.host()
        done = [("Completed", "cloud")] * 2
        studio.until(lambda: all(studio.states(job) == done for job in jobs))
        assert all(len(studio.pictures(name)) == 2 for name in names)
        studio.detach()


@pytest.mark.heavy
def test_a_way_that_is_closed_takes_nothing_until_it_is_open_again(open_studio):
    with open_studio() as studio:
        job = studio.submit("1-2")
        studio.host()
        studio.hands("script", "Jobs/RenderbusDrain", [job])
        studio.until(lambda: studio.asks(job) == [])
        studio.hands("script", "Jobs/RenderbusBurst", [job])
        studio.until(lambda: studio.asks(job) == [])
        assert studio.states(job) == [("Queued", "")] * 2
        assert any("takes no new bursts" in line for line in studio.seen()["log"])
        studio.hands("script", "Jobs/RenderbusUndrain", [job])
        studio.until(lambda: studio.asks(job) == [])
        studio.hands("script", "Jobs/RenderbusBurst", [job])
        studio.until(lambda: studio.states(job) == [("Completed", "cloud")] * 2)
        studio.detach()


@pytest.mark.heavy
def test_what_a_person_takes_back_is_rendered_here(open_studio):
    with open_studio() as studio:
        job = studio.submit("1-400", **SLOWLY)
        studio.host()
        studio.until(lambda: ("Completed", "cloud") in studio.states(job))
        studio.hands("script", "Jobs/RenderbusRecall", [job])
        studio.until(lambda: ("Suspended", "") not in studio.states(job))
        states = [state for state, _ in studio.states(job)]
        assert set(states) == {"Completed", "Queued"}
        assert len(studio.pictures()) == states.count("Completed")
        history = studio.hands("state", job)["history"]
        assert any(line.startswith("Renderbus: ada asks for a recall") for line in history)
        studio.detach()


@pytest.mark.heavy
def test_people_read_in_the_history_why_a_job_stays(open_studio):
    with open_studio() as studio:
        job = studio.submit("1-2")
        studio.host()
        studio.hands("script", "Jobs/RenderbusExplain", [job])
        said = studio.until(
            lambda: [line for line in studio.hands("state", job)["history"] if "stay: " in line]
        )
        assert "automatic bursting is switched off (overflow.enabled)" in said[0]
        studio.detach()


@pytest.mark.heavy
def test_a_service_hosts_the_bridge_without_a_gateway_job(open_studio):
    with open_studio() as studio:
        job = studio.submit("1-2", ExtraInfoKeyValue0="renderbus_when=now")
        config = studio.folder / "renderbus.toml"
        studio.hands(
            "execute", "RenderbusGateway", str(studio.program), str(config), "--until-idle"
        )
        assert studio.states(job) == [("Completed", "cloud")] * 2
        assert len(studio.pictures()) == 2
        (*_, last) = studio.hands("look", "said")
        assert last.startswith("the core ended with code 0")
        studio.hands("execute", "RenderbusGateway")
        assert studio.hands("look", "said")[-1].startswith("Name the bridge's program")
