"""Defects of the vendor's client in this layer, each brought about, and what ours does instead.

The ids are those of the list of defects (facts/sdk_defects.md).
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from renderbus_core.api import Client, Endpoint, Seams, signing
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret, credentials, load
from renderbus_core.errors import (
    AuthError,
    CloudError,
    ConfigError,
    DocumentError,
    RequestRefusedError,
    UnknownOutcomeError,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHO = Credentials("AKIDEXAMPLE0001", Secret("S3cret"))


class Cloud(ThreadingHTTPServer):
    """Counts what it carries out, then answers, or not."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.reply = 200, b'{"code": 200, "data": {}}'


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((dict(self.headers), body))
        if self.server.reply is None:
            return
        status, content = self.server.reply
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def cloud():
    with Cloud() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(cloud, waits):
    seams = Seams(clock=ManualClock(NOW), sleep=waits.append)
    with Client(Endpoint(f"127.0.0.1:{cloud.server_port}", scheme="http"), WHO, seams) as ours:
        yield ours


def envelope(code, **more):
    return 200, json.dumps({"code": code, "message": "m", "data": None, **more}).encode()


def test_r1_a_task_is_created_once_when_the_reply_is_lost(cloud, client, waits):
    cloud.reply = None
    with pytest.raises(UnknownOutcomeError, match="may have been carried out"):
        client.task.create_task()
    assert (len(cloud.seen), waits) == (1, [])


def test_r1_a_submit_with_a_missing_parameter_is_sent_once(cloud, client, waits):
    cloud.reply = envelope(601)
    with pytest.raises(RequestRefusedError) as caught:
        client.task.submit_task(1)
    assert (len(cloud.seen), waits, caught.value.code) == (1, [], 601)


def test_r2_a_wrong_argument_sends_nothing_and_waits_for_nothing(cloud, client, waits):
    with pytest.raises(DocumentError, match='taskId: "7" must be of type integer'):
        client.task.submit_task("7")
    assert (cloud.seen, waits) == ([], [])


@pytest.mark.parametrize("key", ["", None])
def test_r2_a_missing_key_is_told_before_there_is_a_client(key):
    with pytest.raises(ConfigError, match=r"the access key .* is missing"):
        Credentials("AKIDEXAMPLE0001", Secret(key))


def test_r2_a_key_that_fits_no_header_is_told_before_there_is_a_client():
    with pytest.raises(ConfigError, match=r"the access id .* another character that no key has"):
        Credentials("AKID\r\nX-Evil: 1", Secret("key"))


def test_r2_the_platform_is_a_number_and_still_a_header(cloud, client):
    client.user.query_user_profile()
    assert cloud.seen[0][0]["platform"] == "62"


@pytest.mark.parametrize(("code", "times"), [(602, 1), (611, 1), (610, 2)])
def test_r3_a_refused_signature_is_sent_once_and_an_old_one_twice(
    cloud, client, waits, code, times
):
    later = int(NOW.timestamp() + 3600) * 1000
    cloud.reply = envelope(code, serverTime=later)
    with pytest.raises(AuthError) as caught:
        client.user.query_user_profile()
    assert (len(cloud.seen), waits) == (times, [])
    assert (caught.value.code, caught.value.attempt) == (code, times)


def test_r3_waits_grow_with_chance_in_them(cloud, client, waits):
    cloud.reply = 502, b""
    for _ in range(50):
        with pytest.raises(UnknownOutcomeError):
            client.user.query_user_profile()
    first, second, third = waits[0::3], waits[1::3], waits[2::3]
    assert 0 < max(first) <= 0.5 < max(second) <= 1 < max(third) <= 2
    assert len(set(waits)) > 100


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((502, b"<html>Bad gateway</html>"), "HTTP 502 without a Renderbus reply"),
        ((200, b'{"data": {}}'), "the key 'code' is missing"),
    ],
)
def test_r4_what_is_no_reply_is_told_with_its_status(cloud, client, reply, words):
    cloud.reply = reply
    with pytest.raises(UnknownOutcomeError, match=words):
        client.user.query_user_profile()


@pytest.mark.parametrize("wire_log", [False, True])
def test_s6_no_logger_of_others_is_touched_and_nothing_private_is_logged(cloud, caplog, wire_log):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), root.disabled)
    caplog.set_level(logging.DEBUG, "renderbus_core")
    profile = {"userId": 7, "phone": "17300000000", "email": "a@b.c", "raySyncUserKey": "S3cret"}
    cloud.reply = 200, json.dumps({"code": 200, "data": profile}).encode()
    endpoint = Endpoint(f"127.0.0.1:{cloud.server_port}", scheme="http", wire_log=wire_log)
    with Client(endpoint, WHO) as client:
        assert client.session.call("query_user_profile", {}) == profile
    assert (root.level, list(root.handlers), root.disabled) == before
    written = [record for record in caplog.records if record.name.startswith("renderbus_core")]
    assert len(written) == wire_log
    signature = cloud.seen[0][0]["signature"]
    for private in ("17300000000", "a@b.c", "S3cret", WHO.access_id, signature):
        assert private not in caplog.text


def test_s7_an_account_and_its_password_are_not_logged(cloud, caplog):
    caplog.set_level(logging.DEBUG, "renderbus_core")
    line = {"engineName": "raysync", "account": "studio-7", "password": "S3cret"}
    cloud.reply = 200, json.dumps({"code": 200, "data": {"resqEngineAccounts": [line]}}).encode()
    endpoint = Endpoint(f"127.0.0.1:{cloud.server_port}", scheme="http", wire_log=True)
    with Client(endpoint, WHO) as client:
        client.session.call("get_transfer_config", {})
    assert "raysync" in caplog.text
    assert "S3cret" not in caplog.text
    assert "studio-7" not in caplog.text


def test_s8_a_client_writes_no_file_and_a_configuration_no_password(cloud, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load(
        env={
            "RENDERBUS_STORE_URL": "postgresql://studio:S3cret@db/bursts",
            "RENDERBUS_CLOUD_PROXY": "http://studio:S3cret@proxy:3128",
        }
    )
    assert "S3cret" not in f"{config!r} {config.as_document()}"
    endpoint = Endpoint(f"127.0.0.1:{cloud.server_port}", scheme="http", wire_log=True)
    with Client(endpoint, WHO) as client:
        client.user.query_user_profile()
    assert list(tmp_path.iterdir()) == []


def test_b26_a_missing_key_is_named_before_anything_else_happens(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load(env={})
    with pytest.raises(ConfigError, match="RAYVISION_API_KEY in the environment is missing"):
        credentials(config, {"RAYVISION_API_ACCESS_ID": "AKIDEXAMPLE0001"})


def test_b31_a_tuple_is_signed_as_the_array_that_json_sends():
    of_tuple = signing.canonical_text("d", "/p", {}, {"ids": (1, 2)})
    assert of_tuple == signing.canonical_text(
        "d", "/p", {}, json.loads(json.dumps({"ids": (1, 2)}))
    )


@pytest.mark.parametrize("value", [True, None, 1.0])
def test_b31_what_nobody_knows_how_to_sign_is_not_sent(cloud, client, value):
    with pytest.raises(DocumentError):
        client.query.task_info([value])
    assert cloud.seen == []


def test_b31_two_values_of_one_name_are_signed_as_the_vendor_s_client_signs_them():
    # Nothing can be done about the ambiguity of the text; no request of the table brings it about.
    text = signing.canonical_text("d", "/p", {}, {"a1": "z", "a": ["q", "w"]})
    assert text == "[POST]d:/p&a0=q&a1=w"


@pytest.mark.parametrize("domain", ["task.renderbus.com", "jop.foxrenderfarm.com"])
@pytest.mark.parametrize(("language", "flag"), [("zh", "0"), ("en", "1")])
def test_b32_the_language_is_said_and_not_guessed_from_the_domain(domain, language, flag):
    sent = {}

    class Recorder(requests.adapters.BaseAdapter):
        def send(self, request, **_):
            sent.update(request.headers)
            raise requests.ConnectTimeout

        def close(self):
            pass

    seams = Seams(sleep=lambda _: None, adapter=Recorder)
    with (
        Client(Endpoint(domain, language=language), WHO, seams) as client,
        pytest.raises(CloudError),
    ):
        client.user.query_user_profile()
    assert sent["languageFlag"] == flag
