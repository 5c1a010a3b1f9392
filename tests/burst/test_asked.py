"""What people and the engine itself ask of tasks in the cloud: recalls, stuck frames, notices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from renderbus_core.burst import Asked, BurstState, Crew, TaskState
from renderbus_core.burst.model import Remote
from renderbus_core.burst.recover import free_left_behind
from renderbus_core.jobs import LocalState

QUEUED, HELD, COMPLETED = LocalState.QUEUED, LocalState.SUSPENDED, LocalState.COMPLETED


def running(burst):
    return burst.state is BurstState.RUNNING


def begun(world):
    """Return a condition: the cloud has listed the burst's frames."""

    def listed(burst):
        return burst.state is BurstState.RUNNING and any(
            leaf.entries for leaf in world.store.remote(burst.id)
        )

    return listed


def ids(burst, *states):
    return [ref.id for ref in burst.refs(*states)]


def requests_of(world, path):
    """Count the requests of one operation from now on."""
    http = world.gateway.client.session._http
    adapter = http.get_adapter(world.gateway.client.endpoint.base_url)
    send, seen = adapter.send, []

    def counting(request, **kwargs):
        if request.url.endswith(path):
            seen.append(request)
        return send(request, **kwargs)

    adapter.send = counting
    return seen


# -- recalls ------------------------------------------------------------------------------------


def test_a_recall_of_what_waits_lets_the_cloud_finish_what_it_began(make_world):
    world = make_world(nodes=2)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: len(b.refs(TaskState.COMPLETED)) >= 2)
    world.store.ask(burst, Asked.RECALL_WAITING, "workers idle", world.clock.now())
    end = world.carry(runner, burst)
    back, home = ids(end, TaskState.RELEASED), ids(end, TaskState.COMPLETED)
    assert end.state is BurstState.DONE
    assert len(back) + len(home) == 10
    assert back
    assert {task.reason for task in end.tasks if task.state is TaskState.RELEASED} == {
        "workers idle"
    }
    (task,) = world.remote_tasks()
    assert (task.done_frames, task.abort_frames) == (len(home), len(back))


def test_single_tasks_come_back_and_the_others_go_on(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, begun(world))
    world.store.ask(burst, Asked.RECALL_ALL, "I need it", world.clock.now(), tasks=["8", "9"])
    end = world.carry(runner, burst)
    assert ids(end, TaskState.RELEASED) == ["8", "9"]
    assert len(ids(end, TaskState.COMPLETED)) == 8
    assert [world.states()[n] for n in (8, 9)] == [QUEUED, QUEUED]


def test_nothing_is_given_back_before_the_cloud_says_that_it_is_stopped(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, begun(world))
    world.store.ask(burst, Asked.RECALL_ALL, "I need it", world.clock.now(), tasks=["9"])
    runner.step()
    assert world.states()[9] is HELD
    world.clock.advance(10)
    runner.step()
    assert world.states()[9] is QUEUED


def test_tasks_that_are_wanted_back_early_are_never_sent(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.STAGED)
    world.store.ask(burst, Asked.RECALL_WAITING, "changed my mind", world.clock.now(), tasks=["0"])
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)
    world.store.ask(burst, Asked.RECALL_ALL, "this one too", world.clock.now(), tasks=["1"])
    end = world.carry(runner, burst)
    assert ids(end, TaskState.LOST, TaskState.RELEASED) == ["0", "1"]
    assert len(ids(end, TaskState.COMPLETED)) == 8
    (task,) = world.remote_tasks()
    assert task.total_frames == 8


def test_a_burst_that_loses_all_its_tasks_before_it_is_sent_is_recalled(world):
    burst = world.order("3", "4")
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.CLAIMED)
    world.store.ask(burst, Asked.RECALL_WAITING, "changed my mind", world.clock.now())
    end = world.carry(runner, burst)
    assert (end.state, end.reason) == (BurstState.RECALLED, "changed my mind")
    assert world.states() == [QUEUED] * 10


def test_a_whole_batch_is_one_call_on_each_side(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, begun(world))
    stops = requests_of(world, "stopTaskFrames")
    tasks = [str(n) for n in range(2, 10)]
    world.store.ask(burst, Asked.RECALL_WAITING, "all of them", world.clock.now(), tasks=tasks)
    runner.step()
    assert len(stops) == 1


def test_what_a_person_requeues_is_rendered_here(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, begun(world))
    world.store.ask(burst, Asked.REQUEUE, "requeued", world.clock.now(), tasks=["9"])
    world.farm.resume_tasks(world.job, ["9"])
    end = world.carry(runner, burst)
    assert ids(end, TaskState.LOST) == ["9"]
    task = world.tasks()[9]
    assert (task.state, task.claim) == (QUEUED, None), "nothing of ours stays on it"


# -- what is stuck ------------------------------------------------------------------------------


def test_frames_that_no_machine_takes_go_back_by_themselves(make_world):
    world = make_world(nodes=1, frame_seconds=36000, config="wait_limit_seconds = 600")
    burst = world.order()
    now = world.carry(world.runner(burst), burst, lambda b: bool(b.refs(TaskState.RELEASED)))
    back = [task for task in now.tasks if task.state is TaskState.RELEASED]
    assert len(back) == 9, "one machine works on one frame"
    assert {task.reason for task in back} == {"no machine of the cloud began it within 600 s"}
    assert sorted(world.states()) == [QUEUED] * 9 + [HELD]


def test_a_frame_that_hangs_is_stopped_and_rendered_here(make_world):
    world = make_world(
        nodes=10,
        config="stuck_factor = 0.01\nframe_time_limit_minimum = 100000",
    )
    world.cloud.stick([7], world.clock.now())
    burst = world.order()
    runner = world.runner(burst)
    end = world.carry(runner, burst)
    assert ids(end, TaskState.RELEASED) == ["6"]
    assert "has been rendering it for more than 1000 s" in end.tasks[6].reason
    assert len(ids(end, TaskState.COMPLETED)) == 9


# -- what people are told -----------------------------------------------------------------------


def test_a_stop_is_told_with_what_to_do_and_until_when(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    (task,) = world.remote_tasks()
    world.gateway.client.task.stop_task([task.id])
    now = world.carry(runner, burst, lambda b: "set it going" in b.reason)
    noted = world.farm.annotations(world.job)[burst]["renderbus.notice"]
    assert noted == now.reason
    assert "within 600 s of 12:" in noted
    world.gateway.client.task.start_task([task.id])
    end = world.carry(runner, burst)
    assert len(ids(end, TaskState.COMPLETED)) == 10
    assert world.farm.annotations(world.job)[burst]["renderbus.notice"] == ""


def test_arrears_that_are_paid_in_time_cost_no_frame(make_world):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, begun(world))
    user = world.cloud.settings.accounts[0].user_id
    world.cloud.pay(user, Decimal(-5000), world.clock.now())
    told = world.carry(runner, burst, lambda b: "owes money" in b.reason)
    assert not ids(told, TaskState.RELEASED)
    world.cloud.pay(user, Decimal(9000), world.clock.now())
    world.gateway.client.task.start_task([told.remote_id])
    assert len(ids(world.carry(runner, burst), TaskState.COMPLETED)) == 10


# -- what looking costs -------------------------------------------------------------------------


def test_many_bursts_are_asked_about_together(world):
    for n in range(5):
        world.order(str(n))
    crew = Crew(world.gateway)
    while not all(burst.state is BurstState.RUNNING for burst in world.store.bursts(live=True)):
        crew.step()
        world.clock.advance(10)
    asked = requests_of(world, "queryTaskInfo/v2")
    crew.step()
    assert len(asked) == 1
    crew.detach()


def test_what_does_not_move_is_looked_at_less_often_but_within_the_lease(make_world):
    world = make_world(nodes=1, frame_seconds=36000)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    pauses = []
    for _ in range(8):
        now = world.clock.now()
        pauses.append((runner.step().at - now).total_seconds())
        world.clock.advance(pauses[-1])
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (10, 30)


def test_all_frames_are_read_again_once_in_a_while(make_world):
    world = make_world(nodes=1, frame_seconds=36000, config="sweep_seconds = 120")
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: any(task.remote is Remote.RENDERING for task in b.tasks))
    pages = requests_of(world, "queryTaskFrames")
    for _ in range(5):
        world.clock.advance(10)
        runner.step()
    assert not pages
    world.clock.advance(120)
    runner.step()
    assert len(pages) == 1


# -- test frames --------------------------------------------------------------------------------

TEST_FRAMES = 'overrides = ["task_info.pre_frames=100", "task_info.stop_after_test=1"]'


def waits(burst):
    return "approve" in burst.reason


def test_the_frames_behind_test_frames_go_on_when_a_person_approves(make_world):
    world = make_world(nodes=2, config=TEST_FRAMES)
    burst = world.order()
    runner = world.runner(burst)
    now = world.carry(runner, burst, waits)
    assert f"renderbus approve {burst}" in now.reason
    assert now.waiting_since is not None
    world.store.approve(burst, world.clock.now(), "ada")
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert len(ids(end, TaskState.COMPLETED)) == 10
    assert end.waiting_since is None


def test_test_frames_that_are_approved_early_hold_nothing_up(make_world):
    world = make_world(nodes=2, config=TEST_FRAMES)
    burst = world.order()
    world.store.approve(burst, world.clock.now())
    reasons = []
    end = world.carry(world.runner(burst), burst, lambda b: bool(reasons.append(b.reason)))
    assert len(ids(end, TaskState.COMPLETED)) == 10
    assert not any("approve" in reason for reason in reasons)


def test_frames_behind_test_frames_that_nobody_approves_come_back(make_world):
    world = make_world(nodes=2, config=f"{TEST_FRAMES}\napproval_seconds = 3600")
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert ids(end, TaskState.COMPLETED) == ["0"]
    assert ids(end, TaskState.RELEASED) == [str(n) for n in range(1, 10)]
    assert "nobody approved its test frames within 3600 s" in end.tasks[5].reason


# -- jobs that are put away -----------------------------------------------------------------------

EARLY = [BurstState.INTENDED, BurstState.INSPECTED, BurstState.CHECKED, BurstState.STAGED,
         BurstState.CLAIMED, BurstState.ID_RESERVED]  # fmt: skip


@pytest.mark.parametrize("state", EARLY)
def test_a_job_that_is_gone_before_it_was_sent_ends_its_burst(world, state):
    burst = world.order()
    runner = world.runner(burst)
    if state is not BurstState.INTENDED:
        world.carry(runner, burst, lambda b: b.state is state)
    world.farm.delete_job(world.job)
    end = world.carry(runner, burst)
    assert end.state in {BurstState.RECALLED, BurstState.FAILED}
    assert not [task for task in world.remote_tasks() if task.is_submitted]


@pytest.mark.parametrize("state", EARLY)
def test_a_job_that_was_put_away_is_not_sent_though_the_farm_still_shows_it(world, state):
    burst = world.order()
    runner = world.runner(burst)
    if state is not BurstState.INTENDED:
        world.carry(runner, burst, lambda b: b.state is state)
    world.store.ask(burst, Asked.DELETE, "deleted by ada", world.clock.now())
    end = world.carry(runner, burst)
    assert (end.state, end.reason) == (BurstState.RECALLED, "deleted by ada")
    assert not [task for task in world.remote_tasks() if task.is_submitted]
    free_left_behind(world.gateway)
    assert set(world.states()) == {QUEUED}, "should it come back, nobody holds it"


@pytest.mark.parametrize("asked", [Asked.DELETE, Asked.ARCHIVE])
def test_a_job_that_was_put_away_is_stopped_though_the_farm_still_shows_it(make_world, asked):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.refs(TaskState.COMPLETED))
    world.store.ask(burst, asked, "put away", world.clock.now())
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert len(end.refs(TaskState.LOST)) == 10 - len(end.refs(TaskState.COMPLETED)) > 0
    (task,) = world.remote_tasks()
    assert task.abort_frames > 0


def test_what_was_put_away_is_not_called_back_unless_somebody_asks_for_it(world):
    burst = world.order()
    for asked, stands in (
        (Asked.RECALL_WAITING, Asked.RECALL_WAITING),
        (Asked.DELETE, Asked.DELETE),
        (Asked.RESUME, Asked.DELETE),
        (Asked.RECALL_WAITING, Asked.DELETE),
        (Asked.RECALL_ALL, Asked.RECALL_ALL),
        (Asked.PRIORITY, Asked.RECALL_ALL),
        (Asked.ARCHIVE, Asked.ARCHIVE),
    ):
        world.store.ask(burst, asked, "a person", world.clock.now())
        assert {task.asked for task in world.store.burst(burst).tasks} == {stands}
