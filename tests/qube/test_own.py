"""The farm agent of one job for the cloud: what it remembers, and what Qube and people do to it."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
from deadline_bench import python
from qube_bench import claim_of

from qube_jobtype.renderbus_submit import render_job
from renderbus_core.burst.mirror import HELD_BACK
from renderbus_core.errors import FarmError
from renderbus_core.farm import open_child_farm
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    Gone,
    JobId,
    LocalJob,
    LocalState,
    Outcome,
    Reason,
)

# What `renderbus_instance` does without the loop around it.
SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
import renderbus_link, renderbus_own, renderbus_ownjob, renderbus_qb
# Between two looks that find a job gone.
renderbus_ownjob._APART_SECONDS = float(sys.argv[4])
pipes = renderbus_link.own_pipes()
log = lambda sentence: sys.stderr.write(sentence + chr(10))
qb, whole = renderbus_qb.find_qb(), sys.argv[3] == "whole"
farm = renderbus_own.OwnFarm(qb, int(sys.argv[2]), whole, log)
agent = renderbus_link.Agent(*pipes, log)
agent.greet("qube", renderbus_own.CAPABILITIES, 60)
agent.serve(farm.handlers)
agent.close(5)
"""


@pytest.fixture
def job(hands):
    package = {"program": "maya", "scenefile": "/show/shot.ma",
               "renderbus_outputs": "/show/out/shot.####.exr"}  # fmt: skip
    return JobId(
        hands.submit(
            name="shot", prototype="renderbus", frames=[1, 2, 3, 4], package=package,
            notes="for the trailer",
        )
    )  # fmt: skip


@pytest.fixture
def serve(tmp_path, hands, job, monkeypatch):
    """Return a function that serves the job to a core."""
    monkeypatch.setitem(os.environ, "QB_SUPERVISOR", f"127.0.0.1:{hands.port}")
    monkeypatch.setitem(os.environ, "QBDIR", str(tmp_path / "qube"))

    @contextmanager
    def serving(mapping="whole", of=job, apart="5"):
        folder = str(tmp_path / "jobtypes" / "renderbus")
        command = [str(python()), "-B", "-c", SERVE, folder, of, mapping, apart]
        with open_child_farm(command, lambda _: None) as farm:
            yield farm

    return serving


def states(farm, job):
    return [task.state for task in farm.tasks([job])[job]]


def test_the_job_is_the_queue_and_nobody_else_renders_it(serve, job):
    with serve() as farm:
        queue = farm.snapshot([job])
        assert (queue.workers, [row.job.id for row in queue.jobs]) == (0, [job])
        assert queue.jobs[0].queued == len(queue.tasks[job]) == 4
        assert farm.job(job).dcc == "maya"
        assert farm.job(JobId("99")) == Gone(JobId("99"))


def test_a_claim_is_written_into_the_notes_below_what_people_wrote(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0, 1)
        assert farm.claim(claim) == farm.claim(claim) == Outcome(claim.tasks)
        assert hands.states(job) == ["pending"] * 4, "there is nobody to keep away"
    assert hands("job", job)["notes"].startswith("for the trailer\n")
    with serve() as farm:
        first, *_ = farm.tasks([job])[job]
        assert (first.state, first.claim) == (
            LocalState.SUSPENDED,
            ClaimStamp(BurstId("burst-1"), 1),
        )


def test_a_copy_of_a_job_believes_nothing_that_the_notes_of_the_original_say(serve, hands, job):
    with serve("each") as farm:
        claim = claim_of(farm, job, 0, 1, 2)
        farm.claim(claim)
        farm.complete(claim, claim.tasks[:1])
        farm.fail(claim, claim.tasks[1:2], "no licence")
        original = hands("job", job)["notes"]
    copy = JobId(
        hands.submit(
            name="shot", prototype="renderbus", frames=[1, 2, 3, 4],
            package=hands("job", job)["package"], notes=original,
        )
    )  # fmt: skip
    with serve("each", copy) as farm:
        assert states(farm, copy) == [LocalState.QUEUED] * 4
        assert farm.annotations(copy) == {}
        assert farm.claim(claim_of(farm, copy, 0)).taken
    assert hands("job", copy)["notes"].startswith("for the trailer\n")
    with serve("each") as farm:
        assert states(farm, job)[0] is LocalState.COMPLETED, "the original is as it was"


@pytest.mark.parametrize(
    "typed",
    [
        '{"approved": "bob"}',
        '{"job": "99", "claims": [["other", 7, "0-3"]]}',
        '{"home": "0-3"} and so on',
        "{}",
    ],
)
def test_what_looks_like_a_record_below_the_notes_is_none_of_this_job(serve, hands, job, typed):
    with serve("each") as farm:
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.complete(claim, claim.tasks[:1])
        hands.qb("modify", {"notes": hands("job", job)["notes"] + "\n" + typed}, [job])
        assert states(farm, job)[:3] == [
            LocalState.COMPLETED,
            LocalState.SUSPENDED,
            LocalState.QUEUED,
        ]
        farm.annotate(claim, {"renderbus.progress": "1 of 4 home"})
        assert typed in hands("job", job)["notes"]
        assert states(farm, job)[1] is LocalState.SUSPENDED


@pytest.mark.parametrize(
    "typed", ["seen by Ada", "\nseen by Ada\nlooks {good}\n", "\r\nseen by Ada"]
)
def test_what_people_type_at_the_end_of_the_notes_takes_no_claim_away(serve, hands, job, typed):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.qb("modify", {"notes": hands("job", job)["notes"] + typed}, [job])
        assert states(farm, job)[0] is LocalState.SUSPENDED
        farm.annotate(claim, {"renderbus.progress": "1 of 4 home"})
        notes = hands("job", job)["notes"].splitlines()
        assert notes[:2] == ["for the trailer", "seen by Ada"]
        assert notes.index("-- renderbus --") == len(notes) - 3
        assert states(farm, job)[0] is LocalState.SUSPENDED


def test_notes_that_cannot_be_read_are_not_taken_for_nobody_holding_anything(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        notes = hands("job", job)["notes"]
        hands.qb("modify", {"notes": notes[:-5]}, [job])
        with pytest.raises(FarmError, match="put it back"):
            farm.tasks([job])
        with pytest.raises(FarmError, match="put it back"):
            farm.claim(claim)
        hands.qb("modify", {"notes": notes}, [job])
        assert states(farm, job)[0] is LocalState.SUSPENDED


def test_what_looks_like_a_record_is_no_excuse_for_one_that_cannot_be_read(serve, hands, job):
    with serve() as farm:
        farm.claim(claim_of(farm, job, 0))
        notes = hands("job", job)["notes"]
        hands.qb("modify", {"notes": notes[:-5] + "\n{}"}, [job])
        with pytest.raises(FarmError, match="put it back"):
            farm.tasks([job])


def test_only_the_holder_ends_a_claim_and_later_claims_replace_it(serve, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        other = claim_of(farm, job, 0, burst="burst-2")
        refused = {other.tasks[0]: Reason.NOT_OURS}
        assert farm.claim(other).refused == refused
        assert farm.complete(other, other.tasks).refused == refused
        later = claim_of(farm, job, 0, epoch=2)
        assert farm.claim(later).taken == later.tasks
        assert farm.complete(claim, claim.tasks[:1]).refused == refused


@pytest.mark.parametrize(("mapping", "shown"), [("whole", "complete"), ("each", "pending")])
def test_what_came_home_is_shown_at_once_or_when_qube_asks(serve, hands, job, mapping, shown):
    with serve(mapping) as farm:
        claim = claim_of(farm, job, 2)
        farm.claim(claim)
        assert farm.complete(claim, claim.tasks) == Outcome(claim.tasks)
        assert hands.states(job)[2] == shown
        assert states(farm, job)[2] is LocalState.COMPLETED
        assert farm.complete(claim, claim.tasks).taken == claim.tasks
    with serve(mapping) as farm:
        assert states(farm, job)[2] is LocalState.COMPLETED, "whichever instance asks"


def test_what_comes_back_has_failed_because_no_worker_renders_it(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 1)
        farm.claim(claim)
        for _ in range(2):
            assert farm.release(claim, claim.tasks, "no machine\nbegan it").taken == claim.tasks
        task = farm.tasks([job])[job][1]
        assert (task.state, task.error) == (LocalState.FAILED, "no machine?began it")
        assert hands.states(job)[1] == "pending", "until Qube hands it out"


@pytest.mark.parametrize("blocked", ["the frame", "the job"])
def test_a_frame_that_a_person_blocks_waits_for_that_person(serve, hands, job, blocked):
    with serve() as farm:
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        assert not any(task.held_back for task in farm.tasks([job])[job])
        hands.work("blockwork", job, 1) if blocked == "the frame" else hands.qb("block", [job])
        shown = farm.tasks([job])[job]
        held = [task.held_back for task in shown]
        assert held == ([True, False, False, False] if blocked == "the frame" else [True] * 4)
        assert [task.claim is not None for task in shown] == [True, True, False, False]
        assert farm.release(claim, claim.tasks[:1], HELD_BACK).taken == claim.tasks[:1]
        again = claim_of(farm, job, 0, burst="burst-2")
        assert farm.claim(again).refused == {again.tasks[0]: Reason.NOT_QUEUED}
    hands.work("unblockwork", job, 1) if blocked == "the frame" else hands.qb("unblock", [job])
    with serve() as farm:
        assert states(farm, job)[0] is LocalState.QUEUED, "it has not failed"
        assert farm.claim(again).taken == again.tasks


def test_a_frame_that_was_unblocked_while_it_was_stopped_has_not_failed_either(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        hands.work("blockwork", job, 1)
        assert farm.tasks([job])[job][0].held_back
        hands.work("unblockwork", job, 1)
    with serve() as farm:
        assert farm.release(claim, claim.tasks[:1], HELD_BACK).taken == claim.tasks[:1]
        assert states(farm, job)[0] is LocalState.QUEUED


def test_a_frame_that_the_cloud_gives_back_after_it_was_blocked_once_has_failed(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.work("blockwork", job, 1)
        assert farm.tasks([job])[job][0].held_back
        hands.work("unblockwork", job, 1)
        farm.release(claim, claim.tasks, "the cloud cannot")
        assert states(farm, job)[0] is LocalState.FAILED


def test_the_core_and_the_agent_have_the_same_words_for_what_is_held_back(root):
    text = (root / "qube_jobtype" / "renderbus" / "renderbus_own.py").read_text("utf-8")
    assert f'HELD_BACK = "{HELD_BACK}"' in text


def test_what_is_at_home_is_complete_although_it_was_blocked_meanwhile(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.qb("block", [job])
        assert farm.tasks([job])[job][0].held_back
        assert farm.complete(claim, claim.tasks).taken == claim.tasks
        assert states(farm, job)[0] is LocalState.COMPLETED
        assert not farm.tasks([job])[job][0].held_back


def test_a_frame_that_is_wanted_once_more_begins_anew(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        farm.complete(claim, claim.tasks[:1])
        hands.work("killwork", job, 2)
        assert states(farm, job)[:2] == [LocalState.COMPLETED, LocalState.FAILED]
        hands.work("retrywork", job, 1, 2)
        assert states(farm, job)[:2] == [LocalState.QUEUED] * 2
        again = claim_of(farm, job, 0, 1, burst="burst-2")
        assert farm.claim(again).taken == again.tasks


def test_a_frame_at_home_that_is_killed_and_retried_is_rendered_once_more(serve, hands, job):
    with serve("each") as farm:
        claim = claim_of(farm, job, 0, 1, 2)
        farm.claim(claim)
        farm.complete(claim, claim.tasks[:2])
        farm.fail(claim, claim.tasks[2:], "the cloud cannot")
    hands.work("killwork", job, 1, 3)
    with serve("each") as farm:
        assert states(farm, job)[:2] == [LocalState.FAILED, LocalState.COMPLETED]
        hands.work("retirework", job, 2)
        hands.work("retrywork", job, 1, 3)
        assert states(farm, job)[:3] == [
            LocalState.QUEUED,
            LocalState.COMPLETED,
            LocalState.QUEUED,
        ]
        again = claim_of(farm, job, 0, 2, burst="burst-2")
        assert farm.claim(again).taken == again.tasks


def test_a_kill_is_seen_although_the_notes_cannot_be_written(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0, 1)
        farm.claim(claim)
        hands("switch", "forbidden", ["modify"])
        hands.work("killwork", job, 1)
        assert states(farm, job)[0] is LocalState.FAILED
        with pytest.raises(FarmError, match="cannot be written"):
            farm.complete(claim, claim.tasks[1:])
        hands.qb("kill", [job])
        assert set(states(farm, job)) == {LocalState.FAILED}
        assert farm.complete(claim, claim.tasks[1:]).taken == ()


def test_what_another_instance_writes_in_between_is_not_lost(serve, hands, job):
    with serve("each") as farm, serve("each") as other:
        claim, theirs = claim_of(farm, job, 0), claim_of(farm, job, 1, burst="burst-2")
        other.claim(theirs)
        notes = hands("job", job)["notes"]
        # The other's notes come to stand over ours, between our writing and our second look.
        hands("before", "modify", "before", "jobinfo", "modify", {"notes": notes}, [job])
        assert farm.claim(claim).taken == claim.tasks
        assert states(other, job)[:2] == [LocalState.SUSPENDED] * 2


def test_a_job_that_is_killed_or_removed_wants_nothing_any_more(serve, hands, job):
    with serve(apart="0.001") as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        hands.qb("kill", [job])
        assert set(states(farm, job)) == {LocalState.FAILED}
        hands.qb("remove", [job])
        with pytest.raises(FarmError, match="is not found; Qube is asked again"):
            farm.tasks([job])
        assert set(states(farm, job)) == {LocalState.FAILED}


def test_answers_that_get_lost_or_are_too_large_take_no_job_away(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        for lost in ({"drop": ("jobinfo", 2)}, {"switch": ("largest", 0)}):
            ((hand, values),) = lost.items()
            hands(hand, *values)
            with pytest.raises(FarmError, match="asked again"):
                farm.tasks([job])
            hands("switch", "largest", None)
            assert states(farm, job)[0] is LocalState.SUSPENDED


def test_an_item_that_names_its_pictures_is_not_at_home_for_that(serve, hands):
    package = {"program": "maya", "scenefile": "/show/shot.ma",
               "renderbus_outputs": "/show/out/shot.####.exr"}  # fmt: skip
    hands("add_host", "gateway", 8, "renderbus")
    job = JobId(hands.submit(**render_job("shot", package, ["1", "2"], {})))
    assert all(item["resultpackage"] for item in hands("job", job)["agenda"])
    hands.work("killwork", job, 2)
    with serve(of=job) as farm:
        assert states(farm, job) == [LocalState.QUEUED, LocalState.FAILED]


def test_a_supervisor_that_does_not_answer_takes_no_job_away(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        # It answers again just after the job could not be read.
        hands("switch", "unreachable", True)
        hands("before", "currenttime", "switch", "unreachable", False)
        assert states(farm, job)[0] is LocalState.SUSPENDED
        hands("switch", "unreachable", True)
        with pytest.raises(FarmError):
            farm.tasks([job])
        assert isinstance(farm.job(job), LocalJob)


def test_an_agent_that_begins_while_the_supervisor_is_away_calls_no_job_gone(serve, hands, job):
    hands("switch", "unreachable", True)
    with pytest.raises(FarmError), serve() as farm:
        farm.job(job)


def test_other_frames_under_the_same_name_are_refused(serve, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        (task,) = claim.tasks
        changed = type(task)(task.id, farm.tasks([job])[job][1].ref.frames)
        outcome = farm.claim(Claim(claim.burst, 1, 1, job, (changed,)))
        assert outcome.refused == {changed: Reason.CHANGED}


def test_facts_are_shown_to_people_and_read_again(serve, hands, job):
    with serve() as farm:
        claim = claim_of(farm, job, 0)
        farm.claim(claim)
        farm.annotate(claim, {"renderbus.task": "77", "renderbus.progress": "1 of 4 home"})
    assert "\n1 of 4 home\n" in hands("job", job)["notes"]
    with serve() as farm:
        assert farm.annotations(job)[claim.burst]["renderbus.task"] == "77"
