"""The client's groups: every operation of the table has its method, and sends what it says."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pytest

from renderbus_core.api import (
    HardwareConfig,
    PluginVersion,
    Profile,
    RenderEnv,
    operations,
)
from renderbus_core.errors import (
    DocumentError,
    InputError,
    RequestRefusedError,
    UnknownOutcomeError,
)

GROUPS = ("env", "query", "tag", "task", "transmit", "user")
MACHINE = HardwareConfig(id=31, model="2080Ti", ram="64GB", gpu_num="2*GPU")
ENV = RenderEnv(
    edit_name="maya 2023",
    cg_id=2000,
    cg_name="Maya",
    cg_version="2023",
    os_name=1,
    plugins=(PluginVersion(plugin_id=7), PluginVersion(plugin_id=9)),
)
# How a person calls each operation's method.
CALLS = {
    "abort_task": (([1],), {}),
    "add_label": (("show",), {}),
    "add_render_env": ((ENV,), {}),
    "add_task_label": (("burst-1", [1]), {}),
    "create_task": ((), {}),
    "delete_label": (("show",), {}),
    "delete_render_env": (("maya 2023",), {}),
    "delete_task": (([1],), {}),
    "delete_task_label": (([1], ["burst-1"]), {}),
    "edit_task_hardware_config": (([1], MACHINE), {}),
    "error_detail": ((["10012"],), {}),
    "full_speed": (([1],), {}),
    "get_hardware_config": ((), {}),
    "get_label_list": ((), {}),
    "get_output_files": ((), {}),
    "get_pack_node_info": ((), {}),
    "get_project_list_by_flag": ((), {}),
    "get_raysync_user_key": ((), {}),
    "get_render_env": (([2000],), {}),
    "get_render_log": ((5,), {}),
    "get_task_list": ((), {}),
    "get_transfer_bid": ((), {}),
    "get_transfer_config": ((), {}),
    "get_transfer_server_msg": ((2,), {}),
    "load_frame_thumbnail": ((5,), {}),
    "load_task_process_img": ((1,), {}),
    "login_record": ((), {}),
    "query_all_frame_stats": ((), {}),
    "query_platforms": ((2,), {}),
    "query_supported_plugin": ((2000, "linux"), {}),
    "query_supported_software": ((), {}),
    "query_task_frames": ((1,), {}),
    "query_task_info": (([1],), {}),
    "query_user_profile": ((), {}),
    "query_user_setting": ((), {}),
    "restart_failed_frames": (([1],), {}),
    "restart_frame": ((1,), {"ids": [5]}),
    "set_default_render_env": (("maya 2023",), {}),
    "set_task_overtime_stop": (([1], 3600), {}),
    "start_task": (([1],), {}),
    "stop_task": (([1],), {}),
    "stop_task_frames": ((1,), {"ids": [5]}),
    "submit_task": ((1,), {}),
    "task_record": ((), {}),
    "update_render_env": ((ENV,), {}),
    "update_task_limit": ((1, 8), {}),
    "update_task_user_level": ((1, 60), {}),
    "update_user_setting": ((3600,), {}),
    "upload_task_json": ((1, "{}"), {}),
}
LISTS = {
    "error_detail",
    "get_hardware_config",
    "get_output_files",
    "get_pack_node_info",
    "get_render_env",
    "load_frame_thumbnail",
    "query_platforms",
}
REPLIES = {name: [] if name in LISTS else {} for name in operations()} | {
    "create_task": {"taskIdList": [1]}
}


def method(client, operation):
    return getattr(getattr(client, operation.group), operation.method)


def test_each_operation_is_called_here():
    assert set(CALLS) == set(operations())


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_method_sends_its_operation_to_the_path_of_its_generation(answering, name, profile):
    client, cloud = answering(REPLIES, profile=profile)
    operation, (args, kwargs) = operations()[name], CALLS[name]
    if profile in operation.paths:
        method(client, operation)(*args, **kwargs)
        ((sent, path, _),) = cloud.sent
        assert (sent, path) == (name, operation.paths[profile])
    else:
        with pytest.raises(InputError, match=f"{name} does not exist in protocol profile"):
            method(client, operation)(*args, **kwargs)
        assert cloud.sent == []


@pytest.mark.parametrize("profile", Profile)
def test_capabilities_are_the_operations_of_the_generation(answering, profile):
    client, _ = answering(profile=profile)
    having = {name for name, operation in operations().items() if profile in operation.paths}
    assert client.capabilities == having


def test_the_first_generation_cannot_stop_single_frames(answering):
    client, _ = answering(profile=Profile.V1)
    assert "stop_task_frames" not in client.capabilities
    assert "stop_task" in client.capabilities


@pytest.mark.parametrize("group", GROUPS)
def test_every_method_says_in_a_sentence_what_it_does(answering, group):
    client, _ = answering()
    methods = inspect.getmembers(type(getattr(client, group)), inspect.isfunction)
    for name, function in methods:
        if not name.startswith("_"):
            first = inspect.getdoc(function).split("\n\n")[0]
            assert first.rstrip().endswith("."), name


def test_construction_and_the_groups_send_nothing(answering):
    client, cloud = answering()
    with client:
        assert [getattr(client, group) for group in GROUPS]
        assert client.session.endpoint is client.endpoint
    assert cloud.sent == []


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "body"),
    [
        (
            "create_task",
            (),
            {"count": 1, "labels": ("a", "b"), "artist": "ann", "clone_original_id": 5},
            {
                "count": 1,
                "taskUserLevel": 50,
                "labels": ["a", "b"],
                "artist": "ann",
                "cloneOriginalId": 5,
            },
        ),
        ("submit_task", (7,), {"producer": "bo"}, {"taskId": 7, "producer": "bo"}),
        ("stop_task", ((7, 8),), {}, {"taskIds": [7, 8]}),
        ("set_task_overtime_stop", ([7], 60), {}, {"taskIds": [7], "overTime": 60}),
        ("update_task_user_level", (7, 60), {}, {"taskId": 7, "taskUserLevel": 60}),
        (
            "edit_task_hardware_config",
            ([7], MACHINE),
            {},
            {
                "taskIds": [7],
                "hardwareConfigIds": ["31"],
                "model": "2080Ti",
                "gpuNum": "2*GPU",
                "ram": "64GB",
            },
        ),
        ("error_detail", ([10012, "15006"],), {}, {"codes": ["10012", "15006"], "language": 1}),
        ("error_detail", (["1"], "zh"), {}, {"codes": ["1"], "language": 0}),
        (
            "get_task_list",
            (2, 50),
            {
                "status_list": {25},
                "search_keyword": "shot",
                "start_time": datetime(2026, 1, 31, 10, tzinfo=UTC),
                "deleted": True,
            },
            {
                "pageNum": 2,
                "pageSize": 50,
                "statusList": [25],
                "searchKeyword": "shot",
                "startTime": "2026-01-31 18:00:00",
                "recycleFlag": 1,
            },
        ),
        ("restart_failed_frames", ([7], [11]), {}, {"taskIds": [7], "status": [11]}),
        ("restart_failed_frames", ([7],), {}, {"taskIds": [7]}),
        ("load_frame_thumbnail", (7,), {}, {"id": 7, "frameStatus": 4}),
        (
            "get_render_log",
            (7, 2),
            {},
            {"renderingType": "render", "pageNum": 2, "pageSize": 1, "id": 7},
        ),
        ("get_hardware_config", ([7, 8],), {}, {"cloneTask": "false", "taskIds": ["7", "8"]}),
        (
            "task_record",
            (1, 10, "2026-01-01", "2026-01-31"),
            {},
            {
                "platform": 62,
                "pageNum": 1,
                "pageSize": 10,
                "startDate": "2026-01-01",
                "endDate": "2026-01-31",
            },
        ),
        (
            "delete_task_label",
            ([7], ["a"]),
            {},
            {"taskIds": [7], "labelNames": ["a"], "labelIds": []},
        ),
        (
            "add_render_env",
            (ENV,),
            {},
            {
                "cgId": 2000,
                "cgName": "Maya",
                "cgVersion": "2023",
                "editName": "maya 2023",
                "renderSystem": 1,
                "pluginIds": [7, 9],
            },
        ),
        ("get_render_env", ([2000, 2001], "linux"), {}, {"cgIds": [2000, 2001], "osName": 0}),
        (
            "upload_task_json",
            (7, "{}", "tips.json"),
            {},
            {"taskId": 7, "content": "{}", "fileName": "tips.json"},
        ),
        ("update_user_setting", (3600,), {}, {"taskOverTimeSec": 3600}),
    ],
)
def test_arguments_travel_under_their_wire_names(answering, name, args, kwargs, body):
    client, cloud = answering(REPLIES)
    method(client, operations()[name])(*args, **kwargs)
    assert cloud.bodies(name) == [body]


def test_the_first_generation_explains_one_code_at_a_time(answering):
    def explain(body):
        return [{"code": body["code"], "type": 1}]

    client, cloud = answering({"error_detail": explain}, profile=Profile.V1)
    details = client.query.error_detail(["10012", "15006"])
    assert [(detail.code, detail.type) for detail in details] == [("10012", 1), ("15006", 1)]
    assert len(cloud.sent) == 2


def test_the_first_generation_lists_environments_one_dcc_at_a_time(answering):
    answers = {"get_render_env": lambda body: [{"cgId": body["cgId"], "editName": "e"}]}
    client, _ = answering(answers, profile=Profile.V1)
    assert [env.cg_id for env in client.env.get_render_env([2000, 2001])] == [2000, 2001]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda c: c.task.stop_task(5), "5 is no list"),
        (lambda c: c.task.stop_task("57"), "'57' is no list"),
        (lambda c: c.task.stop_task([]), "taskIds"),
        (lambda c: c.task.stop_task(["x"]), "taskIds"),
        (lambda c: c.task.update_task_limit(1, 0), "taskLimit"),
        (lambda c: c.query.task_info([0]), "taskIds"),
        (lambda c: c.query.get_task_list(page_size=101), "pageSize"),
        (lambda c: c.query.get_task_list(start_time=datetime(2026, 1, 1)), "with a time zone"),  # noqa: DTZ001 - the mistake
        (lambda c: c.query.get_task_list(end_time="2026-01-31"), "with a time zone, not '2026"),
        (lambda c: c.query.get_task_list(status_list=25), "25 is no list"),
        (lambda c: c.query.restart_failed_frames([1], "35"), "'35' is no list"),
        (lambda c: c.user.get_hardware_config("123"), "'123' is no list"),
        (lambda c: c.query.error_detail(["1"], "fr"), "must be en or zh, not 'fr'"),
        (lambda c: c.env.get_render_env([2000], "irix"), "must be linux or windows, not 'irix'"),
        (lambda c: c.tag.add_label(""), "newName"),
        (lambda c: c.tag.add_label("pl\udce4ne"), r": 'newName=pl\\udce4' ends with what is not"),
        (lambda c: c.transmit.upload_json_content(1, "{}", "../x"), "fileName"),
    ],
)
def test_a_wrong_argument_is_one_sentence_before_anything_is_sent(answering, call, why):
    client, cloud = answering()
    with pytest.raises(InputError, match=why):
        call(client)
    assert cloud.sent == []


def test_a_text_where_a_number_belongs_is_refused_at_once(answering):
    client, cloud = answering()
    with pytest.raises(DocumentError, match="taskId"):
        client.query.task_frames("1000")
    assert cloud.sent == []


def test_a_thousand_tasks_are_read_in_calls_of_a_hundred(answering):
    def info(body):
        return {"items": [{"id": task_id} for task_id in body["taskIds"] if task_id % 2]}

    client, cloud = answering({"query_task_info": info})
    found = client.query.task_info(range(1, 251))
    assert sorted(found) == list(range(1, 251, 2))
    assert [len(body["taskIds"]) for body in cloud.bodies("query_task_info")] == [100, 100, 50]


def test_a_reply_of_the_wrong_shape_names_the_operation(answering):
    client, _ = answering({"query_user_profile": None, "query_platforms": {"a": 1}})
    with pytest.raises(UnknownOutcomeError, match="query_user_profile: a reply holds NoneType"):
        client.user.query_user_profile()
    with pytest.raises(UnknownOutcomeError, match="query_platforms: a reply holds dict") as caught:
        client.query.platforms(2)
    assert caught.value.operation == "query_platforms"


def test_more_or_fewer_ids_than_asked_for_are_not_taken(answering):
    client, _ = answering({"create_task": {"taskIdList": [1, 2]}})
    with pytest.raises(UnknownOutcomeError, match="asked for 1 ids, got 2"):
        client.task.create_task()


# -- projects -----------------------------------------------------------------------------------


class Projects:
    """The cloud's projects; somebody else may be quicker to add one."""

    def __init__(self, refused, *names, quicker=False):
        self.names = list(names)
        self.refused, self.quicker = refused, quicker
        self.answers = {
            "add_label": self.add,
            "get_project_list_by_flag": lambda _: self.listing(),
            "get_label_list": lambda _: self.listing(),
        }

    def add(self, body):
        self.names.append(body["newName"])
        if self.quicker:
            raise self.refused(503)

    def listing(self):
        rows = [{"projectId": i, "projectName": name} for i, name in enumerate(self.names, 3001)]
        return {"projectNameList": rows or None}


@pytest.mark.parametrize("profile", Profile)
def test_a_project_is_found_or_made(answering, refused, profile):
    client, cloud = answering(Projects(refused, "film").answers, profile=profile)
    assert client.tag.ensure_project("film").project_id == 3001
    assert client.tag.ensure_project("show").project_id == 3002
    assert cloud.bodies("add_label") == [{"newName": "show", "status": 0}]


def test_a_project_that_somebody_else_made_in_between_is_taken(answering, refused):
    client, _ = answering(Projects(refused, quicker=True).answers)
    assert client.tag.ensure_project("show").project_id == 3001


def test_a_project_that_never_appears_is_told(answering):
    client, _ = answering({"get_project_list_by_flag": {"projectNameList": None}})
    with pytest.raises(UnknownOutcomeError, match="'show' was created and is not listed"):
        client.tag.ensure_project("show")


def test_a_project_that_may_not_be_made_is_told(answering, refused):
    def forbidden(_):
        raise refused(600)

    client, _ = answering({"get_project_list_by_flag": {}, "add_label": forbidden})
    with pytest.raises(RequestRefusedError, match="code 600"):
        client.tag.ensure_project("show")
