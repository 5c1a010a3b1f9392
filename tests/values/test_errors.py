"""The error tree, and what becomes of the cloud's codes and of broken connections."""

from __future__ import annotations

import json
import pickle
import socket
import threading
from contextlib import closing, contextmanager

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core import errors
from renderbus_core.codes import cloud_codes, from_cloud_code, from_requests
from renderbus_core.errors import (
    AuthError,
    BenignError,
    BillingError,
    CloudError,
    DocumentError,
    InputError,
    Problem,
    RenderbusError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

BRANCHES = {
    "refused": RequestRefusedError,
    "auth": AuthError,
    "billing": BillingError,
    "transient": TransientError,
    "unknown": UnknownOutcomeError,
    "benign": BenignError,
    "success": UnknownOutcomeError,
}


def _tree(root):
    yield root
    for branch in root.__subclasses__():
        yield from _tree(branch)


def test_the_tree_that_the_documentation_draws_is_the_tree():
    drawn = errors.__doc__ or ""
    # Packages may add leaves of their own; the branches stand here.
    ours = [kind for kind in _tree(RenderbusError) if kind.__module__ == errors.__name__]
    missing = [kind.__name__ for kind in ours if kind.__name__ not in drawn]
    assert missing == []


def test_a_document_error_shows_the_first_problem_and_holds_all():
    error = DocumentError("task.json", [Problem("a.b", "is missing"), Problem("", "is odd")])
    assert str(error) == "task.json: a.b: is missing (and 1 more)"
    assert [str(problem) for problem in error.problems] == ["a.b: is missing", "is odd"]


def test_a_cloud_error_survives_the_way_to_another_process():
    sent = from_cloud_code(608, "no", operation="create_task", request_id="r-1")
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes
    assert type(received) is type(sent)
    assert str(received) == str(sent)
    assert vars(received) == vars(sent)


def test_every_code_that_the_facts_list_is_in_the_table(shared):
    facts = json.loads((shared / "facts/endpoints.json").read_text(encoding="utf-8"))
    listed = {row["code"]: row["name"] for row in facts["error_codes"]}
    assert {code: row.name for code, row in cloud_codes().items()} == listed


@pytest.mark.parametrize("row", cloud_codes().values(), ids=lambda row: str(row.code))
def test_every_code_becomes_the_error_of_its_kind_in_one_sentence(row):
    error = from_cloud_code(row.code, "the cloud's words", operation="submit_task")
    assert type(error) is BRANCHES[row.kind]
    assert (error.code, error.operation) == (row.code, "submit_task")
    assert str(error) == (
        f"submit_task: {row.meaning} (code {row.code}, the cloud's words); {row.remedy}"
    )
    for words in (row.meaning, row.remedy):
        assert words
        assert words[-1] not in ".;, "
        assert words[0].islower()


def test_only_failures_that_pass_by_themselves_or_by_a_set_clock_are_retryable():
    retryable = {code for code, row in cloud_codes().items() if row.retryable}
    assert retryable == {100, 500, 513, 610, 1000}


def test_a_failure_inside_the_service_leaves_the_outcome_unknown():
    for code in (100, 500):
        assert isinstance(from_cloud_code(code, "", operation="submit_task"), UnknownOutcomeError)


def test_the_wrong_region_names_the_setting_to_change():
    assert "[cloud] domain" in str(from_cloud_code(608, "", operation="create_task"))


def test_the_wrong_region_names_the_domain_that_was_called_and_whom_it_serves():
    text = str(from_cloud_code(608, "", operation="x", domain="jop.foxrenderfarm.com:443"))
    assert "than jop.foxrenderfarm.com:443, which serves the world outside China (zone 2)" in text
    assert "than 127.0.0.1 (code" in str(
        from_cloud_code(608, "", operation="x", domain="127.0.0.1")
    )


def test_an_error_shows_its_attempt_when_it_was_not_the_first():
    error = from_cloud_code(600, "bad", operation="create_task", request_id="abc")
    error.attempt = 1
    assert str(error) == f"{error.sentence} [request abc]"
    error.attempt = 3
    assert str(error) == f"{error.sentence} [request abc, attempt 3]"
    error.request_id = None
    assert str(error) == f"{error.sentence} [attempt 3]"


def test_the_request_id_is_shown_for_the_support_of_the_cloud():
    error = from_cloud_code(600, "bad", operation="create_task", request_id="abc-123")
    assert error.request_id == "abc-123"
    assert str(error).endswith("[request abc-123]")


@given(st.integers(), st.text())
def test_no_code_and_no_message_of_the_cloud_crashes(code, message):
    error = from_cloud_code(code, message, operation="query")
    assert isinstance(error, CloudError)
    if code not in cloud_codes():
        assert isinstance(error, UnknownOutcomeError)


@contextmanager
def _listening(answer):
    """Run a server on loopback that gives each connection to `answer`, then closes it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _failure(port, read_timeout=30.0):
    """Send a real request and return what it turns into."""
    url = f"http://127.0.0.1:{port}/api"
    with pytest.raises(requests.RequestException) as caught:
        requests.post(url, json={}, timeout=(5, read_timeout))
    return from_requests(caught.value, operation="submit_task", host="farm.example")


@pytest.fixture
def refused_port():
    """Give a port that is taken but does not listen, so that connections are refused."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_refused_connection_means_that_nothing_happened(refused_port):
    error = _failure(refused_port)
    assert type(error) is TransientError
    assert str(error).startswith("submit_task: farm.example cannot be reached")


def test_an_unknown_host_means_that_nothing_happened(monkeypatch):
    def unknown(*_arguments, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    # The resolver of this machine may know every name; this one knows none.
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(requests.RequestException) as caught:
        requests.get("http://farm.invalid/", timeout=5)
    assert type(from_requests(caught.value, operation="x", host="h")) is TransientError


def test_a_connection_that_could_not_be_made_in_time_means_that_nothing_happened():
    error = from_requests(requests.ConnectTimeout(), operation="x", host="h")
    assert type(error) is TransientError


@pytest.mark.parametrize(
    "refused",
    [
        requests.exceptions.InvalidURL("x"),
        requests.exceptions.InvalidProxyURL("S3cret"),
        requests.exceptions.MissingSchema("x"),
    ],
)
def test_what_could_not_even_be_sent_is_a_mistake_of_ours(refused):
    error = from_requests(refused, operation="submit_task", host="farm.example")
    assert type(error) is InputError
    assert str(error).startswith("submit_task: nothing was sent")
    assert "S3cret" not in str(error)


def test_a_header_of_the_reply_that_makes_no_sense_leaves_the_outcome_unknown():
    # What `requests` makes of two lengths that contradict; our own headers are checked before.
    error = from_requests(requests.exceptions.InvalidHeader("5, 6"), operation="x", host="h")
    assert type(error) is UnknownOutcomeError


def test_a_service_that_speaks_no_tls_points_to_the_scheme():
    def refuse(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with _listening(refuse) as port, pytest.raises(requests.exceptions.SSLError) as caught:
        requests.get(f"https://127.0.0.1:{port}/", timeout=30)
    error = from_requests(caught.value, operation="x", host="h")
    assert type(error) is UnknownOutcomeError
    assert str(error).endswith("check cloud.scheme")


def test_a_connection_that_closes_without_a_reply_leaves_the_outcome_unknown():
    with _listening(lambda connection: connection.recv(65536)) as port:
        assert type(_failure(port)) is UnknownOutcomeError


def test_a_reply_that_breaks_off_leaves_the_outcome_unknown():
    def answer(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")

    with _listening(answer) as port:
        assert type(_failure(port)) is UnknownOutcomeError


def test_a_reply_that_does_not_come_in_time_leaves_the_outcome_unknown():
    waiting = threading.Event()

    def answer(connection):
        connection.recv(65536)
        waiting.wait(30)

    with _listening(answer) as port:
        error = _failure(port, read_timeout=0.1)
        waiting.set()
    assert type(error) is UnknownOutcomeError


def test_an_earlier_refusal_says_nothing_about_a_second_attempt(refused_port):
    with _listening(lambda connection: connection.recv(65536)) as port:
        try:
            requests.post(f"http://127.0.0.1:{refused_port}/api", timeout=5)
        except requests.RequestException:
            second = _failure(port)
    assert type(second) is UnknownOutcomeError
