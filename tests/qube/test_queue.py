"""The farm agent of a Qube: what it makes of jobs, workers, reasons and licences."""

from __future__ import annotations

import pytest
from qube_bench import claim_of, row_of, submit

from renderbus_core.errors import FarmError
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    FarmLimit,
    Gone,
    LocalState,
)
from renderbus_core.overflow import project


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
