"""Rebuilding the record: what stamps, notes, labels and the store say together."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from renderbus_core.burst import Adopted, BurstState, BurstStore, TaskState
from renderbus_core.burst.orphans import Found, Release, StopRemote, disagreements, remote_id_of
from renderbus_core.burst.recover import carry_out, look
from renderbus_core.farm import LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, ClaimStamp, JobId, LocalState, LocalTask, TaskRef

JOB, BURST = JobId("job-1"), BurstId("0123456789ab")
NOTES = {"renderbus.burst": BURST, "renderbus.job": JOB, "renderbus.task": "7"}
HELD = LocalState.SUSPENDED


def task(number, state=HELD, epoch=1):
    ref = TaskRef(str(number), FrameSet.span(number, number))
    return LocalTask(ref, state, ClaimStamp(BURST, epoch))


def found(*tasks, notes=None, **more):
    return Found("local", {JOB: tasks}, {JOB: {BURST: NOTES if notes is None else notes}}, **more)


def refs(*numbers):
    return tuple(TaskRef(str(n), FrameSet.span(n, n)) for n in numbers)


def test_where_nothing_is_held_there_is_nothing_to_mend():
    assert disagreements(Found("local", {}, {})) == ()


def test_a_burst_that_farm_and_cloud_know_is_taken_up():
    (adopted,) = disagreements(found(task(1), task(2), known=frozenset({7})))
    assert isinstance(adopted, Adopted)
    assert (adopted.burst, adopted.remote_id, adopted.tasks) == (BURST, 7, refs(1, 2))


def test_a_label_in_the_cloud_is_as_good_as_a_note_on_the_job():
    (adopted,) = disagreements(found(task(1), notes={}, remote={BURST: 9}))
    assert adopted.remote_id == 9


def test_the_stamps_of_each_claim_are_told_apart():
    two = disagreements(found(task(1), task(2, epoch=2), known=frozenset({7})))
    assert [finding.claim_epoch for finding in two] == [1, 2]


def test_what_nobody_else_knows_goes_back():
    (release,) = disagreements(found(task(1), task(2)))
    assert isinstance(release, Release)
    assert release.tasks == refs(1, 2)


@pytest.mark.parametrize("state", [LocalState.RENDERING, LocalState.COMPLETED, LocalState.FAILED])
def test_a_stamp_on_what_is_rendered_or_over_holds_nothing(state):
    assert disagreements(found(task(1, state))) == ()


def test_work_that_bears_a_label_and_belongs_to_nobody_is_told():
    (stop,) = disagreements(Found("local", {}, {}, remote={BURST: 7}))
    assert isinstance(stop, StopRemote)
    assert stop.remote_id == 7


@pytest.mark.parametrize(
    "change",
    [
        {"renderbus.job": "job-2"},
        {"renderbus.burst": "another"},
        {"renderbus.task": "7; rm"},
        {"renderbus.task": "\N{ARABIC-INDIC DIGIT SEVEN}"},
        {"renderbus.task": ""},
    ],
)
def test_a_note_that_is_another_jobs_or_no_number_does_not_count(change):
    assert remote_id_of({BURST: NOTES}, BURST, JOB) == 7
    assert remote_id_of({BURST: NOTES | change}, BURST, JOB) == 0


# -- on a real farm, with a real store and cloud --------------------------------------------------


def lost_store(world):
    """Throw the record away, and begin another one."""
    world.gateway.store.close()
    for file in world.folder.glob("bursts.db*"):
        file.unlink()
    world.store = BurstStore(f"sqlite:///{world.folder}/bursts.db")
    object.__setattr__(world.gateway, "store", world.store)


def running(burst):
    return burst.state is BurstState.RUNNING


@pytest.mark.parametrize("keep_packages", [True, False])
def test_a_burst_whose_record_was_lost_comes_home_all_the_same(make_world, keep_packages):
    world = make_world(nodes=2)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: len(b.refs(TaskState.COMPLETED)) >= 2)
    lost_store(world)
    if not keep_packages:
        shutil.rmtree(world.gateway.config.burst.work_folder)
    (finding,) = look(world.gateway)
    assert (finding.burst, len(finding.tasks)) == (burst, 8)
    carry_out(world.gateway, finding, "ada")
    assert look(world.gateway) == ()
    assert world.store.burst(burst).user == "artist", "whose budgets it counts against"
    end = world.carry(world.runner(burst, "gateway-2"), burst)
    assert end.state is BurstState.DONE
    assert len(world.pictures()) == 10
    assert world.states() == [LocalState.COMPLETED] * 10
    assert len(world.remote_tasks()) == 1


def test_claims_of_a_lost_record_that_was_never_submitted_go_back(world):
    burst = world.order()
    world.carry(world.runner(burst), burst, lambda b: b.state is BurstState.CLAIMED)
    lost_store(world)
    (finding,) = look(world.gateway)
    assert "10 of 10 tasks" in carry_out(world.gateway, finding, "ada")
    assert world.states() == [LocalState.QUEUED] * 10
    assert look(world.gateway) == ()


def test_a_reserved_id_is_no_reason_to_take_a_burst_up(make_world):
    world = make_world(list_unsubmitted=True)
    burst = world.order()
    world.carry(world.runner(burst), burst, lambda b: b.state is BurstState.ID_RESERVED)
    lost_store(world)
    (finding,) = look(world.gateway)
    assert isinstance(finding, Release)


def test_a_burst_that_is_at_work_is_left_alone(world):
    burst = world.order()
    world.carry(world.runner(burst), burst, running)
    assert look(world.gateway) == ()


def test_work_of_another_farm_in_the_same_store_is_nobodys_orphan(world):
    burst = world.order()
    world.carry(world.runner(burst), burst, running)
    config = world.gateway.config
    other = replace(config, farm=replace(config.farm, kind="own-jobs"))
    world.farm.snapshot = lambda *_: replace(LocalFarm.snapshot(world.farm), jobs=())
    assert look(replace(world.gateway, config=other)) == ()


def test_orphaned_work_is_stopped_when_it_is_asked_for(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    world.carry(world.runner(burst), burst, running)
    lost_store(world)
    world.farm.delete_job(world.job)
    (finding,) = look(world.gateway)
    assert isinstance(finding, StopRemote)
    carry_out(world.gateway, finding, "ada")
    (task,) = world.remote_tasks()
    assert task.status.name == "USER_STOP" or task.is_over
    assert look(world.gateway) == ()
