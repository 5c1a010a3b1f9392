"""A task from its submission to its end, under a clock that is turned by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator import SecondSubmit
from renderbus_core.statuses import FrameCode, TaskCode

BEFORE_RENDERING = 20


def states(task):
    return [leaf.task_status for leaf in task.leaves()]


def indices(frames, code):
    return [index for index, frame in frames.items() if frame.frame_status == code]


def test_a_task_passes_the_stages_in_order(sim, client, blender_task):
    task_id = sim.submit(client, blender_task())
    seen = []
    for _ in range(200):
        seen.append(sim.task(client, task_id).task_status)
        sim.clock.advance(1)
    order = list(dict.fromkeys(seen))
    assert order == [
        TaskCode.RENDERING_TASK_SUBMITTING,
        TaskCode.ANALYSE,
        TaskCode.WAITING,
        TaskCode.PRE_RENDERING,
        TaskCode.RENDERING,
        TaskCode.FINISHED,
    ]


def test_each_stage_lasts_as_long_as_the_settings_say(simulate, blender_task):
    sim = simulate(speed=10)
    client = sim.client()
    task_id = sim.submit(client, blender_task())
    sim.clock.advance(0.1)
    assert sim.task(client, task_id).task_status == TaskCode.ANALYSE
    sim.clock.advance(0.99)
    assert sim.task(client, task_id).task_status == TaskCode.ANALYSE
    sim.clock.advance(0.02)
    assert sim.task(client, task_id).task_status == TaskCode.WAITING


def test_as_many_frames_render_as_there_are_nodes(simulate, blender_task):
    sim = simulate(nodes=3)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-10[1]"))
    sim.clock.advance(BEFORE_RENDERING)
    task = sim.task(client, task_id)
    assert (task.executing_frames, task.waiting_count, task.done_frames) == (3, 7, 0)
    started = [
        f for f in sim.frames(client, task_id).values() if f.frame_status == FrameCode.STARTED
    ]
    assert len({frame.node_id for frame in started}) == 3
    sim.clock.advance(60)
    task = sim.task(client, task_id)
    assert (task.executing_frames, task.waiting_count, task.done_frames) == (3, 4, 3)


def test_two_tasks_share_the_nodes_and_the_higher_level_goes_first(simulate, blender_task):
    sim = simulate(nodes=2)
    client = sim.client()
    low = sim.submit(client, blender_task("1-6[1]"))
    (high,) = client.task.create_task(task_user_level=60).task_id_list
    for name, text in sim.cloud._world.tasks[low].texts.items():
        client.transmit.upload_json_content(high, text, name)
    client.task.submit_task(high)
    sim.clock.advance(BEFORE_RENDERING)
    assert sim.task(client, high).executing_frames == 2
    assert sim.task(client, low).executing_frames == 0


def test_a_machine_limit_holds_for_a_shell_and_its_leaves_together(simulate, maya_task):
    sim = simulate(nodes=8)
    client = sim.client()
    shell_id = sim.submit(client, maya_task({"a": "1-9[1]", "b": "1-9[1]"}))
    client.task.update_task_limit(shell_id, 3)
    sim.clock.advance(BEFORE_RENDERING)
    first, second = sim.task(client, shell_id).leaves()
    assert first.executing_frames + second.executing_frames == 3
    client.task.update_task_limit(shell_id, 6)
    client.task.update_task_limit(first.id, 2)
    sim.clock.advance(60)
    first, second = sim.task(client, shell_id).leaves()
    assert (first.executing_frames, second.executing_frames) == (2, 4)


def test_a_finished_task_costs_its_render_time(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1-4[1]")))
    assert (task.task_status, task.done_frames, task.total_frames) == (TaskCode.FINISHED, 4, 4)
    assert task.render_consume == Decimal("0.053333")
    frame = sim.frames(client, task.id)["1"]
    assert frame.fee_amount == Decimal("0.013333")
    assert frame.raw["frameExecuteTime"] == 60
    assert (frame.ended_at - frame.started_at).total_seconds() == 60
    profile = client.user.query_user_profile()
    assert profile.usdbalance == Decimal("999.946667")
    assert profile.rmbbalance == 0


def test_pictures_are_listed_when_their_frame_is_done_and_not_before(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("7"))
    sim.clock.advance(BEFORE_RENDERING)
    assert sim.task(client, task_id).output_file_name == f"{task_id}_spin"
    assert client.transmit.get_output_files("/", task_id) == ()
    sim.clock.advance(60)
    (file,) = client.transmit.get_output_files("/", task_id)
    assert (file.file_name, file.file_size) == ("shot_0007.png", 1007)
    assert file.file_path == f"/{task_id}_spin/shot_0007.png"


def test_one_maya_layer_is_one_leaf(sim, client, maya_task):
    task = sim.finish(client, sim.submit(client, maya_task({"beauty": "1-2[1]", "off": ""})))
    assert (task.is_open, task.layer_name, task.total_frames) == (0, "beauty", 2)
    names = [f.file_name for f in client.transmit.get_output_files("/", task.id)]
    assert names == ["shot.0001.exr", "shot.0002.exr"]


def test_two_maya_layers_are_a_shell_with_two_leaves(sim, client, maya_task):
    shell = sim.finish(client, sim.submit(client, maya_task({"beauty": "1-2[1]", "fx": "5"})))
    assert (shell.is_open, shell.total_frames, shell.output_file_name) == (1, 0, "")
    # As in the vendor's samples: only the leaves tell where the work stands.
    assert shell.task_status == TaskCode.WAITING
    assert shell.raw["preTaskStatus"] == TaskCode.FINISHED
    beauty, fx = shell.children
    assert states(shell) == [TaskCode.FINISHED, TaskCode.FINISHED]
    assert [leaf.layer_name for leaf in (beauty, fx)] == ["beauty", "fx"]
    assert {leaf.layer_parent_id for leaf in (beauty, fx)} == {shell.id}
    assert list(sim.frames(client, fx.id)) == ["5"]
    assert sim.frames(client, shell.id) == {}
    assert client.transmit.get_output_files(f"/{fx.id}_shot/fx")[0].file_name == "shot.0005.exr"
    assert shell.render_consume == beauty.render_consume + fx.render_consume


def test_several_frames_per_machine_become_one_entry(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-5[1],9", frames_per_task="2"))
    task = sim.finish(client, task_id)
    frames = sim.frames(client, task_id)
    assert list(frames) == ["1-2[1]", "3-4[1]", "5", "9"]
    assert [list(frame.frames) for frame in frames.values()] == [[1, 2], [3, 4], [5], [9]]
    assert frames["1-2[1]"].raw["frameExecuteTime"] == 120
    assert task.done_frames == 4
    assert len(client.transmit.get_output_files("/", task_id)) == 6


def test_frames_listed_backwards_render_in_that_order_one_by_one(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("9,8,7", frames_per_task="3"))
    sim.finish(client, task_id)
    assert [list(event.frames) for event in sim.rendered] == [[9], [8], [7]]


def test_a_frame_that_is_to_fail_fails_so_often_and_then_succeeds(simulate, blender_task):
    sim = simulate(fail_frames={3: 2})
    client = sim.client()
    outcomes = [
        sim.finish(client, sim.submit(client, blender_task("1-4[1]"))).task_status for _ in range(3)
    ]
    assert outcomes == [
        TaskCode.FINISHED_HAS_FAILED,
        TaskCode.FINISHED_HAS_FAILED,
        TaskCode.FINISHED,
    ]


def test_a_failed_frame_leaves_no_picture(simulate, blender_task):
    sim = simulate(fail_frames={3: 1})
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1-4[1]")))
    assert indices(sim.frames(client, task.id), FrameCode.ERROR) == ["3"]
    assert (task.failed_frames, task.done_frames) == (1, 3)
    names = [file.file_name for file in client.transmit.get_output_files("/", task.id)]
    assert names == ["shot_0001.png", "shot_0002.png", "shot_0004.png"]


def test_a_frame_over_its_time_limit_is_stopped(sim, client, blender_task):
    task = sim.finish(client, sim.submit(client, blender_task("1", job_stop_time="20")))
    frame = sim.frames(client, task.id)["1"]
    assert (task.task_status, frame.frame_status) == (
        TaskCode.FINISHED_HAS_FAILED,
        FrameCode.TIMEOUT,
    )
    assert frame.raw["frameExecuteTime"] == 20


def test_a_task_over_its_time_limit_is_stopped_with_all_its_frames(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1-9[1]", task_stop_time="90")))
    assert task.task_status == TaskCode.TIME_OUT_STOP
    assert (task.done_frames, task.abort_frames) == (1, 8)


def test_a_missing_asset_fails_the_task_and_is_named(sim, client, blender_task):
    task_id = sim.submit(client, blender_task(), files=("/a/spin.blend",))
    task = sim.finish(client, task_id)
    assert task.task_status == TaskCode.FAILED
    assert task.raw["remark"] == "missing in the input storage: /a/wood.png"


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        ({"cg_id": "2099"}, "cg_id 2099 is not rendered here"),
        ({"is_distribute_render": "1"}, "is_distribute_render 1 is not simulated"),
        ({"job_stop_time": "9" * 5000}, "task_info.job_stop_time"),
        ({"input_cg_file": "spin.blend"}, "relative path"),
        ({"frames_per_task": "0"}, "frames_per_task"),
    ],
)
def test_what_cannot_be_rendered_fails_with_its_reason(sim, client, blender_task, change, remark):
    task_id = sim.submit(client, blender_task(**change))
    task = sim.finish(client, task_id)
    assert task.task_status == TaskCode.FAILED
    assert remark in task.raw["remark"]


def test_documents_that_are_no_json_fail_in_the_analysis(sim, client):
    (task_id,) = client.task.create_task().task_id_list
    for name in ("task.json", "upload.json"):
        client.transmit.upload_json_content(task_id, "[" * 100_000, name)
    client.task.submit_task(task_id)
    assert sim.finish(client, task_id).raw["remark"] == "task.json is not valid JSON"


def test_a_stopped_task_keeps_what_is_done(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-4[1]"))
    sim.clock.advance(BEFORE_RENDERING + 90)
    client.task.stop_task([task_id])
    sim.clock.advance(600)
    task = sim.task(client, task_id)
    assert task.task_status == TaskCode.STOP
    assert (task.done_frames, task.abort_frames, task.executing_frames) == (1, 3, 0)
    stopped = sim.frames(client, task_id)["2"]
    assert stopped.fee_amount == Decimal("0.006667")


@pytest.mark.parametrize("seconds", [0, 5, 13, 18, 30])
def test_a_task_can_be_given_up_at_any_time(sim, client, blender_task, seconds):
    task_id = sim.submit(client, blender_task())
    sim.clock.advance(seconds)
    client.task.abort_task([task_id])
    sim.clock.advance(3600)
    task = sim.task(client, task_id)
    assert (task.task_status, task.done_frames) == (TaskCode.ABANDON, 0)


def test_giving_up_takes_a_stopped_task_but_not_a_finished_one(sim, client, blender_task):
    finished = sim.finish(client, sim.submit(client, blender_task("1")))
    stopped = sim.submit(client, blender_task())
    client.task.stop_task([stopped])
    client.task.abort_task([finished.id, stopped])
    client.task.stop_task([finished.id, stopped])
    assert sim.task(client, finished.id).task_status == TaskCode.FINISHED
    assert sim.task(client, stopped).task_status == TaskCode.ABANDON


def test_stopping_a_shell_stops_its_leaves(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1-9[1]", "b": "1-9[1]"}))
    sim.clock.advance(BEFORE_RENDERING)
    client.task.abort_task([shell_id])
    shell = sim.task(client, shell_id)
    assert shell.task_status == TaskCode.ABANDON
    assert states(shell) == [TaskCode.ABANDON, TaskCode.ABANDON]


def test_one_leaf_stopped_before_it_renders_stays_stopped(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1-2[1]", "b": "1-2[1]"}))
    sim.clock.advance(12)
    first, _ = sim.task(client, shell_id).leaves()
    client.task.stop_task([first.id])
    assert states(sim.finish(client, shell_id)) == [TaskCode.STOP, TaskCode.FINISHED]


def test_single_frames_are_stopped_by_id(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-8[1]"))
    sim.clock.advance(BEFORE_RENDERING)
    frames = sim.frames(client, task_id)
    client.query.stop_frame(task_id, ids=[frames["1"].id, frames["8"].id])
    # The node that became free has begun another frame at once.
    assert sim.task(client, task_id).executing_frames == 4
    task = sim.finish(client, task_id)
    assert (task.task_status, task.done_frames) == (TaskCode.FINISHED_HAS_STOPPED, 6)
    assert indices(sim.frames(client, task_id), FrameCode.ABORTED) == ["1", "8"]


def test_a_frame_of_another_task_stops_nothing(sim, client, blender_task):
    ours, other = (sim.submit(client, blender_task("1-2[1]")) for _ in range(2))
    sim.clock.advance(BEFORE_RENDERING)
    ids = [sim.frames(client, task_id)["1"].id for task_id in (ours, other)]
    with pytest.raises(RequestRefusedError, match="404"):
        client.query.stop_frame(ours, ids=ids)
    assert sim.task(client, ours).abort_frames == 0


def test_a_reserved_id_is_not_a_task_yet(client):
    (task_id,) = client.task.create_task().task_id_list
    assert client.query.task_info([task_id]) == {}
    assert list(client.query.iter_tasks()) == []
    for call in (client.task.stop_task, client.task.abort_task):
        with pytest.raises(RequestRefusedError, match="404"):
            call([task_id])


def test_a_setting_lists_reserved_ids_without_a_date_of_submission(simulate):
    sim = simulate(list_unsubmitted=True)
    client = sim.client()
    (task_id,) = client.task.create_task().task_id_list
    (task,) = client.query.iter_tasks()
    assert (task.id, task.raw["submitDate"], task.total_frames) == (task_id, None, 0)


def test_nothing_is_submitted_without_its_documents(client):
    (task_id,) = client.task.create_task().task_id_list
    client.transmit.upload_json_content(task_id, "{}", "task.json")
    with pytest.raises(RequestRefusedError, match=r"600.*upload\.json"):
        client.task.submit_task(task_id)
    assert client.query.task_info([task_id]) == {}


def test_a_second_submit_is_refused_and_changes_nothing(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1"))
    with pytest.raises(RequestRefusedError, match="600"):
        client.task.submit_task(task_id)
    with pytest.raises(RequestRefusedError, match="600"):
        client.transmit.upload_json_content(task_id, "{}", "task.json")
    assert sim.finish(client, task_id).done_frames == 1


def test_a_setting_ignores_a_second_submit(simulate, blender_task):
    sim = simulate(second_submit=SecondSubmit.IGNORE)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1"))
    sim.clock.advance(25)
    client.task.submit_task(task_id)
    assert sim.task(client, task_id).task_status == TaskCode.RENDERING


def test_a_picture_that_comes_late_holds_its_frame_up(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1", job_stop_time="300"))
    moment = sim.clock.advance(BEFORE_RENDERING)
    (event,) = sim.cloud.advance(moment)
    late = sim.clock.advance(100)
    sim.cloud.rendered(event.frame_id, {"shot_0001.png": 5}, late)
    frame = sim.frames(client, task_id)["1"]
    assert frame.frame_status == FrameCode.DONE
    assert frame.ended_at == late


def test_a_picture_that_never_comes_ends_with_the_time_limit(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1", job_stop_time="300"))
    (event,) = sim.cloud.advance(sim.clock.advance(BEFORE_RENDERING))
    end = sim.clock.advance(300)
    (cancelled,) = sim.cloud.advance(end)
    assert cancelled.frame_id == event.frame_id
    sim.cloud.rendered(event.frame_id, {"shot_0001.png": 5}, end)
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.TIMEOUT
    assert client.transmit.get_output_files("/", task_id) == ()


def test_what_the_renderer_cannot_do_fails_the_frame_with_its_reason(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1"))
    (event,) = sim.cloud.advance(sim.clock.advance(BEFORE_RENDERING))
    sim.cloud.render_failed(event.frame_id, "no light", sim.clock.now())
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.ERROR
    (described,) = sim.cloud.describe()["tasks"]
    assert described["failed"] == {"1": "no light"}


def test_real_work_beyond_the_drawn_time_counts_as_it_passes(simulate, blender_task):
    sim = simulate(speed=60)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1", job_stop_time="300"))
    (event,) = sim.cloud.advance(sim.clock.advance(1))
    # One real second is the drawn minute; the other nine are nine seconds, not nine minutes.
    sim.cloud.rendered(event.frame_id, {}, sim.clock.advance(10))
    frame = sim.frames(client, task_id)["1"]
    assert frame.frame_status == FrameCode.DONE
    assert 68 <= frame.raw["frameExecuteTime"] <= 70


def test_a_clock_that_jumps_gives_the_same_history_as_one_that_ticks(simulate, blender_task):
    histories = []
    for steps in ([7200], [1] * 400 + [6800]):
        sim = simulate(jitter=0.5, seed=7, fail_frames={4: 1})
        client = sim.client()
        task_id = sim.submit(client, blender_task("1-12[1]"))
        for seconds in steps:
            sim.clock.advance(seconds)
            if seconds > 1:
                sim.task(client, task_id)
            else:
                client.query.platforms(2)
        frames = sim.frames(client, task_id).values()
        histories.append([(f.frame_index, f.node_id, f.start_time, f.end_time) for f in frames])
    assert histories[0] == histories[1]


def test_another_seed_gives_other_render_times(simulate, blender_task):
    times = []
    for seed in (1, 2):
        sim = simulate(jitter=0.5, seed=seed)
        client = sim.client()
        task = sim.finish(client, sim.submit(client, blender_task("1-4[1]")))
        times.append([f.end_time - f.start_time for f in sim.frames(client, task.id).values()])
    assert times[0] != times[1]


def test_the_next_change_is_known_exactly(sim, client, blender_task):
    assert sim.cloud.next_change() is None
    start = sim.clock.now()
    sim.submit(client, blender_task("1"))
    moments = []
    while (due := sim.cloud.next_change()) is not None:
        sim.clock.advance((due - sim.clock.now()).total_seconds())
        moments.append((due - start).total_seconds())
        for event in sim.cloud.advance(due):
            sim.cloud.rendered(event.frame_id, {}, due)
    assert moments == [1, 11, 16, 20, 80]
