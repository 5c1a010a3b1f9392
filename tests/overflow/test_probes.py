"""Before a job leaves on its own: one frame is rendered in the cloud and compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from renderbus_core import config
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    QueueSnapshot,
    TaskRef,
)
from renderbus_core.money import Money
from renderbus_core.overflow import (
    Budget,
    History,
    OverflowState,
    Probe,
    ProbeState,
    Spending,
    Verdict,
    decide,
)
from renderbus_core.overflow.probing import wanted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = JobId("job-1")
SHARED = """
[overflow]
enabled = true
backlog_tasks_per_worker = 2
local_share_minimum = 0
cloud_wait_seconds = 0
split_jobs = true
"""


@pytest.fixture
def shared(tmp_path):
    """Return a policy that lets farm and cloud share a job."""
    file = tmp_path / "renderbus.toml"
    file.write_text(SHARED)
    return config.load(file, env={}).overflow


@pytest.fixture
def whole(shared):
    """Return a policy under which a job goes whole or not at all."""
    return replace(shared, split_jobs=False)


def a_task(number, state, frames=2):
    first = number * frames + 1
    return LocalTask(TaskRef(str(number), FrameSet.span(first, first + frames - 1)), state)


def decided(policy, *, done=1, waiting=9, probe=None, mean=60.0, budget="10"):
    """Decide about one job, some of whose tasks local workers have done."""
    tasks = tuple(
        a_task(n, LocalState.COMPLETED if n < done else LocalState.QUEUED)
        for n in range(done + waiting)
    )
    job = LocalJob(JOB, "shot", "maya", "/s.ma", ("/o.####.exr",), FrameSet.span(1, 99), "ada", 50,
                   NOW - timedelta(hours=1))  # fmt: skip
    counts = {LocalState.COMPLETED: done, LocalState.QUEUED: waiting}
    row = JobRow(job, counts, mean_seconds=mean, timed=9)
    queue = QueueSnapshot(NOW, 1, 0, (row,), {JOB: tasks})
    price = Money(Decimal(36), "CNY")
    known = History(
        spending=Spending(price, {Budget(Money(Decimal(budget), "CNY")): Decimal(0)}),
        probes={} if probe is None else {JOB: probe},
    )
    (item,) = decide(queue, policy, known, OverflowState(), NOW).items
    return item


ALIKE = Probe(ProbeState.ALIKE, "at most 0.001 apart", "maya 2024, arnold", is_mapped=True)


def test_a_scene_that_the_cloud_never_rendered_sends_one_frame_first(shared):
    item = decided(shared)
    assert item.verdict is Verdict.PROBE
    assert item.tasks == (TaskRef("probe 1", FrameSet.span(1, 1)),), "one that is done here"
    assert item.estimate == Money(Decimal("0.30"), "CNY"), "half of a task of two frames"
    assert item.sentence.endswith(
        "first frame 1 alone is rendered in the cloud, for about 0.30 CNY"
    )
    assert "7 of its 9 queued tasks would leave" in item.sentence, "and what comes then"


def test_once_it_is_alike_farm_and_cloud_share_the_job(shared):
    item = decided(shared, probe=ALIKE)
    assert item.verdict is Verdict.BURST
    assert [ref.id for ref in item.tasks] == [str(n) for n in range(3, 10)]


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (
            replace(ALIKE, is_mapped=False),
            "parity.mapping has no row for what it is rendered with (maya 2024, arnold)",
        ),
        (
            Probe(ProbeState.DIFFERENT, "9 % of the pixels differ", is_mapped=True),
            "both sides do not draw it alike: 9 % of the pixels differ",
        ),
    ],
)
def test_else_it_goes_whole_or_not_at_all(shared, probe, why):
    begun = decided(shared, probe=probe)
    assert begun.verdict is Verdict.STAY
    assert "it cannot go as a whole" in begun.sentence
    assert why in begun.sentence
    untouched = decided(shared, probe=probe, done=0)
    assert untouched.verdict is Verdict.BURST
    assert len(untouched.tasks) == 9


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (ProbeState.RUNNING, "its probe is in the cloud: remote task 7"),
        (ProbeState.FAILED, "its probe failed, so a person must send it: remote task 7"),
    ],
)
def test_while_it_runs_and_when_it_failed_the_job_stays(shared, whole, state, sentence):
    for policy in (shared, whole):
        for done in (0, 1):
            item = decided(policy, done=done, probe=Probe(state, "remote task 7"))
            assert item.verdict is Verdict.STAY
            assert sentence in item.sentence


def test_a_job_that_goes_whole_is_probed_with_a_frame_that_waits(whole):
    first = decided(whole, done=0)
    assert (first.verdict, first.tasks[0].id) == (Verdict.PROBE, "probe 17")
    probe = Probe(ProbeState.RENDERED, "the cloud renders it")
    then = decided(whole, done=0, probe=probe)
    assert (then.verdict, len(then.tasks)) == (Verdict.BURST, 9)


def test_what_had_nothing_to_compare_with_is_probed_again_before_it_is_shared(shared):
    probe = Probe(ProbeState.RENDERED, "the cloud renders it", "maya 2024", is_mapped=True)
    assert decided(shared, probe=probe).verdict is Verdict.PROBE
    assert decided(shared, probe=probe, done=0).verdict is Verdict.BURST, "it goes whole"
    unmapped = decided(shared, probe=replace(probe, is_mapped=False))
    assert unmapped.verdict is Verdict.STAY, "it would not be shared whatever came out"
    assert "has no row for what it is rendered with (maya 2024)" in unmapped.sentence


def test_what_twice_had_nothing_to_compare_with_is_not_paid_for_again(shared):
    probe = Probe(ProbeState.RENDERED, "the cloud renders it", is_mapped=True, tries=2)
    item = decided(shared, probe=probe)
    assert item.verdict is Verdict.STAY
    assert "no frame of it was compared with one of the cloud" in item.sentence


def test_a_frame_that_came_from_the_cloud_tells_nothing_of_local_workers(shared):
    tasks = [a_task(n, LocalState.COMPLETED) for n in range(3)]
    assert wanted(shared, None, tasks, there={"2"}).id == "probe 3", "the last of them made here"
    probe = Probe(ProbeState.RENDERED, "the cloud renders it", is_mapped=True)
    assert wanted(shared, probe, tasks) is not None
    assert wanted(shared, probe, tasks, there={"0", "1", "2"}) is None


def test_of_several_jobs_of_one_scene_one_is_probed(shared):
    rows, tasks = [], {}
    for number in range(3):
        job = LocalJob(JobId(f"job-{number}"), "shot", "maya", "/s.ma", ("/o.####.exr",),
                       FrameSet.span(1, 99), "ada", 50, NOW - timedelta(hours=1))  # fmt: skip
        tasks[job.id] = tuple(a_task(n, LocalState.QUEUED) for n in range(9))
        rows.append(JobRow(job, {LocalState.QUEUED: 9}, mean_seconds=60.0, timed=9))
    queue = QueueSnapshot(NOW, 1, 0, tuple(rows), tasks)
    budget = Budget(Money(Decimal(100), "CNY"))
    known = History(spending=Spending(Money(Decimal(36), "CNY"), {budget: Decimal(0)}))
    first, *others = decide(queue, shared, known, OverflowState(), NOW).items
    assert first.verdict is Verdict.PROBE
    assert {item.verdict for item in others} == {Verdict.STAY}
    assert f"rendered in the cloud first, for job {first.job}" in others[0].sentence


def test_a_job_that_would_stay_anyway_is_not_probed(shared):
    for stays in (
        decided(shared, waiting=2),
        decided(replace(shared, cloud_wait_seconds=86400)),
        decided(shared, budget="0"),
    ):
        assert stays.verdict is Verdict.STAY
    assert decided(shared, mean=None).verdict is Verdict.ADVISE


def test_tasks_without_frames_are_no_pictures_to_probe(shared):
    scripts = tuple(
        LocalTask(TaskRef(name, FrameSet()), LocalState.COMPLETED) for name in ("pre", "post")
    )
    assert wanted(shared, None, scripts) is None
    frame = wanted(shared, None, (a_task(0, LocalState.COMPLETED), *scripts))
    assert frame.frames == FrameSet.span(1, 1)


def test_a_studio_that_trusts_its_versions_needs_no_probe(shared):
    item = decided(replace(shared, probe="never"))
    assert item.verdict is Verdict.BURST
