"""Several workers of one repository: gateways beside each other, and workers that die."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

pytestmark = pytest.mark.heavy

NOW = {"ExtraInfoKeyValue0": "renderbus_when=now"}


def came(number):
    return [("Completed", "cloud")] * number


def test_a_worker_that_dies_leaves_everything_to_another(open_studio):
    with open_studio(workers=2) as studio:
        first, second = studio.workers
        job = studio.submit("1-80", **NOW)
        first.host(studio.folder)
        studio.until(lambda: ("Completed", "cloud") in studio.states(job))
        core = first.core()
        first.kill()
        # What it hosted sees that nobody is there any more, and ends by itself.
        studio.until(lambda: not is_alive(core))
        held = studio.states(job)
        assert ("Suspended", "") in held
        assert "Queued" not in {state for state, _ in held}, "nothing is recalled"
        second.host(studio.folder)
        studio.until(lambda: studio.states(job) == came(80))
        assert len(studio.pictures()) == 80
        histories = studio.hands("state", job)["history"]
        home = [line for line in histories if "came home" in line]
        # What was being written down when it died is told by nobody.
        assert sum(int(line.split()[1]) for line in home) <= 80, "none of them twice"
        studio.detach(1)


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("server", [False, True], ids=["one host", "a server"])
def test_two_gateways_carry_what_there_is_once(open_studio, request, server):
    store = request.getfixturevalue("postgres").new_schema() if server else ""
    with open_studio(workers=2, store=store) as studio:
        for worker in studio.workers:
            worker.host(studio.folder)
        studio.until(lambda: all(worker.core() for worker in studio.workers))
        names = [f"shot{number}" for number in range(6)]
        jobs = [studio.submit("1-3", name, **NOW) for name in names]
        studio.until(lambda: all(studio.states(job) == came(3) for job in jobs))
        assert all(len(studio.pictures(name)) == 3 for name in names)
        for job in jobs:
            told = Counter(studio.hands("state", job)["history"])
            assert told["Renderbus: holds 3 tasks for the cloud"] == 1
        for worker in range(2):
            studio.detach(worker)


@pytest.mark.parametrize("what", ["the core", "the worker"])
def test_of_two_gateways_one_goes_on_with_what_the_other_had(open_studio, what):
    with open_studio(workers=2) as studio:
        first, second = studio.workers
        job = studio.submit("1-80", **NOW)
        first.host(studio.folder)
        studio.until(lambda: ("Completed", "cloud") in studio.states(job))
        second.host(studio.folder)
        studio.until(second.core)
        if what == "the core":
            os.kill(first.core(), signal.SIGKILL)
        else:
            first.kill()
        studio.until(lambda: studio.states(job) == came(80))
        assert len(studio.pictures()) == 80
        studio.detach(1)


def test_two_gateways_decide_no_more_than_one(open_studio):
    with open_studio(enabled=True, workers=2) as studio:
        job = studio.submit("1-10")
        studio.hands("finish", *studio.hands("dequeue", "node-1"), 600.0)
        (studio.folder / "renders" / "shot" / "shot.0001.png").write_bytes(b"\x89PNG ours")
        for worker in studio.workers:
            worker.host(studio.folder)
        studio.until(lambda: studio.states(job).count(("Completed", "cloud")) == 7)
        assert studio.states(job)[1:3] == [("Queued", "")] * 2, "two for the one worker"
        for worker in range(2):
            studio.detach(worker)
        assert studio.states(job)[1:3] == [("Queued", "")] * 2


def test_machines_that_clean_at_once_keep_one_gateway_job(open_studio):
    with open_studio(workers=2) as studio:
        for _ in range(5):
            cleaning = [worker.hands.begin("house_cleaning") for worker in studio.workers]
            for each in cleaning:
                each()
            for worker in studio.workers:
                worker.hands("house_cleaning")
            jobs = studio.hands("jobs")
            gateways = [id_ for id_, info in jobs.items() if info["Plugin"] == "Renderbus"]
            alive = [id_ for id_ in gateways if studio.hands("state", id_)["status"] == "Active"]
            assert len(alive) == 1
            studio.hands("delete", alive[0])


def test_a_process_hears_of_what_it_does_itself_alone(open_studio):
    """What a worker does is told there; the artist's machine hears nothing of it."""
    with open_studio(workers=2) as studio:
        first, second = studio.workers
        first.hands("house_cleaning")
        assert first.hands("look", "log") == ["Renderbus: a gateway job was submitted"]
        second.hands("house_cleaning")
        assert second.hands("look", "log") == []
        assert studio.hands("look", "log") == []
