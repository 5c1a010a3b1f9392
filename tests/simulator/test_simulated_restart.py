"""Frames once more, tasks that go on, tasks that are thrown away, and second submits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator import SecondSubmit
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20


@pytest.fixture
def failing(simulate):
    return simulate(fail_frames={2: 1})


def statuses(sim, client, task_id):
    return {i: f.frame_status for i, f in sim.frames(client, task_id).items()}


def recommits(sim, client, task_id):
    return {i: f.recommit_flag for i, f in sim.frames(client, task_id).items()}


def test_failed_frames_are_rendered_and_paid_again(failing, blender_task):
    client = failing.client()
    task = failing.finish(client, failing.submit(client, blender_task("1-3[1]")))
    paid = task.render_consume
    client.query.restart_failed_frames([task.id])
    again = failing.task(client, task.id)
    assert (again.task_status, again.completed_date) == (TaskCode.RENDERING, 0)
    assert recommits(failing, client, task.id) == {"1": 0, "2": 1, "3": 0}
    task = failing.finish(client, task.id)
    assert task.task_status == TaskCode.FINISHED
    assert task.render_consume > paid
    fees = sum(f.fee_amount for f in failing.frames(client, task.id).values())
    assert abs(fees - task.render_consume) < 3e-6


def test_other_statuses_are_restarted_when_they_are_named(failing, blender_task):
    client = failing.client()
    task = failing.finish(client, failing.submit(client, blender_task("1-3[1]")))
    client.query.restart_failed_frames([task.id], status=[FrameCode.DONE])
    assert recommits(failing, client, task.id) == {"1": 1, "2": 0, "3": 1}


def test_restarting_a_shell_reaches_its_leaves(failing, maya_task):
    client = failing.client()
    shell = failing.finish(client, failing.submit(client, maya_task({"a": "1-2[1]", "b": "1"})))
    client.query.restart_failed_frames([shell.id])
    shell = failing.finish(client, shell.id)
    assert {leaf.task_status for leaf in shell.leaves()} == {TaskCode.FINISHED}


def test_a_restarted_frame_waits_and_keeps_its_files(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1-2[1]")))
    before = client.transmit.get_output_files("/", task.id)
    frame = sim.frames(client, task.id)["1"]
    client.query.restart_frame(task.id, ids=[frame.id])
    again = sim.frames(client, task.id)["1"]
    assert (again.frame_status, again.end_time, again.recommit_flag) == (FrameCode.STARTED, 0, 1)
    assert client.transmit.get_output_files("/", task.id) == before
    sim.finish(client, task.id)
    after = client.transmit.get_output_files("/", task.id)
    assert [f.file_name for f in after] == [f.file_name for f in before]
    assert after[0].last_modify > before[0].last_modify


def test_all_frames_of_a_task_are_restarted_at_once(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1-3[1]")))
    client.query.restart_frame(task.id, everything=True)
    assert set(recommits(sim, client, task.id).values()) == {1}


def test_a_frame_that_waits_is_not_sent_again(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-3[1]"))
    sim.clock.advance(BEFORE_RENDERING)
    client.query.restart_frame(task_id, everything=True)
    assert recommits(sim, client, task_id) == {"1": 1, "2": 0, "3": 0}


def test_frames_are_restarted_by_their_ids_alone(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1-2[1]")))
    frame = sim.frames(client, task.id)["2"]
    client.session.call("restart_frame", {"ids": [frame.id], "select_all": 0})
    assert recommits(sim, client, task.id) == {"1": 0, "2": 1}


def test_a_restart_that_selects_nothing_is_refused(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    for body in ({"task_id": task.id, "select_all": 0}, {"select_all": 1}):
        with pytest.raises(RequestRefusedError, match="601"):
            client.session.call("restart_frame", body)
    with pytest.raises(RequestRefusedError, match="404"):
        client.session.call("restart_frame", {"ids": [1], "select_all": 0})


def test_frames_of_a_task_that_was_given_up_stay(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-3[1]"))
    sim.clock.advance(BEFORE_RENDERING)
    client.task.abort_task([task_id])
    client.query.restart_frame(task_id, everything=True)
    assert sim.task(client, task_id).task_status == TaskCode.ABANDON
    assert set(recommits(sim, client, task_id).values()) == {0}


@pytest.mark.parametrize("seconds", [0, 5, 13, 18, 50])
def test_a_stopped_task_goes_on_where_it_was(sim, client, blender_task, seconds):
    task_id = sim.submit(client, blender_task("1-8[1]"))
    sim.clock.advance(seconds)
    before = sim.task(client, task_id)
    client.task.stop_task([task_id])
    sim.clock.advance(3600)
    assert sim.task(client, task_id).task_status == TaskCode.STOP
    client.task.start_task([task_id])
    after = sim.task(client, task_id)
    assert (after.task_status, after.done_frames) == (before.task_status, before.done_frames)
    assert after.executing_frames == before.executing_frames
    task = sim.finish(client, task_id)
    assert (task.task_status, task.done_frames) == (TaskCode.FINISHED, 8)


def test_starting_is_not_sending_again(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-2[1]"))
    sim.clock.advance(BEFORE_RENDERING)
    client.task.stop_task([task_id])
    client.task.start_task([task_id])
    assert set(recommits(sim, client, task_id).values()) == {0}


@pytest.mark.parametrize("seconds", [13, 30])
def test_a_stopped_shell_goes_on_with_all_its_leaves(sim, client, maya_task, seconds):
    shell_id = sim.submit(client, maya_task({"a": "1-2[1]", "b": "1"}))
    sim.clock.advance(seconds)
    client.task.stop_task([shell_id])
    assert sim.task(client, shell_id).raw["preTaskStatus"] in {TaskCode.STOP, TaskCode.FINISHED}
    client.task.start_task([shell_id])
    shell = sim.finish(client, shell_id)
    assert shell.task_status == TaskCode.WAITING
    assert {leaf.task_status for leaf in shell.leaves()} == {TaskCode.FINISHED}


def test_one_leaf_of_a_stopped_shell_goes_on_alone(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1", "b": "1"}))
    sim.clock.advance(13)
    first, second = sim.task(client, shell_id).leaves()
    client.task.stop_task([shell_id])
    client.task.start_task([second.id])
    shell = sim.finish(client, shell_id)
    assert [leaf.task_status for leaf in shell.leaves()] == [TaskCode.STOP, TaskCode.FINISHED]
    client.task.start_task([first.id])
    assert sim.finish(client, first.id).task_status == TaskCode.FINISHED


def test_starting_changes_nothing_for_what_is_over(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    given_up = sim.submit(client, blender_task("1"))
    client.task.abort_task([given_up])
    client.task.start_task([task.id, given_up])
    assert sim.task(client, task.id).task_status == TaskCode.FINISHED
    assert sim.task(client, given_up).task_status == TaskCode.ABANDON


def test_a_deleted_task_lies_in_the_recycle_bin_only(sim, client, blender_task):
    kept, gone = (sim.submit(client, blender_task("1-9[1]")) for _ in range(2))
    sim.clock.advance(BEFORE_RENDERING)
    client.task.delete_task([gone])
    assert [task.id for task in client.query.iter_tasks()] == [kept]
    (deleted,) = client.query.iter_tasks(deleted=True)
    assert (deleted.id, deleted.is_delete, deleted.task_status) == (gone, 0, TaskCode.STOP)
    assert sim.task(client, gone).is_delete == 0
    assert client.query.all_frame_status().total_frames == 9
    client.task.delete_task([gone])


def test_nothing_moves_a_deleted_task(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1-2[1]")))
    frame = sim.frames(client, task.id)["1"]
    client.task.delete_task([task.id])
    attempts = [
        lambda: client.task.start_task([task.id]),
        lambda: client.task.stop_task([task.id]),
        lambda: client.task.full_speed([task.id]),
        lambda: client.task.update_task_limit(task.id, 3),
        lambda: client.query.restart_failed_frames([task.id]),
        lambda: client.query.restart_frame(task.id, everything=True),
        lambda: client.query.restart_frame(task.id, ids=[frame.id]),
        lambda: client.task.submit_task(task.id),
    ]
    for attempt in attempts:
        with pytest.raises(RequestRefusedError, match="404"):
            attempt()
    assert sim.frames(client, task.id)["1"] == frame


def test_a_second_submit_can_render_and_charge_everything_twice(simulate, blender_task):
    sim = simulate(second_submit=SecondSubmit.CHARGE)
    client = sim.client()
    once = sim.finish(client, sim.submit(client, blender_task("1-3[1]")))
    client.task.submit_task(once.id)
    assert sim.task(client, once.id).task_status == TaskCode.RENDERING
    twice = sim.finish(client, once.id)
    assert (twice.total_frames, twice.done_frames) == (6, 6)
    assert twice.render_consume == pytest.approx(2 * once.render_consume)
    entries = [(f.frame_index, f.raw["isCopy"]) for f in client.query.iter_frames(once.id)]
    assert entries == [("1", 0), ("2", 0), ("3", 0), ("1", 1), ("2", 1), ("3", 1)]


@pytest.mark.parametrize("seconds", [0, 13, 25])
def test_a_second_submit_charges_twice_at_any_time(simulate, maya_task, seconds):
    sim = simulate(second_submit=SecondSubmit.CHARGE)
    client = sim.client()
    shell_id = sim.submit(client, maya_task({"a": "1-2[1]", "b": "1"}))
    sim.clock.advance(seconds)
    client.task.submit_task(shell_id)
    assert [leaf.done_frames for leaf in sim.finish(client, shell_id).leaves()] == [4, 2]


def test_levels_and_machines_of_tasks_can_be_changed(simulate, maya_task):
    sim = simulate(nodes=2)
    client = sim.client()
    low, high = (sim.submit(client, maya_task({"a": "1-9[1]", "b": "1-9[1]"})) for _ in range(2))
    client.task.update_priority(high, 60)
    hardware = next(row for row in client.user.get_hardware_config() if row.gpu_num == "2*GPU")
    client.task.edit_task_hardware_config([low], hardware)
    sim.clock.advance(BEFORE_RENDERING)
    assert sum(leaf.executing_frames for leaf in sim.task(client, high).leaves()) == 2
    assert {leaf.raw["taskRam"] for leaf in sim.task(client, low).leaves()} == {128}
    with pytest.raises(RequestRefusedError, match="600"):
        client.task.edit_task_hardware_config([low], replace(hardware, id=1))


def test_whose_copy_and_whose_work_a_task_is_stays_with_it(sim, client):
    (task_id,) = client.task.create_task(
        clone_original_id=17, artist="anna", out_user_id=5
    ).task_id_list
    for name in ("task.json", "upload.json"):
        client.transmit.upload_json_content(task_id, "{}", name)
    client.task.submit_task(task_id)
    task = sim.task(client, task_id)
    assert (task.clone_original_id, task.producer) == (17, "anna")


def test_a_leaf_of_a_shell_that_was_given_up_stays_too(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1", "b": "1-90[1]"}))
    sim.clock.advance(BEFORE_RENDERING + 100)
    client.task.abort_task([shell_id])
    client.query.restart_frame(shell_id, everything=True)
    shell = sim.task(client, shell_id)
    assert shell.task_status == TaskCode.ABANDON
    assert {leaf.task_status for leaf in shell.leaves()} == {TaskCode.FINISHED, TaskCode.ABANDON}


def test_a_failed_analysis_is_tried_again_when_its_files_have_come(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-2[1]"), files=("/a/spin.blend",))
    task = sim.finish(client, task_id)
    assert (task.task_status, "wood.png" in task.remark) == (TaskCode.FAILED, True)
    sim.storage.files.add(("10201-10000001", "/a/wood.png"))
    client.query.restart_failed_frames([task_id], status=[FrameCode.DONE])
    assert sim.task(client, task_id).task_status == TaskCode.FAILED
    client.query.restart_failed_frames([task_id])
    task = sim.task(client, task_id)
    assert (task.task_status, task.remark, task.completed_date) == (TaskCode.ANALYSE, "", 0)
    assert sim.finish(client, task_id).task_status == TaskCode.FINISHED
