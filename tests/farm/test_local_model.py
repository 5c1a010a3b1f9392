"""The embedded farm against a model of it: bursts, workers and people act in any order."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from renderbus_core.clock import ManualClock
from renderbus_core.farm import JobSpec, LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, LocalState, Reason, TaskRef

QUEUED, RENDERING, SUSPENDED = LocalState.QUEUED, LocalState.RENDERING, LocalState.SUSPENDED
COMPLETED, FAILED = LocalState.COMPLETED, LocalState.FAILED
TASKS = 4


@dataclass
class Task:
    """What the model knows of a task."""

    state: LocalState = QUEUED
    stamp: tuple[str, int] | None = None
    worker: str = ""
    failures: int = 0

    def reset(self):
        self.state, self.stamp, self.worker, self.failures = QUEUED, None, "", 0


ids = st.sets(st.integers(0, TASKS - 1), min_size=1)
bursts = st.sampled_from(["a", "b"])
epochs = st.integers(1, 3)


class FarmMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock(datetime(2026, 11, 20, tzinfo=UTC))
        self.farm = LocalFarm(Path(self.folder.name) / "farm.db", self.clock)
        self.job = self.farm.submit(
            JobSpec(
                name="shot",
                dcc="maya",
                scene="/shot.ma",
                outputs=(),
                frames=FrameSet.span(1, TASKS),
                command=(sys.executable,),
                user="ada",
            )
        )
        self.model = [Task() for _ in range(TASKS)]
        self.session = self.farm.dispatch.beat("node-1", None)
        self.run = None
        self.deleted = False

    def teardown(self):
        self.farm.close()
        self.folder.cleanup()

    def claim_of(self, burst, epoch, numbers):
        refs = tuple(ref_of(number) for number in sorted(numbers))
        return Claim(BurstId(burst), epoch, 1, self.job, refs)

    def expect(self, outcome, expected):
        """Compare with `{number: reason or None}`."""
        if self.deleted:
            expected = dict.fromkeys(expected, Reason.GONE)
        assert outcome.unknown == ()
        assert outcome.taken == tuple(ref_of(n) for n, why in sorted(expected.items()) if not why)
        assert outcome.refused == {ref_of(n): why for n, why in expected.items() if why}

    @rule(burst=bursts, epoch=epochs, numbers=ids)
    def claim(self, burst, epoch, numbers):
        expected = {number: self.refusal(self.model[number], burst, epoch) for number in numbers}
        self.expect(self.farm.claim(self.claim_of(burst, epoch, numbers)), expected)
        for number, why in expected.items():
            if not why:
                self.model[number].state = SUSPENDED
                self.model[number].stamp = (burst, epoch)

    @staticmethod
    def refusal(task, burst, epoch):
        match task.state:
            case LocalState.COMPLETED:
                return Reason.ALREADY_COMPLETE
            case LocalState.RENDERING | LocalState.FAILED:
                return Reason.NOT_QUEUED
        if task.stamp is None:
            return None if task.state is QUEUED else Reason.NOT_QUEUED
        mine, at_least = task.stamp[0] == burst, task.stamp[1] <= epoch
        return None if mine and at_least else Reason.NOT_OURS

    @rule(
        burst=bursts, epoch=epochs, numbers=ids, goal=st.sampled_from([COMPLETED, FAILED, QUEUED])
    )
    def end(self, burst, epoch, numbers, goal):
        expected = {}
        for number in numbers:
            task = self.model[number]
            ours = task.stamp == (burst, epoch)
            if ours and (task.state in {SUSPENDED, QUEUED} or task.state is goal):
                expected[number] = None
            elif task.state is COMPLETED:
                expected[number] = Reason.ALREADY_COMPLETE
            else:
                expected[number] = Reason.NOT_OURS
        claim = self.claim_of(burst, epoch, numbers)
        act = {
            COMPLETED: lambda: self.farm.complete(claim, claim.tasks),
            FAILED: lambda: self.farm.fail(claim, claim.tasks, "why"),
            QUEUED: lambda: self.farm.release(claim, claim.tasks, "why"),
        }
        self.expect(act[goal](), expected)
        for number, why in expected.items():
            task = self.model[number]
            if not why:
                task.state = goal
                task.worker = "" if goal is QUEUED else "cloud"
                task.stamp = None if goal is QUEUED else task.stamp

    @precondition(lambda self: not self.deleted)
    @rule(numbers=ids)
    def suspend(self, numbers):
        self.farm.suspend_tasks(self.job, [str(number) for number in numbers])
        for task in (self.model[number] for number in numbers):
            if task.state in {QUEUED, RENDERING}:
                task.state, task.worker = SUSPENDED, ""

    @precondition(lambda self: not self.deleted)
    @rule(numbers=ids)
    def resume(self, numbers):
        self.farm.resume_tasks(self.job, [str(number) for number in numbers])
        for task in (self.model[number] for number in numbers):
            if task.state is SUSPENDED:
                task.state = QUEUED

    @precondition(lambda self: not self.deleted)
    @rule(numbers=ids)
    def requeue(self, numbers):
        self.farm.requeue_tasks(self.job, [str(number) for number in numbers])
        for task in (self.model[number] for number in numbers):
            if task.state in {RENDERING, COMPLETED, FAILED}:
                task.reset()

    @precondition(lambda self: not self.deleted)
    @rule(numbers=ids)
    def retry(self, numbers):
        self.farm.retry_tasks(self.job, [str(number) for number in numbers])
        for task in (self.model[number] for number in numbers):
            if task.state is FAILED:
                task.reset()

    @precondition(lambda self: self.run is None)
    @rule()
    def dequeue(self):
        self.run = self.farm.dispatch.dequeue(self.session)
        waiting = [n for n, task in enumerate(self.model) if task.state is QUEUED]
        if self.deleted or not waiting:
            assert self.run is None
            return
        assert self.run.ref == ref_of(waiting[0])
        task = self.model[waiting[0]]
        task.state, task.stamp, task.worker = RENDERING, None, "node-1"

    @precondition(lambda self: self.run is not None)
    @rule(well=st.booleans())
    def report(self, well):
        task = self.model[int(self.run.ref.id)]
        still = task.state is RENDERING and not self.deleted
        assert self.farm.dispatch.holds(self.run) == still
        if well:
            self.farm.dispatch.finish(self.run)
        else:
            self.farm.dispatch.give_up(self.run, "bad luck")
        self.run = None
        if still and well:
            task.state = COMPLETED
        elif still:
            task.failures += 1
            task.state = FAILED if task.failures == 3 else QUEUED
            task.worker = "node-1" if task.state is FAILED else ""

    @rule()
    def die_and_be_reaped(self):
        held = [t for t in self.model if t.state is RENDERING and not self.deleted]
        assert self.farm.dispatch.reap(self.clock.advance(11)) == len(held)
        for task in held:
            task.state, task.worker = QUEUED, ""
        fresh = self.farm.dispatch.beat("node-1", self.session)
        assert fresh != self.session
        self.session, self.run = fresh, None

    @precondition(lambda self: not self.deleted)
    @rule(really=st.integers(0, 9))
    def delete(self, really):
        if really == 0:
            self.farm.delete_job(self.job)
            self.deleted = True

    @invariant()
    def the_farm_shows_what_the_model_knows(self):
        found = self.farm.tasks([self.job])
        if self.deleted:
            assert found == {}
            return
        shown = [
            (task.state, task.claim and (task.claim.burst, task.claim.claim_epoch), task.worker)
            for task in found[self.job]
        ]
        assert shown == [(task.state, task.stamp, task.worker) for task in self.model]

    @invariant()
    def the_counts_agree_with_the_tasks(self):
        rows = self.farm.jobs()
        if self.deleted:
            assert rows == ()
            return
        states = [task.state for task in self.model]
        assert rows[0].counts == {state: states.count(state) for state in set(states)}
        held = [task for task in self.model if task.state is SUSPENDED and task.stamp]
        assert rows[0].claimed == len(held)

    @invariant()
    def the_history_leads_to_the_present(self):
        last = {e.task: e.after for e in self.farm.history(self.job) if e.task}
        if not self.deleted:
            for number, task in enumerate(self.model):
                assert last.get(str(number), QUEUED) is task.state


def ref_of(number):
    return TaskRef(str(number), FrameSet.span(number + 1, number + 1))


@pytest.mark.parametrize("lives", [10, pytest.param(100, marks=pytest.mark.heavy)])
def test_the_farm_is_its_model_whatever_is_done_to_it(lives):
    lived = settings(max_examples=lives, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(FarmMachine, settings=lived)
