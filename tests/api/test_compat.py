"""The vendor's names: what a studio's script relies on, and what it meets when things go wrong."""

from __future__ import annotations

import importlib
import logging

import pytest
import requests

from renderbus_core.api import compat
from renderbus_core.api.compat import (
    RayvisionAPI,
    RayvisionAPIError,
    RayvisionError,
    RayvisionManageTask,
    RayvisonTaskIdError,
)
from renderbus_core.errors import (
    AuthError,
    BillingError,
    CloudError,
    InputError,
    RenderbusError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

PROFILE = {"userId": 7, "userName": "studio", "requestURI": "x"}


@pytest.fixture
def refusing(named, refused):
    """Return a maker: a code of the cloud -> a client whose profile is refused with it."""

    def make(code):
        def refuse(_):
            raise refused(code)

        return named({"query_user_profile": refuse})[0]

    return make


# -- imports ------------------------------------------------------------------------------------

IMPORTS = [
    ("", "RayvisionAPI"),
    ("core", "RayvisionAPI"),
    ("exception", "RayvisionError"),
    ("exception", "RayvisionAPIError"),
    ("exception", "RayvisonTaskIdError"),
    ("exception", "AnalyseFailError"),
    ("manage", "RayvisionManageTask"),
    ("operators", "QueryOperator"),
    ("operators.task", "TaskOperator"),
]


@pytest.mark.parametrize(("module", "name"), IMPORTS)
def test_modules_and_names_are_where_scripts_look_for_them(module, name):
    path = ".".join(filter(None, [compat.__name__, module]))
    assert isinstance(getattr(importlib.import_module(path), name), type)


@pytest.mark.parametrize("name", ["RayvisionCheck", "RayvisionUpload", "RayvisionDownload"])
def test_names_of_later_layers_are_not_there_yet(name):
    assert not hasattr(compat, name)


# -- construction -------------------------------------------------------------------------------


def test_nothing_is_sent_before_something_is_asked(named):
    api, cloud = named({"query_user_profile": PROFILE})
    RayvisionManageTask(api.query)
    assert cloud.sent == []
    assert api.get_user_id() == 7
    assert [name for name, *_ in cloud.sent] == ["query_user_profile"]


def test_the_account_is_described_once_and_in_snake_case(named):
    api, cloud = named(
        {
            "query_user_profile": PROFILE,
            "query_user_setting": {"autoCommit": "2"},
            "get_transfer_bid": {"input_bid": "10201"},
        },
        platform="62",
    )
    info = api.user_info
    assert info is api.user.info
    assert info["user_name"] == "studio"
    assert info["request_uri"] == "x"
    assert (info["auto_commit"], info["input_bid"]) == ("2", "10201")
    assert (info["domain"], info["platform"]) == ("cloud.test", "62")
    assert info["local_os"]
    assert len(cloud.sent) == 3


def test_credentials_come_from_the_vendors_variables(monkeypatch):
    monkeypatch.setenv("RAYVISION_API_ACCESS_ID", "AKIDEXAMPLE0001")
    monkeypatch.setenv("RAYVISION_API_KEY", "not-shown")
    RayvisionAPI()
    monkeypatch.delenv("RAYVISION_API_ACCESS_ID")
    with pytest.raises(TypeError, match="access_id is missing; pass it, or set RAYVISION_API_ACC"):
        RayvisionAPI()


def test_the_key_is_never_shown(named, caplog):
    caplog.set_level(logging.DEBUG)
    api, _ = named({"query_user_profile": PROFILE})
    api.get_user_id()
    assert "not-shown" not in f"{caplog.text} {vars(api)} {vars(api.user)} {vars(api._calls)}"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"platform": "sixty"}, "sixty"),
        ({"platform": None}, "NoneType"),
        ({"timeout": "long"}, "str"),
        ({"timeout": 0}, "time-outs"),
        ({"protocol": "ftp"}, "scheme"),
        ({"language": "fr"}, "language"),
        ({"domain": "https://task.renderbus.com"}, "domain"),
    ],
)
def test_what_cannot_be_spoken_to_is_refused(named, settings, why):
    with pytest.raises(ValueError, match=why):
        named(**settings)


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(5, (5, 5)), ((3, 7), (3, 7)), (None, (10.0, 60.0)), ((3, None), (3, 60.0)), (60, (60, 60))],
)
def test_time_outs_are_given_as_to_requests(named, timeout, seconds):
    api, _ = named(timeout=timeout)
    endpoint = api._session.endpoint
    assert (endpoint.connect_timeout, endpoint.read_timeout) == seconds


def test_platform_may_be_a_number_or_a_text(named):
    assert named(platform=62)[0]._session.endpoint.platform == 62
    assert named(platform="62")[0]._session.endpoint.platform == 62


@pytest.mark.parametrize(
    ("domain", "language"), [("task.renderbus.com", "zh"), ("task.foxrenderfarm.com", "en")]
)
def test_the_language_follows_from_the_domain_unless_it_is_said(named, domain, language):
    assert named(domain=domain)[0]._session.endpoint.language == language
    assert named(domain=domain, language="en")[0]._session.endpoint.language == "en"


# -- logs ---------------------------------------------------------------------------------------


def test_s6_no_logger_but_the_given_one_is_touched(named, caplog, tmp_path):
    before = logging.getLogger().level, list(logging.getLogger().handlers)
    logger = logging.getLogger("studio")
    api, _ = named(
        {"query_user_profile": PROFILE}, logger=logger, log_folder=str(tmp_path), log_name="x.log"
    )
    caplog.set_level(logging.DEBUG, "studio")
    api.get_user_id()
    assert (logging.getLogger().level, logging.getLogger().handlers) == before
    assert api.logger is logger
    assert list(tmp_path.iterdir()) == []
    assert caplog.record_tuples == [
        (
            "studio",
            logging.WARNING,
            "log_folder and log_name write no file; give the logger a handler",
        ),
        ("studio", logging.DEBUG, "query_user_profile: done"),
    ]


# -- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "branch"),
    [(601, RequestRefusedError), (605, AuthError), (4711, UnknownOutcomeError)],
)
def test_a_refusal_is_the_vendors_error_and_ours(refusing, code, branch):
    api = refusing(code)
    with pytest.raises(RayvisionAPIError) as caught:
        api.get_user_id()
    error = caught.value
    assert (error.error_code, error.code) == (code, code)
    assert isinstance(error, branch | RayvisionError)
    assert isinstance(error, RenderbusError)
    assert error.operation == "query_user_profile"
    assert error.request_id == "r-1"
    assert error.request == "https://cloud.test/api/render/setUp/queryUserProfile"
    assert str(error).startswith(f"Error code: {code}, Error message: query_user_profile: ")
    assert str(error).endswith(f", URL: {error.request}")


@pytest.mark.parametrize(
    "branch",
    [
        AuthError,
        BillingError,
        CloudError,
        RequestRefusedError,
        TransientError,
        UnknownOutcomeError,
    ],
)
def test_each_branch_of_our_errors_keeps_its_branch(branch):
    error = RayvisionAPIError.of(branch("a sentence", request_id="r", operation="x"), "https://x")
    assert isinstance(error, branch)
    assert (error.error_code, error.request_id, error.sentence) == (None, "r", "a sentence")


def test_an_answer_that_never_came_is_an_error_without_a_code(named):
    def lose(_):
        raise requests.ConnectionError("reset")

    api, cloud = named({"submit_task": lose})
    with pytest.raises(RayvisionAPIError) as caught:
        api.submit(12)
    assert caught.value.error_code is None
    assert isinstance(caught.value, UnknownOutcomeError)
    assert len(cloud.sent) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: api.query.error_detail(),
        lambda api: api.query.get_all_frames("twelve"),
        lambda api: api.query.get_small_task_id(None),
        lambda api: api.tag.add_label("film", "on"),
        lambda api: api.task.create_task(clone_original_id="twelve"),
        lambda api: api.env.get_render_env(),
        lambda api: api.env.add_render_env("day"),
        lambda api: api.query.supported_plugin(None),
        lambda api: api.query.task_frames("12"),
        lambda api: api.query.get_task_list(page_size=1000),
        lambda api: api.task.stop_task([]),
        lambda api: api.task.stop_task("12"),
        lambda api: api.env.add_render_env({"editName": "day", "colour": "red"}),
        lambda api: api.transmit.upload_json_content(12, "{}", "../task.json"),
        lambda api: api.query.get_custome_frames(12, ["77"]),
    ],
)
def test_a_wrong_argument_is_a_value_error_in_one_sentence_before_anything_is_changed(named, ask):
    api, cloud = named({"query_task_frames": {"items": []}})
    with pytest.raises(ValueError, match=r"[a-z]") as caught:
        ask(api)
    assert isinstance(caught.value, InputError)
    assert "\n" not in str(caught.value)
    assert "schema" not in str(caught.value)
    assert all(name == "query_task_frames" for name, *_ in cloud.sent)


def test_cg_names_that_are_no_list_are_a_type_error_as_with_the_vendors(named):
    api, _ = named()
    with pytest.raises(TypeError, match="cg_names must be a list"):
        api.env.get_render_env(cg_names="maya")


def test_a_task_id_that_is_no_number_has_the_vendors_error(named):
    api, cloud = named()
    with pytest.raises(RayvisonTaskIdError, match="'12'") as caught:
        api.submit("12")
    assert caught.value.error_code == 2000
    assert cloud.sent == []


def test_a_profile_without_an_id_has_the_vendors_code(named):
    api, _ = named({"query_user_profile": {}})
    with pytest.raises(RayvisionError) as caught:
        api.get_user_id()
    assert caught.value.error_code == 1000000


# -- what is made of several calls --------------------------------------------------------------


def test_the_next_task_id_stays_until_it_is_submitted(named):
    ids = iter([[1000], [1001]])
    api, _ = named({"create_task": lambda _: {"taskIdList": next(ids)}})
    assert (api.task.task_id, api.task.task_id) == (1000, 1000)
    assert api.task.submit_task(999, only_id=True) == 999
    assert api.task.task_id == 1000
    api.submit(1000)
    assert api.task.task_id == 1001


def test_a_reservation_without_an_id_is_the_vendors_error(named):
    api, _ = named({"create_task": {"taskIdList": []}})
    with pytest.raises(RayvisionError) as caught:
        _ = api.task.task_id
    assert caught.value.error_code == 1000000


def test_a_project_is_found_or_made_and_its_id_is_a_text(named):
    projects = [{"projectId": 3, "projectName": "film"}]

    def add(body):
        projects.append({"projectId": 4, "projectName": body["newName"]})

    api, cloud = named(
        {
            "get_project_list_by_flag": lambda _: {"projectNameList": list(projects)},
            "add_label": add,
        }
    )
    assert api.check_and_add_project_name("film") == "3"
    assert api.check_and_add_project_name("series") == "4"
    assert len(cloud.bodies("add_label")) == 1


def test_all_frames_are_those_of_all_pages(named):
    def page(body):
        first = (body["pageNum"] - 1) * 100
        rows = [{"id": n + 1, "frameIndex": str(n)} for n in range(first, min(first + 100, 250))]
        return {"pageCount": 3, "pageNum": body["pageNum"], "total": 250, "items": rows}

    api, cloud = named({"query_task_frames": page})
    assert list(api.query.get_all_frames("12")) == [str(n) for n in range(250)]
    cloud.sent.clear()
    second = api.query.get_all_frames(12, start_page=2, end_page=2)
    assert [body["pageNum"] for body in cloud.bodies("query_task_frames")] == [2]
    assert list(second) == [str(n) for n in range(100, 200)]
    assert api.query.get_all_frames(12, start_page=3, end_page=2) == {}


def test_pages_that_were_not_asked_for_are_not_read_ahead(named):
    def page(body):
        first = (body["pageNum"] - 1) * 100
        rows = [{"id": n + 1, "frameIndex": str(n)} for n in range(first, first + 100)]
        return {"pageCount": 100, "pageNum": body["pageNum"], "total": 10_000, "items": rows}

    api, cloud = named({"query_task_frames": page})
    frames = api.query.get_all_frames(12, start_page=51, end_page=54)
    assert list(frames) == [str(n) for n in range(5000, 5400)]
    asked = sorted(body["pageNum"] for body in cloud.bodies("query_task_frames"))
    # The one behind is the proof that a full page was the last.
    assert asked in ([51, 52, 53, 54], [51, 52, 53, 54, 55])


def test_a_frame_index_is_meant_as_a_whole_and_never_as_a_part(named):
    rows = [{"id": n, "frameIndex": index} for n, index in enumerate(["1", "12", "2-4[1]"], 1)]
    api, cloud = named({"query_task_frames": {"items": rows, "total": 3, "pageCount": 1}})
    api.query.get_custome_frames(12, "12")
    api.query.get_custome_frames(12, ["2-4[1]", 1])
    assert [body["ids"] for body in cloud.bodies("restart_frame")] == [[2], [1, 3]]


def test_a_reply_of_null_is_taken_for_nothing(named):
    api, _ = named()
    assert api.tag.get_project_list() == []
    assert api.query.get_small_task_id("12") == [12]
    assert RayvisionManageTask(api.query).is_task_end(12, False) is None
    for ask in (api.get_user_id, lambda: api.task.task_id):
        with pytest.raises(RayvisionError, match="1000000"):
            ask()


def test_project_rows_are_given_without_what_is_around_them(named):
    rows = [{"projectId": 3, "projectName": "film"}]
    api, _ = named({"get_label_list": {"projectNameList": rows}})
    assert api.tag.get_project_list() == rows


def test_results_are_what_the_cloud_sent(named):
    data = {"raySyncUserKey": "k", "odd": [None, {"x": 1}]}
    api, _ = named({"get_raysync_user_key": data})
    assert api.query.get_raysync_user_key() == data


# -- the state of tasks -------------------------------------------------------------------------


def task(code, *layers, **more):
    return {
        "id": 12,
        "taskStatus": code,
        "statusText": f"render_task_status_{code}",
        "isOpen": int(bool(layers)),
        "outputFileName": None if layers else f"{more.get('id', 12)}_shot",
        "respRenderingTaskList": list(layers) or None,
        "userId": 7,
        "bid": "20201",
    } | more


@pytest.fixture
def manage(named):
    def make(*tasks):
        api, _ = named({"query_task_info": {"items": list(tasks)}})
        return RayvisionManageTask(api.query)

    return make


@pytest.mark.parametrize(
    ("codes", "end", "end_of_test"),
    [
        ((25,), True, True),
        ((5,), False, False),
        ((40,), False, True),
        ((25, 40), False, True),
        ((25, 30), True, True),
        ((25, 5), False, False),
        ((50,), False, False),
        ((70,), True, True),
        ((4711,), False, False),
    ],
)
def test_a_task_is_over_when_all_its_layers_are(manage, codes, end, end_of_test):
    row = task(codes[0])
    if len(codes) > 1:
        row = task(0, *(task(code, id=20 + n) for n, code in enumerate(codes)))
    assert manage(row).is_task_end(12, False) is end
    assert manage(row).is_task_end(12, True) is end_of_test


def test_a_task_that_the_cloud_does_not_know_is_neither_over_nor_not(manage):
    assert manage().is_task_end(12, False) is None


def test_the_status_of_a_task_has_the_vendors_members(manage):
    layer = task(25, id=20)
    (status,) = manage(task(0, layer)).get_task_status([12])
    below = status.pop("sub_task_status")
    assert status == {
        "task_id": "12",
        "task_status_code": "0",
        "task_status_text": "render_task_status_0",
        "task_status_description": "Waiting",
        "is_opener": "1",
        "output_file_name": None,
        "userId": 7,
        "bid": "20201",
    }
    assert below[0]["task_status_description"] == "Done"
    assert below[0]["is_opener"] == "0"


def test_output_folders_are_those_of_the_layers(manage):
    tasks = manage(task(25), task(0, task(25, id=20), task(30, id=21)))
    names = tasks.output_file_names(tasks.get_task_status([12, 13]))
    assert [name["output_name"] for name in names] == ["12_shot", "20_shot", "21_shot"]
    assert names[0] == {"output_name": "12_shot", "user_id": 7, "bid": "20201"}


@pytest.mark.parametrize(
    ("domain", "asked", "spoken"),
    [
        ("task.renderbus.com", None, "zh"),
        ("jop.foxrenderfarm.com", None, "en"),
        ("task.renderbus.com", "en", "en"),
    ],
)
def test_it_tells_in_which_language_the_cloud_answers(named, domain, asked, spoken):
    api, cloud = named(domain=domain, language=asked)
    assert api.language == spoken
    assert cloud.sent == []
