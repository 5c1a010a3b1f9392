"""The wire log: written only when asked for, and nothing secret or personal in it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.api.envelope import Reply
from renderbus_core.api.wire_log import WireLog, redacted
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret

WIRE = "renderbus_core.api.wire"
WHO = Credentials("AKIDEXAMPLE0001", Secret("S3cret"))


class Replies(requests.adapters.BaseAdapter):
    def __init__(self, data):
        super().__init__()
        self.data = data

    def send(self, request, **_):
        self.signature = request.headers["signature"]
        if isinstance(self.data, Exception):
            raise self.data
        reply = requests.Response()
        reply.status_code = 200
        reply._content = json.dumps({"code": 200, "data": self.data}).encode()
        return reply

    def close(self):
        pass


@pytest.fixture
def cloud():
    """Return a function: data of replies, options -> (client, transport)."""

    def make(data, **options):
        adapter = Replies(data)
        seams = Seams(
            clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)),
            sleep=lambda _: None,
            adapter=lambda: adapter,
        )
        return Client(Endpoint("cloud.test", **options), WHO, seams), adapter

    return make


@pytest.fixture
def logged(caplog):
    """Return what the wire log wrote."""
    caplog.set_level(logging.DEBUG, WIRE)
    return lambda: "\n".join(r.getMessage() for r in caplog.records if r.name == WIRE)


def test_nothing_is_logged_unless_it_is_asked_for(cloud, logged):
    cloud({"userId": 7})[0].user.query_user_profile()
    assert logged() == ""


def test_a_record_says_what_was_sent_and_what_came_and_how_long_it_took(cloud, logged):
    cloud({"userId": 7}, wire_log=True)[0].query.task_info([5])
    (line,) = logged().splitlines()
    assert line.startswith("query_task_info attempt 1: POST https://cloud.test/api/render/handle/")
    assert 'body {"taskIds": [5]}' in line
    assert '"languageFlag": "1"' in line
    assert 'HTTP 200 {"code": 200, "data": {"userId": 7}} in 0.000 s' in line


def test_every_attempt_is_logged_also_those_without_a_reply(cloud, logged):
    client, _ = cloud(requests.ReadTimeout("secret=S3cret"), wire_log=True, attempts=2)
    with pytest.raises(Exception, match="no usable reply"):
        client.user.query_user_profile()
    assert [line.split(":")[0] for line in logged().splitlines()] == [
        "query_user_profile attempt 1",
        "query_user_profile attempt 2",
    ]
    assert "no reply (ReadTimeout)" in logged()
    assert "S3cret" not in logged()


def test_credentials_and_signature_do_not_show(cloud, logged):
    client, adapter = cloud({"note": f"hello {WHO.access_id}"}, wire_log=True)
    client.user.query_user_profile()
    for secret in (WHO.access_id, "S3cret", adapter.signature):
        assert secret not in logged()


@pytest.mark.parametrize(
    "name",
    [
        "accessId", "access_id", "access-key", "accessKey", "signature", "password", "Passwd",
        "engine_password", "pwd", "raySyncUserKey", "userKey", "key", "token", "accessToken",
        "phone", "communicationNumber", "mobilePhone", "email", "MAIL", "clientSecret", "account",
        "address",
        "Authorization", "Set-Cookie",
    ],
)  # fmt: skip
@pytest.mark.parametrize("secret", ["S3cret", 173, ["S3cret"], {"is": "S3cret"}])
def test_a_secret_field_is_hidden_at_any_depth(name, secret):
    for value in (
        {name: secret},
        {"data": [{"items": {name: secret}}]},
        {"content": json.dumps({"a": [{name: secret}]})},
        {"content": json.dumps({"inner": json.dumps({name: secret})})},
        {"content": json.dumps({name: secret})[:-1]},
    ):
        shown = json.dumps(redacted(value))
        assert "S3cret" not in shown
        assert "173" not in shown


@pytest.mark.parametrize(
    "name", ["searchKeyword", "taskId", "message", "accountType", "signal", "keyshotFlag"]
)
def test_other_fields_are_shown(name):
    assert redacted({name: "signature"}) == {name: "signature"}


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_not_secret_keeps_its_shape(value):
    assert json.dumps(redacted(value)).count("S3cret") == 0
    assert type(redacted(value)) is type(value)


def _note(content, status=200):
    WireLog(WHO.access_id).note(
        "x attempt 1",
        url="https://cloud.test/x",
        headers={},
        body=b"{}",
        outcome=Reply(status, {}, content),
        seconds=0,
    )


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"<html>\x1b[2J</html>", '"<html>\\u001b[2J</html>"'),
        (b'{"password": "S3cr', '"***"'),
        (b"[" * 100_000, "more characters"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, "..."),
        (bytes(2 << 20), "2,097,152 bytes, too many to show"),
        (json.dumps({"log": "x" * 5000}).encode(), "... (3,011 more characters)"),
        (b"\xff\xfe", "\\ufffd"),
        # Each word begins anew what looks like a name of a secret, and none is one.
        (b"token" * 200_000, "more characters"),
    ],
    ids=["page", "cut", "bottomless", "deep", "huge", "long", "no text", "slow"],
)
def test_any_body_is_shown_in_one_short_line(logged, content, shown):
    _note(content)
    assert shown in logged()
    assert logged().isprintable()
    assert len(logged()) < 2300
    assert "S3cr" not in logged()
