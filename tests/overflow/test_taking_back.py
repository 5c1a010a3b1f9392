"""Which frames that wait in the cloud idle local workers take back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core import config
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    FarmLimit,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    QueueSnapshot,
    TaskRef,
    WorkerKind,
)
from renderbus_core.overflow import History, Probe, ProbeState, Waiting, take_back

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(name, queued=0, mean=60.0, **job):
    one = LocalJob(JobId(name), name, "maya", "/s.ma", ("/o.####.exr",), FrameSet.span(1, 9), "ada",
                   50, NOW, **job)  # fmt: skip
    return JobRow(one, {LocalState.QUEUED: queued}, mean_seconds=mean, timed=100)


def waiting(name, count):
    refs = tuple(TaskRef(str(n), FrameSet.span(n + 1, n + 1)) for n in range(count))
    return Waiting(BurstId(f"burst of {name}"), JobId(name), refs)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "renderbus.toml"
    file.write_text('[overflow]\nsplit_jobs = true\nprobe = "never"\n')
    return config.load(file, env={}).overflow


def returned(policy, *rows, idle, cloud, kinds=(), age=0):
    taken = NOW - timedelta(seconds=age)
    queue = QueueSnapshot(taken, 10, idle, rows, kinds=kinds)
    found = take_back(queue, policy, History(waiting=tuple(cloud)), NOW)
    return {one.burst.removeprefix("burst of "): [ref.id for ref in one.tasks] for one in found}


def test_idle_workers_take_what_they_can_begin_from_the_end(policy):
    assert returned(policy, row("a"), idle=2, cloud=[waiting("a", 5)]) == {"a": ["3", "4"]}
    assert returned(policy, row("a"), idle=9, cloud=[waiting("a", 2)]) == {"a": ["0", "1"]}


def test_busy_workers_take_nothing(policy):
    assert returned(policy, row("a"), idle=0, cloud=[waiting("a", 5)]) == {}


def test_what_waits_here_is_theirs_first(policy):
    assert returned(policy, row("a", queued=3), idle=4, cloud=[waiting("a", 5)]) == {"a": ["4"]}
    assert returned(policy, row("a"), row("b", queued=4), idle=4, cloud=[waiting("a", 5)]) == {}


def test_what_waits_here_for_something_else_does_not_count(policy):
    stuck = replace(row("b", queued=4), waits_for="a licence")
    assert returned(policy, row("a"), stuck, idle=1, cloud=[waiting("a", 5)]) == {"a": ["4"]}


def test_workers_of_other_pools_take_nothing(policy):
    kinds = WorkerKind(5, 5, pools=("nuke",)), WorkerKind(5, 1, pools=("maya",))
    rows = row("a", pools=("maya",)), row("b", pools=("houdini",))
    cloud = [waiting("a", 3), waiting("b", 3)]
    assert returned(policy, *rows, idle=6, kinds=kinds, cloud=cloud) == {"a": ["2"]}


def test_no_more_comes_back_than_its_own_number_of_workers_begins(policy):
    few = replace(row("a"), most_workers=2, counts={LocalState.RENDERING: 1})
    assert returned(policy, few, idle=9, cloud=[waiting("a", 5)]) == {"a": ["4"]}
    together = replace(few, tasks_per_worker=2)
    assert returned(policy, together, idle=9, cloud=[waiting("a", 5)]) == {"a": ["2", "3", "4"]}


def test_no_more_comes_back_than_limits_leave_free(policy):
    rows = [replace(row(name), limits=("arnold", "unknown")) for name in "ab"]
    queue = QueueSnapshot(NOW, 10, 9, tuple(rows), limits=(FarmLimit("arnold", 3),))
    history = History(waiting=(waiting("a", 2), waiting("b", 5)))
    found = take_back(queue, policy, history, NOW)
    assert [len(one.tasks) for one in found] == [2, 1]


def test_idle_workers_are_shared_out(policy):
    cloud = [waiting("a", 3), waiting("b", 3)]
    found = returned(policy, row("a"), row("b"), idle=4, cloud=cloud)
    assert found == {"a": ["0", "1", "2"], "b": ["2"]}


@pytest.mark.parametrize(("minutes", "comes"), [(20, False), (40, True)])
def test_what_would_be_late_here_stays_there(policy, minutes, comes):
    at = NOW + timedelta(minutes=minutes)
    one = row("a", mean=300.0, deadline=at)
    assert bool(returned(policy, one, idle=1, cloud=[waiting("a", 1)])) is comes
    unknown = row("a", mean=None, deadline=at)
    assert not returned(policy, unknown, idle=1, cloud=[waiting("a", 1)])


def test_what_is_on_its_way_back_is_theirs_already(policy):
    cloud = [replace(waiting("a", 5), returning=2)]
    assert returned(policy, row("a"), idle=2, cloud=cloud) == {}
    assert returned(policy, row("a"), idle=3, cloud=cloud) == {"a": ["4"]}


def test_it_can_be_switched_off_and_needs_a_new_picture_of_the_queue(policy):
    off = replace(policy, take_back=False)
    assert returned(off, row("a"), idle=1, cloud=[waiting("a", 1)]) == {}
    old = policy.snapshot_age_seconds + 1
    assert returned(policy, row("a"), idle=1, cloud=[waiting("a", 1)], age=old) == {}


def test_a_job_that_is_gone_here_stays_there(policy):
    assert returned(policy, idle=3, cloud=[waiting("a", 1)]) == {}


@pytest.mark.parametrize(("idle", "untouched", "back"), [(4, True, 0), (5, True, 5), (5, False, 0)])
def test_a_job_that_may_not_be_shared_comes_back_whole_or_not_at_all(policy, idle, untouched, back):
    cloud = [replace(waiting("a", 5), is_everything=untouched)]
    whole = replace(policy, split_jobs=False)
    assert len(returned(whole, row("a"), idle=idle, cloud=cloud).get("a", ())) == back


def test_what_a_probe_found_alike_may_come_back_in_part(policy):
    probed = replace(policy, probe="always")
    queue = QueueSnapshot(NOW, 10, 2, (row("a"),))
    for state, back in ((ProbeState.ALIKE, 2), (ProbeState.RENDERED, 0)):
        known = {JobId("a"): Probe(state, "", is_mapped=True)}
        history = History(waiting=(waiting("a", 5),), probes=known)
        assert sum(len(one.tasks) for one in take_back(queue, probed, history, NOW)) == back


@given(
    idle=st.integers(0, 6),
    queued=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    cloud=st.lists(st.integers(0, 5), min_size=1, max_size=3),
)
def test_never_more_comes_back_than_idle_workers_can_begin(policy, idle, queued, cloud):
    rows = [row(str(n), queued=count) for n, count in enumerate(queued)]
    found = returned(
        policy, *rows, idle=idle, cloud=[waiting(str(n), count) for n, count in enumerate(cloud)]
    )
    assert sum(map(len, found.values())) <= max(idle - sum(queued), 0)
