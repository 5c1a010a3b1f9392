"""The farm agent of a Qube: what bursts hold, whoever else wants it or is silent."""

from __future__ import annotations

import json

import pytest
from qube_bench import agent, claim_of, submit

from qube_jobtype.renderbus_submit import SETTINGS
from renderbus_core.jobs import (
    BurstId,
    ClaimStamp,
    LocalState,
    Outcome,
    Reason,
)


class TestBeside:
    """Jobs of ours about another one are found and accounted for with it."""

    ACCOUNTED = ("account", "prod_show", "prod_shot", "prod_seq", "prod_client", "prod_dept",
                 *(f"prod_custom{number}" for number in range(1, 6)))  # fmt: skip

    @pytest.fixture
    def said(self):
        return {name: f"the {name}" for name in self.ACCOUNTED}

    def shown(self, hands, kind):
        (found,) = (job for job in hands.of_type() if f'"{kind}"' in job["package"]["renderbus"])
        assert found["kind"] == SETTINGS["kind"]
        return {name: found[name] for name in self.ACCOUNTED}

    def test_what_is_held(self, hands, farm, said):
        job = submit(hands, **said)
        farm.claim(claim_of(farm, job, 0))
        assert self.shown(hands, "claim") == said

    def test_what_is_noted(self, hands, farm, said):
        job = submit(hands, **said)
        farm.annotate(claim_of(farm, job), {"renderbus.probe": "alike"})
        assert self.shown(hands, "note") == said

    def test_that_it_was_asked_for_when_it_was_submitted(self, hands, farm, said):
        submit(hands, package={"renderbus_when": "now"}, **said)
        (intent,) = farm.intents()
        farm.acknowledge([intent.id])
        assert self.shown(hands, "note") == said

    def test_what_a_job_does_not_say_is_not_made_up(self, hands, farm):
        job = submit(hands, prod_show="opera")
        farm.claim(claim_of(farm, job, 0))
        assert self.shown(hands, "claim") == {**dict.fromkeys(self.ACCOUNTED, ""),
                                              "prod_show": "opera"}  # fmt: skip

    def test_of_a_job_that_is_gone_nothing_is_noted(self, hands, farm):
        job = submit(hands, package={"renderbus_when": "now"})
        (intent,) = farm.intents()
        hands.qb("remove", [job])
        farm.acknowledge([intent.id])
        assert hands.of_type() == []
        assert farm.intents() == ()


class TestClaims:
    def test_a_claim_is_shown_as_a_job_of_our_type(self, hands, farm):
        job = submit(hands)
        farm.claim(claim_of(farm, job, 2, 3))
        (claim,) = hands.of_type()
        assert (claim["name"], claim["status"]) == (f"in the cloud: shot ({job})", "blocked")
        assert (claim["pid"], claim["cpus"], claim["max_cpus"]) == (int(job), 1, 0)
        assert [item["name"] for item in claim["agenda"]] == ["3", "4"]
        assert hands.states(job) == ["pending", "pending", "blocked", "blocked", *["pending"] * 2]

    def test_a_claim_job_has_its_items_at_once(self, hands, farm):
        job = submit(hands)
        hands("switch", "defers", True)
        claim = claim_of(farm, job, 0)
        assert farm.claim(claim).taken == claim.tasks
        assert farm.tasks([job])[job][0].claim == ClaimStamp(claim.burst, 1)

    def test_nothing_is_held_by_a_claim_job_that_has_no_items_yet(self, hands, farm):
        job = submit(hands)
        hands("switch", "defers", "always")
        claim = claim_of(farm, job, 0, 1)
        assert farm.claim(claim).unknown == claim.tasks
        assert hands.states(job) == ["pending"] * 6
        hands("switch", "defers", False)
        hands("register")
        assert [shown["status"] for shown in hands.of_type()] == ["killed"]
        assert [task.claim for task in farm.tasks([job])[job]] == [None] * 6
        assert farm.intents() == (), "nobody is said to want them back"
        again = claim_of(farm, job, 0, 1, epoch=2)
        assert farm.claim(again).taken == again.tasks

    def test_the_claim_job_ends_with_the_last_of_its_items(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.complete(claim, claim.tasks[:1])
        farm.release(claim, claim.tasks[1:], "wanted here")
        (shown,) = hands.of_type()
        assert [item["status"] for item in shown["agenda"]] == ["complete", "killed"]
        assert shown["status"] == "complete"

    def test_a_worker_that_was_faster_keeps_its_item(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands("before", "blockwork", "take", "node-1")
        outcome = farm.claim(claim)
        assert outcome == Outcome(claim.tasks[1:], {claim.tasks[0]: Reason.NOT_QUEUED})
        assert hands.states(job)[:2] == ["running", "blocked"]
        assert farm.tasks([job])[job][0].claim is None

    @pytest.mark.parametrize(
        ("hand", "times"), [("lose_answer", 1), ("lose_answer", 2), ("drop", 1)]
    )
    def test_what_nobody_answered_is_judged_by_what_is_blocked_then(self, hands, farm, hand, times):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands(hand, "blockwork", times)
        assert farm.claim(claim).taken == claim.tasks
        assert hands.states(job)[:3] == ["blocked", "blocked", "pending"]
        assert farm.tasks([job])[job][0].claim == ClaimStamp(claim.burst, 1)

    def test_what_a_worker_took_while_nobody_answered_is_the_workers(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands("before", "blockwork", "take", "node-1")
        hands("lose_answer", "blockwork")
        assert farm.claim(claim) == Outcome(claim.tasks[1:], {claim.tasks[0]: Reason.NOT_QUEUED})
        assert farm.tasks([job])[job][0].claim is None

    def test_what_qube_does_not_block_is_not_held(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        hands("drop", "blockwork", 2)
        assert farm.claim(claim).refused == {claim.tasks[0]: Reason.NOT_QUEUED}
        task = farm.tasks([job])[job][0]
        assert (task.state, task.claim) == (LocalState.QUEUED, None)

    def test_a_claim_that_nobody_answers_keeps_its_name_until_it_is_made_again(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands("before", "blockwork", "switch", "unreachable", True)
        assert farm.claim(claim).unknown == claim.tasks
        hands("switch", "unreachable", False)
        other = claim_of(farm, job, 0, 1, burst="burst-2")
        assert set(farm.claim(other).refused.values()) == {Reason.NOT_OURS}
        again = claim_of(farm, job, 0, 1, epoch=2)
        assert farm.claim(again).taken == claim.tasks

    @pytest.mark.parametrize("before", ["jobinfo", "submit"])
    def test_a_job_that_a_person_has_just_blocked_is_not_claimed(self, hands, farm, before):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands("before", before, "block", [job])
        assert set(farm.claim(claim).refused.values()) == {Reason.NOT_QUEUED}
        assert hands.states(job) == ["pending"] * 6

    def test_what_a_person_blocks_as_it_is_claimed_is_the_persons(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands("before", "submit", "blockwork", [f"{job}:1"])
        assert farm.claim(claim) == Outcome(claim.tasks[1:], {claim.tasks[0]: Reason.NOT_QUEUED})
        assert farm.tasks([job])[job][0].claim is None

    def test_a_job_that_is_removed_as_it_is_claimed_is_gone(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        hands("before", "submit", "remove", [job])
        assert set(farm.claim(claim).refused.values()) == {Reason.GONE}
        farm.snapshot()
        assert [shown["status"] for shown in hands.of_type()] == ["killed"]

    @pytest.mark.parametrize("name", ["1,1", "1-3,2-5", "5-1"])
    def test_an_item_that_names_frames_twice_or_backwards_is_held(self, hands, farm, name):
        job = submit(hands, [name, "77"])
        claim = claim_of(farm, job, 0)
        assert farm.claim(claim).taken == claim.tasks
        assert farm.complete(claim, claim.tasks).taken == claim.tasks

    @pytest.mark.parametrize(
        "said",
        [{"burst": "", "claim_epoch": 1}, {"burst": "b", "claim_epoch": -5},
         {"burst": "b" * 5000, "claim_epoch": 1}, {"burst": "b", "claim_epoch": 10**40},
         {"burst": "b\x00\ud800", "claim_epoch": 1}, {"burst": ["x"], "claim_epoch": True}],
    )  # fmt: skip
    def test_a_strange_claim_job_hides_no_queue(self, hands, farm, said):
        job = submit(hands)
        said = json.dumps({"kind": "claim", "job": job, **said})
        hands.submit(name="odd", prototype="renderbus", status="blocked", pid=int(job),
                     frames=[1, 2], package={"renderbus": said})  # fmt: skip
        assert [row.job.id for row in farm.snapshot([job]).jobs] == [job]
        assert len(farm.tasks([job])[job]) == 6
        assert farm.annotations(job) == {}

    @pytest.mark.parametrize("with_notes", [True, False])
    def test_a_copy_of_a_claim_job_holds_nothing_and_is_ended(self, hands, farm, with_notes):
        job = submit(hands, range(1, 3))
        one = claim_of(farm, job, 0)
        farm.claim(one)
        farm.annotate(one, {"renderbus.task": "77"})
        farm.release(one, one.tasks, "wanted here")
        (shown,) = hands.of_type()
        copied = {name: shown[name] for name in ("name", "prototype", "pid", "package")}
        notes = {"notes": shown["notes"]} if with_notes else {}
        copy = hands.submit(frames=[1], **copied, **notes)
        two = claim_of(farm, job, 0, burst="burst-2")
        assert farm.claim(two).taken == two.tasks
        assert hands.states(copy) == ["killed"]
        hands.qb("remove", [shown["id"]])
        assert farm.tasks([job])[job][0].claim == ClaimStamp(two.burst, 1)
        assert farm.intents() == ()

    def test_what_people_write_below_the_notes_does_not_hide_what_was_let_go(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.release(claim, claim.tasks[:1], "wanted here")
        (shown,) = hands.of_type()
        hands.qb("modify", {"notes": shown["notes"] + '\n{"ok": "by bob"}'}, [shown["id"]])
        stamps = [task.claim for task in farm.tasks([job])[job]][:2]
        assert stamps == [None, ClaimStamp(claim.burst, 1)]
        assert farm.release(claim, claim.tasks[1:], "wanted here").taken == claim.tasks[1:]
        assert '{"ok": "by bob"}' in hands.of_type()[0]["notes"]

    def test_a_second_burst_of_a_retried_frame_is_told_of_its_own_end(self, hands, farm):
        job = submit(hands, range(1, 3))
        one = claim_of(farm, job, 0)
        farm.claim(one)
        farm.complete(one, one.tasks)
        hands.work("retrywork", job, 1)
        two = claim_of(farm, job, 0, burst="burst-2")
        assert farm.claim(two).taken == two.tasks
        hands("break_after", "retirework")
        assert farm.complete(two, two.tasks).unknown == two.tasks
        assert farm.tasks([job])[job][0].claim == ClaimStamp(two.burst, 1)
        assert farm.complete(two, two.tasks).taken == two.tasks

    def test_of_two_gateways_the_first_claim_job_has_it(self, hands, farm):
        job = submit(hands)
        mine = claim_of(farm, job, 0)
        # As another gateway would, just after this one has looked and just before it submits.
        said = {"kind": "claim", "job": job, "burst": "b-2", "claim_epoch": 1}
        theirs = {
            "name": "theirs", "prototype": "renderbus", "status": "blocked", "pid": int(job),
            "agenda": [{"name": "1", "status": "blocked"}],
            "package": {"renderbus": json.dumps(said)},
        }  # fmt: skip
        hands("before", "submit", "submit", [theirs])
        assert farm.claim(mine).refused == {mine.tasks[0]: Reason.NOT_OURS}
        assert farm.tasks([job])[job][0].claim == ClaimStamp(BurstId("b-2"), 1)
        assert hands.states(job)[0] == "pending", "held by whoever carries the other burst"

    @pytest.mark.parametrize(
        "call", ["blockwork", "retirework", "unblockwork", "killwork", "modify"]
    )
    def test_what_broke_in_the_middle_can_be_asked_again(self, hands, farm, call):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1, 2)

        def insist(act):
            hands("break_", call)
            first = act()
            return first if not first.unknown else act()

        assert insist(lambda: farm.claim(claim)).taken == claim.tasks
        assert insist(lambda: farm.complete(claim, claim.tasks[:1])).taken == claim.tasks[:1]
        assert insist(lambda: farm.fail(claim, claim.tasks[1:2], "why")).taken == claim.tasks[1:2]
        back = insist(lambda: farm.release(claim, claim.tasks[2:], "why"))
        assert back.taken == claim.tasks[2:] or set(back.refused.values()) == {Reason.NOT_OURS}
        assert hands.states(job)[:3] == ["complete", "killed", "pending"]
        assert farm.tasks([job])[job][2].claim is None

    def test_what_a_dead_gateway_held_is_known_to_the_next(self, hands, tmp_path):
        job = submit(hands)
        with agent(tmp_path, hands) as first:
            claim = claim_of(first, job, 0, 1)
            first.claim(claim)
            first.annotate(claim, {"renderbus.task": "77"})
        with agent(tmp_path, hands) as second:
            task = second.tasks([job])[job][0]
            assert (task.state, task.claim) == (LocalState.SUSPENDED, ClaimStamp(claim.burst, 1))
            assert second.annotations(job) == {claim.burst: {"renderbus.task": "77"}}
            assert second.complete(claim, claim.tasks).taken == claim.tasks

    def test_a_gateway_sees_what_another_one_has_claimed_meanwhile(self, hands, farm, tmp_path):
        job = submit(hands)
        with agent(tmp_path, hands) as other:
            farm.tasks([job])
            claim = claim_of(other, job, 0)
            other.claim(claim)
            assert farm.tasks([job])[job][0].claim == ClaimStamp(claim.burst, 1)

    @pytest.mark.parametrize("wakes", [True, False])
    def test_a_job_of_which_only_held_items_were_left_goes_on_when_they_come_back(
        self, hands, farm, wakes
    ):
        hands("switch", "wakes", wakes)
        job = submit(hands, range(1, 3))
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        assert hands("job", job)["status"] == "blocked"
        farm.release(claim, claim.tasks, "not rendered")
        assert hands("job", job)["status"] == "pending"
        assert hands("take", "node-1")[1] == "1"

    @pytest.mark.parametrize(
        ("broken", "call"),
        [("break_after", "unblockwork"), ("break_", "unblock"), ("break_after", "unblock")],
    )
    def test_what_broke_while_items_came_back_leaves_no_job_standing_still(
        self, hands, farm, tmp_path, broken, call
    ):
        job = submit(hands, range(1, 3))
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.annotate(claim, {"renderbus.task": "77"})
        hands(broken, call)
        assert farm.release(claim, claim.tasks, "not rendered").unknown
        assert farm.annotations(job) == {claim.burst: {"renderbus.task": "77"}}
        with agent(tmp_path, hands) as second:
            assert second.release(claim, claim.tasks, "not rendered").taken == claim.tasks
        assert hands("job", job)["status"] == "pending"
        assert "still" not in hands.of_type()[0]["notes"]

    @pytest.mark.parametrize("settles", [True, False])
    def test_a_job_of_which_all_came_home_is_complete(self, hands, farm, settles):
        hands("switch", "settles", settles)
        job = submit(hands, range(1, 3))
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.complete(claim, claim.tasks)
        assert hands("job", job)["status"] == "complete"

    def test_unblocking_the_whole_job_frees_nothing_that_is_held_for_long(self, hands, farm):
        hands("switch", "unblock_frees_items", True)
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.qb("block", [job])
        hands.qb("unblock", [job])
        assert farm.tasks([job])[job][0].state is LocalState.QUEUED
        assert farm.claim(claim).taken == claim.tasks
        assert hands.states(job)[0] == "blocked"
        assert len(hands.of_type()) == 1, "it is the same claim"


class TestSilence:
    """Calls that answer nothing: they were not done, or nobody knows that they were."""

    @pytest.mark.parametrize("wakes", [True, False])
    @pytest.mark.parametrize("hand", ["drop", "lose_answer"])
    def test_a_job_that_did_not_go_on_goes_on_when_it_is_asked_again(
        self, hands, farm, wakes, hand
    ):
        hands("switch", "wakes", wakes)
        job = submit(hands, range(1, 3))
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        hands(hand, "unblock")
        if farm.release(claim, claim.tasks, "wanted here").unknown:
            assert farm.release(claim, claim.tasks, "wanted here").taken == claim.tasks
        assert hands("job", job)["status"] == "pending"
        assert "still" not in hands.of_type()[0]["notes"]

    def test_a_job_of_which_all_came_home_ends_when_it_is_asked_again(self, hands, farm):
        job = submit(hands, range(1, 3))
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        # That of the claim job, and that of the job.
        hands("drop", "retire", 2)
        assert farm.complete(claim, claim.tasks).unknown == claim.tasks
        assert farm.complete(claim, claim.tasks).taken == claim.tasks
        assert hands("job", job)["status"] == "complete"
        assert hands.of_type()[0]["status"] == "complete"

    @pytest.mark.parametrize("call", ["killwork", "kill"])
    def test_what_a_claim_job_does_not_show_yet_is_shown_by_the_next_look(self, hands, farm, call):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.fail(claim, claim.tasks[:1], "no licence")
        hands("drop", call)
        assert farm.release(claim, claim.tasks[1:], "wanted here").taken == claim.tasks[1:]
        farm.snapshot()
        (shown,) = hands.of_type()
        assert [item["status"] for item in shown["agenda"]] == ["killed"] * 2
        assert shown["status"] == "killed"
        assert farm.intents() == ()

    @pytest.mark.parametrize("hand", ["drop", "lose_answer"])
    def test_a_claim_job_of_which_nobody_knows_is_no_refusal(self, hands, farm, hand):
        job = submit(hands, range(1, 3))
        claim = claim_of(farm, job, 0, 1)
        hands(hand, "submit")
        assert farm.claim(claim).unknown == claim.tasks
        assert farm.claim(claim).taken == claim.tasks
        assert len(hands.of_type()) == 1

    @pytest.mark.parametrize("times", [1, 2])
    def test_what_was_given_back_is_nobodys_although_notes_were_not_written(
        self, hands, farm, times
    ):
        job = submit(hands)
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        hands("drop", "modify", times)
        if farm.release(claim, claim.tasks, "wanted here").unknown:
            assert farm.release(claim, claim.tasks, "wanted here").taken == claim.tasks
        assert [task.claim for task in farm.tasks([job])[job]] == [None] * 6
        assert hands.states(job) == ["pending"] * 6

    @pytest.mark.parametrize("times", [1, 2])
    def test_why_a_frame_failed_is_kept_although_notes_were_not_written(self, hands, farm, times):
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands("drop", "modify", times)
        if farm.fail(claim, claim.tasks, "no licence").unknown:
            assert farm.fail(claim, claim.tasks, "no licence").taken == claim.tasks
        assert farm.tasks([job])[job][0].error == "no licence"

    def test_facts_are_kept_although_they_were_not_written_at_once(self, hands, farm):
        job = submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands("drop", "modify")
        farm.annotate(claim, {"renderbus.task": "77"})
        assert farm.annotations(job) == {claim.burst: {"renderbus.task": "77"}}
