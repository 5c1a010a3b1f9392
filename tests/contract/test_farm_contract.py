"""What every farm owes the bridge, whatever stands behind it.

A farm joins by adding a bench to `BENCHES`: the farm, and a person's hands on it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deadline_bench import deadline, web_deadline
from qube_bench import agent, qube

from renderbus_core.clock import ManualClock
from renderbus_core.farm import JobSpec, Link, LocalFarm, connect
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    CloudWish,
    Gone,
    IntentKind,
    JobId,
    LocalState,
    Outcome,
    Reason,
    TaskRef,
)


@dataclass
class Bench:
    """A farm under test with what people and workers do to it.

    Args:
        farm: the port.
        submit: queues a job of some frames, so many per task, at a priority.
        resume: a person presses Resume on tasks, named by their places in the job.
        suspend: a person presses Suspend on tasks.
        delete: a person deletes the job.
        ask: a person asks for a burst of some frames of a job; None for all.
        render: a worker takes the first queued task; returns what finishes it.
        pools: of the jobs that it submits, where the farm has any.
    """

    farm: Any
    submit: Callable[..., JobId]
    resume: Callable[[JobId, Collection[str]], object]
    suspend: Callable[[JobId, Collection[str]], object]
    delete: Callable[[JobId], object]
    ask: Callable[[JobId, FrameSet | None], object]
    render: Callable[[], Callable[[], object]]
    pools: tuple[str, ...] = ("maya", "late")


def local_bench(folder, _request):
    clock = ManualClock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    farm = LocalFarm(folder / "farm.db", clock)

    def submit(frames="1-6", per_task=1, priority=50):
        return farm.submit(
            JobSpec(
                name="shot",
                dcc="maya",
                scene=str(folder / "shot.ma"),
                outputs=(str(folder / "shot.####.exr"),),
                frames=FrameSet.parse(frames),
                chunk_size=per_task,
                command=(sys.executable, "--version"),
                user="ada",
                priority=priority,
                project="opera",
                layer="beauty",
                deadline=clock.now() + timedelta(hours=5),
                department="lighting",
                pools=("maya", "late"),
                groups=("gpu",),
                cloud=CloudWish.ALLOWED,
            )
        )

    def render():
        kind = {"pools": ["late"], "groups": ["gpu"]}
        run = farm.dispatch.dequeue(farm.dispatch.beat("node-1", None, **kind))
        clock.advance(2)
        return lambda: farm.dispatch.finish(run)

    yield Bench(
        farm=farm,
        submit=submit,
        resume=farm.resume_tasks,
        suspend=farm.suspend_tasks,
        delete=farm.delete_job,
        ask=farm.ask_burst,
        render=render,
    )
    farm.close()


# Loading the agent takes longer than most tests: one process has loaded it and forks for each farm.
AGENTS = """
import json, os, sys
from renderbus_core.farm import agent

for line in sys.stdin:
    database, down, up = json.loads(line)
    if os.fork() == 0:
        os.dup2(os.open(down, os.O_RDONLY), 0)
        os.dup2(os.open(up, os.O_WRONLY), 1)
        os._exit(agent.main([database]))
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


@pytest.fixture(scope="module")
def agents():
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", AGENTS], text=True, **pipes) as process:
        yield process
        process.stdin.close()


def link_bench(folder, request):
    """Return the same farm, with its agent in another process at the other end of a link."""
    agents = request.getfixturevalue("agents")
    down, up = folder / "down", folder / "up"
    for pipe in (down, up):
        os.mkfifo(pipe)
    for bench in local_bench(folder, request):
        agents.stdin.write(json.dumps([str(folder / "farm.db"), str(down), str(up)]) + "\n")
        agents.stdin.flush()
        writer, reader = down.open("wb"), up.open("rb")
        stops = []
        with connect(Link(reader, writer), stops.append) as farm:
            yield replace(bench, farm=farm)
        assert agents.stdout.readline() == "0\n"
        assert stops == []


def deadline_bench(folder, _request, opened=deadline):
    """Return Deadline behind the agent that runs in its interpreter."""
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with opened(folder) as (farm, hands):
        hands("add_worker", "node-1", ["late"], ["gpu"])

        def submit(frames="1-6", per_task=1, priority=50):
            info = {
                "Plugin": "MayaBatch",
                "Name": "shot",
                "Frames": frames,
                "ChunkSize": str(per_task),
                "UserName": "ada",
                "Priority": str(priority),
                "Department": "lighting",
                "Pool": "maya",
                "SecondaryPool": "late",
                "Group": "gpu",
                "OutputDirectory0": str(folder),
                "OutputFilename0": "shot.####.exr",
                "ExtraInfoKeyValue0": "project=opera",
                "ExtraInfoKeyValue1": f"renderbus_deadline={(at + timedelta(hours=5)).isoformat()}",
                "ExtraInfoKeyValue2": "renderbus=allowed",
            }
            plugin_info = {
                "SceneFile": str(folder / "shot.ma"),
                "Version": "2024",
                "UsingRenderLayers": "1",
                "RenderLayer": "beauty",
            }
            return JobId(hands("submit", info, plugin_info, [], at.timestamp()))

        def render():
            job, task = hands("dequeue", "node-1")
            return lambda: hands("finish", job, task, 2.0)

        yield Bench(
            farm=farm,
            submit=submit,
            resume=lambda job, ids: hands("resume", job, list(ids)),
            suspend=lambda job, ids: hands("suspend", job, list(ids)),
            delete=lambda job: hands("delete", job),
            ask=None,
            render=render,
        )


def deadline_rest_bench(folder, request):
    """Return the same Deadline over its Web Service."""
    return deadline_bench(folder, request, web_deadline)


def qube_bench(folder, _request):
    """Return Qube behind the agent that runs under its Python."""
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with qube(folder) as hands, agent(folder, hands) as farm:
        hands("add_host", "node-1", 1, "gpu")

        def submit(frames="1-6", per_task=1, priority=50):
            numbers = list(FrameSet.parse(frames))
            chunks = [numbers[n : n + per_task] for n in range(0, len(numbers), per_task)]
            items = [str(c[0]) if len(c) == 1 else f"{c[0]}-{c[-1]}" for c in chunks]
            job = hands.submit(
                name="shot",
                prototype="maya",
                user="ada",
                frames=items,
                # Here 1 is the highest.
                priority=100 - priority,
                groups="gpu",
                prod_dept="lighting",
                package={
                    "scenefile": str(folder / "shot.ma"),
                    "renderbus_outputs": str(folder / "shot.####.exr"),
                    "renderbus_project": "opera",
                    "layers": "beauty",
                    "renderbus": "allowed",
                    "renderbus_deadline": (at + timedelta(hours=5)).isoformat(),
                },
            )
            hands("submitted_at", job, int(at.timestamp()))
            return JobId(job)

        def names(job, places):
            agenda = hands("job", job)["agenda"]
            return [agenda[int(place)]["name"] for place in places]

        def resume(job, places):
            hands.work("unblockwork", job, *names(job, places))
            hands.qb("unblock", [job])

        def render():
            taken = hands("take", "node-1")
            return lambda: hands("finish", *taken, 2.0)

        yield Bench(
            farm=farm,
            submit=submit,
            resume=resume,
            suspend=lambda job, places: hands.work("blockwork", job, *names(job, places)),
            delete=lambda job: hands.qb("remove", [job]),
            ask=None,
            render=render,
            pools=(),
        )


BENCHES = {
    "local": local_bench,
    "link": link_bench,
    "deadline": deadline_bench,
    "deadline-rest": deadline_rest_bench,
    "qube": qube_bench,
}
# Deadline tells of jobs, never of single tasks: tests/deadline has what its intents are.
TELL_OF_TASKS = ("local", "link")


# The agent of `deadline`, over another face: what a contributor runs holds the agent itself.
LATER = {"deadline-rest"}


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.heavy] * (name in LATER)) for name in BENCHES]
)
def bench(request, tmp_path):
    yield from BENCHES[request.param](tmp_path, request)


@pytest.fixture
def farm(bench):
    return bench.farm


def refs(farm, job, *places):
    """Return tasks of a job by their place in it; farms name them as they like."""
    found = farm.tasks([job])[job]
    return tuple(task.ref for place, task in enumerate(found) if not places or str(place) in places)


def claim_of(job, tasks, *, burst="burst-1", epoch=1):
    return Claim(BurstId(burst), epoch, 1, job, tuple(tasks))


def task_of(farm, job, ref):
    return next(task for task in farm.tasks([job])[job] if task.ref.id == ref.id)


class TestReading:
    def test_a_job_is_shown_as_it_was_submitted(self, bench, farm):
        job = farm.job(bench.submit("1-6"))
        assert (job.name, job.dcc, job.user, job.project) == ("shot", "maya", "ada", "opera")
        assert (job.frames, job.layer) == (FrameSet.parse("1-6"), "beauty")
        assert job.submitted_at.utcoffset().total_seconds() == 0
        assert job.deadline == job.submitted_at + timedelta(hours=5)
        assert (job.department, job.cloud) == ("lighting", CloudWish.ALLOWED)
        assert (job.pools, job.groups) == (bench.pools, ("gpu",))

    def test_a_snapshot_tells_how_sure_a_mean_is(self, bench, farm):
        bench.submit("1-3")
        bench.render()()
        bench.render()
        snapshot = farm.snapshot()
        assert sum(kind.count for kind in snapshot.kinds) == snapshot.workers
        (row,) = snapshot.jobs
        assert (row.mean_seconds, row.timed) == (2.0, 1)

    def test_a_job_that_is_not_there_is_gone(self, bench, farm):
        bench.submit()
        for name in ("job-9999", "", "nonsense", "job-1'; --", "\ud800", "job-0"):
            assert farm.job(JobId(name)) == Gone(JobId(name)), ascii(name)
            assert farm.tasks([JobId(name)]) == {}, ascii(name)

    def test_a_deleted_job_is_gone(self, bench, farm):
        job = bench.submit()
        bench.delete(job)
        assert farm.job(job) == Gone(job)
        assert farm.snapshot([job]).tasks == {}

    def test_tasks_come_in_order_with_their_frames(self, bench, farm):
        job = bench.submit("1-5", per_task=2)
        found = farm.tasks([job])[job]
        assert [str(task.ref.frames) for task in found] == ["1-2[1]", "3-4[1]", "5"]
        assert {task.state for task in found} == {LocalState.QUEUED}

    def test_the_snapshot_lists_jobs_as_they_would_render(self, bench, farm):
        late = bench.submit(priority=10)
        first = bench.submit(priority=90)
        second = bench.submit(priority=90)
        assert [row.job.id for row in farm.snapshot().jobs] == [first, second, late]

    def test_the_snapshot_gives_tasks_only_of_the_jobs_it_is_asked_for(self, bench, farm):
        job = bench.submit()
        bench.submit()
        snapshot = farm.snapshot([job])
        assert list(snapshot.tasks) == [job]
        assert len(snapshot.jobs) == 2

    def test_the_snapshot_counts_claimed_tasks_apart_from_those_a_person_suspended(
        self, bench, farm
    ):
        job = bench.submit("1-6")
        farm.claim(claim_of(job, refs(farm, job, "4", "5")))
        bench.suspend(job, ["0"])
        (row,) = farm.snapshot().jobs
        assert row.counts[LocalState.SUSPENDED] == 3
        assert (row.claimed, row.queued) == (2, 3)

    def test_the_mean_counts_local_renders_only(self, bench, farm):
        job = bench.submit("1-3")
        bench.render()()
        claim = claim_of(job, refs(farm, job, "2"))
        farm.claim(claim)
        farm.complete(claim, claim.tasks)
        assert farm.snapshot().jobs[0].mean_seconds == 2

    def test_without_a_local_render_there_is_no_mean(self, bench, farm):
        bench.submit()
        assert farm.snapshot().jobs[0].mean_seconds is None


@pytest.mark.parametrize("bench", TELL_OF_TASKS, indirect=True)
class TestIntents:
    def test_what_people_ask_and_do_comes_oldest_first_with_its_frames(self, bench, farm):
        job = bench.submit("1-6", per_task=2)
        bench.ask(job, FrameSet.parse("3-6"))
        bench.suspend(job, ["0"])
        bench.delete(job)
        found = farm.intents()
        assert [(one.job, one.kind, str(one.frames)) for one in found] == [
            (job, IntentKind.BURST, "3-6[1]"),
            (job, IntentKind.SUSPENDED, "1-2[1]"),
            (job, IntentKind.DELETED, "None"),
        ]
        assert {one.who for one in found} == {"person"}
        assert all(one.at.utcoffset().total_seconds() == 0 for one in found)

    def test_an_intent_comes_again_until_it_is_acknowledged(self, bench, farm):
        job = bench.submit()
        bench.suspend(job, ["0"])
        bench.resume(job, ["0"])
        first, second = farm.intents()
        assert farm.intents() == (first, second)
        farm.acknowledge([first.id])
        assert farm.intents() == (second,)

    def test_acknowledging_again_or_nonsense_forgets_nothing_else(self, bench, farm):
        job = bench.submit()
        bench.ask(job, None)
        (old,) = farm.intents()
        farm.acknowledge([old.id])
        bench.ask(job, None)
        farm.acknowledge([old.id, "", "nonsense", "-1", "\u0663", "9" * 400, "\ud800"])
        (left,) = farm.intents()
        assert (left.kind, left.frames) == (IntentKind.BURST, None)

    def test_what_changes_nothing_is_no_intent(self, bench, farm):
        job = bench.submit()
        bench.resume(job, ["0"])
        assert farm.intents() == ()

    def test_what_the_bridge_does_itself_is_no_intent(self, bench, farm):
        job = bench.submit()
        claim = claim_of(job, refs(farm, job, "0", "1", "2"))
        farm.claim(claim)
        farm.complete(claim, claim.tasks[:1])
        farm.fail(claim, claim.tasks[1:2], "why")
        farm.release(claim, claim.tasks[2:], "why")
        assert farm.intents() == ()


class TestManyTasks:
    @pytest.mark.heavy
    def test_a_job_too_large_for_a_line_is_read_and_claimed_whole(self, bench, farm):
        job = bench.submit("1-5000")
        found = farm.snapshot([job]).tasks[job]
        assert [list(task.ref.frames) for task in found] == [[n] for n in range(1, 5001)]
        assert farm.tasks([job]) == {job: found}
        claim = claim_of(job, [task.ref for task in found])
        assert farm.claim(claim) == Outcome(taken=claim.tasks)
        assert farm.snapshot().jobs[0].claimed == 5000


class TestClaim:
    def test_queued_tasks_are_taken_and_stamped(self, bench, farm):
        job = bench.submit()
        wanted = refs(farm, job, "3", "4")
        assert farm.claim(claim_of(job, wanted)) == Outcome(taken=wanted)
        held = task_of(farm, job, wanted[0])
        assert held.state is LocalState.SUSPENDED
        assert held.claim == ClaimStamp(BurstId("burst-1"), 1)

    def test_the_same_claim_again_is_taken_again(self, bench, farm):
        job = bench.submit()
        claim = claim_of(job, refs(farm, job, "3"))
        assert farm.claim(claim) == farm.claim(claim) == Outcome(taken=claim.tasks)

    def test_a_higher_epoch_replaces_its_own_stamp(self, bench, farm):
        job = bench.submit()
        wanted = refs(farm, job, "3")
        farm.claim(claim_of(job, wanted, epoch=1))
        assert farm.claim(claim_of(job, wanted, epoch=2)).taken == wanted
        assert task_of(farm, job, wanted[0]).claim.claim_epoch == 2

    def test_a_lower_epoch_is_refused(self, bench, farm):
        job = bench.submit()
        (wanted,) = refs(farm, job, "3")
        farm.claim(claim_of(job, [wanted], epoch=2))
        outcome = farm.claim(claim_of(job, [wanted], epoch=1))
        assert outcome == Outcome(refused={wanted: Reason.NOT_OURS})

    def test_another_burst_is_refused_even_after_a_person_resumed(self, bench, farm):
        job = bench.submit()
        (wanted,) = refs(farm, job, "3")
        farm.claim(claim_of(job, [wanted]))
        other = claim_of(job, [wanted], burst="burst-2", epoch=9)
        assert farm.claim(other).refused == {wanted: Reason.NOT_OURS}
        bench.resume(job, ["3"])
        assert farm.claim(other).refused == {wanted: Reason.NOT_OURS}

    def test_what_a_person_suspended_is_refused(self, bench, farm):
        job = bench.submit()
        (wanted,) = refs(farm, job, "3")
        bench.suspend(job, ["3"])
        assert farm.claim(claim_of(job, [wanted])).refused == {wanted: Reason.NOT_QUEUED}

    def test_what_renders_or_is_complete_is_refused(self, bench, farm):
        job = bench.submit()
        (first,) = refs(farm, job, "0")
        finish = bench.render()
        assert farm.claim(claim_of(job, [first])).refused == {first: Reason.NOT_QUEUED}
        finish()
        assert farm.claim(claim_of(job, [first])).refused == {first: Reason.ALREADY_COMPLETE}

    def test_other_frames_under_the_same_id_are_refused(self, bench, farm):
        job = bench.submit()
        changed = TaskRef("3", FrameSet.parse("40"))
        assert farm.claim(claim_of(job, [changed])).refused == {changed: Reason.CHANGED}

    def test_tasks_and_jobs_that_are_not_there_are_refused(self, bench, farm):
        job = bench.submit()
        absent = TaskRef("77", FrameSet.parse("77"))
        assert farm.claim(claim_of(job, [absent])).refused == {absent: Reason.GONE}
        nowhere = claim_of(JobId("job-9999"), refs(farm, job, "0"))
        assert set(farm.claim(nowhere).refused.values()) == {Reason.GONE}

    def test_one_refusal_does_not_stop_the_rest(self, bench, farm):
        job = bench.submit()
        good = refs(farm, job, "3", "4")
        absent = TaskRef("77", FrameSet.parse("77"))
        outcome = farm.claim(claim_of(job, [good[0], absent, good[1]]))
        assert outcome == Outcome(taken=good, refused={absent: Reason.GONE})

    def test_no_worker_takes_a_claimed_task(self, bench, farm):
        job = bench.submit("1-2")
        farm.claim(claim_of(job, refs(farm, job, "0")))
        bench.render()
        first, second = farm.tasks([job])[job]
        assert (first.state, second.state) == (LocalState.SUSPENDED, LocalState.RENDERING)


class TestEnds:
    @pytest.fixture
    def claim(self, bench, farm):
        job = bench.submit()
        claim = claim_of(job, refs(farm, job, "3", "4"))
        farm.claim(claim)
        return claim

    def test_a_completed_task_was_rendered_in_the_cloud(self, farm, claim):
        assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)
        done = task_of(farm, claim.job, claim.tasks[0])
        assert (done.state, done.worker) == (LocalState.COMPLETED, "cloud")
        assert done.finished_at is not None

    def test_completing_again_counts_as_taken(self, farm, claim):
        farm.complete(claim, claim.tasks)
        assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)

    def test_a_failed_task_says_why(self, farm, claim):
        assert farm.fail(claim, claim.tasks, "no licence\nleft").taken == claim.tasks
        failed = task_of(farm, claim.job, claim.tasks[0])
        assert (failed.state, failed.error) == (LocalState.FAILED, "no licence?left")
        assert farm.fail(claim, claim.tasks, "again").taken == claim.tasks

    def test_a_released_task_is_queued_without_a_stamp(self, farm, claim):
        assert farm.release(claim, claim.tasks[:1], "recalled").taken == claim.tasks[:1]
        free = task_of(farm, claim.job, claim.tasks[0])
        assert (free.state, free.claim) == (LocalState.QUEUED, None)
        assert task_of(farm, claim.job, claim.tasks[1]).state is LocalState.SUSPENDED

    def test_releasing_again_is_refused_because_the_stamp_is_gone(self, farm, claim):
        farm.release(claim, claim.tasks, "recalled")
        again = farm.release(claim, claim.tasks, "recalled")
        assert again.refused == dict.fromkeys(claim.tasks, Reason.NOT_OURS)

    @pytest.mark.parametrize("changes", [{"burst": "burst-2"}, {"epoch": 2}, {"epoch": 0}])
    def test_only_the_holder_ends_a_claim(self, farm, claim, changes):
        other = claim_of(claim.job, claim.tasks, **changes)
        refused = dict.fromkeys(claim.tasks, Reason.NOT_OURS)
        assert farm.complete(other, claim.tasks).refused == refused
        assert farm.fail(other, claim.tasks, "why").refused == refused
        assert farm.release(other, claim.tasks, "why").refused == refused

    def test_nothing_is_done_to_other_frames(self, farm, claim):
        changed = TaskRef("3", FrameSet.parse("40"))
        assert farm.complete(claim, [changed]).refused == {changed: Reason.CHANGED}

    def test_nothing_is_done_to_a_deleted_job(self, bench, farm, claim):
        bench.delete(claim.job)
        gone = dict.fromkeys(claim.tasks, Reason.GONE)
        assert farm.complete(claim, claim.tasks).refused == gone
        assert farm.release(claim, claim.tasks, "why").refused == gone

    def test_what_was_completed_is_not_released_or_failed(self, farm, claim):
        farm.complete(claim, claim.tasks)
        refused = dict.fromkeys(claim.tasks, Reason.ALREADY_COMPLETE)
        assert farm.release(claim, claim.tasks, "why").refused == refused
        assert farm.fail(claim, claim.tasks, "why").refused == refused

    def test_a_resumed_task_shows_its_stamp_and_still_obeys_it(self, bench, farm, claim):
        bench.resume(claim.job, ["3", "4"])
        for ref in claim.tasks:
            seen = task_of(farm, claim.job, ref)
            assert (seen.state, seen.claim) == (LocalState.QUEUED, ClaimStamp(claim.burst, 1))
        assert farm.claim(replace(claim, tasks=claim.tasks[:1])).taken == claim.tasks[:1]
        assert farm.release(claim, claim.tasks, "as you wish").taken == claim.tasks
        assert task_of(farm, claim.job, claim.tasks[1]).claim is None

    def test_a_task_that_a_local_worker_began_is_no_longer_the_bursts(self, bench, farm):
        job = bench.submit("1")
        claim = claim_of(job, refs(farm, job))
        farm.claim(claim)
        bench.resume(job, ["0"])
        finish = bench.render()
        refused = farm.complete(claim, claim.tasks).refused
        assert refused == dict.fromkeys(claim.tasks, Reason.NOT_OURS)
        finish()
        refused = farm.complete(claim, claim.tasks).refused
        assert refused == dict.fromkeys(claim.tasks, Reason.ALREADY_COMPLETE)
        assert task_of(farm, job, claim.tasks[0]).worker == "node-1"

    def test_what_a_burst_noted_on_a_job_can_be_read_by_whoever_comes_next(
        self, bench, farm, claim
    ):
        other = replace(claim, burst=BurstId("b2"), tasks=())
        farm.annotate(claim, {"renderbus.task": "7", "renderbus.notice": "größer"})
        farm.annotate(claim, {"renderbus.task": "8"})
        farm.annotate(other, {"renderbus.task": "9"})
        assert farm.annotations(claim.job) == {
            claim.burst: {"renderbus.task": "8", "renderbus.notice": "größer"},
            other.burst: {"renderbus.task": "9"},
        }
        assert farm.annotations(bench.submit("1")) == {}
