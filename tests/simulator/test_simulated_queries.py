"""Lists and pages of tasks, frames and files."""

from __future__ import annotations

import re

import pytest

from renderbus_core.api import operations
from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator.handlers import HANDLERS


def test_every_operation_of_the_table_has_a_handler_and_no_other():
    assert set(HANDLERS) == set(operations())


def test_250_frames_come_in_three_pages(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-250[1]"))
    sim.clock.advance(20)
    frames = list(client.query.iter_frames(task_id))
    assert [int(frame.frame_index) for frame in frames] == list(range(1, 251))
    page = client.query._call("query_task_frames", task_id=task_id, page_num=3, page_size=100)
    assert {name: value for name, value in page.items() if name != "items"} == {
        "pageCount": 3,
        "pageNum": 3,
        "total": 250,
        "size": 100,
    }
    assert len(page["items"]) == 50
    past = client.query._call("query_task_frames", task_id=task_id, page_num=10**30, page_size=100)
    assert past["items"] == []


def test_frames_are_found_by_their_name(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-30[1]"))
    sim.clock.advance(20)
    page = client.query._call(
        "query_task_frames", task_id=task_id, page_num=1, page_size=100, search_keyword="7"
    )
    assert [row["frameIndex"] for row in page["items"]] == ["7", "17", "27"]


def test_120_tasks_are_listed_newest_first(sim, client, blender_task):
    ids = [sim.submit(client, blender_task()) for _ in range(120)]
    assert [task.id for task in client.query.iter_tasks()] == ids[::-1]
    assert len(client.query.task_info(ids)) == 120


def test_children_are_listed_inside_their_shell_only(sim, client, maya_task):
    shell_id = sim.submit(client, maya_task({"a": "1", "b": "1"}))
    sim.finish(client, shell_id)
    (shell,) = client.query.iter_tasks()
    assert [leaf.id for leaf in shell.leaves()] == [shell_id + 2, shell_id + 3]


def test_tasks_are_found_by_scene_id_status_and_date(sim, client, blender_task):
    first = sim.submit(client, blender_task("1", scene="/a/spin.blend"))
    sim.finish(client, first)
    second = sim.submit(client, blender_task("1", scene="/a/Other.blend"))
    sim.clock.advance(12)

    def found(**filters):
        rows = client.query._call("get_task_list", **filters)["items"]
        return [row["id"] for row in rows]

    assert found() == [second, first]
    assert found(search_keyword="other") == [second]
    assert found(search_keyword=str(first)) == [first]
    assert found(status_list=[25]) == [first]
    # The vendor's dates are China's: 20:00 there is 12:00 UTC.
    assert found(end_time="2026-03-01 20:00:00") == [first]
    assert found(start_time="2026-03-01 20:00:01") == [second]
    assert found(recycle_flag=1) == []
    with pytest.raises(RequestRefusedError, match="startTime"):
        found(start_time="yesterday")


def test_the_output_storage_is_listed_folder_by_folder(sim, client, maya_task, blender_task):
    shell = sim.finish(client, sim.submit(client, maya_task({"a": "1", "b": "1"})))
    leaf = sim.finish(client, sim.submit(client, blender_task("1")))
    a, b = (child.id for child in shell.leaves())
    root = client.transmit.get_output_files("/")
    assert [row.file_path for row in root] == [f"/{a}_shot", f"/{b}_shot", f"/{leaf.id}_spin"]
    assert all(row.directory and row.file_size is None for row in root)
    (folder,) = client.transmit.get_output_files("/", a)
    assert (folder.file_name, folder.directory) == ("a", True)
    (file,) = client.transmit.get_output_files("/a", a)
    assert (file.file_path, file.file_size) == (f"/{a}_shot/a/shot.0001.exr", 1001)
    assert file.raw["lastModify"].startswith("2026-03-01 20:01")
    for nowhere in ("/nothing", "/../..", "//", f"/{leaf.id}_spin/shot_0001.png"):
        assert client.transmit.get_output_files(nowhere, leaf.id) in (
            (),
            client.transmit.get_output_files("/", leaf.id),
        )


def test_only_needed_frames_of_a_stop_by_status_are_stopped(sim, client, blender_task):
    task_id = sim.submit(client, blender_task("1-8[1]"))
    sim.clock.advance(20)
    client.query._call("stop_task_frames", task_id=task_id, select_all=1, status=[1])
    task = sim.task(client, task_id)
    assert (task.abort_frames, task.executing_frames) == (4, 4)
    with pytest.raises(RequestRefusedError, match="ids"):
        client.query._call("stop_task_frames", task_id=task_id, select_all=0)
    client.query._call("stop_task_frames", task_id=task_id, select_all=1)
    assert sim.task(client, task_id).abort_frames == 8


def test_the_example_of_the_guide_runs(root, tmp_path):
    guide = (root / "docs/simulator.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    names = {"folder": tmp_path}
    exec(example, names)  # noqa: S102 - our own document
    assert names["client"].user.query_user_profile().user_name == "studio"


def test_a_thousand_ids_in_one_call_are_too_many(client):
    with pytest.raises(RequestRefusedError, match="count"):
        client.task.create_task(count=1000)
