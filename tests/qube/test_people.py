"""The farm agent of a Qube: what people do to jobs, and what they ask for."""

from __future__ import annotations

from contextlib import suppress

import pytest
from qube_bench import agent, claim_of, submit

from renderbus_core.errors import FarmError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    Gone,
    IntentKind,
    LocalState,
    Reason,
)


class TestPeople:
    def test_a_job_that_is_killed_has_failed_whatever_its_items_say(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.qb("kill", [job])
        assert {task.state for task in farm.tasks([job])[job]} == {LocalState.FAILED}
        assert farm.tasks([job])[job][0].claim is None

    def test_a_held_item_that_is_killed_and_retried_begins_anew_here(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.work("killwork", job, 1)
        farm.tasks([job])
        hands.work("retrywork", job, 1)
        task = farm.tasks([job])[job][0]
        assert (task.state, task.claim) == (LocalState.QUEUED, None)
        (intent,) = farm.intents()
        assert (intent.kind, intent.frames) == (IntentKind.REQUEUED, FrameSet.parse("1"))
        assert farm.claim(claim).refused == {claim.tasks[0]: Reason.NOT_QUEUED}

    def test_a_frame_that_came_home_and_is_wanted_again_is_nobodys(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        farm.complete(claim, claim.tasks)
        hands.work("requeuework", job, 1)
        task = farm.tasks([job])[job][0]
        assert (task.state, task.claim) == (LocalState.SUSPENDED, None)
        hands.work("unblockwork", job, 1)
        assert farm.tasks([job])[job][0].state is LocalState.QUEUED

    def test_killing_frames_in_the_claim_job_asks_for_them_until_they_are_back(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1, 2)
        farm.claim(claim)
        (shown,) = hands.of_type()
        hands.work("killwork", shown["id"], 2, 3)
        assert farm.tasks([job])[job][1].claim is not None, "it is still in the cloud"
        (intent,) = farm.intents()
        assert (intent.job, intent.kind) == (job, IntentKind.RECALL)
        assert intent.frames == FrameSet.parse("2-3")
        farm.acknowledge([intent.id])
        farm.tasks([job])
        assert farm.intents() == ()
        assert farm.release(claim, claim.tasks[1:], "as you wish").taken == claim.tasks[1:]
        hands.work("blockwork", job, 2)
        farm.tasks([job])
        assert farm.tasks([job])[job][1].claim is None, "what a person blocks is the person's"

    def test_a_claim_job_of_which_every_frame_was_killed_ends_when_they_are_back(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        shown = hands.of_type()[0]["id"]
        hands.work("killwork", shown, 1, 2)
        farm.snapshot()
        assert hands("job", shown)["status"] == "blocked"
        farm.complete(claim, claim.tasks[:1])
        farm.release(claim, claim.tasks[1:], "as you wish")
        assert hands("job", shown)["status"] == "killed"

    def test_killing_the_whole_claim_job_asks_for_all_of_it(self, hands, farm):
        job = submit(hands)
        farm.claim(claim_of(farm, job, 0, 1))
        hands.qb("kill", [hands.of_type()[0]["id"]])
        farm.snapshot()
        (intent,) = farm.intents()
        assert intent.frames == FrameSet.parse("1-2")

    def test_a_claim_job_that_is_removed_is_made_again_for_what_it_held(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1, 2, 3)
        farm.claim(claim)
        farm.annotate(claim, {"renderbus.task": "77"})
        farm.release(claim, claim.tasks[:1], "wanted here")
        farm.complete(claim, claim.tasks[1:2])
        hands.work("blockwork", job, 1)
        (shown,) = hands.of_type()
        hands.qb("kill", [shown["id"]])
        hands.qb("remove", [shown["id"]])
        stamp = ClaimStamp(claim.burst, 1)
        assert [task.claim for task in farm.tasks([job])[job]][:4] == [None, None, stamp, stamp]
        (shown,) = hands.of_type()
        assert [item["name"] for item in shown["agenda"]] == ["3", "4"]
        assert farm.annotations(job) == {claim.burst: {"renderbus.task": "77"}}
        assert farm.complete(claim, claim.tasks[2:]).taken == claim.tasks[2:]
        assert [shown["status"] for shown in hands.of_type()] == ["complete"]
        hands.qb("remove", [shown["id"]])
        farm.snapshot()
        assert hands.of_type() == [], "nothing was held by it"

    def test_what_was_killed_in_a_claim_job_before_it_was_removed_is_asked_for(self, hands, farm):
        job = submit(hands)
        farm.claim(claim_of(farm, job, 0, 1, 2))
        shown = hands.of_type()[0]["id"]
        hands.work("killwork", shown, 2, 3)
        farm.snapshot()
        hands.qb("remove", [shown])
        farm.snapshot()
        (intent,) = farm.intents()
        assert (intent.job, intent.kind) == (job, IntentKind.RECALL)
        assert intent.frames == FrameSet.parse("2-3")

    def test_a_claim_job_about_a_job_that_is_gone_ends(self, hands, farm):
        job = submit(hands)
        farm.claim(claim_of(farm, job, 0))
        hands.qb("remove", [job])
        assert farm.job(job) == Gone(job)
        farm.snapshot()
        assert [shown["status"] for shown in hands.of_type()] == ["killed"]

    def test_another_priority_of_a_job_that_is_in_the_cloud_is_told(self, hands, farm):
        job = submit(hands)
        farm.claim(claim_of(farm, job, 0))
        farm.snapshot()
        hands.qb("modify", {"priority": 5}, [job])
        farm.snapshot()
        (intent,) = farm.intents()
        assert (intent.kind, intent.note) == (
            IntentKind.PRIORITY,
            "its priority was changed from 9999 to 5",
        )


class TestAsks:
    def ask(self, hands, what, job="", frames=""):
        package = {"ask": what, "job": job, "frames": frames}
        more = {"pid": int(job)} if job else {}
        return hands.submit(
            name=f"ask {what}", prototype="renderbus", status="blocked", user="bob",
            package=package, **more,
        )  # fmt: skip

    def test_a_job_asks_until_the_gateway_has_acted(self, hands, farm):
        job = submit(hands)
        asked = self.ask(hands, "burst", job, "1-3")
        (intent,) = farm.intents()
        assert (intent.job, intent.kind, intent.who) == (job, IntentKind.BURST, "bob")
        assert intent.frames == FrameSet.parse("1-3")
        assert farm.intents() == (intent,)
        farm.acknowledge([intent.id])
        assert farm.intents() == ()
        assert hands("job", asked)["status"] == "complete"

    @pytest.mark.parametrize("what", ["drain", "open"])
    def test_what_is_asked_of_the_whole_farm_names_no_job(self, hands, farm, what):
        self.ask(hands, what)
        (intent,) = farm.intents()
        assert intent.kind == what

    @pytest.mark.parametrize(
        ("ask", "why"),
        [
            (("dance", "1"), "nobody knows how to 'dance'"),
            (("burst", ""), "names no job"),
            (("burst", "1", "soon"), "the frames 'soon' cannot be read"),
            (("burst", "1", "1-10x0"), "the frames '1-10x0' cannot be read"),
            (("burst", "1", "1-9999999999"), "the frames '1-9999999999' cannot be read"),
            (("burst", "1", "1" * 5000), "cannot be read"),
        ],
    )
    def test_who_asks_nonsense_is_told_so(self, hands, farm, ask, why):
        submit(hands)
        asked = self.ask(hands, *ask)
        assert farm.intents() == ()
        shown = hands("job", asked)
        assert shown["status"] == "killed"
        assert why in shown["notes"]

    def test_who_asks_about_a_job_for_the_cloud_alone_is_told_what_to_do(self, hands, farm):
        job = hands.submit(name="cloud", prototype="renderbus", frames=[1])
        asked = self.ask(hands, "recall", job)
        assert farm.intents() == ()
        assert "kill it, or frames of it" in hands("job", asked)["notes"]

    def test_a_number_with_zeros_before_it_is_that_job(self, hands, farm):
        job = submit(hands)
        self.ask(hands, "recall", "000" + job)
        (intent,) = farm.intents()
        assert intent.job == job

    def test_an_ask_that_did_not_end_is_not_asked_twice(self, hands, farm):
        job = submit(hands)
        asked = self.ask(hands, "recall", job)
        (intent,) = farm.intents()
        hands("drop", "retire")
        farm.acknowledge([intent.id])
        assert farm.intents() == ()
        assert hands("job", asked)["status"] == "complete"

    @pytest.mark.parametrize(("call", "times"), [("submit", 1), ("modify", 2), ("retire", 2)])
    def test_what_is_noted_of_a_job_is_kept_when_it_is_noted_again(self, hands, farm, call, times):
        job = submit(hands)
        policy, answer = Claim(BurstId("policy"), 0, 0, job, ()), {"renderbus.answer": "stay"}
        hands("drop", call, times)
        for _ in range(3):
            with suppress(FarmError):
                farm.annotate(policy, answer)
        assert farm.annotations(job) == {policy.burst: answer}
        assert [shown["status"] for shown in hands.of_type()] == ["complete"]

    def test_an_answer_stands_in_the_notes_of_who_asked(self, hands, farm):
        job = submit(hands)
        asked = self.ask(hands, "explain", job)
        (intent,) = farm.intents()
        policy = Claim(BurstId("policy"), 0, 0, job, ())
        farm.annotate(policy, {"renderbus.answer": "stay: it is early"})
        farm.acknowledge([intent.id])
        assert "stay: it is early" in hands("job", asked)["notes"]
        assert farm.annotations(job)[BurstId("policy")]["renderbus.answer"] == "stay: it is early"

    def test_a_job_may_ask_when_it_is_submitted_and_is_heard_once(self, hands, tmp_path):
        job = submit(hands, package={"renderbus_when": "now"})
        with agent(tmp_path, hands) as first:
            (intent,) = first.intents()
            assert (intent.job, intent.kind) == (job, IntentKind.BURST)
            first.acknowledge([intent.id])
            assert first.intents() == ()
        with agent(tmp_path, hands) as second:
            assert second.intents() == ()
