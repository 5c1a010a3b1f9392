"""Pools and groups of the embedded farm: whom jobs are for, and what the bridge sees of it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.farm import JobSpec, LocalFarm
from renderbus_core.farm.agent import LocalAgent
from renderbus_core.farm.wire import read_snapshot, write_snapshot
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import CloudWish, FarmLimit, LocalJob, WorkerKind
from renderbus_core.options import NO_OPTIONS, CloudOptions

SPEC = JobSpec(
    name="shot", dcc="maya", scene="/s.ma", outputs=("/out/s.####.png",),
    frames=FrameSet.span(1, 2), command=("true",), user="ada",
)  # fmt: skip


def submitted(farm, **changes):
    return farm.submit(replace(SPEC, **changes))


def taken(farm, **kind):
    """Return the job of which a fresh worker of a kind takes a task; None when of none."""
    run = farm.dispatch.dequeue(farm.dispatch.beat("w", None, **kind))
    return None if run is None else run.job


def test_a_job_keeps_what_people_said_of_it(farm):
    said = {
        "department": "lighting",
        "pools": ("maya", "late"),
        "groups": ("gpu",),
        "cloud": CloudWish.REFUSED,
    }
    job = farm.job(submitted(farm, **said))
    assert {name: getattr(job, name) for name in said} == said
    plain = farm.job(submitted(farm))
    assert (plain.department, plain.pools, plain.groups, plain.cloud) == ("", (), (), "")


def test_a_job_of_pools_is_for_workers_of_one_of_them(farm):
    job = submitted(farm, pools=("maya", "late"))
    assert taken(farm) is None
    assert taken(farm, pools=["nuke"]) is None
    assert taken(farm, pools=["nuke", "late"]) == job


def test_pool_and_group_must_both_hold(farm):
    job = submitted(farm, pools=("maya",), groups=("gpu",))
    assert taken(farm, pools=["maya"]) is None
    assert taken(farm, groups=["gpu"]) is None
    assert taken(farm, pools=["maya"], groups=["cpu", "gpu"]) == job


def test_workers_of_a_pool_render_jobs_of_no_pool_too(farm):
    job = submitted(farm)
    assert taken(farm, pools=["maya"], groups=["gpu"]) == job


def test_jobs_for_others_are_passed_over_whatever_their_priority(farm):
    submitted(farm, pools=("maya",), priority=90)
    mine = submitted(farm, pools=("nuke",), priority=10)
    assert taken(farm, pools=["nuke"]) == mine


names = st.lists(st.sampled_from("abc"), unique=True, max_size=2).map(tuple)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(pools=names, groups=names, of_pools=names, of_groups=names)
def test_the_farm_and_the_policy_agree_on_who_may_render_what(
    farm, pools, groups, of_pools, of_groups
):
    job = submitted(farm, pools=pools, groups=groups)
    value = farm.job(job)
    assert isinstance(value, LocalJob)
    kind = WorkerKind(1, 1, of_pools, of_groups)
    took = taken(farm, pools=of_pools, groups=of_groups)
    farm.delete_job(job)
    assert (took == job) is kind.may_render(value)


def test_a_snapshot_counts_workers_by_what_they_may_render(farm):
    assert farm.snapshot().kinds == ()
    farm.dispatch.beat("a", None)
    assert farm.snapshot().kinds == (), "nothing makes a difference"
    farm.dispatch.beat("b", None, pools=["nuke", "maya"])
    farm.dispatch.beat("c", None, pools=["maya", "nuke", "nuke"])
    submitted(farm, pools=("maya",))
    busy = farm.dispatch.beat("d", None, pools=["maya"])
    farm.dispatch.dequeue(busy)
    snapshot = farm.snapshot()
    assert set(snapshot.kinds) == {
        WorkerKind(1, 1),
        WorkerKind(2, 2, ("maya", "nuke")),
        WorkerKind(1, 0, ("maya",)),
    }
    assert (snapshot.workers, snapshot.idle_workers) == (4, 3)


def test_a_job_of_a_pool_without_workers_tells_the_kinds_too(farm):
    farm.dispatch.beat("a", None)
    submitted(farm, groups=("gpu",))
    assert farm.snapshot().kinds == (WorkerKind(1, 1),)


def test_the_mean_says_of_how_many_tasks_it_is(farm):
    job = submitted(farm)
    worker = farm.dispatch.beat("a", None)
    for _ in range(2):
        run = farm.dispatch.dequeue(worker)
        farm.clock.advance(4)
        farm.dispatch.beat("a", worker)
        farm.dispatch.finish(run)
    (row,) = farm.snapshot().jobs
    assert (row.job.id, row.mean_seconds, row.timed) == (job, 4.0, 2)


@pytest.mark.parametrize("label", ["pools", "groups"])
def test_names_that_cannot_be_shown_are_refused(label):
    with pytest.raises(InputError, match=f"a {label[:-1]} of the job holds a control character"):
        replace(SPEC, **{label: ("ma\x1bya",)})


def test_more_names_than_a_job_can_have_are_refused():
    with pytest.raises(InputError, match="the job has 33 groups; at most 32 are kept"):
        replace(SPEC, groups=tuple(map(str, range(33))))


def test_a_file_that_version_3_wrote_is_brought_up_to_date(tmp_path, clock):
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as raw:
        raw.executescript((Path(__file__).parent / "version_3.sql").read_text())
    raw.close()
    with LocalFarm(file, clock) as farm:
        (row,) = farm.snapshot().jobs
        assert (row.job.project, row.job.department, row.job.pools) == ("opera", "", ())
        assert (row.job.cloud, row.mean_seconds, row.timed) == (CloudWish.UNSAID, 4.0, 1)
        assert row.job.options == NO_OPTIONS
        mine = submitted(farm, pools=("maya",), groups=("gpu",), priority=90)
        assert taken(farm) == row.job.id
        assert taken(farm, pools=["maya"], groups=["gpu"]) == mine


def test_a_farm_of_version_3_is_brought_up_to_date(tmp_path, clock):
    file = tmp_path / "old.db"
    with LocalFarm(file, clock) as farm:
        job = submitted(farm)
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as db:
        for statement in (
            "DROP INDEX jobs_in_order",
            "ALTER TABLE jobs DROP COLUMN department",
            "ALTER TABLE jobs DROP COLUMN cloud",
            "CREATE INDEX jobs_in_order ON jobs (priority DESC, id)",
            "ALTER TABLE workers DROP COLUMN pools",
            'ALTER TABLE workers DROP COLUMN "groups"',
            "PRAGMA user_version = 3",
        ):
            db.exec_driver_sql(statement)
    engine.dispose()
    with LocalFarm(file, clock) as farm:
        assert farm.job(job).cloud is CloudWish.UNSAID
        assert taken(farm, pools=["maya"]) == job


def test_everything_a_snapshot_says_travels(farm):
    farm.dispatch.beat("a", None, pools=["maya"], groups=["gpu"])
    options = CloudOptions(hardware_ram=128, stop_after_test=True, priority_frames="first")
    job = submitted(
        farm, pools=("maya",), cloud=CloudWish.ALLOWED, department="lighting", options=options
    )
    assert farm.job(job).options == options
    found = farm.snapshot([job])
    (row,) = found.jobs
    said = replace(
        row,
        timed=3,
        limits=("licence",),
        tasks_per_worker=2,
        most_workers=4,
        traits=("tile",),
        waits_for="a licence",
    )
    full = replace(found, jobs=(said,), limits=(FarmLimit("licence", 4),))
    document = json.loads(json.dumps(write_snapshot(full)))
    assert schema.problems("snapshot.json", document) == ()
    assert read_snapshot(document) == full


def test_options_that_cannot_be_used_keep_their_job_from_the_cloud_and_no_other(farm):
    submitted(farm, name="good")
    submitted(farm, name="bad")
    document = write_snapshot(farm.snapshot())
    bad = next(row["job"] for row in document["jobs"] if row["job"]["name"] == "bad")
    bad["options"] = {"hardware_ram": "lots", "tilse": "2"}
    bad["refusal"] = "its camera is no camera"
    assert schema.problems("snapshot.json", document) == ()
    jobs = {row.job.name: row.job for row in read_snapshot(document).jobs}
    assert jobs["good"].refusal == ""
    assert jobs["bad"].options == NO_OPTIONS
    assert jobs["bad"].refusal == (
        "its camera is no camera; cloud options: 'tilse' is not known; did you mean 'tiles'?; "
        'cloud option hardware_ram: "lots" must be of type integer'
    )


def test_an_agent_tells_the_kinds_of_workers(farm):
    farm.dispatch.beat("a", None, pools=["maya"])
    pages = LocalAgent(farm).handlers["snapshot"]({"tasks_of": []})
    assert pages.head["kinds"] == [{"count": 1, "idle": 1, "pools": ["maya"], "groups": []}]
