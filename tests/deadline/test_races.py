"""Whatever workers and people do between two calls of the agent, nothing is lost or taken twice.

Each act happens once in front of every call of the API that a request makes.
"""

from __future__ import annotations

import pytest
from deadline_bench import submit

from renderbus_core.jobs import BurstId, Claim, Reason

pytestmark = pytest.mark.parametrize(
    "both", ["agent", pytest.param("rest", marks=pytest.mark.heavy)], indirect=True
)

ACTS = {
    # A worker takes a task: it loses it again when it is suspended, or keeps it, or is done.
    "a worker begins a task": lambda _, __: ("dequeue", "node-1"),
    "a worker keeps a task": lambda _, __: ("take_for_good",),
    "a worker renders a task": lambda _, __: ("render",),
    "a person resumes tasks": lambda job, _: ("resume", job, [0, 1]),
    "a person resumes the job": lambda job, _: ("resume", job),
    "a person suspends a task": lambda job, _: ("suspend", job, [0]),
    "a person suspends the job": lambda job, _: ("suspend", job),
    "a person completes a task": lambda job, _: ("complete", job, [0], "ada-pc"),
    "a person fails a task": lambda job, _: ("fail", job, [0], "ada-pc"),
    "a person requeues the job": lambda job, _: ("requeue", job),
    "a person deletes the job": lambda job, _: ("delete", job),
    "a person changes the frames": lambda job, _: ("change_frames", job, "11-14", 1),
    "a person makes chunks": lambda job, _: ("change_frames", job, "1-4", 2),
    "a script saves an old copy": lambda job, _: ("put_back", job),
    "another gateway claims": lambda job, refs: ("other_gateway", "claim", request(job, refs)),
    "another gateway looks": lambda job, _: ("other_gateway", "tasks", {"ids": [job]}),
    "another gateway releases": lambda job, refs: ("other_gateway", "release", request(job, refs)),
}
WORKERS = {"a worker begins a task", "a worker keeps a task", "a worker renders a task"}
# After these, suspended tasks are what a person wants.
SUSPENDS = {"a person suspends a task", "a person suspends the job"}


def request(job, refs):
    tasks = [{"id": ref.id, "frames": str(ref.frames)} for ref in refs[2:]]
    claim = {"burst": "burst-2", "claim_epoch": 1, "lease_epoch": 1, "job": job}
    return {"claim": claim, "tasks": tasks, "why": "recalled"}


# What a task is that an operation says to have taken, whatever workers did meanwhile.
GOALS = {
    "claim": {"suspended"},
    "complete": {"completed"},
    "fail": {"failed"},
    "release": {"queued", "rendering", "completed"},
}
OPERATIONS = {
    "claim": lambda farm, claim: farm.claim(claim),
    "complete": lambda farm, claim: farm.complete(claim, claim.tasks[:2]),
    "fail": lambda farm, claim: farm.fail(claim, claim.tasks[:2], "no licence"),
    "release": lambda farm, claim: farm.release(claim, claim.tasks[:2], "recalled"),
}


def claim_of(farm, job, tasks=slice(None)):
    refs = tuple(task.ref for task in farm.tasks([job])[job])[tasks]
    return Claim(BurstId("burst-1"), 1, 1, job, refs)


def given_back(farm, job):
    """Let go of everything, whoever holds it, as gateways do that end; return the tasks."""
    for _ in range(3):
        shown = farm.tasks([job]).get(job, ())
        for task in shown:
            if task.claim is not None:
                claim = Claim(task.claim.burst, task.claim.claim_epoch, 1, job, (task.ref,))
                farm.release(claim, claim.tasks, "it ends")
    assert all(t.claim is None or t.state in {"completed", "failed"} for t in shown), shown
    return shown


def check(operation, claim, outcome, farm, act):
    """Hold what an answer says against what the farm shows."""
    asked = claim.tasks if operation == "claim" else claim.tasks[:2]
    named = [*outcome.taken, *outcome.refused, *outcome.unknown]
    assert sorted(named) == sorted(asked), "each task is in exactly one of the three"
    shown = {task.ref: task for task in farm.tasks([claim.job]).get(claim.job, ())}
    if act in WORKERS:
        assert {shown[ref].state for ref in outcome.taken} <= GOALS[operation]
    for ref, reason in outcome.refused.items():
        task = shown.get(ref)
        assert (reason in {Reason.GONE, Reason.CHANGED}) == (task is None), (ref, reason)
        held = task is not None and task.claim is not None and task.claim.burst == claim.burst
        assert not held or task.state in {"completed", "failed"} or act in UNDONE, (ref, reason)


# What people do behind the last look shows at the next one only.
UNDONE = {"a script saves an old copy"}


CASES = [
    pytest.param(act, direct, marks=[] if act in WORKERS and direct else pytest.mark.heavy)
    for act in ACTS
    for direct in (True, False)
]


@pytest.mark.parametrize(("act", "direct"), CASES)
@pytest.mark.heavy
def test_nothing_is_lost_whatever_happens_in_between(farm, hands, act, direct):
    hands("switch", "completes_suspended", direct)
    hands("switch", "fails_suspended", direct)
    hands("add_worker", "node-1", ["none"], [])
    for operation, do in OPERATIONS.items():
        for window in range(40):
            job = submit(hands)
            hands("keep", job)
            claim = claim_of(farm, job)
            if operation != "claim":
                farm.claim(claim)
            elif act.startswith("another"):
                claim = claim_of(farm, job, slice(2))
            refs = tuple(task.ref for task in farm.tasks([job])[job])
            hands("in_window", window, *ACTS[act](job, refs))
            outcome = do(farm, claim)
            if hands("is_open"):
                break  # It makes no more calls than that.
            check(operation, claim, outcome, farm, act)
            again = do(farm, claim)
            check(operation, claim, again, farm, act)
            if job not in hands("jobs"):
                continue
            # Another gateway finds out at its next look what was written over.
            hands("other_gateway", "snapshot", {"tasks_of": []})
            end = given_back(farm, job)
            states = {task.state for task in end}
            if act not in SUSPENDS:
                assert "suspended" not in states, (operation, window, end)
            hands("delete", job)
        else:
            raise AssertionError("it never comes to an end")
