"""Failures that other people's bridges had, told of ours; each is named after its report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import requests

from renderbus_core.burst import BurstState, Crew, Service, TaskState
from renderbus_core.burst.effects import Switch
from renderbus_core.errors import FarmError
from renderbus_core.jobs import LocalState, Outcome

QUEUED, HELD, COMPLETED = LocalState.QUEUED, LocalState.SUSPENDED, LocalState.COMPLETED


class Killed(BaseException):
    """The process ends here, as by a power cut."""


class DiesAt(Switch):
    """Ends the process at one place."""

    def __init__(self, effect, moment):
        super().__init__()
        self.place = effect, moment

    def passing(self, effect, moment):
        if (effect, moment) == self.place:
            raise Killed


def running(burst):
    return burst.state is BurstState.RUNNING


def sent(world, path):
    """Collect the requests whose path ends so, from now on."""
    http = world.gateway.client.session._http
    adapter = http.get_adapter(world.gateway.client.endpoint.base_url)
    send, seen = adapter.send, []

    def noting(request, **kwargs):
        if request.url.endswith(path):
            seen.append(request)
        return send(request, **kwargs)

    adapter.send = noting
    return seen


def test_virtual_kubelet_712_an_end_that_could_not_be_written_is_written_later(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    complete, refusals = world.farm.complete, iter(range(5))

    def stammering(claim, tasks):
        if next(refusals, None) is not None:
            raise FarmError("the farm cannot be written to now")
        return complete(claim, tasks)

    world.farm.complete = stammering
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    assert world.states() == [COMPLETED] * 10


def test_virtual_kubelet_762_a_crash_between_remote_end_and_local_write_starts_nothing_again(world):
    burst = world.order()
    doomed = world.runner(burst)
    doomed._gateway = replace(doomed._gateway, switch=DiesAt("complete", "intended"))
    submits = sent(world, "submit/task")
    try:
        world.carry(doomed, burst)
        raise AssertionError("it was to die")
    except Killed:
        pass
    world.clock.advance(3600)
    end = world.carry(world.runner(burst, "gateway-2"), burst)
    assert end.state is BurstState.DONE
    assert len(submits) == 1
    assert world.states() == [COMPLETED] * 10


def test_virtual_kubelet_899_a_local_change_is_answered_though_the_remote_side_never_moved(
    make_world,
):
    world = make_world(nodes=1, frame_seconds=36000)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(
        runner, burst, lambda b: any(task.remote is not None for task in b.tasks) and running(b)
    )
    for _ in range(3):
        world.farm.resume_tasks(world.job, ["9"])
        assert world.states()[9] is QUEUED
        runner.step()
        assert world.states()[9] is HELD
        world.clock.advance(30)


def test_virtual_kubelet_78_a_remote_task_that_is_gone_is_not_asked_for_ever_faster(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    query = world.gateway.client.query
    asked = []
    query.task_info = lambda ids: asked.append(ids) or {}
    query.iter_tasks = lambda *_: iter(())
    began = world.clock.now()
    for _ in range(50):
        answer = runner.step()
        world.clock.advance(max(0.0, (answer.at - world.clock.now()).total_seconds()))
    assert world.store.burst(burst).state is BurstState.STRANDED
    assert world.states() == [HELD] * 10
    passed = world.clock.now() - began
    assert passed >= timedelta(seconds=60) * (50 - 2), "one look per settle time"


def test_slurm_bridge_43_a_farm_that_shows_no_jobs_for_a_moment_ends_no_remote_work(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    stops = sent(world, "stopTask") + sent(world, "stopTaskFrames")
    tasks = world.farm.tasks
    world.farm.tasks = lambda _ids: {}
    for _ in range(4):
        runner.step()
        world.clock.advance(10)
    world.farm.tasks = tasks
    assert not stops
    assert world.carry(runner, burst).state is BurstState.DONE
    assert world.states() == [COMPLETED] * 10


def test_airflow_41232_a_watcher_that_moves_to_another_process_ends_no_remote_work(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    stops = sent(world, "stopTask") + sent(world, "stopTaskFrames")
    runner.detach()
    service = Service(replace(world.gateway, switch=Switch()), decides=False)
    service.step()
    service.close()
    assert not stops
    other = Crew(replace(world.gateway, owner="gateway-2"))
    while world.store.live("local"):
        due = other.step()
        pause = (due - world.clock.now()).total_seconds() if due else 0.0
        world.clock.advance(max(0.0, pause))
    assert world.store.burst(burst).state is BurstState.DONE
    assert not stops


def test_airflow_34906_that_nobody_watches_is_seen_in_the_record(world):
    world.order()
    service = Service(world.gateway, decides=False)
    service.step()
    (sign,) = world.store.gateways()
    world.clock.advance(3600)
    silent = world.clock.now() - sign.seen_at
    assert silent > 3 * timedelta(seconds=world.gateway.config.gateway.heartbeat_seconds)
    assert world.store.live("local"), "and there is work that somebody should carry"


def test_opencue_2473_a_failure_inside_http_200_is_no_success(world):
    burst = world.order()
    runner = world.runner(burst)
    http = world.gateway.client.session._http
    adapter = http.get_adapter(world.gateway.client.endpoint.base_url)
    send, lost = adapter.send, iter(range(1))

    def failing(request, **kwargs):
        reply = send(request, **kwargs)
        if request.url.endswith("submit/task") and next(lost, None) is not None:
            failed = requests.Response()
            failed.status_code, failed.request, failed.url = 200, request, request.url
            failed.headers["Content-Type"] = "application/json"
            failed._content = json.dumps(
                {"version": "1.0.0", "result": False, "message": "failed", "code": 500,
                 "data": None, "requestId": "r", "serverTime": 0}
            ).encode()  # fmt: skip
            return failed
        return reply

    adapter.send = failing
    seen = []
    end = world.carry(runner, burst, lambda b: bool(seen.append(b.state)))
    assert BurstState.SUBMIT_UNCERTAIN in seen
    assert (end.state, end.submits) == (BurstState.DONE, 1), "it had arrived, and was found"


def test_opencue_2506_a_report_counts_only_while_its_run_owns_the_frame(world):
    burst = world.order("3")
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    old = world.store.burst(burst).claim(world.store.burst(burst).refs(TaskState.SENT), 1)
    newer = replace(old, claim_epoch=old.claim_epoch + 1)
    assert world.farm.claim(newer).taken, "taken again under a later claim"
    late = world.farm.complete(old, old.tasks)
    assert (late.taken, len(late.refused)) == ((), 1)
    assert world.states()[3] is HELD


def test_opencue_2506_unknown_means_stay(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, running)
    world.store.ask_recall(burst, "I want it back", world.clock.now())
    release = world.farm.release
    world.farm.release = lambda _claim, tasks, _why: Outcome(unknown=tuple(tasks))
    for _ in range(20):
        answer = runner.step()
        world.clock.advance(max(0.0, (answer.at - world.clock.now()).total_seconds()))
    assert not world.store.burst(burst).state.is_over
    world.farm.release = release
    assert world.carry(runner, burst).state is BurstState.RECALLED


def test_cluster_toolkit_4940_a_lack_of_machines_falls_back_and_the_way_stays_open(make_world):
    world = make_world(nodes=1, frame_seconds=36000, config="wait_limit_seconds = 300")
    burst = world.order()
    runner = world.runner(burst)
    now = world.carry(runner, burst, lambda b: bool(b.refs(TaskState.RELEASED)))
    assert len(now.refs(TaskState.RELEASED)) == 9
    assert not world.store.route("local").drained
    assert world.order("9"), "a person may send it again at once"
