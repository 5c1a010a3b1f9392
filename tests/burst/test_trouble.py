"""Bursts in trouble: sleeping gateways, lost answers, clicks on other pages, farms that stammer."""

from __future__ import annotations

import pytest

from renderbus_core.api import OutputFile
from renderbus_core.burst import BurstState, TaskState
from renderbus_core.errors import (
    AuthError,
    FarmError,
    RequestRefusedError,
    TransferError,
    TransientError,
    UnknownOutcomeError,
)
from renderbus_core.jobs import LocalState, Outcome

QUEUED, HELD = LocalState.QUEUED, LocalState.SUSPENDED


def running(burst):
    return burst.state is BurstState.RUNNING


def blind(world):
    """Make the cloud forget every task, and return how to make it remember."""
    query = world.gateway.client.query
    known, listed = query.task_info, query.iter_tasks
    query.task_info, query.iter_tasks = lambda _: {}, lambda *_: iter(())

    def see():
        query.task_info, query.iter_tasks = known, listed

    return see


def test_a_gateway_that_sleeps_overnight_gives_back_nothing_that_is_done(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: bool(b.refs(TaskState.DONE_REMOTE)))
    world.clock.advance(8 * 3600)
    end = world.carry(world.runner(burst, "gateway-2"), burst)
    assert end.state is BurstState.DONE
    assert not end.refs(TaskState.RELEASED)
    assert len(world.pictures()) == 10


def test_downloads_that_fail_for_hours_give_back_nothing_that_is_done(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    engine = world.engine[-1]
    download = engine.download

    def broken(plan, _progress):
        raise TransferError("the line is down", [item.remote for item in plan])

    engine.download = broken
    now = world.carry(runner, burst, lambda b: b.reason == "the line is down")
    world.clock.advance(3600)
    runner.step()
    engine.download = download
    end = world.carry(runner, burst)
    assert now.state is BurstState.RUNNING
    assert not end.refs(TaskState.RELEASED)
    assert len(world.pictures()) == 10


def test_a_stop_on_the_vendors_page_must_last_before_frames_go_back(make_world):
    world = make_world(nodes=1, frame_seconds=700)
    burst = world.order()
    runner = world.runner(burst)
    now = world.carry(runner, burst, lambda b: len(b.refs(TaskState.COMPLETED)) >= 1)
    stopped_at = world.clock.now()
    world.gateway.client.task.stop_task([now.remote_id])
    world.carry(runner, burst, lambda b: bool(b.refs(TaskState.RELEASED)))
    assert (world.clock.now() - stopped_at).total_seconds() >= 600


def test_a_second_submit_that_is_refused_does_not_undo_the_first(world):
    blind(world)
    answers = iter(
        [UnknownOutcomeError("lost"), TransientError("busy"), RequestRefusedError("known already")]
    )
    sent = []

    def submit(remote_id):
        sent.append(remote_id)
        raise next(answers)

    world.gateway.client.task.submit_task = submit
    burst = world.order()
    now = world.carry(world.runner(burst), burst, lambda _: len(sent) == 3)
    assert now.state is BurstState.SUBMIT_UNCERTAIN
    assert len(set(sent)) == 1
    assert world.states() == [HELD] * 10


def test_a_recall_ends_a_burst_that_the_cloud_never_heard_of(world):
    world.cut("submit/task", times=99, reaches=False)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: "recall" in b.reason)
    world.store.ask_recall(burst, "as the sentence says", world.clock.now())
    assert world.carry(runner, burst).state is BurstState.RECALLED
    assert world.states() == [QUEUED] * 10


def test_a_task_that_is_found_again_with_nothing_left_to_do_ends_its_burst(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    see = blind(world)
    world.carry(runner, burst, lambda b: b.state is BurstState.STRANDED)
    see()
    world.farm.delete_job(world.job)
    assert world.carry(runner, burst).state is BurstState.DONE


@pytest.mark.parametrize("how", ["recalled", "refused"])
def test_a_burst_does_not_end_while_the_farm_has_not_answered_for_its_tasks(world, how):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)
    release = world.farm.release
    world.farm.release = lambda _claim, tasks, _why: Outcome(unknown=tuple(tasks))
    if how == "recalled":
        world.store.ask_recall(burst, "changed my mind", world.clock.now())
    else:

        def refuse(**_):
            raise AuthError("the key has expired")

        world.gateway.client.task.create_task = refuse
    runner.step()
    runner.step()
    assert not world.store.burst(burst).state.is_over
    world.farm.release = release
    assert world.carry(runner, burst).state.is_over
    assert world.states() == [QUEUED] * 10


def test_a_farm_that_is_down_while_a_burst_fails_is_asked_again(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)

    def refuse(**_):
        raise AuthError("the key has expired")

    def down(*_):
        raise FarmError("the farm does not answer")

    world.gateway.client.task.create_task = refuse
    release, world.farm.release = world.farm.release, down
    runner.step()
    assert world.store.burst(burst).reason == "the key has expired"
    runner.step()
    runner.step()
    assert world.store.burst(burst).reason == "the farm does not answer"
    world.farm.release = release
    ended = world.carry(runner, burst)
    assert ended.state is BurstState.RECALLED
    assert ended.reason == "the key has expired"
    assert world.states() == [QUEUED] * 10
    assert world.store.given_back("local") == {}, "nothing had left"


def test_one_empty_answer_of_the_farm_loses_nothing(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    tasks = world.farm.tasks
    world.farm.tasks = lambda _ids: {}
    runner.step()
    world.farm.tasks = tasks
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert not end.refs(TaskState.LOST)


def test_a_crash_between_claim_and_record_is_undone_by_a_recall(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.STAGED)
    confirm = world.store.confirm

    def crash(*_):
        raise SystemExit

    world.store.confirm = crash
    with pytest.raises(SystemExit):
        runner.step()
    world.store.confirm = confirm
    assert world.states() == [HELD] * 10
    world.store.ask_recall(burst, "never mind", world.clock.now())
    world.clock.advance(3600)
    end = world.carry(world.runner(burst, "gateway-2"), burst)
    assert end.state is BurstState.RECALLED
    assert world.states() == [QUEUED] * 10


def test_a_runner_looks_again_once_it_holds_the_lease(world):
    """Between reading and leasing, the last holder may have submitted."""
    burst = world.order()
    first, second = world.runner(burst, "gateway-1"), world.runner(burst, "gateway-2")
    world.carry(first, burst, lambda b: b.state is BurstState.ID_RESERVED)
    first.detach()
    lease = world.store.lease

    def lease_late(name, owner, ttl, now, margin):
        if owner == "gateway-2":
            world.store.lease = lease
            world.cut("submit/task", reaches=True, failure=SystemExit)
            with pytest.raises(SystemExit):
                first.step()
            now = world.clock.advance(3600)
        return lease(name, owner, ttl, now, margin)

    world.store.lease = lease_late
    end = world.carry(second, burst)
    assert end.state is BurstState.DONE
    assert end.submits == 1
    assert len(world.remote_tasks()) == 1


def test_a_lasting_cause_is_logged_once(world):
    burst = world.order()
    runner = world.runner(burst)
    numbers = iter(range(1000))

    def lost():
        raise UnknownOutcomeError("no answer", request_id=str(next(numbers)))

    world.gateway.client.user.query_user_profile = lost
    before = len(world.store.events(burst))
    for _ in range(20):
        runner.step()
        world.clock.advance(60)
    assert len(world.store.events(burst)) <= before + 2


def listing(world, change):
    """Change what the cloud lists: `change` gets one folder's entries."""
    transmit = world.gateway.client.transmit
    listed = transmit.get_output_files
    transmit.get_output_files = lambda folder, *rest: change(folder, listed(folder, *rest))


@pytest.mark.parametrize(
    "name", ["notes 12:30.txt", "..", "aux.log", "a/../../b.png", "x.0001.exr"]
)
def test_an_odd_name_among_the_clouds_files_is_left_there(make_world, name):
    world = make_world(collect='check = "off"\nunmapped = "leave"')
    listing(world, lambda _, files: [*files, OutputFile(file_name=name, file_size=5)])
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert len(world.pictures()) == 10
    assert [event.after for event in world.store.events(burst)].count("has no place") == 1
    assert [stray.local for stray in world.store.strays(burst)] == [None]


def test_folders_without_end_are_not_followed_for_ever(world):
    calls = []

    def endless(folder, files):
        calls.append(folder)
        deeper = [OutputFile(file_name=f"d{n}", directory=True) for n in range(8)]
        return [*files, *deeper]

    transmit = world.gateway.client.transmit
    real = transmit.get_output_files
    transmit.get_output_files = lambda folder, *rest: endless(
        folder, real(folder, *rest) if "/d" not in folder else []
    )
    burst = world.order("0")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: bool(b.refs(TaskState.DONE_REMOTE)))
    calls.clear()
    runner.step()
    assert len(calls) <= 256


def test_a_file_without_a_size_is_no_file_yet(world):
    listing(
        world,
        lambda _, files: [OutputFile(file_name=file.file_name, file_size=0) for file in files],
    )
    burst = world.order("0")
    end = world.carry(world.runner(burst), burst)
    assert [ref.id for ref in end.refs(TaskState.RELEASED)] == ["0"]
    assert world.pictures() == []
