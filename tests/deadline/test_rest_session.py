"""The Web Service over HTTP: who is let in, what is asked again, and what is said when it fails."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deadline_plugin.rest.session import (
    AnswerError,
    NotHeardError,
    OutOfReachError,
    Seams,
    WebService,
)
from renderbus_core.config import Login, Secret

LOGIN = Login("adä", Secret("S3crét: pass"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, body))
        self.server.signed.append(self.headers.get("Authorization"))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, text, headers = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = _serve  # noqa: N815 - names of the base class

    def log_message(self, *_):
        pass


def says(text, status=200, **headers):
    """Return an answer; None in its place hangs up."""
    text = text if isinstance(text, str) else json.dumps(text)
    return status, text, {name.replace("_", "-"): value for name, value in headers.items()}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.signed = list(answers), [], []

    def handle_error(self, request, client_address):
        """Say nothing of clients that hang up."""


@pytest.fixture
def serve():
    """Return a function: answers -> a server that gives them one after the other."""
    running = []

    def start(*answers, certificate=None):
        server = Server(*answers)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


class Clock:
    """Time that passes only while somebody sleeps, or is told to."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def connect(clock):
    """Return a function: server -> the Web Service it is, inside of a call of a minute."""
    open_ones = []

    def to(server, scheme="http", **more):
        url = server if isinstance(server, str) else f"{scheme}://127.0.0.1:{server.server_port}"
        seams = Seams(lambda: clock.now, clock.sleep, lambda _low, high: high)
        service = WebService(url, seams=seams, **more)
        open_ones.append(service)
        # What a call has failed with is raised at its end; these tests look at it before.
        service.within(60).__enter__()
        return service

    yield to
    for service in open_ones:
        service.close()


class TestWhoAsks:
    def test_user_and_password_go_along_as_utf_8(self, serve, connect):
        server = serve(says([]))
        connect(server, login=LOGIN).get("pools")
        expected = base64.b64encode("adä:S3crét: pass".encode()).decode()
        assert server.signed == [f"Basic {expected}"]

    def test_without_a_login_nobody_signs_in(self, serve, connect, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login ada password S3cret\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        server = serve(says([]))
        connect(server).get("pools")
        assert server.signed == [None]

    def test_a_wrong_password_is_told_and_not_shown(self, serve, connect):
        server = serve(says("Authentication failed", 401))
        service = connect(server, login=LOGIN)
        with pytest.raises(OutOfReachError, match=r"refuses user and password \(HTTP 401\)") as why:
            service.get("pools")
        assert len(server.asked) == 1, "accounts are locked after a few times"
        assert "S3cr" not in f"{why.value} {why.value!r} {service!r} {vars(service)!r}"

    def test_who_was_refused_is_tried_again_after_a_minute(self, serve, connect, clock):
        server = serve(says("", 401), says([7]))
        service = connect(server, login=LOGIN)

        def ask():
            with service.within(10):
                return service.get("pools")

        for clock.now in (0, 59):
            with pytest.raises(OutOfReachError, match="HTTP 401"):
                ask()
        assert len(server.asked) == 1
        clock.now = 60
        assert ask() == [7]

    def test_a_password_that_is_missing_is_asked_for(self, serve, connect):
        with pytest.raises(OutOfReachError, match=r"name that in farm\.credentials_file"):
            connect(serve(says("", 401))).get("pools")

    def test_a_redirection_is_not_followed_so_that_the_password_stays(self, serve, connect):
        other = serve()
        place = f"http://127.0.0.1:{other.server_port}/api/pools"
        service = connect(serve(says("", 302, Location=place)), login=LOGIN)
        with pytest.raises(AnswerError, match=f"points elsewhere.*{other.server_port} in farm.url"):
            service.get("pools")
        assert other.asked == []


class TestAnswers:
    def test_json_is_decoded_and_text_stays_text(self, serve, connect):
        service = connect(serve(says([1, {"a": None}]), says("/mnt/repository")))
        assert service.get("jobs", States="Active,Pending") == [1, {"a": None}]
        assert service.get("repository", Directory="root") == "/mnt/repository"

    def test_parameters_are_escaped(self, serve, connect):
        server = serve(says([]))
        connect(server).get("jobs", JobID="a&b=c,d e")
        assert server.asked == [("GET", "/api/jobs?JobID=a%26b%3Dc%2Cd+e", None)]

    def test_a_service_may_lie_below_a_path(self, serve, connect):
        server = serve(says([]))
        connect(f"http://127.0.0.1:{server.server_port}/deadline/").get("pools")
        assert server.asked == [("GET", "/deadline/api/pools", None)]

    @pytest.mark.parametrize("status", [400, 404, 500, 501])
    def test_a_refusal_comes_with_its_words_in_one_line(self, serve, connect, status):
        service = connect(serve(says("Error: no\x1b[31m such\njob", status)))
        with pytest.raises(AnswerError) as why:
            service.get("tasks", JobID="x")
        assert f"refused tasks (HTTP {status}): 'Error: no [31m such job'" in str(why.value)

    def test_a_command_is_carried_out_when_it_says_so(self, serve, connect):
        server = serve(says('"Success"'), says("Success"))
        service = connect(server)
        body = {"Command": "suspend", "JobID": "5f", "TaskList": [1, 2]}
        service.put("tasks", body)
        service.put("tasks", body)
        assert server.asked == [("PUT", "/api/tasks", body)] * 2

    @pytest.mark.parametrize("text", ["Error: the job is locked", "", "[]"])
    def test_an_error_that_comes_as_text_is_one(self, serve, connect, text):
        with pytest.raises(AnswerError, match="to save of jobs"):
            connect(serve(says(text))).put("jobs", {"Command": "save"})

    def test_text_that_is_no_ascii_is_sent_whole(self, serve, connect):
        server = serve(says("Success"))
        body = {"Command": "save", "Job": {"Name": "größer \ud800"}}
        connect(server).put("jobs", body)
        assert server.asked[0][2] == body


class TestOutages:
    def test_what_is_read_is_asked_for_again_when_it_is_lost(self, serve, connect, clock):
        server = serve(None, says("starting", 503), says([7]))
        assert connect(server).get("pools") == [7]
        assert len(server.asked) == 3
        assert clock.slept == [0.25, 0.5]

    def test_after_three_times_it_is_an_outage(self, serve, connect):
        server = serve(says("", 502), says("", 503), says("", 504))
        with pytest.raises(OutOfReachError, match=r"does not answer now \(HTTP 504\)"):
            connect(server).get("pools")

    @pytest.mark.parametrize("answer", [None, says("", 503)])
    def test_what_may_have_been_done_is_not_sent_again(self, serve, connect, answer):
        server = serve(answer, says("Success"))
        with pytest.raises(OutOfReachError):
            connect(server).put("tasks", {"Command": "complete"})
        assert len(server.asked) == 1

    def test_what_certainly_was_not_heard_is_sent_again(self, connect, clock):
        server = Server()
        server.server_close()
        with pytest.raises(NotHeardError, match=r"cannot be reached; check farm\.url"):
            connect(server).put("tasks", {"Command": "complete"})
        assert len(clock.slept) == 2

    def test_after_an_outage_nothing_else_of_the_call_is_tried(self, serve, connect):
        server = serve(None, None, None, says([]))
        service = connect(server)
        for _ in range(2):
            with pytest.raises(OutOfReachError):
                service.get("pools")
        assert len(server.asked) == 3

    def test_an_outage_that_nobody_minded_ends_the_call(self, serve, connect):
        service = connect(serve(None, None, None, says([7])))

        def call():
            with service.within(60), pytest.raises(OutOfReachError):
                service.get("pools")

        with pytest.raises(OutOfReachError, match="no usable reply"):
            call()
        with service.within(60):
            assert service.get("pools") == [7], "the next call begins anew"

    def test_nothing_is_begun_when_the_time_is_over(self, serve, connect, clock):
        server = serve(says([]))
        service = connect(server)
        clock.now = 61
        with pytest.raises(OutOfReachError, match="took so long that pools was not asked for"):
            service.get("pools")
        assert server.asked == []

    def test_an_address_that_is_none_is_told(self, connect):
        with pytest.raises(OutOfReachError, match=r"check farm\.url"):
            connect("http://a..b").get("pools")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate for 127.0.0.1 that nobody knows."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    assert openssl, "these tests need the program openssl"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=studio", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", "key.pem", "-out", "ca.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


class TestCertificates:
    def test_a_studio_s_own_certificate_is_trusted_when_it_is_named(
        self, serve, connect, certificate
    ):
        server = serve(says([7]), certificate=certificate)
        bundle = str(certificate / "ca.pem")
        assert connect(server, "https", ca_bundle=bundle, login=LOGIN).get("pools") == [7]

    def test_one_that_is_not_named_is_told_nothing(self, serve, connect, certificate):
        server = serve(says([7]), certificate=certificate)
        with pytest.raises(OutOfReachError, match=r"name the certificates.*farm\.ca_bundle"):
            connect(server, "https", login=LOGIN).get("pools")
        assert server.asked == []

    def test_a_service_that_speaks_https_is_not_taken_for_one_of_http(
        self, serve, connect, certificate
    ):
        with pytest.raises(OutOfReachError, match="is it https that it speaks"):
            connect(serve(certificate=certificate)).get("pools")
