"""Traces of recorded queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, JobRow, LocalJob, LocalState, QueueSnapshot
from renderbus_core.replay import Shot, trace_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(name, mean, deadline=None, **counts):
    job = LocalJob(JobId(name), name, "maya", "/s.ma", (), FrameSet.span(1, 9), "ada", 60, NOW,
                   deadline=deadline)  # fmt: skip
    return JobRow(job, {LocalState(state): count for state, count in counts.items()}, 0, mean)


def test_a_job_arrives_when_it_is_first_seen_with_what_is_open_then():
    early = QueueSnapshot(NOW, 3, 0, (row("a", None, queued=2, rendering=1, completed=5),))
    later = QueueSnapshot(
        NOW + timedelta(minutes=10),
        4,
        0,
        (
            row("a", 30.0, queued=1),
            row("b", None, deadline=NOW + timedelta(hours=1), suspended=2),
            row("done", 9.0, completed=4),
        ),
    )
    trace = trace_of("night.jsonl", [early, later])
    assert (trace.name, trace.workers) == ("night.jsonl", 4)
    assert trace.shots == (
        Shot("a", 0, (30.0,) * 3, 60, None, "maya"),
        Shot("b", 600, (19.5,) * 2, 60, 3600, "maya"),
    )


@pytest.mark.parametrize("snapshots", [[], [QueueSnapshot(NOW, 0, 0, (row("a", 1.0, queued=1),))]])
def test_nothing_to_replay_is_told(snapshots):
    with pytest.raises(InputError, match="nothing to replay"):
        trace_of("empty", snapshots)
