"""On the wire, both clients send the same for every operation, but for what is listed and why."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from renderbus_core.api import (
    Client,
    Endpoint,
    HardwareConfig,
    PluginVersion,
    Profile,
    RenderEnv,
    Seams,
    operations,
)
from renderbus_core.api.compat import RayvisionAPI
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import RenderbusError

pytestmark = pytest.mark.heavy

NOW, NONCE = 1_790_000_000, "654321"
ID, KEY, DOMAIN = "AKIDVENDORTEST01", "a-key-that-signs-nothing-of-worth", "task.renderbus.com"
SIGNED = ("accessId", "channel", "platform", "UTCTimestamp", "nonce", "version")
OTHERS = ("languageFlag", "Content-Type")
MAYA = {
    "cgId": 2000,
    "cgName": "Maya",
    "cgVersion": "2023",
    "renderLayerType": 0,
    "editName": "anim",
    "renderSystem": 1,
    "pluginIds": [2703, 1166],
}
ENVIRONMENT = RenderEnv(
    cg_id=2000,
    cg_name="Maya",
    cg_version="2023",
    render_layer_type=0,
    edit_name="anim",
    os_name=1,
    plugins=(PluginVersion(plugin_id=2703), PluginVersion(plugin_id=1166)),
)
MACHINE = HardwareConfig(id=31, model="1080Ti", gpu_num="2*GPU", ram="64GB")
FROM, UNTIL = datetime(2026, 1, 30, 16, tzinfo=UTC), datetime(2026, 2, 1, 15, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """One call under the vendor's names, and the same through our client.

    `client` and `compat`: what of the request differs with ours; "sent" when only one of the two
    sends anything. `why`: id of the vendor's defect, and why we differ.
    """

    operation: str
    call: str
    arguments: dict
    ours: object
    client: frozenset = frozenset()
    compat: frozenset = frozenset()
    why: str = ""

    def __str__(self):
        return f"{self.operation} {self.why}".strip()


SAME = [
    Row("query_user_profile", "user.query_user_profile", {}, lambda c: c.user.query_user_profile()),
    Row("query_user_setting", "user.query_user_setting", {}, lambda c: c.user.query_user_setting()),
    Row(
        "update_user_setting",
        "user.update_user_settings",
        {"task_over_time": 7200},
        lambda c: c.user.update_user_settings(7200),
    ),
    Row("get_transfer_bid", "user.get_transfer_bid", {}, lambda c: c.user.get_transfer_bid()),
    Row(
        "get_hardware_config",
        "user.get_hardware_config",
        {"task_ids": ["12", "13"]},
        lambda c: c.user.get_hardware_config([12, 13]),
    ),
    Row(
        "get_hardware_config",
        "user.get_hardware_config",
        {},
        lambda c: c.user.get_hardware_config(),
    ),
    Row(
        "task_record",
        "user.task_record",
        {"pageNum": 2, "pageSize": 50, "startDate": "2026-01-31", "endDate": "2026-02-01"},
        lambda c: c.user.task_record(2, 50, "2026-01-31", "2026-02-01"),
    ),
    Row("login_record", "user.login_record", {}, lambda c: c.user.login_record()),
    Row(
        "create_task",
        "task.create_task",
        {
            "count": 2,
            "task_user_level": 60,
            "out_user_id": 7,
            "labels": ["é", "a&b=c"],
            "clone_original_id": "12",
            "artist": "Ada",
        },
        lambda c: c.task.create_task(
            count=2,
            task_user_level=60,
            out_user_id=7,
            labels=["é", "a&b=c"],
            clone_original_id=12,
            artist="Ada",
        ),
    ),
    Row(
        "submit_task",
        "task.submit_task",
        {"task_id": 12, "producer": "Ada"},
        lambda c: c.task.submit_task(12, producer="Ada"),
    ),
    *(
        Row(
            name,
            f"task.{name}",
            {"task_id_list" if name == "full_speed" else "task_param_list": [12, 13]},
            lambda c, name=name: getattr(c.task, name)([12, 13]),
        )
        for name in ("stop_task", "start_task", "abort_task", "delete_task", "full_speed")
    ),
    Row(
        "set_task_overtime_stop",
        "task.set_task_overtime_top",
        {"task_id_list": [12], "overtime": 1800},
        lambda c: c.task.set_task_overtime_stop([12], 1800),
    ),
    Row(
        "update_task_user_level",
        "task.update_priority",
        {"task_id": 12, "priority": 60},
        lambda c: c.task.update_priority(12, 60),
    ),
    Row(
        "update_task_limit",
        "task.update_task_limit",
        {"taskId": 12, "taskLimit": 5},
        lambda c: c.task.update_task_limit(12, 5),
    ),
    Row(
        "edit_task_hardware_config",
        "task.edit_task_hardware_config",
        {
            "taskIds": [12],
            "hardwareConfigIds": ["31"],
            "model": "1080Ti",
            "gpuNum": "2*GPU",
            "ram": "64GB",
        },
        lambda c: c.task.edit_task_hardware_config([12], MACHINE),
    ),
    Row("query_platforms", "query.platforms", {}, lambda c: c.query.platforms(1)),
    Row(
        "query_supported_software",
        "query.supported_software",
        {},
        lambda c: c.query.supported_software(),
    ),
    Row(
        "query_supported_plugin",
        "query.supported_plugin",
        {"name": "maya", "os_name": "windows"},
        lambda c: c.query.supported_plugin(2000, "windows"),
    ),
    Row(
        "error_detail",
        "query.error_detail",
        {"codes": ["15000", "25000"], "language": 0},
        lambda c: c.query.error_detail(["15000", "25000"]),
    ),
    Row(
        "get_task_list",
        "query.get_task_list",
        {
            "page_num": 3,
            "page_size": 50,
            "status_list": [25, 30],
            "search_keyword": "shot 10",
            "start_time": "2026-01-31 00:00:00",
            "end_time": "2026-02-01 23:59:59",
        },
        lambda c: c.query.get_task_list(
            3,
            50,
            status_list=[25, 30],
            search_keyword="shot 10",
            start_time=FROM,
            end_time=UNTIL,
        ),
    ),
    Row(
        "get_task_list",
        "query.get_task_list",
        {"recycle_flag": 1},
        lambda c: c.query.get_task_list(deleted=True),
    ),
    Row(
        "query_task_info",
        "query.task_info",
        {"task_ids_list": [12, 13]},
        lambda c: c.query.task_info([12, 13]),
    ),
    Row(
        "query_task_frames",
        "query.task_frames",
        {"task_id": 12, "page_num": 2, "page_size": 10, "search_keyword": "7"},
        lambda c: c.query.task_frames(12, 2, 10, "7"),
    ),
    Row(
        "query_all_frame_stats", "query.all_frame_status", {}, lambda c: c.query.all_frame_status()
    ),
    Row(
        "restart_failed_frames",
        "query.restart_failed_frames",
        {"task_param_list": [12], "status": [5, 11]},
        lambda c: c.query.restart_failed_frames([12], [5, 11]),
    ),
    *(
        row
        for name, method in (("restart_frame", "restart_frame"), ("stop_task_frames", "stop_frame"))
        for row in (
            Row(
                name,
                f"query.{method}",
                {"task_id": 12, "select_all": 0, "ids_list": [7, 8]},
                lambda c, method=method: getattr(c.query, method)(12, ids=[7, 8]),
            ),
            Row(
                name,
                f"query.{method}",
                {"task_id": 12, "select_all": 1, "status": [5]},
                lambda c, method=method: getattr(c.query, method)(12, statuses=[5]),
            ),
            Row(
                name,
                f"query.{method}",
                {"task_id": 12, "select_all": 1},
                lambda c, method=method: getattr(c.query, method)(12, everything=True),
            ),
        )
    ),
    Row(
        "load_task_process_img",
        "query.get_task_processing_img",
        {"task_id": 12, "frame_type": 2},
        lambda c: c.query.get_task_processing_img(12, 2),
    ),
    Row(
        "load_frame_thumbnail",
        "query.get_frame_thumbnall",
        {"frame_id": 7},
        lambda c: c.query.get_frame_thumbnail(7),
    ),
    Row(
        "get_render_log",
        "query.get_render_log",
        {"frame_id": 7, "pageNum": 2},
        lambda c: c.query.get_render_log(7, 2),
    ),
    Row(
        "get_raysync_user_key",
        "query.get_raysync_user_key",
        {},
        lambda c: c.query.get_raysync_user_key(),
    ),
    Row(
        "get_pack_node_info", "query.get_pack_node_info", {}, lambda c: c.query.get_pack_node_info()
    ),
    Row(
        "add_label",
        "tag.add_label",
        {"new_name": "film", "status": 0},
        lambda c: c.tag.add_label("film"),
    ),
    Row(
        "delete_label",
        "tag.delete_label",
        {"del_name": "film"},
        lambda c: c.tag.delete_label("film"),
    ),
    Row("get_label_list", "tag.get_label_list", {}, lambda c: c.tag.get_label_list()),
    Row("get_project_list_by_flag", "tag.get_list", {"flag": 2}, lambda c: c.tag.get_list(2)),
    Row(
        "add_task_label",
        "tag.add_task_tag",
        {"tag": "hero", "task_ids": [12]},
        lambda c: c.tag.add_task_tag("hero", [12]),
    ),
    Row(
        "delete_task_label",
        "tag.delete_task_tag",
        {"taskIds": [12], "labelNames": ["hero"], "tag_ids": [3]},
        lambda c: c.tag.delete_task_tag([12], ["hero"], [3]),
    ),
    Row(
        "add_render_env",
        "env.add_render_env",
        {"data": MAYA},
        lambda c: c.env.add_render_env(ENVIRONMENT),
    ),
    Row(
        "update_render_env",
        "env.update_render_env",
        {"data": MAYA},
        lambda c: c.env.update_render_env(ENVIRONMENT),
    ),
    Row(
        "delete_render_env",
        "env.delete_render_env",
        {"edit_name": "anim"},
        lambda c: c.env.delete_render_env("anim"),
    ),
    Row(
        "set_default_render_env",
        "env.set_default_render_env",
        {"edit_name": "anim"},
        lambda c: c.env.set_default_render_env("anim"),
    ),
    Row(
        "get_render_env",
        "env.get_render_env",
        {"cg_names": ["maya", "blender"]},
        lambda c: c.env.get_render_env(["2000", "2007"], "windows"),
    ),
    Row(
        "get_transfer_config",
        "transmit.get_transfer_config",
        {},
        lambda c: c.transmit.get_transfer_config(),
    ),
    Row(
        "upload_task_json",
        "transmit.upload_json_content",
        {"task_id": 12, "content": '{"a": "&=é"}', "file_name": "tips.json"},
        lambda c: c.transmit.upload_json_content(12, '{"a": "&=é"}', "tips.json"),
    ),
    Row(
        "get_output_files",
        "transmit.get_output_files",
        {"tree_path": "/12_shot"},
        lambda c: c.transmit.get_output_files("/12_shot"),
    ),
    Row(
        "get_output_files",
        "transmit.get_output_files",
        {"task_id": 12},
        lambda c: c.transmit.get_output_files(task_id=12),
    ),
]

BODY = frozenset({"body", "signature"})
SENT = frozenset({"sent"})
DIFFERENT = [
    Row(
        "get_transfer_server_msg",
        "query.get_transfer_server_msg",
        {},
        lambda c: c.query.get_transfer_server_msg(1),
        BODY,
        BODY,
        "B9: the vendor asks for the other zone than in platforms()",
    ),
    Row(
        "get_output_files",
        "transmit.get_output_files",
        {"task_id": 12, "tree_path": "/beauty"},
        lambda c: c.transmit.get_output_files("/beauty", 12),
        BODY,
        BODY,
        "B27: with a task id, the vendor lists the root whatever folder is asked for",
    ),
    Row(
        "get_render_env",
        "env.get_render_env",
        {"name": "maya"},
        lambda c: c.env.get_render_env([2000], "windows"),
        SENT,
        SENT,
        "B5: the vendor looks up a text id, which its own check refuses",
    ),
    Row(
        "add_render_env",
        "env.add_render_env",
        {"data": MAYA | {"renderSystem": "0"}},
        lambda c: c.env.add_render_env(ENVIRONMENT),
        SENT,
        SENT,
        "B44: the documents' own samples do not pass the vendor's check",
    ),
    Row(
        "restart_frame",
        "query.restart_frame",
        {"task_id": 12},
        lambda c: c.query.restart_frame(12),
        SENT,
        SENT,
        "B29: a forgotten list renders, and pays, the whole task again",
    ),
    Row(
        "stop_task_frames",
        "query.stop_frame",
        {"task_id": 12},
        lambda c: c.query.stop_frame(12),
        SENT,
        SENT,
        "B29: a forgotten list stops the whole task",
    ),
    Row(
        "restart_frame",
        "query.restart_frame",
        {"task_id": 12, "ids_list": [7]},
        lambda c: c.query.restart_frame(12, ids=[7]),
        BODY,
        BODY,
        "B29: a list without select_all is ignored, and all frames are rendered again",
    ),
    Row(
        "restart_frame",
        "query.restart_frame",
        {"task_id": 12, "select_all": 0, "ids_list": ["seven"]},
        lambda c: c.query.restart_frame(12, ids=["seven"]),
        SENT,
        SENT,
        "B28: the vendor's check looks at a field of another name",
    ),
    Row(
        "get_render_log",
        "query.get_render_log",
        {},
        lambda c: c.query.get_render_log(None),
        SENT,
        SENT,
        "B30: the vendor sends null for a forgotten id",
    ),
    Row(
        "set_task_overtime_stop",
        "task.set_task_overtime_top",
        {"task_id_list": [12], "overtime": 1800.5},
        lambda c: c.task.set_task_overtime_stop([12], 1801),
        SENT,
        SENT,
        "B43: documented as a number with parts, refused by the vendor's own check",
    ),
    Row(
        "query_user_profile",
        "user.query_user_profile",
        {},
        lambda c: in_english(c).user.query_user_profile(),
        frozenset({"languageFlag"}),
        frozenset(),
        "B32: the vendor's language follows from the domain; ours is said",
    ),
]

LISTS = {
    "error_detail",
    "get_hardware_config",
    "get_output_files",
    "get_pack_node_info",
    "get_render_env",
    "load_frame_thumbnail",
    "query_platforms",
}


def path(operation):
    return operations()[operation].path(Profile.CURRENT)


REPLIES = {path(name): [] if name in LISTS else {} for name in operations()}
REPLIES[path("create_task")] = {"taskIdList": [12, 13]}
REPLIES[path("get_label_list")] = {"projectNameList": []}


@pytest.fixture(scope="module")
def driver(request):
    """Return the driver as a module, for what it also does for our client."""
    file = request.path.with_name("driver.py")
    spec = importlib.util.spec_from_file_location("vendor_driver", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def recorder(driver):
    return driver.recording(REPLIES)


@pytest.fixture
def seams(recorder):
    clock = ManualClock(datetime.fromtimestamp(NOW, UTC))
    return Seams(clock, lambda _: None, lambda: NONCE, adapter=lambda: recorder)


def client(seams, language="zh"):
    endpoint = Endpoint(DOMAIN, platform=62, language=language)
    return Client(endpoint, Credentials(ID, Secret(KEY)), seams)


def in_english(chinese):
    return client(chinese.session._seams, "en")


@pytest.fixture(scope="module")
def recorded(drive):
    """Return what the vendor's client sends: when it is made, and then for each row."""
    plan = {
        "api": {"access_id": ID, "access_key": KEY, "domain": DOMAIN, "platform": "62"},
        "now": NOW,
        "nonce": NONCE,
        "replies": REPLIES,
        "calls": [{"call": row.call, "with": row.arguments} for row in SAME + DIFFERENT],
    }
    return drive("rayvision_api", "record", plan)


@pytest.fixture(scope="module")
def vendors(recorded):
    """Return what the vendor's client sends, by the identity of the row."""
    return dict(zip(map(id, SAME + DIFFERENT), recorded[1:], strict=True))


def differences(theirs, ours):
    """Name what differs between the requests of one call."""
    if len(theirs) != len(ours):
        return {"sent"}
    found = set()
    for their, our in zip(theirs, ours, strict=True):
        found |= {name for name in ("method", "url", "body") if their[name] != our[name]}
        if set(their["headers"]) != set(our["headers"]):
            found.add("header names")
        found |= {
            name
            for name in (*SIGNED, *OTHERS, "signature")
            if their["headers"].get(name) != our["headers"].get(name)
        }
    return found


def by_client(row, seams, recorder):
    try:
        row.ours(client(seams))
    except RenderbusError:
        # Refused before it was sent: that is the difference which the row lists.
        assert not recorder.sent
    return recorder.sent


def by_compat(row, seams, recorder, driver):
    api = RayvisionAPI(ID, KEY, DOMAIN, "62", seams=seams)
    answer = driver.outcome(api, row.call, row.arguments)
    assert not (recorder.sent and "error" in answer), answer
    return recorder.sent


def test_every_operation_is_compared():
    assert {row.operation for row in SAME + DIFFERENT} == set(operations())


@pytest.mark.parametrize("row", SAME, ids=str)
def test_our_client_sends_what_the_vendors_sends(row, vendors, seams, recorder):
    theirs = vendors[id(row)]
    assert theirs["error"] is None
    assert len(theirs["sent"]) == 1
    assert differences(theirs["sent"], by_client(row, seams, recorder)) == set()


@pytest.mark.parametrize("row", SAME, ids=str)
def test_ours_under_the_vendors_names_sends_what_the_vendors_sends(
    row, vendors, seams, recorder, driver
):
    theirs = vendors[id(row)]["sent"]
    assert differences(theirs, by_compat(row, seams, recorder, driver)) == set()


@pytest.mark.parametrize("row", DIFFERENT, ids=str)
def test_a_listed_difference_is_there_and_no_other(row, vendors, seams, recorder):
    theirs = vendors[id(row)]["sent"]
    assert differences(theirs, by_client(row, seams, recorder)) == row.client


@pytest.mark.parametrize("row", DIFFERENT, ids=str)
def test_a_listed_difference_is_there_under_the_vendors_names_too(
    row, vendors, seams, recorder, driver
):
    theirs = vendors[id(row)]["sent"]
    assert differences(theirs, by_compat(row, seams, recorder, driver)) == row.compat


def test_the_vendors_client_reads_three_times_when_it_is_made_and_ours_never(
    recorded, seams, recorder
):
    made = [one["url"].rpartition("/")[2] for one in recorded[0]["sent"]]
    assert made == ["queryUserProfile", "queryUserSetting", "getBid"]
    RayvisionAPI(ID, KEY, DOMAIN, "62", seams=seams)
    client(seams)
    assert recorder.sent == []
