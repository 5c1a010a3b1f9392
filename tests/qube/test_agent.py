"""The farm agent of a Qube: what it makes of workers, reasons, people, and races with them."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import suppress

import pytest
from deadline_bench import python
from qube_bench import agent

from qube_jobtype.renderbus_submit import SETTINGS
from renderbus_core.errors import FarmError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    FarmLimit,
    Gone,
    IntentKind,
    JobId,
    LocalState,
    Outcome,
    Reason,
)
from renderbus_core.overflow import project


def submit(hands, frames=range(1, 7), **job):
    package = {"scenefile": "/show/shot.ma", "renderbus_outputs": "/show/out/shot.####.exr"}
    package.update(job.pop("package", {}))
    names = {"name": "shot", "prototype": "maya"}
    return JobId(hands.submit(frames=frames, package=package, **{**names, **job}))


def claim_of(farm, job, *places, burst="burst-1", epoch=1):
    found = farm.tasks([job])[job]
    chosen = tuple(found[place].ref for place in places)
    return Claim(BurstId(burst), epoch, 1, job, chosen)


def row_of(farm, job):
    return next(row for row in farm.snapshot().jobs if row.job.id == job)


class TestQueue:
    ODD = ("1-10x0", "1-99999999999", "1" * 5000, "1-9999999,5")

    def test_reservations_say_how_many_instances_a_worker_runs(self, hands, farm):
        at_a_time = {
            "host.processors=1": 4,
            "host.processors=2,host.memory=4000": 2,
            "host.processors=3": 1,
            "host.processors=8": 1,
            "host.processors=all": 1,
            "host.processors=1*": 1,
            "host.processors=1+": 1,
            "host.processors=1-4": 1,
            "global.renderbus=1": 4,
            "": 4,
        }
        jobs = {submit(hands, reservations=text): text for text in at_a_time}
        rows = farm.snapshot().jobs
        assert {jobs[row.job.id]: row.tasks_per_worker for row in rows} == at_a_time

    def test_only_what_more_workers_would_help_against_is_waiting_for_a_worker(self, hands, farm):
        capacity = [
            "",
            "no hosts with available processors",
            "no hosts with available resource: host.memory",
            "no available hosts in farm",
            "no hosts available in the job's host group list",
        ]
        others = [
            "no hosts with available resource: license.maya",
            "no hosts with adequate resource",
            "host missing jobtype maya",
            "all available hosts omitted",
            "the moon is full",
        ]
        jobs = {submit(hands): reason for reason in [*capacity, *others]}
        for job, reason in jobs.items():
            hands("reason", job, reason)
        told = {jobs[row.job.id]: row.waits_for for row in farm.snapshot().jobs}
        assert told == dict.fromkeys(capacity, "") | {reason: reason for reason in others}

    def test_a_number_that_nobody_can_mean_hides_no_job(self, hands, farm):
        hands("switch", "resources", {"license.maya": [0, 3]})
        huge = "9" * 5000
        jobs = [
            submit(hands, reservations=text)
            for text in (f"host.processors={huge}", f"host.processors=1-{huge}",
                         f"license.maya={huge}", "license.maya=", "license.maya")
        ]  # fmt: skip
        assert {row.job.id for row in farm.snapshot().jobs} == set(jobs)

    def test_a_job_that_a_person_blocked_waits_for_that_person(self, hands, farm):
        job = submit(hands)
        hands.qb("block", [job])
        row = row_of(farm, job)
        assert (row.queued, row.counts[LocalState.SUSPENDED]) == (0, 6)
        assert row.waits_for == "a person has blocked it"

    def test_items_are_counted_by_their_tally_because_todo_is_all_of_them(self, hands, farm):
        job = submit(hands)
        hands.work("killwork", job, 1)
        hands.work("retirework", job, 2)
        hands.work("blockwork", job, 3)
        hands("take", "node-1")
        assert row_of(farm, job).counts == {
            LocalState.QUEUED: 2,
            LocalState.RENDERING: 1,
            LocalState.SUSPENDED: 1,
            LocalState.COMPLETED: 1,
            LocalState.FAILED: 1,
        }

    def test_a_job_without_items_counts_its_instances(self, hands, farm):
        job = submit(hands, frames=None, cpus=3)
        row = row_of(farm, job)
        assert row.queued == 3
        assert row.job.refusal, "there is nothing that could be held"
        assert farm.tasks([job]) == {}

    def test_gateways_and_workers_that_are_away_render_nothing(self, hands, farm):
        hands("add_host", "gateway", 8, "other,renderbus")
        hands("add_host", "node-2", 4, "", "down")
        hands("add_host", "node-3", 4, "", "panic")
        hands("add_host", "node-4", 2, "gpu")
        submit(hands)
        hands("take", "node-1")
        queue = farm.snapshot()
        assert (queue.workers, queue.idle_workers) == (2, 1)
        assert [(kind.groups, kind.count) for kind in queue.kinds] == [((), 1), (("gpu",), 1)]

    def test_our_own_jobs_are_no_work_of_the_farm(self, hands, farm):
        hands.submit(name="cloud", prototype="renderbus", frames=[1])
        job = submit(hands)
        farm.claim(claim_of(farm, job, 0))
        assert [row.job.id for row in farm.snapshot().jobs] == [job]

    def test_chunks_and_names_that_are_no_frames(self, hands, farm):
        job = submit(hands, frames=["1-5", "6-10x2", "cleanup", *self.ODD])
        found = farm.tasks([job])[job]
        assert [(task.ref.id, list(task.ref.frames)) for task in found] == [
            ("1-5", [1, 2, 3, 4, 5]),
            ("6-10x2", [6, 8, 10]),
        ]

    def test_an_item_with_many_frames_travels_as_a_run(self, hands, farm):
        job = submit(hands, frames=["1-1999999x2", *["2-1999999x2"] * 3, "1"])
        (task,) = farm.snapshot([job]).tasks[job]
        assert len(task.ref.frames) == 1000000, "and what would be more than that is not held"

    def test_a_job_that_fits_into_no_line_stays_here_and_hides_no_other(self, hands, farm):
        long = "x" * 1100000
        jobs = [
            submit(hands),
            submit(hands, package={"note": long}),
            submit(hands, env={"NOTE": long}),
            submit(hands, account=long),
            submit(hands, frames=[1, long]),
            submit(hands, frames=[1, ",".join(map(str, range(1, 400001, 2)))]),
        ]
        rows = {row.job.id: row for row in farm.snapshot(jobs).jobs}
        assert set(rows) == set(jobs)
        assert [bool(rows[job].job.refusal) for job in jobs] == [False, *[True] * 5]
        assert len(farm.tasks(jobs[-1:])[jobs[-1]]) == 1

    def test_times_that_are_not_set_are_none(self, hands, farm):
        job = submit(hands)
        hands("finish", *hands("take", "node-1"), 3.0)
        first, second, *_ = farm.tasks([job])[job]
        assert (first.finished_at - first.started_at).total_seconds() == pytest.approx(3, abs=1)
        assert (second.started_at, second.finished_at) == (None, None)

    def test_one_look_of_the_core_asks_qube_once_for_everything(self, hands, farm):
        job = submit(hands)
        farm.snapshot()
        hands("calls")
        farm.snapshot()
        farm.snapshot([job])
        calls = hands("calls")
        assert calls.count("hostinfo") == 1
        assert calls.count("jobinfo") == 2, "one for all, one for items of some"

    def test_a_supervisor_that_does_not_answer_has_no_empty_queue(self, hands, farm):
        job = submit(hands)
        hands("switch", "unreachable", True)
        with pytest.raises(FarmError, match="does not answer"):
            farm.snapshot()
        with pytest.raises(FarmError, match="does not answer"):
            farm.job(job)

    def test_one_lost_answer_about_workers_is_asked_for_again(self, hands, farm):
        submit(hands)
        hands("lose_answer", "hostinfo")
        assert farm.snapshot().workers == 1

    def test_a_farm_that_names_no_workers_is_not_taken_for_an_overloaded_one(self, hands, farm):
        submit(hands)
        hands("drop", "hostinfo", 2)
        with pytest.raises(FarmError, match="names no workers"):
            farm.snapshot()
        assert farm.snapshot().workers == 1

    def test_an_answer_that_was_too_large_is_not_taken_for_no_jobs(self, hands, farm):
        job, other = submit(hands), submit(hands)
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands("switch", "largest", 0)
        for ask in (lambda: farm.snapshot([job, other]), farm.snapshot, lambda: farm.job(job),
                    lambda: farm.tasks([job])):  # fmt: skip
            with pytest.raises(FarmError, match="did not answer with all jobs"):
                ask()
        assert farm.release(claim, claim.tasks, "why").unknown == claim.tasks
        hands("switch", "largest", None)
        farm.snapshot()
        assert [shown["status"] for shown in hands.of_type()] == ["blocked"]
        assert farm.intents() == ()
        assert farm.tasks([job])[job][0].claim == ClaimStamp(claim.burst, 1)

    def test_an_answer_that_was_empty_once_is_asked_for_again(self, hands, farm):
        job = submit(hands)
        hands("before", "jobinfo", "switch", "unreachable", True)
        hands("before", "currenttime", "switch", "unreachable", False)
        assert farm.job(job) != Gone(job)

    def test_a_job_about_which_something_was_noted_is_not_read_each_time(self, hands, farm):
        job = submit(hands, package={"range": "1-6"})
        farm.annotate(Claim(BurstId("policy"), 0, 0, job, ()), {"renderbus.answer": "stay"})
        farm.snapshot()
        hands("calls")
        farm.snapshot()
        assert hands("calls").count("jobinfo") == 1

    def test_a_long_queue_is_read_in_parts_its_first_jobs_first(self, hands, farm):
        frames = [str(n) for n in range(1, 3)]
        jobs = [submit(hands, frames, priority=1000 - n) for n in range(250)]
        hands("switch", "largest", 200)
        rows = {row.job.id: row for row in farm.snapshot(jobs[:1]).jobs}
        assert len(rows) == 250
        known = [job for job in jobs if rows[job].job.frames]
        assert set(known) == {jobs[0], *jobs[50:]}
        assert all(row.job.frames for row in farm.snapshot().jobs)


class TestLimits:
    def test_what_all_workers_share_limits_how_many_are_rendered_at_a_time(self, hands, farm):
        hands("switch", "resources", {"license.maya": [0, 3], "global.vray": [0, 9], "x": [0, 1]})
        one = submit(hands, reservations="host.processors=1,license.maya=1")
        both = submit(hands, reservations="host.processors=1, license.maya=1, global.vray=1")
        none = submit(hands)
        queue = farm.snapshot()
        assert queue.limits == (FarmLimit("global.vray", 9), FarmLimit("license.maya", 3))
        rows = {row.job.id: row.limits for row in queue.jobs}
        assert rows == {one: ("license.maya",), both: ("global.vray", "license.maya"), none: ()}
        foreseen = project(queue, {"maya": 60.0})
        assert (foreseen[one].slots, foreseen[none].slots) == (3, 4)

    def test_what_people_and_other_farms_use_is_not_there_for_this_one(self, hands, farm):
        hands("switch", "resources", {"license.maya": [2, 5]})
        submit(hands, reservations="license.maya=1", cpus=2)
        hands("take", "node-1")
        hands("take", "node-1")
        assert farm.snapshot().limits == (FarmLimit("license.maya", 3),)
        hands("switch", "resources", {"license.maya": [7, 5]})
        assert farm.snapshot().limits == (FarmLimit("license.maya", 0),)

    def test_a_job_that_takes_several_has_a_limit_of_its_own_beside_that_of_all(self, hands, farm):
        hands("switch", "resources", {"license.maya": [0, 5]})
        two = submit(hands, reservations="license.maya=2")
        one = submit(hands, reservations="license.maya=1")
        queue = farm.snapshot()
        most = {limit.name: limit.most for limit in queue.limits}
        assert most == {"license.maya": 5, "license.maya, 2 each": 2}
        rows = {row.job.id: row.limits for row in queue.jobs}
        assert rows == {one: ("license.maya",), two: ("license.maya", "license.maya, 2 each")}

    @pytest.mark.parametrize(
        ("amount", "most"),
        [("1", 6), ("2", 3), ("3-5", 2), ("2+", 6), ("1*", 6), ("all", 6), ("", 6), ("0", None)],
    )
    def test_every_form_of_a_reservation_is_read(self, hands, farm, amount, most):
        hands("switch", "resources", {"global.gpu": [0, 6]})
        job = submit(hands, reservations=f"global.gpu={amount}")
        known = {limit.name: limit.most for limit in farm.snapshot().limits}
        assert min((known[name] for name in row_of(farm, job).limits), default=None) == most

    def test_what_qube_does_not_count_holds_nothing_back(self, hands, farm):
        hands("switch", "resources", {"license.maya": [0, 5], "license_host.nuke": [0, 5]})
        text = "license.nuke=1,license_host.nuke=1,host.gpu=1,global.renderbus=1"
        job = submit(hands, reservations=text)
        assert farm.snapshot().limits == ()
        assert row_of(farm, job).limits == ()

    @pytest.mark.parametrize(
        ("said", "most"),
        [
            ("1/5", 4),
            ({"used": 1, "total": 5}, 4),
            ({"total": 5}, None),
            ("plenty", None),
            (7, None),
            (None, None),
            ("-1/5", None),
            ("9" * 5000 + "/5", None),
        ],
    )
    def test_whatever_form_an_amount_has_it_is_read_or_left_out(self, hands, farm, said, most):
        hands("switch", "resources", {"license.maya": said})
        job = submit(hands, reservations="license.maya=1")
        queue = farm.snapshot()
        assert queue.limits == (() if most is None else (FarmLimit("license.maya", most),))
        assert [row.job.id for row in queue.jobs] == [job]

    @pytest.mark.parametrize("hand", ["break_", "forbid"])
    def test_a_qube_that_does_not_say_what_there_is_has_its_queue_all_the_same(
        self, hands, farm, hand
    ):
        job = submit(hands, reservations="global.renderbus=1")
        if hand == "forbid":
            hands("switch", "forbidden", ["getresources"])
        else:
            hands(hand, "getresources")
        queue = farm.snapshot()
        assert ([row.job.id for row in queue.jobs], queue.limits) == ([job], ())

    def test_it_is_asked_for_once_a_look_and_only_where_a_job_reserves_any(self, hands, farm):
        farm.claim(claim_of(farm, submit(hands), 0))
        hands.submit(name="cloud", prototype="renderbus", frames=[1],
                     reservations="global.renderbus=1")  # fmt: skip
        hands("calls")
        farm.snapshot()
        assert "getresources" not in hands("calls"), "our own jobs are no work of the farm"
        job = submit(hands, reservations="global.renderbus=1")
        farm.snapshot()
        hands("calls")
        farm.snapshot()
        farm.snapshot([job])
        assert hands("calls").count("getresources") == 1


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


class TestStopping:
    def test_who_stops_the_agent_stops_the_core_which_has_its_farm_until_it_is_done(
        self, hands, tmp_path
    ):
        """A service manager may signal all processes of a service at once."""
        me, told = tmp_path / "pid", threading.Event()
        shell = tmp_path / "python"
        shell.write_text(f'#!/bin/sh\necho $$ > {me}\nexec {python()} "$@"\n')
        shell.chmod(0o755)
        job = submit(hands)
        with agent(tmp_path, hands, shell, lambda _: told.set()) as farm:
            os.kill(int(me.read_text()), signal.SIGTERM)
            assert told.wait(60)
            claim = claim_of(farm, job, 0)
            assert farm.claim(claim).taken == claim.tasks


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


@pytest.mark.parametrize("where", ["notes", "package"])
def test_what_is_nested_too_deep_for_anybody_hides_no_queue(farm, hands, where):
    deep = "[" * 20000
    more = (
        {"notes": '-- renderbus --\n{"facts": ' + deep, "package": {}}
        if where == "notes"
        else {"package": {"renderbus": deep}}
    )
    hands.submit(name="x", prototype="renderbus", frames=[1], status="blocked", **more)
    job = hands.submit(name="y", prototype="cmdrange", frames=[1], package={"cmdline": "x"})
    assert [row.job.id for row in farm.snapshot().jobs] == [job]
    assert farm.intents() == ()
