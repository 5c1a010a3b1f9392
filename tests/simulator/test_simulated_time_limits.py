"""Time limits of frames and tasks, the reminder, and frames that never end."""

from __future__ import annotations

import pytest

from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator import life
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20


@pytest.fixture
def block_task(blender_task):
    """Return a maker of documents of a program that need not name a reminder."""

    def make(**common):
        task = blender_task(scene="/a/x.ass", cg_id="2003")
        del task["task_info"]["time_out"]
        return task | {"scene_info": {}, "scene_info_render": {"common": common}}

    return make


def test_a_task_over_its_limit_stops_and_goes_on_with_all_its_time(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-4[1]", task_stop_time="150"))
    sim.clock.advance(BEFORE_RENDERING + 150)
    task = sim.task(client, task_id)
    assert (task.task_status, task.done_frames) == (TaskCode.TIME_OUT_STOP, 2)
    assert task.raw["overTimeStop"] == 150
    sim.clock.advance(1000)
    client.task.start_task([task_id])
    sim.clock.advance(149)
    assert sim.task(client, task_id).task_status == TaskCode.FINISHED


def test_a_limit_can_be_set_while_a_task_renders(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1-90[1]", "b": "1-90[1]"}))
    sim.clock.advance(BEFORE_RENDERING + 100)
    client.task.set_task_overtime_stop([shell_id], 130)
    shell = sim.task(client, shell_id)
    assert {leaf.over_time_stop for leaf in shell.leaves()} == {130}
    sim.clock.advance(30)
    leaves = sim.task(client, shell_id).leaves()
    assert {leaf.task_status for leaf in leaves} == {TaskCode.TIME_OUT_STOP}


def test_a_limit_that_has_passed_already_stops_at_once(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-90[1]"))
    moment = sim.clock.advance(BEFORE_RENDERING + 100)
    sim.task(client, task_id)
    client.task.set_task_overtime_stop([task_id], 60)
    task = sim.task(client, task_id)
    assert (task.task_status, task.completed_at) == (TaskCode.TIME_OUT_STOP, moment)


def test_a_limit_set_before_the_analysis_holds(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1-90[1]", "b": "1"}, task_stop_time="9000"))
    client.task.set_task_overtime_stop([shell_id], 100)
    sim.clock.advance(BEFORE_RENDERING + 100)
    first, _ = sim.task(client, shell_id).leaves()
    assert first.task_status == TaskCode.TIME_OUT_STOP


def test_a_limit_beyond_the_calendar_is_refused(sim, client, blender_task):
    task_id = sim.submit(client, blender_task())
    with pytest.raises(RequestRefusedError, match="600"):
        client.task.set_task_overtime_stop([task_id], 10**12)


def test_the_reminder_only_reminds(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-20[1]", time_out="100"))
    sim.clock.advance(BEFORE_RENDERING + 100)
    assert sim.task(client, task_id).is_over_time == 0
    sim.clock.advance(1)
    task = sim.task(client, task_id)
    assert (task.is_over_time, task.task_status) == (1, TaskCode.RENDERING)
    assert task.task_over_time == 100
    task = sim.finish(client, task_id)
    assert (task.task_status, task.is_over_time) == (TaskCode.FINISHED, 1)


def test_without_a_reminder_the_setting_of_the_account_counts(sim, client, block_task):
    document = block_task(frames="1-90[1]")
    client.user.update_user_settings(100)
    task_id = sim.submit(client, document)
    sim.clock.advance(BEFORE_RENDERING + 101)
    task = sim.task(client, task_id)
    assert (task.task_over_time, task.is_over_time) == (100, 1)


def test_a_stuck_frame_ends_with_its_time_limit_alone(sim, client, blender_task):
    life.stick(sim.cloud._world, [2])
    task_id = sim.submit(client, blender_task("1-3[1]", job_stop_time="900"))
    sim.clock.advance(BEFORE_RENDERING + 899)
    assert sim.frames(client, task_id)["2"].frame_status == FrameCode.STARTED
    assert sim.task(client, task_id).done_frames == 2
    sim.clock.advance(1)
    assert sim.frames(client, task_id)["2"].frame_status == FrameCode.TIMEOUT


def test_a_frame_can_get_stuck_and_loose_while_it_renders(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-2[1]"))
    sim.clock.advance(BEFORE_RENDERING + 30)
    frame = sim.frames(client, task_id)["1"]
    life.stick(sim.cloud._world, [frame.id])
    sim.clock.advance(500)
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.STARTED
    life.stick(sim.cloud._world, [])
    frame = sim.frames(client, task_id)["1"]
    assert frame.frame_status == FrameCode.DONE
    assert (frame.ended_at - frame.started_at).total_seconds() == 530


def test_a_stuck_frame_passes_simulated_time(simulate, blender_task):
    sim = simulate(speed=100)
    client = sim.client()
    life.stick(sim.cloud._world, [1])
    task_id = sim.submit(client, blender_task("1", job_stop_time="3600"))
    sim.clock.advance(37)
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.TIMEOUT


def test_another_speed_changes_no_time_that_has_passed(sim, client, blender_task):
    done = sim.submit(client, blender_task("1", time_out="100"))
    task_id = sim.submit(client, blender_task("1-90[1]", time_out="200", task_stop_time="300"))
    sim.clock.advance(BEFORE_RENDERING + 100)
    sim.cloud.set_speed(10, sim.clock.now())
    sim.clock.advance(10)
    task = sim.task(client, task_id)
    assert (task.task_status, task.is_over_time) == (TaskCode.RENDERING, 0)
    sim.cloud.set_speed(1, sim.clock.now())
    sim.clock.advance(99)
    task = sim.task(client, task_id)
    assert (task.task_status, task.is_over_time) == (TaskCode.RENDERING, 1)
    sim.clock.advance(1)
    assert sim.task(client, task_id).task_status == TaskCode.TIME_OUT_STOP
    assert sim.task(client, done).is_over_time == 0
