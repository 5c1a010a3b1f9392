"""Situations in which the vendor's package fails, by the id of the defect, under its own names.

What concerns our client is in `test_client_defects.py`, calls and repeats in `test_session.py`.
"""

from __future__ import annotations

import ast
import pickle
import re

import pytest

from renderbus_core.api import RenderEnv
from renderbus_core.api.compat import RayvisionAPI, RayvisionManageTask, exception
from renderbus_core.errors import (
    BillingError,
    DocumentError,
    InputError,
)
from renderbus_core.paths import server_path

# The ids of this layer; each is named by a test somewhere.
IDS = (
    [f"R{n}" for n in range(1, 5)]
    + [f"S{n}" for n in range(6, 9)]
    + [f"B{n}" for n in (*range(4, 13), 17, *range(24, 34), *range(42, 45))]
)
ENV = {
    "cgId": "2007",
    "cgName": "Blender",
    "cgVersion": "3.4",
    "editName": "day",
    "renderSystem": "0",
    "pluginIds": [],
}


def one_page(*rows):
    return {"pageCount": 1, "pageNum": 1, "total": len(rows), "size": 100, "items": list(rows)}


# -- tasks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [15, 50, 60, 65, 70, 100, None, 4711])
def test_b4_every_status_has_a_description(named, code):
    api, _ = named({"query_task_info": one_page({"id": 1, "taskStatus": code, "isOpen": 0})})
    (status,) = RayvisionManageTask(api.query).get_task_status([1])
    assert status["task_status_description"]
    assert status["task_status_code"] == str(code)


def test_b6_what_submitting_by_data_would_do_is_three_calls_that_work(named):
    api, cloud = named({"create_task": {"taskIdList": [1000]}})
    assert not hasattr(api, "submit_by_data")
    task_id = api.task.task_id
    api.transmit.upload_json_content(task_id, "{}")
    assert api.submit(task_id) is True
    assert [name for name, *_ in cloud.sent] == ["create_task", "upload_task_json", "submit_task"]


@pytest.mark.parametrize("children", [None, []])
def test_b7_a_task_without_layers_holds_its_frames_itself(named, children):
    api, _ = named({"query_task_info": one_page({"id": 12, "respRenderingTaskList": children})})
    assert api.query.get_small_task_id(12) == [12]


def test_b7_an_unknown_task_holds_its_frames_itself_as_with_the_vendors(named):
    api, _ = named({"query_task_info": {"items": None}})
    assert api.query.get_small_task_id("12") == [12]


@pytest.mark.parametrize("children", [None, []])
@pytest.mark.parametrize("is_open", [None, 0, 1])
def test_b25_a_shell_without_children_counts_by_its_own_status(named, is_open, children):
    row = {"id": 1, "taskStatus": 25, "isOpen": is_open, "respRenderingTaskList": children}
    api, _ = named({"query_task_info": one_page(row)})
    manage = RayvisionManageTask(api.query)
    assert manage.is_task_end(1, False) is True
    assert manage.output_file_names(manage.get_task_status([1])) == []


def test_b43_a_time_limit_may_have_parts_of_a_second(named, answering):
    api, cloud = named()
    for seconds in (1800, 1800.0, 1799.2):
        api.task.set_task_overtime_top([12], seconds)
    assert [body["overTime"] for body in cloud.bodies("set_task_overtime_stop")] == [1800] * 3
    client, cloud = answering()
    with pytest.raises(DocumentError, match="overTime"):
        client.task.set_task_overtime_stop([12], 1799.2)
    assert cloud.sent == []


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), "1800", None, 0])
def test_b43_what_is_no_time_limit_is_refused_at_once(named, seconds):
    api, cloud = named()
    with pytest.raises(ValueError, match="overTime"):
        api.task.set_task_overtime_top([12], seconds)
    assert cloud.sent == []


# -- frames -------------------------------------------------------------------------------------


def test_b8_sixteen_tiles_of_a_frame_are_sixteen_entries(named):
    tiles = [{"id": tile, "frameIndex": "0", "frameBlock": str(tile)} for tile in range(1, 17)]
    api, _ = named({"query_task_frames": one_page(*tiles, {"id": 20, "frameIndex": "1"})})
    frames = api.query.get_all_frames(12)
    assert list(frames) == ["0", *(f"0#{tile}" for tile in range(2, 17)), "1"]
    assert list(frames.values())[:16] == tiles


def test_b8_all_tiles_of_a_named_frame_are_rendered_again(named):
    tiles = [{"id": tile, "frameIndex": "0"} for tile in range(1, 4)]
    api, cloud = named({"query_task_frames": one_page(*tiles, {"id": 20, "frameIndex": "10"})})
    api.query.get_custome_frames(12, ["0"])
    api.query.frame_number_to_stop(12, ["0", "10"])
    assert cloud.bodies("restart_frame") == [{"taskId": 12, "selectAll": 0, "ids": [1, 2, 3]}]
    assert cloud.bodies("stop_task_frames") == [
        {"taskId": 12, "selectAll": 0, "ids": [1, 2, 3, 20]}
    ]


METHODS = {"restart_frame": "restart_frame", "stop_frame": "stop_task_frames"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"ids_list": []},
        {"select_all": 0},
        {"select_all": 0, "ids_list": []},
        {"select_all": 0, "status": [5]},
        {"select_all": 1, "ids_list": [7]},
    ],
    ids=str,
)
def test_b29_what_does_not_say_which_frames_is_refused(named, method, arguments):
    api, cloud = named()
    with pytest.raises(ValueError, match=method):
        getattr(api.query, method)(12, **arguments)
    assert cloud.sent == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"select_all": 1}, {"selectAll": 1}),
        ({"select_all": 1, "status": [5]}, {"selectAll": 1, "status": [5]}),
        ({"status": [5]}, {"selectAll": 1, "status": [5]}),
        ({"select_all": 0, "ids_list": [7]}, {"selectAll": 0, "ids": [7]}),
        ({"ids_list": (7, 8)}, {"selectAll": 0, "ids": [7, 8]}),
    ],
    ids=str,
)
def test_b29_what_says_which_frames_is_sent(named, method, arguments, sent):
    api, cloud = named()
    getattr(api.query, method)(12, **arguments)
    assert cloud.bodies(METHODS[method]) == [{"taskId": 12} | sent]


@pytest.mark.parametrize("method", METHODS)
def test_b28_ids_of_frames_are_judged_before_they_are_sent(named, method):
    api, cloud = named()
    with pytest.raises(ValueError, match=r"ids\[1\]"):
        getattr(api.query, method)(12, select_all=0, ids_list=[7, "eight"])
    assert cloud.sent == []


def test_b30_a_log_without_a_frame_is_refused(named):
    api, cloud = named()
    with pytest.raises(ValueError, match="id"):
        api.query.get_render_log()
    assert cloud.sent == []


# -- environments, zones, languages, files ------------------------------------------------------


@pytest.mark.parametrize("name", ["houdini", "Houdini", " HOUDINI "])
def test_b5_environments_of_one_dcc_can_be_read(named, name):
    api, cloud = named({"get_render_env": []})
    assert api.env.get_render_env(name=name) == []
    assert cloud.bodies("get_render_env") == [{"cgId": 2004, "osName": 1}]


def test_b5_a_dcc_that_nobody_knows_is_told_with_those_that_are(named):
    api, cloud = named()
    with pytest.raises(ValueError, match="no DCC is called 'paint'; known are maya, 3ds max"):
        api.env.get_render_env(name="paint")
    assert cloud.sent == []


@pytest.mark.parametrize(
    ("domain", "zone"), [("task.renderbus.com", 1), ("task.foxrenderfarm.com", 2)]
)
def test_b9_both_calls_that_have_a_zone_take_the_same(named, domain, zone):
    api, cloud = named({"query_platforms": [], "get_transfer_server_msg": {}}, domain)
    api.query.platforms()
    api.query.get_transfer_server_msg()
    assert [body["zone"] for _, _, body in cloud.sent] == [zone, zone]


def test_b17_a_path_without_a_drive_keeps_its_first_character():
    assert server_path("/home/a/tree.png") == "/home/a/tree.png"
    assert server_path("D:\\show\\tree.png") == "/D/show/tree.png"
    assert server_path("\\\\server\\share\\tree.png") == "/server/share/tree.png"


@pytest.mark.parametrize("path", ["rel/a", "a", ""])
def test_b17_a_relative_path_is_refused_instead_of_being_cut(path):
    with pytest.raises(InputError, match="relative path"):
        server_path(path)


def test_b24_folders_are_listed_one_by_one_and_a_list_of_them_is_refused(answering):
    client, cloud = answering({"get_output_files": []})
    for path in ("/12_shot", "/13_shot"):
        assert client.transmit.get_output_files(path) == ()
    with pytest.raises(DocumentError, match="treePath"):
        client.transmit.get_output_files(["/12_shot", "/13_shot"])
    assert len(cloud.sent) == 2


def test_b27_a_folder_below_a_task_can_be_listed(named):
    api, cloud = named({"get_output_files": []})
    api.transmit.get_output_files(12, "/beauty")
    assert cloud.bodies("get_output_files") == [{"taskId": 12, "treePath": "/beauty"}]


@pytest.mark.parametrize("domain", ["task.renderbus.com", "task.foxrenderfarm.com", "renderbus"])
@pytest.mark.parametrize(("language", "number"), [("en", 1), ("zh", 0)])
def test_b33_the_language_is_said_and_does_not_hang_on_the_domain(
    answering, domain, language, number
):
    client, cloud = answering({"error_detail": []}, domain=domain, language=language)
    client.query.error_detail(["15000"])
    assert cloud.bodies("error_detail") == [{"codes": ["15000"], "language": number}]


def test_b44_what_the_documents_show_is_accepted(named, answering):
    api, cloud = named()
    api.env.add_render_env(ENV)
    api.env.update_render_env(data=ENV)
    api.tag.delete_task_tag([12], ["hero"], tag_ids=[3])
    assert cloud.bodies("add_render_env") == cloud.bodies("update_render_env") == [ENV]
    assert cloud.bodies("delete_task_label") == [
        {"taskIds": [12], "labelNames": ["hero"], "labelIds": [3]}
    ]
    client, cloud = answering()
    client.env.add_render_env(RenderEnv(edit_name="day", cg_id=2007, cg_name="B", cg_version="3"))
    client.tag.delete_task_tag([12], ["hero"])
    assert len(cloud.sent) == 2


# -- the account, and what is raised ------------------------------------------------------------


def test_b26_a_missing_key_is_told_at_once(monkeypatch):
    monkeypatch.setenv("RAYVISION_API_ACCESS_ID", "AKIDEXAMPLE0001")
    monkeypatch.delenv("RAYVISION_API_KEY", raising=False)
    with pytest.raises(TypeError, match=r"access_key is missing.*RAYVISION_API_KEY"):
        RayvisionAPI()


def test_b42_settings_do_not_hide_what_the_profile_says(named):
    profile = {"userId": 7, "platform": 99, "infoStatus": 1, "accountType": 1}
    setting = {"infoStatus": None, "accountType": None, "taskOverTimeSec": 60}
    bids = {"config_bid": "30201", "input_bid": "10201", "output_bid": "20201"}
    api, _ = named(
        {
            "query_user_profile": profile,
            "query_user_setting": setting,
            "get_transfer_bid": bids,
        },
        platform="62",
    )
    assert {name: api.user_info[name] for name in ("user_id", "platform", "info_status")} == {
        "user_id": 7,
        "platform": "62",
        "info_status": 1,
    }
    assert api.user_info["task_over_time_sec"] == 60
    assert bids.items() <= api.user_info.items()


MADE = [
    exception.RayvisionError(1000000, "a sentence"),
    exception.RayvisonTaskIdError(10006, "a sentence"),
    exception.RayvisionAPIError(601, "a sentence", "https://cloud.test/api"),
    exception.RayvisionAPIError.of(
        BillingError("a sentence", code=805, operation="submit_task", request_id="r"), "https://x"
    ),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_b40_an_error_can_be_pickled_and_shown(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert repr(again) == repr(error)
    assert repr(error).count("Error(") == 1
    assert "a sentence" in str(error)


# -- and nothing is forgotten -------------------------------------------------------------------


def test_every_defect_of_this_layer_has_a_test_that_names_it(root):
    """A test names defects at the head of its name, `test_b4_b7_...`, or in its docstring."""
    told = set()
    for file in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                head = re.match(r"test((_[rsb]\d+)*)", node.name)[1].upper()
                told |= set(re.findall(r"[RSB]\d+", f"{head} {ast.get_docstring(node)}"))
    assert [one for one in IDS if one not in told] == []
