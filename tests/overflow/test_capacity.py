"""When local workers would be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    FarmLimit,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    QueueSnapshot,
    WorkerKind,
)
from renderbus_core.overflow import backlog_hours, project

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(name, queued, mean, *, rendering=0, dcc="maya"):
    job = LocalJob(JobId(name), name, dcc, "/s.ma", ("/o.####.exr",), FrameSet.span(1, 9), "ada",
                   50, NOW)  # fmt: skip
    counts = {LocalState.QUEUED: queued, LocalState.RENDERING: rendering}
    return JobRow(job, counts, mean_seconds=mean)


def foreseen(*rows, workers=2):
    found = project(QueueSnapshot(NOW, workers, 0, rows))
    return {job: (one.starts, one.finishes) for job, one in found.items()}


def test_jobs_come_one_after_the_other_in_the_farms_order():
    assert foreseen(row("a", 10, 60.0), row("b", 4, 30.0)) == {"a": (0, 300), "b": (300, 360)}


def test_what_renders_has_half_of_its_time_before_it():
    assert foreseen(row("a", 2, 60.0, rendering=2)) == {"a": (0, 90)}


def test_a_task_takes_its_time_however_many_workers_there_are():
    assert foreseen(row("a", 2, 60.0), workers=100) == {"a": (0, 60)}


def test_a_farm_without_workers_is_reckoned_with_one():
    assert foreseen(row("a", 2, 60.0), workers=0) == {"a": (0, 120)}


def test_a_new_job_takes_as_long_as_others_of_its_program():
    rows = row("a", 1, 40.0), row("b", 1, 80.0), row("new", 2, None), row("nuke", 5, None, dcc="nk")
    assert foreseen(*rows) == {"a": (0, 40), "b": (20, 100), "new": (60, 120)}


@pytest.mark.parametrize(("queued", "hours"), [(0, 0), (60, 1), (120, 2)])
def test_the_backlog_in_hours_is_what_the_workers_need(queued, hours):
    assert backlog_hours(QueueSnapshot(NOW, 2, 0, (row("a", queued, 120.0),))) == hours


def of(job_row, **changes):
    return replace(job_row, job=replace(job_row.job, **changes))


def on_kinds(*rows, kinds, limits=()):
    workers = sum(kind.count for kind in kinds)
    found = project(QueueSnapshot(NOW, workers, 0, rows, kinds=kinds, limits=limits))
    return {job: (one.starts, one.finishes) for job, one in found.items()}


MAYA, NUKE = WorkerKind(2, 0, pools=("maya",)), WorkerKind(1, 0, pools=("nuke",))


def test_a_job_waits_only_for_the_workers_of_its_pool():
    rows = of(row("a", 10, 60.0), pools=("maya",)), of(row("b", 4, 30.0), pools=("nuke",))
    assert on_kinds(*rows, kinds=(MAYA, NUKE)) == {"a": (0, 300), "b": (0, 120)}


def test_a_job_of_no_pool_takes_all_workers_the_earliest_free_ones_first():
    rows = of(row("a", 10, 60.0), pools=("maya",)), row("b", 6, 30.0)
    assert on_kinds(*rows, kinds=(MAYA, NUKE)) == {"a": (0, 300), "b": (0, 180)}
    rows = of(row("a", 10, 60.0), pools=("maya",)), row("b", 20, 30.0)
    assert on_kinds(*rows, kinds=(MAYA, NUKE)) == {"a": (0, 300), "b": (0, 400)}


def test_a_job_of_two_pools_takes_the_workers_of_both():
    rows = (of(row("a", 6, 60.0), pools=("maya", "nuke")),)
    assert on_kinds(*rows, kinds=(MAYA, NUKE)) == {"a": (0, 120)}


def test_pool_and_group_must_both_hold():
    gpu = WorkerKind(1, 0, pools=("maya",), groups=("gpu",))
    rows = (of(row("a", 4, 60.0), pools=("maya",), groups=("gpu",)),)
    assert on_kinds(*rows, kinds=(MAYA, gpu, NUKE)) == {"a": (0, 240)}


def test_a_job_that_no_worker_may_render_is_reckoned_with_one_of_its_own():
    rows = of(row("a", 4, 60.0), pools=("houdini",)), of(row("b", 2, 60.0), pools=("maya",))
    assert on_kinds(*rows, kinds=(MAYA,)) == {"a": (0, 240), "b": (0, 60)}


def test_a_limit_makes_jobs_narrower_and_the_next_that_needs_it_later():
    rows = (
        replace(row("a", 4, 60.0), limits=("licence",)),
        replace(row("b", 2, 60.0), limits=("licence", "of nobody")),
        row("c", 1, 60.0),
    )
    kinds, limits = (WorkerKind(10, 0),), (FarmLimit("licence", 2),)
    foreseen = on_kinds(*rows, kinds=kinds, limits=limits)
    assert foreseen["a"] == (0, 120)
    assert foreseen["b"] == (120, 180)
    assert foreseen["c"][0] < 60, "it needs no licence"


def test_a_worker_that_renders_several_tasks_at_a_time_is_done_sooner():
    assert foreseen(replace(row("a", 8, 60.0), tasks_per_worker=2)) == {"a": (0, 120)}


def test_no_more_workers_than_the_job_may_have():
    assert foreseen(replace(row("a", 8, 60.0), most_workers=1)) == {"a": (0, 480)}


@pytest.mark.parametrize(("timed", "between"), [(0, (30, 120)), (1, (30, 120)), (100, (55, 66))])
def test_the_more_tasks_were_timed_the_surer_is_the_end(timed, between):
    found = project(QueueSnapshot(NOW, 1, 0, (replace(row("a", 1, 60.0), timed=timed),)))
    assert (round(found["a"].earliest), round(found["a"].latest)) == between


kinds_ = st.lists(
    st.builds(
        WorkerKind,
        st.integers(0, 4),
        st.just(0),
        st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
    ),
    max_size=4,
).map(tuple)
rows_ = st.lists(
    st.tuples(st.integers(0, 9), st.floats(1, 100), st.sampled_from(["", "a", "b", "c"])),
    max_size=6,
)


@given(kinds=kinds_, given_rows=rows_)
def test_no_work_is_lost_and_none_begins_before_a_worker_is_free(kinds, given_rows):
    rows = [
        of(row(f"j{n}", queued, mean), pools=(pool,) if pool else ())
        for n, (queued, mean, pool) in enumerate(given_rows)
    ]
    workers = sum(kind.count for kind in kinds)
    found = project(QueueSnapshot(NOW, workers, 0, tuple(rows), kinds=kinds))
    assert len(found) == len(rows)
    for one in rows:
        end = found[one.job.id]
        assert 0 <= end.starts <= end.finishes
        # However the others lie, its own work takes all of its workers at least so long.
        assert end.finishes - end.starts >= one.queued * one.mean_seconds / end.slots - 1e-6
    total = sum(one.queued * one.mean_seconds for one in rows)
    last = max((one.finishes for one in found.values()), default=0.0)
    assert last * max(workers + len(rows), 1) >= total - 1e-6


def test_what_earlier_jobs_of_a_program_took_is_better_than_nothing():
    snapshot = QueueSnapshot(NOW, 1, 0, (row("a", 2, None), row("b", 2, None, dcc="nuke")))
    assert project(snapshot) == {}
    found = project(snapshot, {"maya": 60.0})
    assert (found["a"].finishes, found["a"].latest) == (120, 480)
    assert "b" not in found
