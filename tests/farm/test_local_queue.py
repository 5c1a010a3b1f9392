"""What it costs the embedded farm to hand out a task, in steps of the database."""

from __future__ import annotations

import pytest

from renderbus_core.farm.local import queries
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim

MANY = FrameSet.span(1, 20_000)


@pytest.fixture
def steps(farm):
    """Return what counts the steps that finding the best task for a worker takes, in tens."""

    def count(*pools):
        session = farm.dispatch.beat("node-1", None, pools=pools)
        ticks = []
        with farm._database.reading() as connection:
            raw = connection.connection.driver_connection
            raw.set_progress_handler(lambda: ticks.append(1), 10)
            found = queries.best_task(connection, session)
            raw.set_progress_handler(None, 0)
        assert found is not None
        return len(ticks)

    return count


def complete(farm, job):
    claim = Claim(BurstId("b"), 1, 1, job, tuple(task.ref for task in farm.tasks([job])[job]))
    farm.claim(claim)
    farm.complete(claim, claim.tasks)


def test_it_is_the_same_however_many_tasks_wait(farm, spec, steps):
    farm.submit(spec(frames=FrameSet.parse("1")))
    few = steps()
    farm.submit(spec(frames=MANY, priority=90))
    assert steps() <= few + 1


@pytest.mark.heavy
def test_a_large_job_that_is_done_is_passed_over_in_one_look(farm, spec, steps):
    farm.submit(spec(frames=FrameSet.parse("1")))
    few = steps()
    complete(farm, farm.submit(spec(frames=MANY, priority=90)))
    assert steps() <= few + 10


def test_many_tasks_for_other_workers_are_passed_over_in_one_look(farm, spec, steps):
    farm.submit(spec(frames=FrameSet.parse("1"), pools=("nuke",)))
    few = steps("nuke")
    farm.submit(spec(frames=MANY, pools=("maya",), priority=90))
    assert steps("nuke") <= few + 10
