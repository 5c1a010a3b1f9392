"""The agent inside Deadline, where HTTP has no such way: histories, columns, workers one by one."""

from __future__ import annotations

import pytest
from deadline_bench import submit

from renderbus_core.jobs import BurstId, Claim


@pytest.fixture
def hands(hands):
    hands("add_worker", "node-1", ["none"], [])
    return hands


def claim_of(farm, job):
    tasks = tuple(t.ref for t in farm.tasks([job])[job])
    return Claim(BurstId("burst-1"), 1, 1, job, tasks)


def test_people_read_in_the_history_what_was_done(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    farm.complete(claim, claim.tasks[:1])
    farm.fail(claim, claim.tasks[1:2], "no licence")
    farm.release(claim, claim.tasks[2:], "recalled by ada")
    assert hands("state", job)["history"] == [
        "Renderbus: holds 4 tasks for the cloud",
        "Renderbus: 1 tasks came home from the cloud",
        "Renderbus: 1 tasks failed in the cloud: no licence",
        "Renderbus: 2 tasks go back to the farm: recalled by ada",
    ]


def test_what_is_noted_of_a_burst_is_told_in_the_history_when_it_is_new(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    for reason in ("the farm is full", "the farm is full", "the farm is fuller"):
        farm.annotate(claim, {"renderbus.reason": reason, "renderbus.progress": "1 of 4"})
    assert hands("state", job)["history"] == [
        "Renderbus: the farm is full",
        "Renderbus: the farm is fuller",
    ]


def test_a_reason_is_one_legible_line(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    why = "größe\nx = \x1b[2J {shot} {0}"
    assert farm.release(claim, claim.tasks, why).taken == claim.tasks
    assert hands("state", job)["history"][-1].endswith(": größe?x = ?[2J {shot} {0}")


@pytest.mark.parametrize("names", ["ExtraInfo", "Ex"])
def test_what_the_cloud_does_with_tasks_is_shown_in_a_column(farm, hands, names):
    hands("switch", "task_columns", names)
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.show(claim, {"0": "cloud: rendering", "2": "cloud: done, on its way"})
    assert hands("column", job, "3") == ["cloud: rendering", "", "cloud: done, on its way", ""]
    info = hands("jobs")[job]
    assert (info["TaskExtraInfoName3"], info["OverrideTaskExtraInfoNames"]) == ("Renderbus", "True")
    hands("calls")
    farm.show(claim, {"0": "cloud: rendering", "1": "", "2": ""})
    assert hands("column", job, "3") == ["cloud: rendering", "", "", ""]
    assert hands("calls").count("UpdateTaskProperties") == 1, "only what changes"


def test_a_column_that_people_use_stays_theirs(farm, hands):
    theirs = submit(hands, TaskExtraInfoName3="Shot")
    farm.show(claim_of(farm, theirs), {"0": "cloud: rendering"})
    assert hands("column", theirs, "3") == [""] * 4
    assert hands("jobs")[theirs]["TaskExtraInfoName3"] == "Shot"
    job = submit(hands)
    hands("set_column", job, 1, "3", "look at this one")
    farm.show(claim_of(farm, job), {"0": "cloud: rendering", "1": "cloud: rendering"})
    assert hands("column", job, "3")[:2] == ["cloud: rendering", "look at this one"]


def test_where_tasks_have_no_columns_nothing_is_shown(farm, hands):
    hands("switch", "task_columns", "")
    job = submit(hands)
    farm.show(claim_of(farm, job), {"0": "cloud: rendering"})
    hands("calls")
    farm.show(claim_of(farm, job), {"0": "cloud: rendering"})
    assert hands("calls") == ["GetJob", "GetJobTasks"], "of the test itself: it is not tried again"


def test_workers_are_read_all_at_once(farm, hands):
    hands("add_worker", "node-2", ["none"], [], "Rendering")
    hands("calls")
    assert farm.snapshot().idle_workers == 1
    called = hands("calls")
    assert called.count("GetSlaveInfos") == 1
    assert "GetSlaveInfo" not in called


def test_where_workers_are_read_one_by_one_they_are_read_once_a_minute(farm, hands):
    hands("switch", "tells_workers", False)
    hands("add_worker", "node-2", ["none"], [], "Rendering")
    assert [farm.snapshot().idle_workers for _ in range(3)] == [1] * 3
    called = hands("calls")
    assert (called.count("GetSlaveInfos"), called.count("GetSlaveInfo")) == (1, 2)
    hands("add_worker", "node-2", ["none"], [], "Idle")
    hands("switch", "passed", 61)
    assert farm.snapshot().idle_workers == 2


def test_a_worker_that_was_deleted_meanwhile_hides_no_queue(farm, hands):
    hands("switch", "tells_workers", False)
    job = submit(hands)
    hands("break", "GetSlaveInfo")
    snapshot = farm.snapshot()
    assert [row.job.id for row in snapshot.jobs] == [job]
    assert snapshot.workers == 0
    assert farm.snapshot().workers == 1
