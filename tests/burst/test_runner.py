"""The life of a burst, carried by the real runner against a real farm and the cloud in process."""

from __future__ import annotations

import re

import pytest

from renderbus_core.burst import BurstState, Order, TaskState, WakeAt
from renderbus_core.burst.follow import results
from renderbus_core.burst.model import Remote, RemoteEntry
from renderbus_core.burst.store import RemoteLeaf
from renderbus_core.errors import RequestRefusedError, StoreError
from renderbus_core.farm import Worker
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState, TaskRef
from renderbus_core.simulator import SecondSubmit


def changes(world, burst):
    return [e.change for e in world.store.events(burst) if e.subject == "burst"]


def ids(burst, *states):
    return [ref.id for ref in burst.refs(*states)]


def test_a_burst_walks_through_its_life_and_every_picture_comes_home(world):
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE, end.reason
    assert changes(world, burst) == [
        "-> intended",
        "intended -> inspected",
        "inspected -> checked",
        "checked -> staged",
        "staged -> claimed",
        "claimed -> id_reserved",
        "id_reserved -> submitting",
        "submitting -> running",
        "running -> done",
    ]
    assert world.states() == [LocalState.COMPLETED] * 10
    assert world.pictures() == [f"shot.{frame:04d}.png" for frame in range(1, 11)]
    assert end.spent > 0


def test_a_farm_that_shows_files_is_told_which_a_task_has_before_it_is_complete(world, monkeypatch):
    monkeypatch.setattr(type(world.farm), "capabilities", frozenset({"files"}))
    burst = world.order("3")
    end = world.carry(world.runner(burst), burst)
    (notes,) = world.farm.annotations(world.job).values()
    (path,) = notes["renderbus.files 3"].split(",")
    assert path.endswith("/shot.0004.png")
    (entry,) = (one for leaf in world.store.remote(burst) for one in leaf.entries)
    assert notes["renderbus.node 3"] == entry.node == "10.60.1.11"
    assert float(notes["renderbus.cost"]) == float(end.spent)


def test_of_a_task_of_several_frames_each_machine_is_told_once(make_world, monkeypatch):
    world = make_world(chunk=4, nodes=2)
    monkeypatch.setattr(type(world.farm), "capabilities", frozenset({"files"}))
    burst = world.order("0")
    world.carry(world.runner(burst), burst)
    (notes,) = world.farm.annotations(world.job).values()
    assert notes["renderbus.node 0"] == "10.60.1.11,10.60.1.12"
    assert notes["renderbus.files 0"].count(",") == 3


def test_a_machine_that_the_cloud_does_not_name_is_none(world):
    burst = world.store.burst(world.order())
    tasks = [TaskRef("a", FrameSet.span(1, 2)), TaskRef("b", FrameSet.span(3, 3))]
    entries = [
        RemoteEntry(leaf, leaf, FrameSet.span(1, 2), Remote.DONE, node=node)
        for leaf, node in enumerate(["10.60.3.224", "", "10.60.3.9", "10.60.3.224"])
    ]
    leaves = [RemoteLeaf(entry.leaf, 25, (1,), (entry,)) for entry in entries]
    facts = results(burst, tasks, [], leaves)
    assert facts["renderbus.node a"] == "10.60.3.224,10.60.3.9"
    assert facts["renderbus.node b"] == ""


def test_every_farm_that_takes_notes_is_told_what_it_cost(world):
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    (notes,) = world.farm.annotations(world.job).values()
    assert float(notes["renderbus.cost"]) == float(end.spent) > 0


def test_assets_are_uploaded_before_anything_is_claimed(world):
    burst = world.order()
    world.carry(world.runner(burst), burst, lambda b: b.state is BurstState.STAGED)
    assert {name.rpartition("/")[2] for name in world.engine[0].uploaded} == {
        "shot.ma",
        "wood.png",
    }
    assert world.states() == [LocalState.QUEUED] * 10


def test_the_id_stands_on_the_job_before_it_is_submitted(world):
    burst = world.order()
    now = world.carry(world.runner(burst), burst, lambda b: b.state is BurstState.RUNNING)
    (notes,) = world.farm.annotations(world.job).values()
    assert notes["renderbus.task"] == str(now.remote_id)
    assert notes["renderbus.burst"] == burst
    assert notes["renderbus.job"] == world.job
    (task,) = world.remote_tasks()
    assert burst in task.labels


def test_a_missing_texture_stops_the_burst_before_anything_is_sent(make_world):
    world = make_world(texture="gone/rusty.png")
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert "gone/rusty.png" in end.reason
    assert "wood" in end.reason, "the node is named"
    assert world.engine == []
    assert world.remote_tasks() == []
    assert world.states() == [LocalState.QUEUED] * 10


def test_only_the_tasks_that_were_asked_for_leave(world):
    burst = world.order("7", "8", "9")
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert world.states() == [LocalState.QUEUED] * 7 + [LocalState.COMPLETED] * 3
    (task,) = world.remote_tasks()
    assert task.total_frames == 3


def test_what_a_worker_started_meanwhile_stays_with_it(world):
    burst = world.order("8", "9")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.STAGED)
    world.farm.suspend_tasks(world.job, ["9"])
    end = world.carry(runner, burst)
    assert ids(end, TaskState.COMPLETED) == ["8"]
    assert ids(end, TaskState.LOST) == ["9"]
    (task,) = world.remote_tasks()
    assert task.total_frames == 1, "only what is held is sent"


def test_chunks_come_home_as_a_whole(make_world):
    world = make_world(chunk=4)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert world.states() == [LocalState.COMPLETED] * 3
    assert len(world.pictures()) == 10


def test_a_frame_that_fails_in_the_cloud_goes_back_to_the_farm(make_world):
    world = make_world(fail_frames={4: 99})
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert ids(end, TaskState.RELEASED) == ["3"]
    states = world.states()
    assert states.pop(3) is LocalState.QUEUED
    assert states == [LocalState.COMPLETED] * 9
    assert world.store.given_back("local") == {(world.job, "3"): 1}


def test_done_without_files_goes_back_after_the_grace(make_world):
    world = make_world()
    world.gateway.client.transmit.get_output_files = lambda *_: []
    burst = world.order("0")
    end = world.carry(world.runner(burst), burst)
    assert ids(end, TaskState.RELEASED) == ["0"]
    assert "none of its files came" in end.tasks[0].reason
    assert world.states() == [LocalState.QUEUED] * 10


RESTS = ("intended", "inspected", "checked", "staged", "claimed", "id_reserved", "running")


@pytest.mark.parametrize("state", [BurstState(name) for name in RESTS])
def test_another_runner_carries_on_from_wherever_the_first_one_died(world, state):
    burst = world.order()
    if state is not BurstState.INTENDED:
        now = world.carry(world.runner(burst), burst, lambda b: b.state is state)
        assert now.state is state
    world.clock.advance(3600)
    end = world.carry(world.runner(burst, "gateway-2"), burst)
    assert end.state is BurstState.DONE
    assert world.states() == [LocalState.COMPLETED] * 10
    assert len(world.remote_tasks()) == 1


@pytest.mark.parametrize("reaches", [True, False], ids=["it arrived", "it did not"])
def test_a_runner_that_died_while_submitting_is_followed_without_a_second_task(world, reaches):
    burst = world.order()
    world.cut("submit/task", reaches=reaches, failure=SystemExit)
    with pytest.raises(SystemExit):
        world.carry(world.runner(burst), burst)
    assert world.store.burst(burst).state is BurstState.SUBMITTING
    world.clock.advance(3600)
    end = world.carry(world.runner(burst, "gateway-2"), burst)
    assert end.state is BurstState.DONE
    assert end.submits == (1 if reaches else 2)
    assert len(world.remote_tasks()) == 1


def test_a_second_runner_waits_while_the_first_is_alive(world):
    burst = world.order()
    world.runner(burst).step()
    answer = world.runner(burst, "gateway-2").step()
    assert isinstance(answer, WakeAt)
    assert world.store.burst(burst).state is BurstState.INSPECTED


def test_a_runner_that_was_taken_over_changes_nothing_any_more(world):
    burst = world.order()
    first = world.runner(burst)
    first.step()
    world.clock.advance(3600)
    world.runner(burst, "gateway-2").step()
    before = world.store.burst(burst)
    first.step()
    assert world.store.burst(burst) == before


def test_a_submit_whose_reply_is_lost_is_found_and_not_sent_again(world):
    world.cut("submit/task", reaches=True)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert end.submits == 1
    assert "submitting -> submit_uncertain" in changes(world, burst)
    assert len(world.remote_tasks()) == 1


def test_a_submit_that_never_arrived_is_sent_again_under_the_same_id(world):
    world.cut("submit/task", reaches=False)
    burst = world.order()
    runner = world.runner(burst)
    uncertain = world.carry(runner, burst, lambda b: b.state is BurstState.SUBMIT_UNCERTAIN)
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert end.submits == 2
    assert end.remote_id == uncertain.remote_id


def test_after_two_lost_submits_a_person_is_asked_and_nothing_more_is_sent(world):
    world.cut("submit/task", times=99, reaches=False)
    burst = world.order()
    runner = world.runner(burst)
    now = world.carry(runner, burst, lambda b: "recall" in b.reason)
    for _ in range(5):
        world.clock.advance(600)
        runner.step()
    now = world.store.burst(burst)
    assert now.state is BurstState.SUBMIT_UNCERTAIN
    assert now.submits == 2
    assert world.states() == [LocalState.SUSPENDED] * 10


def test_a_refused_submit_gives_everything_back_with_the_clouds_reason(make_world):
    world = make_world(second_submit=SecondSubmit.REFUSE)
    burst = world.order()
    runner = world.runner(burst)
    reserved = world.carry(runner, burst, lambda b: b.state is BurstState.ID_RESERVED)
    # Somebody abandons the id on the vendor's page before we submit it.
    script = world.gateway.client.transmit
    sent = script.upload_json_content
    script.upload_json_content = lambda i, c, n: None if n == "task.json" else sent(i, c, n)
    end = world.carry(runner, burst)
    assert reserved.remote_id == end.remote_id
    assert end.state is BurstState.FAILED
    assert "submit_task" in end.reason
    assert world.states() == [LocalState.QUEUED] * 10


def test_a_lost_create_leaves_an_unused_id_and_nothing_else(world):
    world.cut("createTask", reaches=True)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert len(world.remote_tasks()) == 1


def test_a_recall_brings_home_what_is_done_and_gives_back_the_rest(make_world):
    world = make_world(nodes=2)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: len(b.refs(TaskState.COMPLETED)) >= 2)
    world.store.ask_recall(burst, "the director wants it here", world.clock.now())
    end = world.carry(runner, burst)
    assert end.state is BurstState.RECALLED
    home = ids(end, TaskState.COMPLETED)
    assert len(home) >= 2
    back = ids(end, TaskState.RELEASED)
    assert len(home) + len(back) == 10
    assert back
    assert set(world.states()) == {LocalState.COMPLETED, LocalState.QUEUED}
    (task,) = world.remote_tasks()
    assert task.executing_frames == 0


def test_a_recall_before_the_claim_leaves_no_trace(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.STAGED)
    world.store.ask_recall(burst, "changed my mind", world.clock.now())
    assert world.carry(runner, burst).state is BurstState.RECALLED
    assert world.states() == [LocalState.QUEUED] * 10
    assert world.remote_tasks() == []


def test_a_resumed_task_is_held_again_because_the_cloud_has_it(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    world.farm.resume_tasks(world.job, ["9"])
    assert world.states()[9] is LocalState.QUEUED
    runner.step()
    assert world.states()[9] is LocalState.SUSPENDED
    assert world.carry(runner, burst).state is BurstState.DONE


def test_a_task_that_a_worker_has_begun_is_stopped_in_the_cloud(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: len(b.refs(TaskState.COMPLETED)) == 1)
    world.farm.resume_tasks(world.job, ["9"])
    worker = Worker(world.farm, "worker", world.folder / "logs")
    worker.step()
    assert world.states()[9] is LocalState.RENDERING
    end = world.carry(runner, burst)
    worker.stop()
    assert ids(end, TaskState.LOST) == ["9"]
    assert len(ids(end, TaskState.COMPLETED)) == 9
    (task,) = world.remote_tasks()
    assert task.abort_frames == 1


def test_a_deleted_job_ends_its_burst_and_its_remote_task(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    world.farm.delete_job(world.job)
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert len(ids(end, TaskState.LOST)) == 10
    (task,) = world.remote_tasks()
    assert task.executing_frames == 0


def test_claims_are_kept_while_the_cloud_does_not_know_the_task(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.RUNNING)
    query = world.gateway.client.query
    known, listed = query.task_info, query.iter_tasks
    query.task_info, query.iter_tasks = lambda _: {}, lambda *_: iter(())
    now = world.carry(runner, burst, lambda b: b.state is BurstState.STRANDED)
    assert re.search("does not know remote task", now.reason)
    assert world.states() == [LocalState.SUSPENDED] * 10
    query.task_info, query.iter_tasks = known, listed
    assert world.carry(runner, burst).state is BurstState.DONE


def test_a_task_is_in_one_live_burst_at_most(world):
    world.order("3")
    with pytest.raises(StoreError, match="in a live burst already"):
        world.order("3")
    other = Order("local", world.job, (TaskRef("4", FrameSet.span(5, 5)),), "free")
    assert world.store.plan([other], world.clock.now())


def test_a_reserved_id_that_is_listed_is_not_taken_for_a_submitted_one(make_world):
    world = make_world(list_unsubmitted=True)
    world.cut("submit/task", reaches=False)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert end.submits == 2


def test_the_machines_of_a_task_are_limited_because_time_limits_alone_do_not_bound_the_cost(
    make_world,
):
    world = make_world(config="machine_limit = 2", nodes=8)
    burst = world.order()
    runner = world.runner(burst)
    most = 0
    for _ in range(300):
        if world.carry(runner, burst, lambda _: True).state.is_over:
            break
        most = max([most, *(task.executing_frames for task in world.remote_tasks())])
        world.clock.advance(7)
    assert most == 2


def test_a_refused_limit_does_not_stop_the_burst(world):
    def refuse(*_):
        raise RequestRefusedError("no such operation here")

    world.gateway.client.task.update_task_limit = refuse
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
