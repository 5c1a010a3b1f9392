"""One call: what each kind of answer means, and what may be sent again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import requests

from renderbus_core.api import Client, Endpoint, Seams, operations
from renderbus_core.api.retry import may_repeat
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import (
    AuthError,
    BillingError,
    CloudError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Script(requests.adapters.BaseAdapter):
    """A transport that answers from a list: envelopes, raw replies, or failures to raise."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = []

    def send(self, request, **_):
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        reply = requests.Response()
        reply.status_code, body = answer if isinstance(answer, tuple) else (200, answer)
        reply._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return reply

    def close(self):
        pass


def ok(data=None, code=200, **more):
    return {"code": code, "message": "m", "data": data, "requestId": "r-1", **more}


@pytest.fixture
def cloud():
    """Return a function: answers -> (client, script, waits)."""

    def make(*answers):
        script, waits = Script(*answers), []
        seams = Seams(clock=ManualClock(NOW), sleep=waits.append, adapter=lambda: script)
        who = Credentials("AKIDEXAMPLE0001", Secret("not-shown"))
        return Client(Endpoint("cloud.test"), who, seams), script, waits

    return make


def test_construction_sends_nothing(cloud):
    _, script, _ = cloud()
    assert script.sent == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (600, RequestRefusedError),
        (602, AuthError),
        (804, AuthError),
        (904, BillingError),
        (1000, TransientError),
        (500, UnknownOutcomeError),
        (987654, UnknownOutcomeError),
    ],
)
def test_a_code_becomes_the_error_that_says_what_to_do_next(cloud, code, kind):
    client, _, _ = cloud(*[ok(code=code)] * 9)
    with pytest.raises(kind, match=r"submit_task: .*\[request r-1\]") as caught:
        client.task.submit_task(1)
    assert caught.value.code == code
    assert caught.value.operation == "submit_task"
    assert caught.value.request_id == "r-1"


def test_a_paid_submit_is_never_repeated_when_its_reply_is_lost(cloud):
    client, script, _ = cloud(requests.ReadTimeout())
    with pytest.raises(UnknownOutcomeError, match="may have been carried out"):
        client.task.submit_task(1)
    assert len(script.sent) == 1


def test_a_read_is_repeated_with_growing_waits_until_it_answers(cloud):
    lost = requests.ReadTimeout()
    client, script, waits = cloud(lost, (502, b"<html>bad gateway</html>"), ok({"userId": 3}))
    assert client.user.query_user_profile().user_id == 3
    assert len(script.sent) == 3
    assert len(waits) == 2
    nonces = {request.headers["nonce"] for request in script.sent}
    assert len(nonces) == 3, "each attempt is signed anew"


def test_tries_end_and_the_last_failure_is_told(cloud):
    client, script, _ = cloud(*[requests.ReadTimeout()] * 9)
    with pytest.raises(UnknownOutcomeError):
        client.user.query_user_profile()
    assert len(script.sent) == 4


def test_a_refused_read_is_not_repeated(cloud):
    client, script, _ = cloud(ok(code=611))
    with pytest.raises(AuthError):
        client.user.query_user_profile()
    assert len(script.sent) == 1


def test_a_wrong_clock_is_corrected_once_from_the_servers_time(cloud):
    server = int(NOW.timestamp() + 3600) * 1000
    client, script, _ = cloud(ok(code=610, serverTime=server), ok({}), ok({}))
    client.user.query_user_profile()
    client.user.query_user_profile()
    stamps = [int(request.headers["UTCTimestamp"]) - NOW.timestamp() for request in script.sent]
    assert stamps == [0, 3600, 3600]


def test_a_clock_that_stays_wrong_is_an_error_not_a_loop(cloud):
    server = int(NOW.timestamp() + 3600) * 1000
    client, script, _ = cloud(*[ok(code=610, serverTime=server)] * 9)
    with pytest.raises(AuthError) as caught:
        client.user.query_user_profile()
    assert caught.value.code == 610
    assert len(script.sent) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((301, b""), RequestRefusedError, "points elsewhere"),
        ((404, b"<html>"), RequestRefusedError, "HTTP 404 without a Renderbus reply"),
        ((200, b"{truncated"), UnknownOutcomeError, "HTTP 200 without a Renderbus reply"),
        ((200, b'{"no": "code"}'), UnknownOutcomeError, "without a Renderbus reply"),
        ((200, b"[]"), UnknownOutcomeError, "without a Renderbus reply"),
    ],
)
def test_what_is_no_envelope_is_judged_by_its_status(cloud, answer, kind, words):
    client, _, _ = cloud(*[answer] * 9)
    with pytest.raises(kind, match=words):
        client.task.submit_task(1)


@pytest.mark.parametrize("name", sorted(operations()))
def test_only_what_ends_in_the_same_state_is_repeated_after_an_unknown_outcome(name):
    operation = operations()[name]
    assert may_repeat(operation, UnknownOutcomeError("x")) == (
        name not in {"create_task", "submit_task"}
    )
    assert may_repeat(operation, TransientError("x"))
    assert not may_repeat(operation, RequestRefusedError("x"))
    assert not may_repeat(operation, KeyError("a bug is never repeated"))


def test_no_secret_stands_in_a_message_or_a_repr(cloud):
    client, _, _ = cloud(ok(code=611))
    with pytest.raises(CloudError) as caught:
        client.user.query_user_profile()
    for text in (str(caught.value), repr(caught.value), repr(client), repr(vars(client))):
        assert "not-shown" not in text
