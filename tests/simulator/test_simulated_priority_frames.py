"""Frames that are rendered before the others, and tasks that wait for a person after them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents import first_frames
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20
WAITS_FOR_PRIORITY = FrameCode.PRIORITYDONEWAITING


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("000", []),
        ("100", [1]),
        ("111", [1, 6, 10]),
        ("101:2,5", [1, 10, 2, 5]),
        ("000: 3-5 [1]", [3, 4, 5]),
        ("100:1,2", [1, 2]),
        ("000:9,99", [9]),
    ],
)
def test_flags_and_a_list_name_the_priority_frames(text, chosen):
    assert list(first_frames(text, FrameSet.span(1, 10))) == chosen


@given(
    flags=st.from_regex(r"[01]{3}", fullmatch=True),
    numbers=st.lists(st.integers(-20, 20), max_size=5),
    frames=st.sets(st.integers(-20, 20), min_size=1),
)
def test_priority_frames_are_frames_of_the_task(flags, numbers, frames):
    every = FrameSet.of(sorted(frames))
    listed = ":" + ",".join(map(str, numbers)) if numbers else ""
    assert first_frames(flags + listed, every).issubset(every)


def test_priority_frames_render_first_and_the_others_wait_for_them(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-9[1]", pre_frames="101"))
    sim.clock.advance(BEFORE_RENDERING)
    frames = sim.frames(client, task_id)
    assert [f.frame_type for f in frames.values()] == [4, 4] + [5] * 7
    started = [i for i, f in frames.items() if f.frame_status == FrameCode.STARTED]
    assert started == ["1", "9"]
    assert {f.frame_status for i, f in frames.items() if i not in started} == {WAITS_FOR_PRIORITY}
    task = sim.task(client, task_id)
    assert (task.executing_frames, task.waiting_count, task.total_frames) == (2, 7, 9)
    sim.clock.advance(60)
    assert sim.task(client, task_id).executing_frames == 4
    assert sim.finish(client, task_id).task_status == TaskCode.FINISHED


def test_a_task_can_wait_for_a_person_after_its_priority_frames(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-4[1]", pre_frames="100", stop_after_test="1"))
    sim.clock.advance(BEFORE_RENDERING + 60)
    assert sim.task(client, task_id).task_status == TaskCode.FINISHED_TEST
    assert sim.cloud.next_change() is None
    sim.clock.advance(10_000)
    task = sim.task(client, task_id)
    assert (task.done_frames, task.waiting_count) == (1, 3)
    client.task.full_speed([task_id])
    assert sim.task(client, task_id).task_status == TaskCode.RENDERING
    assert sim.finish(client, task_id).task_status == TaskCode.FINISHED


def test_full_speed_means_nothing_to_a_task_that_does_not_wait(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-4[1]", pre_frames="100", stop_after_test="1"))
    sim.clock.advance(BEFORE_RENDERING)
    client.task.full_speed([task_id])
    assert sim.task(client, task_id).waiting_count == 3


def test_a_test_of_every_frame_is_the_whole_task(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-2[1]", pre_frames="101", stop_after_test="1"))
    sim.clock.advance(BEFORE_RENDERING + 60)
    assert sim.task(client, task_id).task_status == TaskCode.FINISHED


def test_a_failed_priority_frame_holds_nobody_up(simulate, blender_task):
    sim = simulate(fail_frames={1: 1})
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1-3[1]", pre_frames="100")))
    assert (task.done_frames, task.failed_frames) == (2, 1)


def test_a_task_that_waits_can_be_stopped_and_given_up(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-4[1]", pre_frames="100", stop_after_test="1"))
    sim.clock.advance(BEFORE_RENDERING + 60)
    client.task.stop_task([task_id])
    assert sim.task(client, task_id).task_status == TaskCode.STOP
    client.task.start_task([task_id])
    assert sim.task(client, task_id).task_status == TaskCode.FINISHED_TEST
    client.task.abort_task([task_id])
    assert sim.task(client, task_id).task_status == TaskCode.ABANDON


def test_several_frames_per_machine_go_with_priority_frames(sim, client, blender_task):
    task_id = sim.submit(
        client, blender_task("1-6[1]", pre_frames="000:3-4[1]", frames_per_task="2")
    )
    sim.finish(client, task_id)
    entries = [(f.frame_index, f.frame_type) for f in client.query.iter_frames(task_id)]
    assert entries == [("3-4[1]", 4), ("1-2[1]", 5), ("5-6[1]", 5)]


def test_each_layer_has_its_own_priority_frames(sim, client, maya_task):
    task = maya_task({"a": "1-4[1]", "b": "11-14[1]"}, pre_frames="100", stop_after_test="1")
    shell_id = sim.submit(client, task)
    sim.clock.advance(BEFORE_RENDERING + 60)
    shell = sim.task(client, shell_id)
    assert [leaf.task_status for leaf in shell.leaves()] == [TaskCode.FINISHED_TEST] * 2
    client.task.full_speed([shell_id])
    assert [leaf.executing_frames for leaf in sim.task(client, shell_id).leaves()] == [3, 1]
