"""The protocol's border: who is let in, and what a refusal says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from renderbus_core.api import routes, signing
from renderbus_core.clock import ManualClock
from renderbus_core.config import Secret
from renderbus_core.errors import AuthError, InputError, RequestRefusedError
from renderbus_core.simulator import Account, Request, Settings
from renderbus_core.simulator.settings import NonceScope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = "/api/render/submit/createTask"
BODY = {"count": 1, "taskUserLevel": 50}


def post(sim, body=BODY, path=PATH, key="our-key", signed=None, **changes):
    """Send a signed request; headers can be changed before (or removed with None) it is signed.

    `signed` is what the signature is made of in place of the body.
    """
    headers = {
        "accessId": "SIM-ours",
        "channel": "4",
        "platform": "62",
        "UTCTimestamp": str(int(NOW.timestamp())),
        "nonce": str(len(sim.storage.files) + 10**14),
        "version": "2.0.0",
    } | changes
    headers = {name: value for name, value in headers.items() if value is not None}
    sim.storage.files.add(("nonce", headers.get("nonce", "")))
    signed = signed or (body if isinstance(body, dict) else {})
    text = signing.canonical_text("cloud.test", path, headers, signed)
    headers.setdefault("signature", signing.sign(key, text))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = sim.cloud.handle(Request("cloud.test", path, headers, raw), NOW)
    return reply.envelope


def test_a_success_has_the_whole_envelope(sim):
    reply = post(sim)
    assert reply["requestId"].split("-")[2] == "1772366400000"
    assert {k: v for k, v in reply.items() if k not in {"requestId", "data"}} == {
        "version": "1.0.0",
        "result": True,
        "message": "success",
        "code": 200,
        "serverTime": 1772366400000,
    }


@pytest.mark.parametrize(
    "header", ["accessId", "channel", "platform", "UTCTimestamp", "nonce", "version", "signature"]
)
def test_a_missing_header_is_named(sim, header):
    reply = post(sim, **{header: ""})
    assert (reply["code"], reply["message"]) == (601, f"{header}: the header is missing")


def test_header_names_may_have_any_case(sim):
    headers = {"accessid": "SIM-ours", "accessId": None, "CHANNEL": "4", "channel": None}
    text_headers = {"accessId": "SIM-ours", "channel": "4", "platform": "62", "nonce": "17",
                    "UTCTimestamp": str(int(NOW.timestamp())), "version": "2.0.0"}  # fmt: skip
    text = signing.canonical_text("cloud.test", PATH, text_headers, BODY)
    reply = post(sim, nonce="17", signature=signing.sign("our-key", text), **headers)
    assert reply["code"] == 200


@pytest.mark.parametrize(("seconds", "code"), [(-301, 610), (-299, 200), (299, 200), (301, 610)])
def test_a_request_is_good_for_five_minutes_either_way(sim, seconds, code):
    assert post(sim, UTCTimestamp=str(int(NOW.timestamp()) + seconds))["code"] == code


@pytest.mark.parametrize("stamp", ["soon", "1e9", "-5", "9" * 400, "\uff11\uff12"])
def test_a_time_that_is_no_number_is_refused(sim, stamp):
    reply = post(sim, UTCTimestamp=stamp)
    assert reply["code"] == 600
    assert reply["message"].startswith("UTCTimestamp:")


def test_a_wrong_key_an_unknown_caller_and_a_changed_body_look_the_same(sim):
    text_of_other_body = post(sim, signature="c2lnbmF0dXJl")
    replies = [post(sim, key="guess"), post(sim, accessId="SIM-nobody"), text_of_other_body]
    assert [(r["code"], r["message"]) for r in replies] == [(611, "signature")] * 3


def test_a_replay_is_refused_even_for_another_operation(sim):
    assert post(sim, nonce="123456")["code"] == 200
    assert (reply := post(sim, nonce="123456"))["code"] == 611
    assert reply["message"] == "nonce"
    assert post(sim, {}, "/api/render/setUp/queryUserProfile", nonce="123456")["code"] == 611


def test_a_refused_request_does_not_use_its_nonce_up(sim):
    assert post(sim, nonce="123456", key="guess")["code"] == 611
    assert post(sim, nonce="123456")["code"] == 200


def test_nonces_are_forgotten_when_their_window_is_over(sim):
    post(sim, nonce="1")
    gate = sim.cloud._gate
    assert len(gate._nonces) == 1
    later = datetime(2026, 3, 1, 12, 11, tzinfo=UTC)
    gate._check_nonce(sim.cloud.settings.accounts[0], {"nonce": "2"}, later)
    assert [nonce for _, nonce in gate._nonces] == ["2"]


def test_a_nonce_may_come_again_with_another_time_where_the_settings_say_so(simulate):
    sim = simulate(nonce_scope=NonceScope.TIMESTAMP)
    assert post(sim, nonce="1")["code"] == 200
    assert post(sim, nonce="1")["code"] == 611
    assert post(sim, nonce="1", UTCTimestamp=str(int(NOW.timestamp()) + 1))["code"] == 200


def test_nonces_may_be_ignored(simulate):
    sim = simulate(nonce_scope=NonceScope.NONE)
    assert [post(sim, nonce="1")["code"] for _ in range(3)] == [200] * 3
    assert not sim.cloud._gate._nonces


@pytest.mark.parametrize(
    ("words", "signed"), [("python", ("True", "None")), ("json", ("true", "null"))]
)
def test_booleans_and_null_are_signed_the_python_or_the_json_way(simulate, words, signed):
    sim = simulate(signed_words=signing.Words(words))
    body = BODY | {"urgent": True, "more": {"none": [None]}}
    as_signed = BODY | {"urgent": signed[0], "more": {"none": [signed[1]]}}
    # Let in: what is refused is the field, which no operation has.
    assert post(sim, body, signed=as_signed)["message"].startswith("'urgent'")
    others = BODY | {"urgent": "yes", "more": {"none": [signed[1]]}}
    assert post(sim, body, signed=others)["code"] == 611


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_both_versions_are_spoken_on_paths_of_every_generation(sim, version):
    for path in ("/api/render/task/createTask", PATH):
        assert post(sim, path=path, version=version)["code"] == 200


def test_a_version_that_nobody_speaks_is_refused(sim):
    reply = post(sim, version="3.0.0")
    assert (reply["code"], reply["message"]) == (603, "version: must be 1.0.0 or 2.0.0")


def test_the_ids_of_older_callers_have_another_name(sim):
    stop = "/api/render/task/stopTask"
    assert post(sim, {"taskParam": [7]}, stop)["message"] == "taskId: there is no task 7"
    both = post(sim, {"taskParam": [7], "taskIds": [7]}, stop)
    assert (both["code"], both["message"].split(" ")[0]) == (600, "'taskParam'")


def test_older_callers_set_hours(sim):
    assert post(sim, {"taskOverTime": 13}, "/api/render/user/updateUserSetting")["code"] == 200
    setting = post(sim, {}, "/api/render/user/queryUserSetting")["data"]
    assert (setting["taskOverTimeSec"], setting["taskOverTime"]) == (46800, 13)


def test_a_platform_in_the_body_takes_the_place_of_the_header_in_the_signed_text(sim):
    body = {"platform": 2, "pageNum": 1, "pageSize": 10}
    assert post(sim, body, "/api/render/handle/operate/sdk/taskRecord")["code"] == 200


def test_an_account_can_be_locked(simulate):
    locked = Account("SIM-locked", Secret("locked-key"), user_id=3, refusal=804)
    sim = simulate(accounts=(locked,))
    with pytest.raises(AuthError, match="804"):
        sim.client(locked).user.query_user_profile()
    with pytest.raises(AuthError, match="611"):
        sim.client(locked, key="wrong").user.query_user_profile()


def test_an_unknown_path_is_not_found(sim):
    assert post(sim, path="/api/render/submit/nothing")["code"] == 404


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", 600, "body"),
        (b"\xff", 600, "body"),
        (b"[1]", 600, "body"),
        (b"[" * 100_000, 600, "body"),
        (b'{"count": ' + b"9" * 5000 + b"}", 600, "body"),
        (b'{"count": 1, "taskUserLevel": 50, "artist": "\\ud800"}', 600, "body"),
    ],
)
def test_what_is_no_json_object_is_refused_before_its_signature(sim, body, code, field):
    reply = post(sim, body)
    assert reply["code"] == code
    assert reply["message"].startswith(field)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, 601, "count"),
        ({"count": None, "taskUserLevel": 50}, 601, "count"),
        ({"count": 1}, 601, "taskUserLevel"),
        ({"count": "1", "taskUserLevel": 50}, 600, "count"),
        ({"count": True, "taskUserLevel": 50}, 600, "count"),
        ({"count": 0, "taskUserLevel": 50}, 600, "count"),
        ({"count": 10**300, "taskUserLevel": 50}, 600, "count"),
        ({"count": 1, "taskUserLevel": 55}, 600, "taskUserLevel"),
        ({"count": 1, "taskUserLevel": 50, "labels": [1]}, 600, "labels[0]"),
        ({"count": 1, "taskUserLevel": 50, "colour": "red"}, 600, "'colour'"),
        ({"count": 1, "labels": json.loads("[" * 900 + "]" * 900)}, 600, "body"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(sim, body, code, field):
    reply = post(sim, body)
    assert reply["code"] == code
    assert reply["message"].startswith(field)


def test_a_whole_number_may_be_written_as_a_fraction(sim):
    assert len(post(sim, {"count": 2.0, "taskUserLevel": 50})["data"]["taskIdList"]) == 2


def test_every_path_of_every_protocol_generation_is_served(sim):
    for path, operation in routes().items():
        reply = post(sim, {}, path)
        needs = operation.request["required"] or "anyOf" in operation.request
        assert reply["code"] == (601 if needs else 200), path


def test_the_client_corrects_its_clock_once(sim):
    client = sim.client(clock=ManualClock(datetime(2026, 3, 1, 13, tzinfo=UTC)))
    assert client.user.query_user_profile().user_name == "ours"
    assert client.user.query_user_profile().user_name == "ours"


def test_the_same_ids_never_answer_two_accounts(sim, blender_task):
    ours, theirs = sim.client(), sim.client(sim.cloud.settings.accounts[1])
    task_id = sim.submit(theirs, blender_task())
    sim.clock.advance(20)
    frame_id = next(iter(theirs.query.iter_frames(task_id))).id
    assert ours.query.task_info([task_id]) == {}
    assert list(ours.query.iter_tasks()) == []
    for call in (
        lambda: ours.task.submit_task(task_id),
        lambda: ours.task.abort_task([task_id]),
        lambda: ours.transmit.upload_json_content(task_id, "{}", "task.json"),
        lambda: ours.transmit.get_output_files("/", task_id),
        lambda: ours.query.stop_frame(task_id, ids=[frame_id]),
        lambda: ours.tag.add_task_tag("mine", [task_id]),
        lambda: list(ours.query.iter_frames(task_id)),
    ):
        with pytest.raises(RequestRefusedError) as theirs_refused:
            call()
        assert theirs_refused.value.code == 404
    assert sim.finish(theirs, task_id).done_frames == 4
    assert ours.transmit.get_output_files("/") == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 0},
        {"speed": float("nan")},
        {"frame_seconds": -1},
        {"frame_seconds": float("inf")},
        {"nodes": 0},
        {"jitter": 1},
        {"zone": 3},
        {"accounts": (Account("a", Secret("k")), Account("b", Secret("k")))},
        {"accounts": (Account("a", Secret("k"), refusal=999),)},
        {"accounts": (Account("a", Secret("k"), user_id=0),)},
        {"accounts": (Account("a", Secret("k"), balance=Decimal("NaN")),)},
        {"accounts": (Account("a", Secret("k"), credit=Decimal(-1)),)},
        {"accounts": (Account("a", Secret("k"), coupon=Decimal(-1)),)},
        {"accounts": (Account("a", Secret("k"), shares_capital=True),)},
        {"accounts": (Account("a", Secret("k"), user_id=1, main=1),)},
        {"accounts": (Account("a", Secret("k"), user_id=1, main=2),)},
        {
            "accounts": (
                Account("a", Secret("k"), user_id=1),
                Account("b", Secret("k"), user_id=2, main=1),
                Account("c", Secret("k"), user_id=3, main=2),
            )
        },
        {"price_per_hour": Decimal("Infinity")},
        {"listing_lag_seconds": -1},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(InputError, match=r"simulator settings: "):
        Settings(**wrong)


def test_settings_and_accounts_never_show_a_key():
    settings = Settings(accounts=(Account("a", Secret("the-key")),))
    assert "the-key" not in f"{settings!r} {Account.fresh()!r}"
    assert Account.fresh().access_key.reveal() != Account.fresh().access_key.reveal()
