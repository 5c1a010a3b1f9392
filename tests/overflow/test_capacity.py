"""When local workers would be done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, JobRow, LocalJob, LocalState, QueueSnapshot
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
