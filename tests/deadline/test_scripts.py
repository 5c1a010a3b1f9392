"""The Monitor's right-click scripts: what people ask reaches the gateway, and what is shown."""

from __future__ import annotations

import pytest
from deadline_bench import submit

from renderbus_core.jobs import BurstId, Claim, IntentKind


@pytest.mark.parametrize(("script", "kind"), [
    ("Jobs/RenderbusBurst", IntentKind.BURST),
    ("Jobs/RenderbusRecall", IntentKind.RECALL),
    ("Jobs/RenderbusApproveTestFrames", IntentKind.APPROVE),
])  # fmt: skip
def test_what_is_asked_of_jobs_reaches_the_gateway_once(farm, hands, script, kind):
    jobs = [submit(hands), submit(hands)]
    (question,) = hands("script", script, jobs)
    assert " 2 jobs" in question
    found = farm.intents()
    assert [(one.kind, one.job, one.who, one.frames) for one in found] == [
        (kind, job, "ada", None) for job in jobs
    ]
    farm.acknowledge([found[0].id])
    assert farm.intents() == found[1:]
    farm.acknowledge([found[1].id, "nonsense", f"{jobs[0]} renderbus.ask.gone"])
    assert farm.intents() == ()
    extra = hands("state", jobs[0])["extra"]
    assert not [key for key in extra if key.startswith("renderbus.ask.")]


@pytest.mark.parametrize(("script", "kind"), [
    ("Tasks/RenderbusBurstSelected", IntentKind.BURST),
    ("Tasks/RenderbusRecallSelected", IntentKind.RECALL),
])  # fmt: skip
def test_what_is_asked_of_tasks_names_their_frames(farm, hands, script, kind):
    job = submit(hands, Frames="1-9", ChunkSize="2")
    hands("script", script, [job], [1, 3])
    (intent,) = farm.intents()
    assert (intent.kind, list(intent.frames)) == (kind, [3, 4, 7, 8])
    assert hands("state", job)["history"] == [
        f"Renderbus: ada asks for a {kind} for frames 3-4,7-8"
    ]


def test_who_says_no_asks_for_nothing(farm, hands):
    job = submit(hands)
    hands("script", "Jobs/RenderbusBurst", [job], [], "No")
    hands("script", "Tasks/RenderbusBurstSelected", [job], [0], "No")
    assert farm.intents() == ()


def test_what_is_asked_of_a_job_that_was_deleted_meanwhile_is_asked_of_nobody(farm, hands):
    job = submit(hands)
    hands("before", "GetJob", "delete", job)
    hands("script", "Jobs/RenderbusRecall", [job])
    assert farm.intents() == ()


def test_a_copy_of_a_job_does_not_ask_what_the_original_asked(farm, hands):
    job = submit(hands)
    hands("script", "Jobs/RenderbusBurst", [job])
    hands("copy", job)
    assert [one.job for one in farm.intents()] == [job]


def test_people_see_where_a_job_stands(farm, hands):
    job = submit(hands)
    assert hands("script", "Jobs/RenderbusStatus", [job]) == [
        "shot: 0 of its tasks are held for the cloud.\nIt was never in the cloud."
    ]
    tasks = tuple(task.ref for task in farm.tasks([job])[job])
    claim = Claim(BurstId("burst-1"), 1, 1, job, tasks[:3])
    farm.claim(claim)
    facts = {
        "renderbus.progress": "in the cloud: 1 of 3 home, 2 open",
        "renderbus.cost": "1.25",
        "renderbus.task": "7",
    }
    farm.annotate(claim, facts)
    (shown,) = hands("script", "Jobs/RenderbusStatus", [job])
    assert shown.splitlines() == [
        "shot: 3 of its tasks are held for the cloud.",
        "Held for the cloud: frames 1-3",
        "",
        "Burst burst-1",
        "Progress: in the cloud: 1 of 3 home, 2 open",
        "Cost so far, in the account's currency: 1.25",
        "Remote task: 7",
    ]


def test_people_see_where_each_frame_stands(farm, hands):
    job = submit(hands, Frames="1-9")
    tasks = tuple(task.ref for task in farm.tasks([job])[job])
    claim = Claim(BurstId("burst-1"), 1, 1, job, tasks[:8])
    farm.claim(claim)
    farm.complete(claim, tasks[:2])
    farm.fail(claim, tasks[2:4], "no licence")
    farm.release(claim, tasks[4:6], "the cloud could not render it")
    (shown,) = hands("script", "Jobs/RenderbusStatus", [job])
    assert shown.splitlines()[:5] == [
        "shot: 2 of its tasks are held for the cloud.",
        "Held for the cloud: frames 7-8",
        "Came home: frames 1-2",
        "Failed in the cloud: frames 3-4",
        "Came back unrendered: frames 5-6",
    ]


@pytest.mark.parametrize(("script", "kind"), [
    ("Jobs/RenderbusDrain", IntentKind.DRAIN),
    ("Jobs/RenderbusUndrain", IntentKind.OPEN),
    ("Jobs/RenderbusExplain", IntentKind.EXPLAIN),
])  # fmt: skip
def test_what_is_asked_of_the_gateway_reaches_it(farm, hands, script, kind):
    job = submit(hands)
    hands("script", script, [job])
    assert [(one.kind, one.job) for one in farm.intents()] == [(kind, job)]


def test_what_came_back_from_the_cloud_is_sent_there_again(farm, hands):
    job = submit(hands)
    tasks = tuple(task.ref for task in farm.tasks([job])[job])
    claim = Claim(BurstId("burst-1"), 1, 1, job, tasks)
    farm.claim(claim)
    farm.complete(claim, tasks[2:])
    farm.release(claim, tasks[:2], "the cloud could not render it")
    (question,) = hands("script", "Jobs/RenderbusRetryFailed", [job])
    assert question.startswith("Send 2 tasks that came back from the cloud")
    (intent,) = farm.intents()
    assert (intent.kind, list(intent.frames)) == (IntentKind.BURST, [1, 2])
    again = Claim(BurstId("burst-2"), 1, 1, job, tasks[:2])
    assert farm.claim(again).taken == tasks[:2]
    (said,) = hands("script", "Jobs/RenderbusRetryFailed", [job])
    assert said == "None of their tasks came back from the cloud and waits."


@pytest.mark.parametrize("script", ["Burst", "Drain", "Explain", "RetryFailed"])
def test_of_a_job_that_is_done_nothing_is_asked(hands, script):
    job = submit(hands, Frames="1")
    hands("complete", job, [0], "node-1")
    (said,) = hands("script", f"Jobs/Renderbus{script}", [job])
    assert said.startswith("Select a job that is in the queue")
    assert not [k for k in hands("state", job)["extra"] if k.startswith("renderbus.ask.")]


def test_a_stale_copy_does_not_ask_again_what_was_acted_on(farm, hands):
    job = submit(hands)
    hands("script", "Jobs/RenderbusBurst", [job])
    (intent,) = farm.intents()
    hands("keep", job)
    farm.acknowledge([intent.id])
    hands("put_back", job)
    assert farm.intents() == ()


def test_tasks_of_several_jobs_are_not_asked_for_at_once(farm, hands):
    jobs = [submit(hands), submit(hands)]
    (said,) = hands("script", "Tasks/RenderbusBurstSelected", jobs, [0])
    assert said == "Select tasks of one job."
    assert farm.intents() == ()


@pytest.mark.parametrize("script", ["BurstSelected", "RecallSelected"])
def test_of_tasks_without_frames_nothing_is_asked(hands, script):
    hands("switch", "script_frames", [])
    job = submit(hands, PreJobScript="/before.py")
    (said,) = hands("script", f"Tasks/Renderbus{script}", [job], [4])
    assert said == "Select tasks with frames."
    assert not asks_of(hands, job)


def asks_of(hands, job):
    return [key for key in hands("state", job)["extra"] if key.startswith("renderbus.ask.")]


def test_what_is_asked_and_cannot_be_read_is_taken_off(farm, hands):
    job, other = submit(hands), submit(hands)
    hands("set_extra", job, "renderbus.ask.1", "nonsense")
    hands("script", "Jobs/RenderbusBurst", [other])
    assert [one.job for one in farm.intents()] == [other]
    assert not asks_of(hands, job)
    assert asks_of(hands, other)


def test_all_jobs_are_looked_through_now_and_then(farm, hands):
    hands("ask_every", 60)
    assert farm.intents() == ()
    job = submit(hands)
    hands("script", "Jobs/RenderbusBurst", [job])
    told = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    hands("calls")
    assert [one.job for one in farm.intents()] == [told], "what the event plug-in hears, at once"
    assert "GetJobsInState" not in hands("calls")
    hands("switch", "passed", 61)
    found = farm.intents()
    assert {one.job for one in found} == {job, told}
    farm.acknowledge([one.id for one in found])
    assert farm.intents() == (), "what was acted on is not read again from the last look"


def test_only_jobs_of_which_something_came_back_are_read_for_a_retry(hands):
    jobs = [submit(hands) for _ in range(3)]
    hands("calls")
    hands("script", "Jobs/RenderbusRetryFailed", jobs)
    assert "GetJobTasks" not in hands("calls")


def test_of_very_many_jobs_the_person_is_asked_first(farm, hands):
    jobs = [submit(hands, Frames="1") for _ in range(51)]
    (question,) = hands("script", "Jobs/RenderbusExplain", jobs, [], "No")
    assert question.startswith("51 jobs are looked at one by one")
    assert farm.intents() == ()
