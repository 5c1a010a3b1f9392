"""One call: what each kind of answer means, and what may be sent again."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.api import Client, Endpoint, Seams, operations
from renderbus_core.api.envelope import (
    Envelope,
    NotAnEnvelopeError,
    ReplyTooLargeError,
    retry_after,
)
from renderbus_core.api.retry import may_repeat
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import (
    AuthError,
    BenignError,
    BillingError,
    CloudError,
    InputError,
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


def test_a_success_whose_data_cannot_be_read_says_which_request_it_was(cloud):
    client, _, _ = cloud(ok({"userId": "not a number"}))
    with pytest.raises(UnknownOutcomeError, match=r"^query_user_profile: .*userId") as caught:
        client.user.query_user_profile()
    error = caught.value
    assert (error.code, error.operation, error.attempt) == (200, "query_user_profile", 1)
    assert error.request_id == "r-1"


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
    costs_or_doubles = {
        "add_render_env",
        "create_task",
        "restart_failed_frames",
        "restart_frame",
        "submit_task",
    }
    assert may_repeat(operation, UnknownOutcomeError("x")) == (name not in costs_or_doubles)
    assert may_repeat(operation, TransientError("x", code=1000)) == (name not in costs_or_doubles)
    assert may_repeat(operation, TransientError("nothing was sent"))
    assert not may_repeat(operation, TransientError("x", retry_after=61))
    assert not may_repeat(operation, RequestRefusedError("x"))
    assert not may_repeat(operation, ReplyTooLargeError("x"))
    assert not may_repeat(operation, KeyError("a bug is never repeated"))


def test_the_wrong_region_names_the_domain_and_its_zone():
    script = Script(ok(code=608))
    seams = Seams(clock=ManualClock(NOW), adapter=lambda: script)
    who = Credentials("AKIDEXAMPLE0001", Secret("not-shown"))
    client = Client(Endpoint("task.renderbus.com"), who, seams)
    with pytest.raises(RequestRefusedError) as caught:
        client.user.query_user_profile()
    assert (
        "the account belongs to another region than task.renderbus.com, which serves China (zone 1)"
    ) in str(caught.value)
    assert "jop.foxrenderfarm.com" in str(caught.value)


def test_another_address_is_named_by_code_301_and_not_followed(cloud):
    client, script, _ = cloud(ok(code=301))
    with pytest.raises(RequestRefusedError, match=r"\[cloud\] domain"):
        client.user.query_user_profile()
    assert len(script.sent) == 1


def test_the_end_of_a_listing_is_an_error_for_raw_calls_and_an_empty_page_for_others(cloud):
    client, _, _ = cloud(ok(code=700), ok(code=700))
    with pytest.raises(BenignError, match="the list ends here"):
        client.session.call("get_task_list", {})
    assert client.query.get_task_list().items == ()


def test_what_is_so_already_is_an_error_of_its_own(cloud):
    client, script, _ = cloud(ok(code=503))
    with pytest.raises(BenignError, match="the label exists already"):
        client.tag.add_label("show")
    assert len(script.sent) == 1


def test_an_error_says_which_attempt_it_was(cloud):
    client, _, _ = cloud(*[ok(code=500)] * 4)
    with pytest.raises(UnknownOutcomeError, match=r"\[request r-1, attempt 4\]$") as caught:
        client.user.query_user_profile()
    assert caught.value.attempt == 4
    assert not caught.value.sentence.endswith("]")


@pytest.mark.parametrize("time", [None, "soon", True, 0, -1, 10**400, 1.5])
def test_a_time_that_is_none_corrects_nothing(cloud, time):
    client, script, _ = cloud(*[ok(code=610, serverTime=time)] * 2)
    with pytest.raises(AuthError):
        client.user.query_user_profile()
    assert len(script.sent) == 1


def test_words_of_the_service_fit_a_line_and_steer_no_terminal(cloud):
    hostile = {"message": "\x1b[2J\n\u202e" + "x" * 10_000, "requestId": "r\n2"}
    client, _, _ = cloud(ok(code=600) | hostile)
    with pytest.raises(RequestRefusedError) as caught:
        client.user.query_user_profile()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    assert caught.value.request_id == "r 2"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("Thu, 01 Jan 2026 00:01:30 GMT", 90),
        ("Thu, 01 Jan 2026 00:01:30", 90),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_how_long_to_wait_is_a_number_of_seconds_or_a_date(header, seconds):
    assert retry_after({"Retry-After": header}, NOW) == seconds
    assert retry_after({}, NOW) is None


@given(st.text(max_size=40))
def test_no_header_of_a_server_on_the_way_crashes(text):
    wait = retry_after({"Retry-After": text}, NOW)
    assert wait is None or wait >= 0


@given(st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["code", "message", "data", "serverTime", "requestId"]), inner
    ),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_body_is_an_envelope_or_says_why_not(content):
    try:
        envelope = Envelope.of(content)
    except NotAnEnvelopeError:
        return
    assert type(envelope.code) is int
    assert envelope.message.isprintable()


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"domain": "https://task.renderbus.com"}, "domain is a host"),
        ({"domain": "task.renderbus.com/api"}, "domain is a host"),
        ({"domain": "user@host"}, "domain is a host"),
        ({"domain": ""}, "domain is a host"),
        ({"domain": "a\nb"}, "domain is a host"),
        ({"domain": "[::1"}, "domain is a host"),
        ({"domain": "host:port"}, "domain is a host"),
        ({"domain": "host:99999"}, "domain is a host"),
        ({"domain": ":80"}, "domain is a host"),
        ({"platform": "62"}, "platform is a whole number"),
        ({"profile": "v1"}, "profile is a Profile"),
        ({"scheme": "ftp"}, "scheme is https or http"),
        ({"language": "fr"}, "language is en or zh"),
        ({"attempts": 0}, "attempts is at least 1"),
        ({"read_timeout": 0}, "time-outs are above 0"),
        ({"connect_timeout": float("nan")}, "time-outs are above 0"),
        ({"connect_timeout": float("inf")}, "at most 86,400 seconds"),
        ({"requests_per_second": -1}, "requests_per_second is not negative"),
        ({"burst": 0}, "burst is at least 1"),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused_before_there_is_a_session(broken, rule):
    with pytest.raises(InputError, match=rule):
        Endpoint(**{"domain": "cloud.test"} | broken)


@pytest.mark.parametrize("domain", ["localhost", "10.0.0.5:8080", "[::1]", "[::1]:8080"])
def test_a_host_may_be_a_name_or_an_address_with_a_port_or_without(domain):
    assert Endpoint(domain).base_url == f"https://{domain}"


def test_a_client_is_imported_without_what_the_first_call_or_nobody_needs():
    late = {
        "jsonschema",
        "referencing",
        "tenacity",
        "asyncio",
        "difflib",
        "platformdirs",
        "tomllib",
    }
    code = (
        "import sys; from renderbus_core.api import Client, Endpoint\n"
        "from renderbus_core.config import Credentials, Secret\n"
        "Client(Endpoint('cloud.test'), Credentials('AKID', Secret('key')))\n"
        f"print(sorted({late} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"


def test_no_secret_stands_in_a_message_or_a_repr(cloud):
    client, _, _ = cloud(ok(code=611))
    with pytest.raises(CloudError) as caught:
        client.user.query_user_profile()
    for text in (str(caught.value), repr(caught.value), repr(client), repr(vars(client))):
        assert "not-shown" not in text
