"""Values of replies: what is missing, null, unknown or impossible in what the cloud says."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.api import (
    ErrorDetail,
    OutputFile,
    Page,
    Platform,
    RemoteFrame,
    RemoteTask,
    RenderEnv,
    ServerInfo,
    TransferBids,
    TransferConfig,
    UserProfile,
    model,
)
from renderbus_core.errors import UnknownOutcomeError

KINDS = [
    kind
    for kind in map(model.__dict__.get, model.__all__)
    if isinstance(kind, type) and kind is not model.Wire
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_value_can_be_read_from_nothing_and_from_nulls(kind):
    empty = kind.read({})
    nulls = {step[0]: None for step in model.wire._plan(kind).steps}
    assert kind.read(nulls) == empty
    assert empty == kind()
    assert hash(empty) == hash(kind())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_value_is_frozen_and_keeps_what_it_came_from(kind):
    value = kind.read({"aFieldOfTomorrow": [1, None]})
    assert value.raw["aFieldOfTomorrow"] == [1, None]
    assert "aFieldOfTomorrow" not in repr(value)
    with pytest.raises(AttributeError):
        value.raw = {}
    assert not hasattr(value, "__dict__")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_whatever_comes_is_a_value_or_one_kind_of_error(kind, data):
    wires = [step[0] for step in model.wire._plan(kind).steps]
    reply = data.draw(JSON | st.dictionaries(st.sampled_from(wires), JSON, max_size=4))
    before = copy.deepcopy(reply)
    try:
        value = kind.read(reply)
    except UnknownOutcomeError as error:
        assert len(str(error)) < 400  # noqa: PT017 - either end is fine
    else:
        assert set(value.raw) == set(reply)
    assert repr(reply) == repr(before)


def test_numbers_and_texts_are_read_in_either_form():
    task = RemoteTask.read({"id": "17", "taskStatus": "25", "producer": 5, "renderConsume": 1.25})
    assert (task.id, task.task_status, task.producer) == (17, 25, "5")
    assert task.render_consume == Decimal("1.25")
    assert OutputFile.read({"directory": 1}).directory
    assert not OutputFile.read({"directory": "false"}).directory


@pytest.mark.parametrize(
    ("kind", "reply", "why"),
    [
        (RemoteTask, {"id": "x"}, "'x' as RemoteTask.id"),
        (RemoteTask, {"renderConsume": "NaN"}, "RemoteTask.renderConsume"),
        (RemoteTask, {"renderConsume": "1e"}, "RemoteTask.renderConsume"),
        (RemoteTask, {"startTime": 1e400}, "RemoteTask.startTime"),
        (RemoteTask, {"id": "9" * 5000}, "RemoteTask.id"),
        (RemoteTask, {"respRenderingTaskList": [5]}, "holds int where an object belongs"),
        (Page, {"items": "abc"}, "Page.items"),
        (Page, {"items": {"a": 1}}, "Page.items"),
        (RemoteFrame, [], "holds list where an object belongs"),
    ],
)
def test_what_cannot_be_is_told_with_its_field(kind, reply, why):
    with pytest.raises(UnknownOutcomeError, match=why):
        kind.read(reply)


def test_wire_names_are_found_where_python_has_others():
    env = RenderEnv.read({"respUserPluginInfoVos": [{"pluginId": 7, "pluginVersion": "mtoa 5"}]})
    assert env.plugins[0].plugin_id == 7
    assert model.OperationRecord.read({"requestURI": "/x"}).request_uri == "/x"
    bids = TransferBids.read({"input_bid": "10201", "parent_input_bid": None})
    assert (bids.input_bid, bids.parent_input_bid) == ("10201", "")


def test_a_null_that_means_something_stays_one():
    assert RemoteFrame.read({"feeAmount": None}).fee_amount is None
    assert RemoteFrame.read({"feeAmount": 0}).fee_amount == 0
    assert OutputFile.read({"fileSize": None}).file_size is None
    assert UserProfile.read({}).rmbbalance is None
    assert RemoteTask.read({"taskLimit": None}).task_limit is None


def test_a_tree_of_tasks_has_leaves():
    shell = RemoteTask.read(
        {
            "id": 1,
            "isOpen": 1,
            "respRenderingTaskList": [
                {"id": 2, "taskStatus": 25},
                {"id": 3, "respRenderingTaskList": [{"id": 4, "taskStatus": 30}]},
            ],
        }
    )
    assert [leaf.id for leaf in shell.leaves()] == [2, 4]
    assert [child.id for child in shell.children] == [2, 3]
    assert shell.is_over


def test_a_shell_is_over_when_its_leaves_are_although_its_own_status_stays():
    leaves = [{"id": 2, "taskStatus": 25}, {"id": 3, "taskStatus": 5}]
    shell = {"id": 1, "taskStatus": 0, "respRenderingTaskList": leaves}
    assert not RemoteTask.read(shell).is_over
    leaves[1]["taskStatus"] = 45
    assert RemoteTask.read(shell).is_over


@pytest.mark.parametrize(
    ("wire", "seconds"), [(None, None), (43200, 43200), (86_400_000, 86_400), (12, 12)]
)
def test_the_reminder_is_in_seconds_although_some_clouds_write_milliseconds(wire, seconds):
    assert RemoteTask.read({"taskOverTime": wire}).over_time_seconds == seconds


def test_what_is_no_moment_is_none():
    assert RemoteTask(start_time=10**18).started_at is None


def test_moments_are_utc_and_absent_before_they_come():
    task = RemoteTask.read({"submitDate": 1535957371000, "startTime": None, "completedDate": 0})
    assert task.submitted_at == datetime(2018, 9, 3, 6, 49, 31, tzinfo=UTC)
    assert (task.started_at, task.completed_at) == (None, None)
    frame = RemoteFrame.read({"startTime": 1535957371000, "endTime": 0})
    assert frame.started_at == task.submitted_at
    assert frame.ended_at is None


@pytest.mark.parametrize(
    ("index", "block", "frames"),
    [
        ("7", "", [7]),
        ("-5", "", [-5]),
        ("2-4[1]", "", [2, 3, 4]),
        ("1-9[4]", None, [1, 5, 9]),
        ("0-1", "1", [0]),
        ("-5-16", "16", [-5]),
    ],
)
def test_an_entry_stands_for_its_frames(index, block, frames):
    frame = RemoteFrame.read({"frameIndex": index, "frameBlock": block})
    assert list(frame.frames) == frames


def test_pages_hold_their_items_as_values():
    page = Page.of({"total": 2, "items": [{"platform": 62}, {"platform": 2}]}, Platform.read)
    assert [each.platform for each in page.items] == [62, 2]
    assert page.raw["items"][0] == {"platform": 62}
    assert Page.of(None, Platform.read).items == ()
    assert Page.of({"items": None}, Platform.read).items == ()


def test_the_transfer_configuration_names_engines_lines_and_accounts():
    config = TransferConfig.read(
        {
            "inputBid": "10201",
            "resqEngines": [
                {
                    "engineName": "RaySync",
                    "resqEngineAccounts": None,
                    "respTaskEngineLines": [
                        {"name": "CTCC", "server": "a", "port": "10200", "isDefault": 0},
                        {"name": "HK", "server": "b", "port": 10200, "isDefault": 1},
                    ],
                },
                {
                    "engineName": "Aspera",
                    "resqEngineAccounts": [{"bid": 10201, "name": "u", "password": "hunter2"}],
                },
            ],
            "subUserOutputBids": [{"userId": 5, "outputBid": "20201"}],
        }
    )
    raysync, aspera = config.resq_engines
    assert config.engine("RAYSYNC") is raysync
    assert (raysync.default_line.server, raysync.default_line.port) == ("b", "10200")
    assert raysync.account("10201") is None
    assert aspera.default_line is None
    assert aspera.account("10201").password.reveal() == "hunter2"
    assert config.engine("ftp") is None
    assert config.sub_user_output_bids[0].output_bid == "20201"


def test_the_raysync_server_is_read_from_inside():
    info = ServerInfo.read({"raysyncTransfer": {"serverIp": "127.0.0.1", "sslPort": "2443"}})
    assert (info.raysync_transfer.server_ip, info.raysync_transfer.ssl_port) == ("127.0.0.1", 2443)
    assert ServerInfo.read({"raysyncTransfer": None}).raysync_transfer.port == 0


def test_no_secret_of_a_reply_prints(answering):
    key = {"raySyncUserKey": "aaaa1111", "userKey": "bbbb2222", "signature": "cccc3333", "id": 5}
    account = {"bid": "1", "name": "u", "password": "dddd4444"}
    engines = [{"engineName": "HTTP", "resqEngineAccounts": [account]}]
    client, _ = answering(
        {"get_raysync_user_key": key, "get_transfer_config": {"resqEngines": engines}}
    )
    read = client.query.get_raysync_user_key()
    config = client.transmit.get_transfer_config()
    shown = " ".join(map(repr, (read, read.raw, config, config.raw, config.resq_engines[0].raw)))
    for secret in ("aaaa1111", "bbbb2222", "cccc3333", "dddd4444"):
        assert secret not in shown
    assert read.ray_sync_user_key.reveal() == "aaaa1111"
    assert read.raw["userKey"].reveal() == "bbbb2222"
    assert read.raw["id"] == 5
    with pytest.raises(TypeError):
        json.dumps(config.raw)


def test_an_explanation_of_a_code_may_write_it_as_a_number():
    assert ErrorDetail.read({"code": 10012, "type": 1}).code == "10012"
