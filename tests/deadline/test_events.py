"""The event plug-in: what people ask and do is written down, and a gateway job is kept alive."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from deadline_bench import deadline, submit

from renderbus_core.jobs import BurstId, Claim, IntentKind


def held(farm, job, *ids):
    tasks = tuple(t.ref for t in farm.tasks([job])[job] if not ids or t.ref.id in ids)
    claim = Claim(BurstId("burst-1"), 1, 1, job, tasks)
    farm.claim(claim)
    return claim


def told(farm):
    return [(one.kind, one.job) for one in farm.intents()]


def states(hands, job):
    return [state for state, _ in hands("state", job)["tasks"]]


# -- what people ask and do -----------------------------------------------------------------------


def test_a_job_may_ask_for_the_cloud_when_it_is_submitted(farm, hands):
    job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    submit(hands, ExtraInfoKeyValue0="renderbus_when=overflow")
    (intent,) = farm.intents()
    assert (intent.kind, intent.job, intent.who) == (IntentKind.BURST, job, "ada")
    assert intent.note == "asked for when it was submitted"


def test_a_copy_of_a_job_that_was_in_the_cloud_does_not_ask_again(farm, hands):
    job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    farm.acknowledge([one.id for one in farm.intents()])
    farm.annotate(held(farm, job), {"renderbus.task": "7"})
    hands("copy", job)
    assert farm.intents() == ()


@pytest.mark.parametrize("entry", ["renderbus-heard", "renderbus.notes"])
def test_a_job_that_another_gateway_has_heard_does_not_ask_again(farm, hands, entry):
    """One over the Web Service acts on the job alone, and leaves what is written down here."""
    job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    noted = json.dumps({"job": job, "bursts": {"burst-1": {"renderbus.task": "7"}}})
    hands("set_extra", job, entry, job if entry == "renderbus-heard" else noted)
    assert farm.intents() == ()
    hands("forget_extra", job)
    assert farm.intents() == (), "it is written down that nobody means it any more"


def test_what_the_policy_or_the_original_says_is_no_word_on_a_job_that_asks(farm, hands):
    job, other = (submit(hands, ExtraInfoKeyValue0="renderbus_when=now") for _ in range(2))
    hands("set_extra", job, "renderbus-heard", other)
    said = {"job": job, "bursts": {"policy": {"renderbus.answer": "stays"}}}
    hands("set_extra", job, "renderbus.notes", json.dumps(said))
    assert told(farm) == [(IntentKind.BURST, job), (IntentKind.BURST, other)]


def test_a_burst_that_was_asked_for_more_than_a_week_ago_is_not_meant_any_more(farm, hands):
    row = {"job": submit(hands), "kind": "burst", "who": "ada", "note": ""}
    days = {8: "old", 6: "new"}
    times = {one: dt.datetime.now(dt.UTC) - dt.timedelta(days=one) for one in days}
    written = {
        f"intent.{at.timestamp():020.6f}.{days[one]}": json.dumps(
            row | {"at": at.strftime("%Y-%m-%dT%H:%M:%S+00:00")}
        )
        for one, at in times.items()
    }
    hands("switch", "metadata", {"Renderbus": written})
    (intent,) = farm.intents()
    assert intent.id.endswith(".new")
    hands("house_cleaning")
    assert [key.rsplit(".", 1)[1] for key in intents_kept(hands)] == ["new"]


def test_a_job_that_a_gateway_over_the_web_service_completes_is_completed_by_nobody_else(
    farm, hands
):
    """There nobody can say that a task was rendered by the cloud."""
    job = submit(hands, Frames="1-2")
    held(farm, job)
    entry = json.loads(hands("state", job)["extra"]["renderbus.claims"])
    entry["bursts"]["burst-1"] = [{"epoch": 1, "tasks": "0-1", "coming": True}]
    hands("set_extra", job, "renderbus.claims", json.dumps(entry))
    hands("complete", job, [0, 1], "webservice")
    assert told(farm) == []


def test_a_job_that_is_deleted_leaves_a_tombstone_when_it_was_away(farm, hands):
    away, here = submit(hands), submit(hands)
    held(farm, away)
    hands("delete", here)
    hands("delete", away)
    assert told(farm) == [(IntentKind.DELETED, away)]


def test_what_is_held_is_held_again_when_somebody_resumes_the_job(farm, hands):
    job = submit(hands)
    held(farm, job, "2", "3")
    hands("suspend", job, [0])
    hands("resume", job)
    assert states(hands, job) == ["Queued", "Queued", "Suspended", "Suspended"]
    assert told(farm) == []
    assert hands("state", job)["history"][-1] == (
        "Renderbus: 2 tasks are in the cloud and stay held; use Recall to render them here"
    )


def test_an_event_that_comes_late_holds_nothing_that_was_given_back(farm, hands):
    """Deadline can be set to tell of events later, by whatever scans the queue."""
    job = submit(hands)
    claim = held(farm, job)
    hands("keep", job)
    farm.release(claim, claim.tasks, "recalled")
    hands("tell_late", "OnJobResumed")
    assert states(hands, job) == ["Queued"] * 4


def test_what_is_given_back_in_the_midst_of_it_is_not_held(farm, hands):
    job = submit(hands)
    claim = held(farm, job, "2", "3")
    hands("resume", job, [2, 3])
    request = {
        "claim": {"burst": "burst-1", "claim_epoch": 1, "lease_epoch": 1, "job": job},
        "tasks": [{"id": ref.id, "frames": str(ref.frames)} for ref in claim.tasks[:1]],
        "why": "recalled",
    }
    hands("before", "SuspendTasks", "other_gateway", "release", request)
    hands("tell", "OnJobResumed", job)
    assert states(hands, job) == ["Queued"] * 3 + ["Suspended"]
    assert hands("state", job)["history"][-1].startswith("Renderbus: 1 tasks are in the cloud")


def test_what_the_bridge_gives_back_is_not_held_again(farm, hands):
    job = submit(hands)
    claim = held(farm, job)
    hands("before", "AddJobHistoryEntry", "tell", "OnJobResumed", job)
    farm.release(claim, claim.tasks, "recalled")
    assert states(hands, job) == ["Queued"] * 4


def test_what_people_do_to_a_job_that_is_away_is_written_down(farm, hands):
    job = submit(hands)
    held(farm, job, "2", "3")
    hands("suspend", job)
    hands("requeue", job)
    hands("tell", "OnJobFailed", job)
    kinds = [IntentKind.SUSPENDED, IntentKind.REQUEUED, IntentKind.FAILED]
    assert told(farm) == [(kind, job) for kind in kinds]


def test_a_claim_on_all_that_is_open_beside_what_a_person_suspended_is_nobodys_act(farm, hands):
    job = submit(hands)
    hands("suspend", job, [0])
    claim = held(farm, job, "1", "2", "3")
    assert hands("state", job)["status"] == "Suspended"
    assert told(farm) == []
    farm.release(claim, claim.tasks[:1], "recalled")
    hands("suspend", job)
    assert told(farm) == [(IntentKind.SUSPENDED, job)], "this is a person's"


def test_what_a_person_resumes_and_suspends_again_is_heard(farm, hands):
    job = submit(hands)
    hands("suspend", job, [0])
    held(farm, job, "1", "2", "3")
    hands("resume", job, [0])
    farm.snapshot()
    hands("suspend", job)
    assert told(farm) == [(IntentKind.SUSPENDED, job)]


def test_a_person_who_completes_what_is_held_is_heard(farm, hands):
    job = submit(hands, Frames="1-2")
    held(farm, job)
    hands("complete", job, [0, 1], "ada-pc")
    assert told(farm) == [(IntentKind.COMPLETED, job)]


def test_what_the_bridge_does_itself_is_not(farm, hands):
    job = submit(hands, Frames="1-2")
    claim = held(farm, job)
    hands("tell", "OnJobSuspended", job)
    farm.complete(claim, claim.tasks)
    hands("tell", "OnJobSuspended", submit(hands))
    assert told(farm) == []


def test_what_was_acted_on_is_forgotten_at_the_next_house_cleaning(farm, hands):
    submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    farm.acknowledge([one.id for one in farm.intents()])
    assert farm.intents() == ()
    assert len(intents_kept(hands)) == 1
    hands("house_cleaning")
    assert intents_kept(hands) == []


def intents_kept(hands):
    return [key for key in hands("look", "metadata")["Renderbus"] if key.startswith("intent.")]


def test_what_goes_wrong_is_told_and_never_raised(tmp_path):
    with pytest.raises(AssertionError, match="GetJobTasks broke"):
        with_a_broken_repository(tmp_path)


def with_a_broken_repository(folder):
    with deadline(folder) as (farm, hands):
        job = submit(hands)
        held(farm, job)
        hands("break", "GetJobTasks")
        hands("resume", job)
        assert states(hands, job) == ["Queued"] * 4, "the person's act went on"
        # `deadline` itself then finds the warning in the log.


# -- the gateway job ------------------------------------------------------------------------------


def gateways(hands):
    return [i for i in hands("jobs").values() if i["Plugin"] == "Renderbus"]


def test_a_gateway_job_is_submitted_when_none_is_there(hands, tmp_path):
    hands("house_cleaning")
    hands("house_cleaning")
    (info,) = gateways(hands)
    assert info["MachineLimit"] == "1"
    assert (info["Interruptible"], info["SuppressEvents"]) == ("False", "True")
    assert (info["OverrideJobFailureDetection"], info["FailureDetectionJobErrors"]) == ("True", "0")
    assert list(tmp_path.glob("*.job")) == [], "its files are gone"


def test_where_and_how_it_runs_is_a_setting(hands):
    settings = {"GatewayPool": "io", "GatewayLimits": "bridge", "GatewayPriority": "90"}
    hands("switch", "settings", {"Renderbus": settings})
    hands("house_cleaning")
    (info,) = gateways(hands)
    assert (info["Pool"], info["LimitGroups"], info["Priority"]) == ("io", "bridge", "90")
    assert "Group" not in info


@pytest.mark.parametrize(("keep", "asked", "count"), [
    ("Always", False, 1), ("On Demand", False, 0), ("On Demand", True, 1), ("Never", True, 0),
])  # fmt: skip
def test_whether_one_is_kept_is_a_setting(hands, keep, asked, count):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": keep}})
    submit(hands, ExtraInfoKeyValue0=f"renderbus_when={'now' if asked else 'overflow'}")
    hands("house_cleaning")
    assert len(gateways(hands)) == count


def alive(hands):
    """Return the gateway jobs that are in the queue."""
    jobs = hands("jobs")
    found = [id_ for id_, info in jobs.items() if info["Plugin"] == "Renderbus"]
    return [id_ for id_ in found if hands("state", id_)["status"] == "Active"]


def test_of_two_that_machines_submit_at_once_one_stays(hands):
    hands("before", "SubmitJob", "house_cleaning")
    hands("house_cleaning")
    assert len(gateways(hands)) == 2
    (first,) = alive(hands)
    hands("house_cleaning")
    assert alive(hands) == [first]


def test_whoever_looks_later_ends_what_is_one_too_many(hands):
    """The other machine's job may come to light only after both have looked."""
    hands("house_cleaning")
    (first,) = alive(hands)
    hands("suspend", first)
    hands("fail_job", first)
    hands("house_cleaning")
    (second,) = alive(hands)
    hands("requeue", first)
    assert len(alive(hands)) == 2
    hands("house_cleaning")
    assert alive(hands) == [first]
    assert second


def test_a_second_gateway_that_a_person_submits_stays(hands):
    hands("house_cleaning")
    (first,) = alive(hands)
    copy = hands("copy", first)
    own = hands("submit", {"Plugin": "Renderbus", "Frames": "0"}, {"Role": "gateway"})
    hands("house_cleaning")
    assert alive(hands) == [first, copy, own]


def test_one_that_ended_is_replaced(hands):
    hands("house_cleaning")
    (first,) = hands("jobs")
    hands("complete", first, [0], "node-1")
    hands("house_cleaning")
    assert len(gateways(hands)) == 2


def test_one_that_a_person_suspended_stays_the_only_one(hands):
    hands("house_cleaning")
    (first,) = hands("jobs")
    hands("suspend", first)
    hands("house_cleaning")
    assert len(gateways(hands)) == 1


def test_what_a_script_asks_is_a_reason_for_a_gateway(hands):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": "On Demand"}})
    job = submit(hands)
    hands("house_cleaning")
    assert gateways(hands) == []
    hands("script", "Jobs/RenderbusBurst", [job])
    hands("house_cleaning")
    assert len(gateways(hands)) == 1


def test_what_nobody_can_read_is_no_reason_for_one(hands):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": "On Demand"}})
    job = submit(hands)
    for number, text in enumerate(GARBAGE):
        hands("set_extra", job, f"renderbus.ask.{number}", text)
    hands("house_cleaning")
    assert gateways(hands) == []


def test_a_farm_without_house_cleaning_keeps_one_by_a_script(hands):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": "On Demand", "GatewayPool": "io"}})
    hands("execute", "RenderbusHouseCleaning")
    assert gateways(hands) == []
    submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    hands("execute", "RenderbusHouseCleaning")
    hands("execute", "RenderbusHouseCleaning")
    (info,) = gateways(hands)
    assert info["Pool"] == "io"
    assert hands("look", "said") == ["Renderbus: a gateway job was submitted"]


def test_what_was_acted_on_is_no_demand_for_a_gateway(farm, hands):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": "On Demand"}})
    submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    farm.acknowledge([one.id for one in farm.intents()])
    hands("execute", "RenderbusHouseCleaning")
    assert gateways(hands) == []


# -- whatever Deadline does, nothing is raised into it, and nothing takes long --------------------

EVENTS = ["JobSubmitted", "JobDeleted", "JobPurged", "JobFinished", "JobFailed", "JobRequeued",
          "JobSuspended", "JobResumed"]  # fmt: skip


def test_a_job_that_cannot_be_read_is_told_in_the_log(hands):
    job = submit(hands)
    hands("switch", "odd", [job])
    for event in EVENTS:
        hands("tell", f"On{event}", job)
        (said,) = hands("take_log")
        assert said.startswith("WARNING Renderbus: Traceback"), event


@pytest.mark.parametrize("keep", ["Always", "On Demand"])
def test_a_job_that_cannot_be_read_does_not_keep_a_gateway_from_being_kept(hands, keep):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": keep}})
    odd = submit(hands)
    submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    hands("switch", "odd", [odd])
    hands("house_cleaning")
    assert len(gateways(hands)) == 1


GARBAGE = ["", "null", "[]", "{", '{"job": 7}', '{"job": "x", "kind": "burst"}', "\x00"]


def test_metadata_that_is_none_of_ours_is_thrown_away(farm, hands):
    odd = {f"intent.{n:020.6f}.x": text for n, text in enumerate(GARBAGE, 4_000_000_000)}
    odd |= {"intent.": "x", "intent.nan.x": "x", "intent..": "x", "theirs": "kept"}
    hands("switch", "metadata", {"Renderbus": odd})
    hands("switch", "settings", {"Renderbus": {"KeepGateway": "On Demand", "Acknowledged": "{"}})
    job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
    assert told(farm) == [(IntentKind.BURST, job)]
    hands("house_cleaning")
    kept = hands("look", "metadata")["Renderbus"]
    assert len(intents_kept(hands)) == 1
    assert kept["theirs"] == "kept"


def test_a_mass_of_metadata_is_cleaned_in_parts(farm, hands):
    many = {f"intent.{n:020.6f}.x": "{}" for n in range(20_000)}
    hands("switch", "metadata", {"Renderbus": many})
    assert farm.intents() == ()
    hands("switch", "latency", 0.01)
    hands("house_cleaning")
    left = len(intents_kept(hands))
    assert 0 < left < 20_000, "it took the time it may take"
    hands("house_cleaning")
    assert len(intents_kept(hands)) < left


def test_a_slow_repository_is_not_asked_for_ever(hands):
    hands("switch", "settings", {"Renderbus": {"KeepGateway": "On Demand"}})
    for _ in range(3):
        submit(hands)
    hands("switch", "latency", 15.0)
    hands("calls")
    hands("house_cleaning")
    assert len(hands("calls")) < 20


def test_an_event_asks_a_few_things_however_large_the_job(farm, hands):
    job = submit(hands, Frames="1-5000")
    held(farm, job)
    for event in EVENTS:
        hands("calls")
        hands("tell", f"On{event}", job)
        assert len(hands("calls")) <= 6, event
