"""The event plug-in: what people ask and do is written down, and a gateway job is kept alive."""

from __future__ import annotations

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


def test_two_machines_that_clean_at_once_submit_one(hands):
    hands("before", "SubmitJob", "house_cleaning")
    hands("house_cleaning")
    assert len(gateways(hands)) == 1


def test_one_that_ended_is_replaced(hands):
    hands("house_cleaning")
    (first,) = hands("jobs")
    hands("complete", first, [0], "node-1")
    hands("forget_lease")
    hands("house_cleaning")
    assert len(gateways(hands)) == 2


def test_one_that_a_person_suspended_stays_the_only_one(hands):
    hands("house_cleaning")
    (first,) = hands("jobs")
    hands("suspend", first)
    hands("forget_lease")
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
