"""An agent's handlers in the core's own process: what they raise, and one call at a time."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from renderbus_core.errors import FarmError
from renderbus_core.farm import DirectFarm, Hello, Role
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, JobId, Outcome, TaskRef
from renderbus_core.shim import renderbus_link as shim

TASKS = (TaskRef("0", FrameSet.parse("1")), TaskRef("1", FrameSet.parse("2")))
CLAIM = Claim(BurstId("burst-1"), 1, 1, JobId("job-1"), TASKS)
ROWS = [
    {"job": "job-1", "ref": {"id": str(n), "frames": str(n)}, "state": "queued", "claim": None,
     "worker": "", "finished_at": None, "error": ""}
    for n in range(3)
]  # fmt: skip


@pytest.fixture
def calls():
    """Return a list that fills with the calls, and how long each may take."""
    return []


@pytest.fixture
def make(calls):
    """Return a function from handlers to a farm."""

    @contextmanager
    def during(method, seconds):
        calls.append((method, seconds))
        yield

    def made(timeouts=None, **handlers):
        hello = Hello(Role.AGENT, "embedded", frozenset({"annotate"}))
        more = {} if timeouts is None else {"timeouts": timeouts}
        return DirectFarm(hello, handlers, during, lambda: calls.append("closed"), **more)

    return made


def raises(error):
    def handler(_params):
        raise error

    return handler


def test_lists_come_whole_and_are_judged(make, calls):
    with make(tasks=lambda _: shim.Pages({}, {"tasks": iter(ROWS)})) as farm:
        assert len(farm.tasks([JobId("job-1")])[JobId("job-1")]) == 3
        assert farm.capabilities == {"annotate"}
    ((method, seconds), end) = calls
    assert (method, end) == ("tasks", "closed")
    assert 0 < seconds <= 300


def test_an_answer_that_is_none_is_refused(make):
    with (
        make(job=lambda _: {"found": [{"id": 7}]}) as farm,
        pytest.raises(FarmError, match="sent a wrong answer"),
    ):
        farm.job(JobId("job-1"))


def test_of_what_was_refused_nothing_was_done(make):
    with (
        make(claim=raises(shim.RefusedError("not now"))) as farm,
        pytest.raises(FarmError, match="refused claim: not now"),
    ):
        farm.claim(CLAIM)


@pytest.mark.parametrize("error", [FarmError("out of reach"), KeyError("odd")])
def test_after_any_other_error_nobody_knows_what_was_done(make, error):
    with make(claim=raises(error), job=raises(error)) as farm:
        assert farm.claim(CLAIM) == Outcome(unknown=TASKS)
        with pytest.raises(FarmError, match=r"no answer to job \(.+\); it is asked again later"):
            farm.job(JobId("job-1"))


def test_a_call_that_waits_too_long_for_others_is_not_begun(make, calls):
    begun, end = threading.Event(), threading.Event()

    def slow(_params):
        begun.set()
        end.wait()
        return {"found": []}

    with make(job=slow, claim=raises(AssertionError), timeouts={"job": 60, "claim": 0.01}) as farm:
        other = threading.Thread(target=farm.job, args=(JobId("job-1"),))
        other.start()
        begun.wait()
        assert farm.claim(CLAIM) == Outcome(unknown=TASKS)
        end.set()
        other.join()
    assert [call[0] for call in calls[:-1]] == ["job"]
