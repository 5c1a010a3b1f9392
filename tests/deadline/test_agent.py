"""The agent inside Deadline: what others do between its steps, and what it leaves behind.

All of it holds over the Web Service too.
"""

from __future__ import annotations

import json

import pytest
from deadline_bench import INFO, submit

from renderbus_core.errors import FarmError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    Claim,
    IntentKind,
    JobId,
    LocalState,
    Outcome,
    Reason,
    TaskRef,
)

pytestmark = pytest.mark.parametrize(
    "both", ["agent", pytest.param("rest", marks=pytest.mark.heavy)], indirect=True
)


@pytest.fixture
def hands(hands):
    hands("add_worker", "node-1", ["none"], [])
    return hands


def claim_of(farm, job, *ids, burst="burst-1", epoch=1):
    tasks = tuple(t.ref for t in farm.tasks([job])[job] if not ids or t.ref.id in ids)
    return Claim(BurstId(burst), epoch, 1, job, tasks)


def states(hands, job):
    return [state for state, _ in hands("state", job)["tasks"]]


def held(farm, job):
    return [task.claim is not None for task in farm.tasks([job])[job]]


def test_a_worker_that_takes_a_task_before_it_is_suspended_loses_it(farm, hands):
    job = submit(hands)
    hands("before", "SuspendTasks", "dequeue", "node-1")
    claim = claim_of(farm, job)
    assert farm.claim(claim) == Outcome(taken=claim.tasks)
    assert states(hands, job) == ["Suspended"] * 4


def test_a_worker_that_takes_a_task_afterwards_keeps_it(farm, hands):
    """Deadline may have suspended it too late: what is seen afterwards holds."""
    job = submit(hands)
    claim = claim_of(farm, job)
    hands("spare", 0)
    outcome = farm.claim(claim)
    assert outcome == Outcome(taken=claim.tasks[1:], refused={claim.tasks[0]: Reason.NOT_QUEUED})
    assert states(hands, job) == ["Rendering", "Suspended", "Suspended", "Suspended"]
    assert held(farm, job) == [False, True, True, True]


def test_a_task_that_comes_home_while_a_person_completes_it_is_home(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job, "0")
    farm.claim(claim)
    hands("before", "CompleteTasks", "complete", job, [0], "ada-pc")
    assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)


@pytest.mark.parametrize("silently", [False, True])
def test_where_deadline_does_not_end_what_is_suspended_it_is_resumed_first(farm, hands, silently):
    hands("switch", "completes_suspended", False)
    hands("switch", "fails_suspended", False)
    hands("switch", "refuses_silently", silently)
    job = submit(hands, Frames="1-6")
    claim = claim_of(farm, job)
    farm.claim(claim)
    assert farm.complete(claim, claim.tasks[:3]) == Outcome(taken=claim.tasks[:3])
    assert farm.fail(claim, claim.tasks[3:5], "no licence") == Outcome(taken=claim.tasks[3:5])
    assert states(hands, job) == ["Completed"] * 3 + ["Failed"] * 2 + ["Suspended"]


@pytest.mark.parametrize("call", ["CompleteTasks", "FailTasks"])
def test_what_deadline_does_not_end_at_all_stays_held_until_it_does(farm, hands, call):
    job = submit(hands)
    claim = claim_of(farm, job, "0", "1")
    farm.claim(claim)
    for _ in range(4):
        hands("break", call)
    ends = {
        "CompleteTasks": lambda: farm.complete(claim, claim.tasks),
        "FailTasks": lambda: farm.fail(claim, claim.tasks, "no licence"),
    }
    assert ends[call]().unknown == claim.tasks
    assert states(hands, job) == ["Suspended"] * 2 + ["Queued"] * 2
    assert held(farm, job) == [True] * 2 + [False] * 2
    assert "leaving" not in hands("state", job)["extra"]["renderbus.claims"]
    assert ends[call]().taken == claim.tasks


def test_a_job_that_is_deleted_in_the_middle_is_gone(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    hands("before", "SuspendTasks", "delete", job)
    assert farm.claim(claim).taken == ()
    assert farm.claim(claim).refused == dict.fromkeys(claim.tasks, Reason.GONE)


def test_what_a_script_saves_with_an_old_copy_of_the_job_is_put_right(farm, hands):
    """SaveJob writes whole objects, so that our stamps can be lost without anybody meaning it."""
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("forget_extra", job)
    assert held(farm, job) == [True] * 4
    assert farm.release(claim, claim.tasks, "recalled") == Outcome(taken=claim.tasks)
    assert states(hands, job) == ["Queued"] * 4


def test_a_copy_of_a_job_bears_stamps_that_are_not_its_own(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    farm.annotate(claim, {"renderbus.task": "7"})
    copy = JobId(hands("copy", job))
    assert held(farm, copy) == [False] * 4
    assert farm.annotations(copy) == {}
    other = claim_of(farm, copy, burst="burst-2")
    assert farm.claim(other) == Outcome(taken=other.tasks)


def test_a_job_whose_frames_change_has_other_tasks(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("change_frames", job, "11-14", 1)
    assert farm.complete(claim, claim.tasks).refused == dict.fromkeys(claim.tasks, Reason.CHANGED)
    now = claim_of(farm, job)
    assert [str(ref.frames) for ref in now.tasks] == ["11", "12", "13", "14"]
    assert farm.release(now, now.tasks, "changed") == Outcome(taken=now.tasks)
    assert held(farm, job) == [False] * 4


@pytest.mark.parametrize("call", ["CompleteTasks", "FailTasks"])
def test_a_stranger_that_was_ended_instead_goes_back_to_the_farm(farm, hands, call):
    """A person gave the job other frames between the look and the act."""
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("before", call, "change_frames", job, "11-14", 1)
    ends = {
        "CompleteTasks": lambda: farm.complete(claim, claim.tasks),
        "FailTasks": lambda: farm.fail(claim, claim.tasks, "no licence"),
    }
    assert ends[call]().refused == dict.fromkeys(claim.tasks, Reason.CHANGED)
    assert states(hands, job) == ["Queued"] * 4


@pytest.mark.parametrize("frames_of_scripts", [[], [0], [2]])
def test_tasks_of_scripts_before_and_after_a_job_are_never_held(farm, hands, frames_of_scripts):
    """How Deadline shows them is not known: without frames, it is believed."""
    hands("switch", "script_frames", frames_of_scripts)
    job = submit(hands, PreJobScript="/before.py", PostJobScript="/after.py", Frames="1-4")
    held_back = 2 in frames_of_scripts
    claim = claim_of(farm, job)
    assert [str(ref.frames) for ref in claim.tasks] == ["1", *["2"] * (not held_back), "3", "4"]
    assert farm.claim(claim) == Outcome(taken=claim.tasks)
    assert states(hands, job)[4:] == ["Queued", "Queued"]
    assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)
    assert states(hands, job)[4:] == ["Queued", "Queued"]
    (row,) = farm.snapshot().jobs
    assert {"pre_job", "post_job"} <= set(row.traits)


def test_a_claim_that_names_the_task_of_a_script_is_refused(farm, hands):
    job = submit(hands, PreJobScript="/before.py", Frames="1-4")
    script = TaskRef("4", FrameSet.parse("1"))
    claim = Claim(BurstId("burst-1"), 1, 1, job, (script,))
    assert farm.claim(claim) == Outcome(refused={script: Reason.GONE})
    assert states(hands, job) == ["Queued"] * 5


@pytest.mark.parametrize("name", [r"C:\Users\ada\shot.ma", "/home/ada/shot.ma", "shot.ma"])
def test_a_scene_that_was_submitted_with_its_job_lies_in_the_folder_of_the_job(farm, hands, name):
    job = hands("submit", INFO, {"Version": "2024"}, [name, "/home/ada/notes.txt"])
    found = farm.job(JobId(job))
    assert found.scene.endswith(f"{job}/shot.ma")
    assert found.refusal == ""


def test_a_task_of_several_frames_is_named_by_all_of_them(farm, hands):
    job = submit(hands, Frames="1-10x3,2,20-15x2", ChunkSize="3")
    claim = claim_of(farm, job)
    assert [list(ref.frames) for ref in claim.tasks] == [[1, 4, 7], [10, 2, 20], [18, 16]]
    assert farm.claim(claim) == Outcome(taken=claim.tasks)
    otherwise = Claim(BurstId("burst-1"), 1, 1, job, (TaskRef("1", FrameSet.parse("10-20")),))
    assert farm.complete(otherwise, otherwise.tasks).refused == {otherwise.tasks[0]: Reason.CHANGED}
    assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)
    assert hands("state", job)["status"] == "Completed"


def test_a_job_of_which_everything_is_held_is_still_shown(farm, hands):
    job = submit(hands)
    farm.claim(claim_of(farm, job))
    (row,) = farm.snapshot().jobs
    assert hands("state", job)["status"] == "Suspended"
    assert (row.job.id, row.claimed, row.queued) == (job, 4, 0)
    assert row.waits_for == "it is suspended"
    farm.release(claim_of(farm, job), claim_of(farm, job).tasks, "recalled")
    hands("suspend", job)
    assert farm.snapshot().jobs == (), "a job that people suspended is nobody's business"


def test_the_last_task_that_comes_home_completes_the_job(farm, hands):
    job = submit(hands, Frames="1")
    claim = claim_of(farm, job)
    farm.claim(claim)
    farm.complete(claim, claim.tasks)
    assert hands("state", job)["status"] == "Completed"
    assert farm.job(job).name == "shot"


def test_a_release_that_was_cut_off_is_finished_by_the_next(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("break", "ResumeTasks")
    assert farm.release(claim, claim.tasks, "recalled") == Outcome(unknown=claim.tasks)
    assert json.loads(hands("state", job)["extra"]["renderbus.claims"])["job"] == job
    assert farm.release(claim, claim.tasks, "recalled") == Outcome(taken=claim.tasks)
    assert held(farm, job) == [False] * 4


def test_gateway_jobs_are_no_work(farm, hands):
    submit(hands, Plugin="Renderbus")
    assert farm.snapshot().jobs == ()


def test_a_job_that_cannot_be_sent_says_why_in_the_queue(farm, hands):
    job = submit(hands, Plugin="Nuke")
    (row,) = farm.snapshot().jobs
    assert row.job.id == job
    assert "the bridge does not read Nuke scenes yet" in row.job.refusal


def test_limits_and_workers_are_those_that_can_render(farm, hands):
    hands("add_worker", "node-2", ["maya"], ["gpu"], "Rendering")
    hands("add_worker", "node-3", ["maya"], ["gpu"], "Stalled")
    hands("switch", "limits", {"arnold": 3, "free": None})
    submit(hands, LimitGroups="arnold,free", ConcurrentTasks="2", MachineLimit="5")
    snapshot = farm.snapshot()
    assert (snapshot.workers, snapshot.idle_workers) == (2, 1)
    assert {(k.pools, k.groups, k.count, k.idle) for k in snapshot.kinds} == {
        ((), (), 1, 1),
        (("maya",), ("gpu",), 1, 0),
    }
    assert [(one.name, one.most) for one in snapshot.limits] == [("arnold", 3)]
    (row,) = snapshot.jobs
    assert (row.limits, row.tasks_per_worker, row.most_workers) == (("arnold", "free"), 2, 5)


def test_tasks_are_read_only_where_something_is_to_be_learned(farm, hands):
    rendered, waits = submit(hands), submit(hands)
    hands("finish", *hands("dequeue", "node-1"), 2.0)
    farm.snapshot()
    assert hands("calls").count("GetJobTasks") == 1, "of the job that was rendered"
    farm.snapshot()
    assert hands("calls").count("GetJobTasks") == 0, "nothing is new"
    farm.snapshot([waits])
    assert hands("calls").count("GetJobTasks") == 1
    assert rendered


def test_a_job_that_the_farm_cannot_show_is_told(farm, hands):
    job = submit(hands)
    hands("break", "GetJobTasks")
    with pytest.raises(FarmError, match="GetJobTasks broke"):
        farm.tasks([job])


def test_a_task_is_named_by_its_frames_too(farm, hands):
    job = submit(hands, Frames="1-10", ChunkSize="3")
    (ref, *_) = claim_of(farm, job).tasks
    assert ref == TaskRef("0", FrameSet.parse("1-3"))
    assert {task.state for task in farm.tasks([job])[job]} == {LocalState.QUEUED}


def test_a_script_that_prepares_every_job_speaks_against_the_cloud(farm, hands, tmp_path):
    submit(hands)
    (tmp_path / "custom" / "plugins" / "GlobalJobPreLoad.py").write_text("")
    assert farm.snapshot().jobs[0].traits == ("environment",)


def test_what_cannot_be_seen_may_be_there(farm, hands, tmp_path):
    """A client that reaches the repository over the network sees no folder of it."""
    submit(hands)
    (tmp_path / "custom" / "plugins").rename(tmp_path / "elsewhere")
    assert farm.snapshot().jobs[0].traits == ("environment",)


def test_what_a_person_completed_by_hand_took_no_time(farm, hands):
    job = submit(hands)
    hands("finish", *hands("dequeue", "node-1"), 6.0)
    hands("complete", job, [1], "ada-pc")
    (row,) = farm.snapshot().jobs
    assert (row.mean_seconds, row.timed) == (6.0, 1)


def test_what_came_home_and_is_requeued_is_nobodys(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    farm.complete(claim, claim.tasks[:2])
    farm.fail(claim, claim.tasks[2:3], "no licence")
    hands("requeue", job, [0, 2])
    assert held(farm, job) == [False, True, False, True]
    again = claim_of(farm, job, "0", "2", burst="burst-2")
    assert farm.claim(again).taken == again.tasks


def test_an_old_copy_that_is_saved_does_not_take_claims_away(farm, hands):
    job = submit(hands)
    farm.claim(claim_of(farm, job, "0", "1"))
    hands("keep", job)
    second = claim_of(farm, job, "2", "3", burst="burst-2")
    farm.claim(second)
    hands("put_back", job)
    assert held(farm, job) == [True] * 4
    assert farm.release(second, second.tasks, "recalled").taken == second.tasks


def test_an_old_copy_that_is_saved_does_not_bring_back_what_has_ended(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("keep", job)
    farm.complete(claim, claim.tasks[:1])
    farm.release(claim, claim.tasks[1:2], "recalled")
    farm.fail(claim, claim.tasks[2:3], "no licence")
    before = json.loads(hands("state", job)["extra"]["renderbus.claims"])
    hands("put_back", job)
    home, free, failed, away = farm.tasks([job])[job]
    assert (home.claim, failed.error) == (away.claim, "no licence")
    assert free.claim is None
    after = json.loads(hands("state", job)["extra"]["renderbus.claims"])
    assert after == before | {"revision": after["revision"]}
    other = claim_of(farm, job, "1", burst="burst-2")
    assert farm.claim(other).taken == other.tasks
    hands("requeue", job, [0, 2])
    again = claim_of(farm, job, "0", "2", burst="burst-3")
    assert farm.claim(again).taken == again.tasks


def test_what_people_resume_one_by_one_is_counted_among_what_is_held(farm, hands):
    """Who brings farm and store together again reads the tasks of such jobs only."""
    job = submit(hands)
    farm.claim(claim_of(farm, job, "0"))
    hands("resume", job, [0])
    assert farm.snapshot().jobs[0].claimed == 1


def test_one_odd_job_does_not_hide_all_others(farm, hands):
    for text in ("9999-12-31T23:59-08:00", "0001-01-01T00:00+01:00", "tomorrow"):
        submit(hands, ExtraInfoKeyValue0=f"renderbus_deadline={text}")
    good = submit(hands)
    rows = {row.job.id: row.job.refusal for row in farm.snapshot().jobs}
    assert len(rows) == 4
    assert rows.pop(good) == ""
    assert all("renderbus_deadline" in refusal for refusal in rows.values())


def test_a_job_that_deadline_cannot_show_is_passed_over(farm, hands):
    submit(hands)
    good = submit(hands)
    hands("break", "GetJobTasks")
    farm.snapshot([good])
    assert len(farm.snapshot([good]).jobs) == 2, "it is read again at the next look"


@pytest.mark.parametrize("key", ["renderbus.claims", "renderbus.notes"])
@pytest.mark.parametrize(
    "bursts",
    [
        '{"burst-1": [7, {"tasks": "1"}, {"epoch": 1, "tasks": 1}]}',
        '{"burst-1": 7}',
        '{"burst-1": [{"epoch": true, "tasks": "0-3"}, {"epoch": 1e300, "tasks": "0-3"}]}',
    ],
)
def test_an_entry_that_somebody_damaged_by_hand_holds_nothing(farm, hands, key, bursts):
    job = submit(hands)
    hands("set_extra", job, key, f'{{"job": "{job}", "bursts": {bursts}}}')
    assert held(farm, job) == [False] * 4
    claim = claim_of(farm, job)
    assert farm.claim(claim).taken == claim.tasks
    farm.annotate(claim, {"renderbus.reason": "the farm is full"})


def test_a_word_that_the_core_does_not_know_stops_nobody(farm, hands):
    job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    odd = {"job": job, "kind": "fly", "at": "2026-11-20T09:00:00+00:00", "who": "ada"}
    hands("set_extra", job, "renderbus.ask.1", json.dumps(odd))
    assert [one.kind for one in farm.intents()] == [IntentKind.BURST]


def test_what_is_resumed_to_be_completed_is_not_held_again(farm, hands):
    hands("switch", "completes_suspended", False)
    job = submit(hands, Frames="1")
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("before", "CompleteTasks", "calls")
    hands("before", "CompleteTasks", "tell", "OnJobResumed", job)
    assert farm.complete(claim, claim.tasks).taken == claim.tasks


@pytest.mark.parametrize("call", ["SaveJob", "SuspendTasks", "GetJobTasks"])
def test_two_gateways_that_claim_at_once_both_keep_what_they_got(farm, hands, call):
    job = submit(hands)
    mine, theirs = claim_of(farm, job, "0", "1"), claim_of(farm, job, "2", "3", burst="burst-2")
    tasks = [{"id": ref.id, "frames": str(ref.frames)} for ref in theirs.tasks]
    claim = {"burst": "burst-2", "claim_epoch": 1, "lease_epoch": 1, "job": job}
    request = {"claim": claim, "tasks": tasks, "why": "recalled"}
    hands("before", call, "other_gateway", "claim", request)
    assert farm.claim(mine).taken == mine.tasks
    # Either sees at its next look what the other has written over.
    hands("other_gateway", "claim", request)
    assert held(farm, job) == [True] * 4
    released = hands("other_gateway", "release", request)
    assert len(released["taken"]) == 2
    assert farm.release(mine, mine.tasks, "recalled").taken == mine.tasks
    assert states(hands, job) == ["Queued"] * 4
    assert held(farm, job) == [False] * 4


def test_an_ask_for_steps_of_frames_is_one(farm, hands):
    job = submit(hands)
    row = {"job": job, "kind": "burst", "at": "2026-11-20T09:00:00+00:00", "who": "ada"}
    hands("set_extra", job, "renderbus.ask.1", json.dumps(row | {"frames": "-5--1x2,9-7,20"}))
    assert [list(one.frames) for one in farm.intents()] == [[-5, -3, -1, 9, 8, 7, 20]]


# -- odd jobs, huge jobs, and people who write over what was written ------------------------------


def test_a_job_of_which_nothing_can_be_read_hides_no_other(farm, hands):
    odd, good = submit(hands), submit(hands)
    hands("script", "Jobs/RenderbusBurst", [odd, good])
    hands("switch", "odd", [odd])
    assert [row.job.id for row in farm.snapshot([good, odd]).jobs] == [good]
    assert [one.job for one in farm.intents()] == [good]


@pytest.mark.parametrize("wrong", [
    {"at": "yesterday"}, {"at": "2026-13-01T00:00:00+00:00"}, {"frames": "all"}, {"frames": 7},
    {"note": 7}, {"who": None}, {"kind": "fly"}, {"job": "another"},
    {"at": "2024-1-1T0:0:0+00:00"}, {"at": "2026-11-20T09:00:60+00:00"}, {"frames": "1-5x0"},
    {"frames": "1-999999999"}, {"frames": "1-600000,1-600000"}, {"frames": ""},
])  # fmt: skip
def test_an_ask_that_somebody_wrote_by_hand_stops_no_other(farm, hands, wrong):
    job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    row = {"job": job, "kind": "burst", "at": "2026-11-20T09:00:00+00:00", "who": "ada"}
    hands("set_extra", job, "renderbus.ask.1", json.dumps(row | wrong))
    assert [one.kind for one in farm.intents()] == [IntentKind.BURST]


@pytest.mark.heavy
def test_an_entry_about_ten_thousand_tasks_is_a_few_letters(farm, hands):
    job = submit(hands, Frames="1-10000")
    claim = claim_of(farm, job)
    assert farm.claim(claim).taken == claim.tasks
    assert farm.complete(claim, claim.tasks[:5000]).taken == claim.tasks[:5000]
    assert farm.release(claim, claim.tasks[9000:], "recalled").taken == claim.tasks[9000:]
    entry = hands("state", job)["extra"]["renderbus.claims"]
    assert len(entry) < 400
    assert sum(held(farm, job)) == 9000


@pytest.mark.parametrize("tasks", ["0-999999999999", "0-999999999", "1,x", "-1", "5-1", 7, None])
def test_tasks_that_somebody_wrote_by_hand_hold_nothing(farm, hands, tasks):
    job = submit(hands)
    bursts = {"burst-1": [{"epoch": 1, "tasks": tasks}]}
    entry = {"job": job, "bursts": bursts, "returned": tasks}
    hands("set_extra", job, "renderbus.claims", json.dumps(entry))
    assert held(farm, job) == [False] * 4


def test_what_was_held_of_frames_that_are_no_more_is_forgotten(farm, hands):
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("change_frames", job, "1-2", 1)
    assert held(farm, job) == [True] * 2
    hands("change_frames", job, "1-4", 1)
    assert held(farm, job) == [True] * 2 + [False] * 2


@pytest.mark.parametrize("others", [True, False])
def test_the_others_are_completed_when_a_person_has_completed_one(farm, hands, others):
    hands("switch", "completes_others", others)
    job = submit(hands)
    claim = claim_of(farm, job)
    farm.claim(claim)
    hands("calls")
    hands("before", "CompleteTasks", "complete", job, [0], "ada-pc")
    assert farm.complete(claim, claim.tasks).taken == claim.tasks
    assert "ResumeTasks" not in hands("calls"), "no worker could take one"
    person, *rest = [worker for _, worker in hands("state", job)["tasks"]]
    assert person == "ada-pc"
    assert person not in rest


def test_an_ask_that_the_gateway_has_written_over_is_written_again(farm, hands):
    job = submit(hands)
    hands("keep", job)
    # The gateway held a copy that is older, and saves it just behind the script.
    hands("before", "GetJob", "look", "calls")
    hands("before", "GetJob", "put_back", job)
    hands("script", "Jobs/RenderbusRecall", [job])
    assert [one.kind for one in farm.intents()] == [IntentKind.RECALL]


def test_an_ask_that_was_acted_on_is_taken_off_when_somebody_puts_it_back(farm, hands):
    job = submit(hands)
    hands("script", "Jobs/RenderbusRecall", [job])
    hands("keep", job)
    farm.acknowledge([one.id for one in farm.intents()])
    hands("put_back", job)
    assert farm.intents() == ()
    extra = hands("state", job)["extra"]
    assert not [key for key in extra if key.startswith("renderbus.ask.")]


def test_a_copy_says_nothing_of_its_originals_frames_in_the_cloud(hands, farm):
    job = submit(hands, ExtraInfo3="IN CLOUD 4/4: use Recall to render it here", ExtraInfo4="mine")
    farm.claim(claim_of(farm, job))
    copy = hands("copy", job)
    info = hands("jobs")[copy]
    assert (info["ExtraInfo3"], info["ExtraInfo4"]) == ("", "mine")
    assert hands("state", copy)["extra"] == {}


def test_what_others_have_ended_is_not_held_any_more(farm, hands):
    job = submit(hands)
    farm.claim(claim_of(farm, job))
    hands("complete", job, [0], "ada-pc")
    hands("fail", job, [1], "ada-pc")
    assert held(farm, job) == [False, False, True, True]
    (status,) = hands("script", "Jobs/RenderbusStatus", [job])
    assert status.startswith("shot: 2 of its tasks are held")
    hands("requeue", job, [0, 1])
    assert held(farm, job) == [False, False, True, True], "they are the farm's again"


@pytest.mark.parametrize("name", ["größe = 3\nPriority=100", "镜头\u2028x", "a\tb", "'; --"])
def test_names_of_people_are_texts_and_nothing_else(farm, hands, name):
    job = submit(hands, Name=name, OutputDirectory0="/show/größe =ä", Comment=name)
    found = farm.job(job)
    assert (found.name, found.priority) == (name, 50)
    assert found.outputs == ("/show/größe =ä/shot.####.exr",)


def test_tasks_of_stepped_frames_are_held_by_their_frames(farm, hands):
    job = submit(hands, Frames="1-21x5,30,28", ChunkSize="3")
    claim = claim_of(farm, job)
    assert [list(ref.frames) for ref in claim.tasks] == [[1, 6, 11], [16, 21, 30], [28]]
    assert farm.claim(claim).taken == claim.tasks
    assert farm.complete(claim, claim.tasks).taken == claim.tasks
