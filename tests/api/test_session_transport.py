"""A call over real connections: broken replies, redirects, proxies, certificates and limits."""

from __future__ import annotations

import base64
import contextlib
import gzip
import http.client
import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from renderbus_core.api import Client, Endpoint, Seams, envelope
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import (
    ConfigError,
    InputError,
    MissingDependencyError,
    RenderbusError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

PROFILE = json.dumps({"code": 200, "message": "success", "data": {"userId": 7}}).encode()


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the next answer of its server; the last one stays."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        server.seen.append((self.path, dict(self.headers)))
        answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        with contextlib.suppress(ConnectionError):
            answer(self)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 50

    def __init__(self, *answers, handler=Handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.answers, self.seen = list(answers), []

    def handle_error(self, request, client_address):
        """Say nothing when a caller goes away."""


@contextlib.contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(body=PROFILE, status=200, length=None, **headers):
    """Return an answer; `length` may be a lie."""

    def send(handler):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


def hang_up(handler):
    """Close the connection without a reply."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def stream_for_ever(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b'"' + bytes(1 << 16))


@pytest.fixture
def serve():
    """Return a function: answers -> a server that gives them."""
    with contextlib.ExitStack() as stack:
        yield lambda *answers: stack.enter_context(running(Server(*answers)))


@pytest.fixture
def connect():
    """Return a function: server or domain -> (client, its waits); all are closed in the end."""
    with contextlib.ExitStack() as stack:

        def make(to, **endpoint):
            domain = to if isinstance(to, str) else f"127.0.0.1:{to.server_port}"
            waits = []
            who = Credentials("AKIDEXAMPLE0001", Secret("not-shown"))
            client = Client(
                Endpoint(domain, **{"scheme": "http", **endpoint}), who, Seams(sleep=waits.append)
            )
            return stack.enter_context(client), waits

        yield make


class TestReplies:
    def test_a_whole_reply_is_data(self, serve, connect):
        client, _ = connect(serve(answer()))
        assert client.user.query_user_profile().user_id == 7

    @pytest.mark.parametrize(
        ("broken", "words"),
        [
            (hang_up, "no usable reply"),
            (answer(PROFILE[:20]), r"HTTP 200 without a Renderbus reply \(the JSON breaks off\)"),
            (answer(length=1000), "no usable reply"),
            (answer(b""), r"\(the body is empty\)"),
            (answer(b"<html>Bad gateway</html>", 502), r"HTTP 502 .*\(the body is no JSON\)"),
            (answer(b'{"data": 1}'), r"\(the key 'code' is missing\)"),
            (answer(b'{"code": "200"}'), r"\('code' is no number\)"),
            (answer(b'{"code": true}'), r"\('code' is no number\)"),
            (answer(b"[" * 100_000), r"\(the body is no usable JSON\)"),
            (answer(b'{"code": ' + b"9" * 5000 + b"}"), r"\(the body is no usable JSON\)"),
            (answer(b'{"code": 200, "message": "\xff"}'), r"\(the body is no usable JSON\)"),
            (answer(b"not gzip", Content_Encoding="gzip"), "no usable reply"),
            (answer(PROFILE, 500), "the service reports success"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_an_unusable_reply_leaves_a_paid_request_unknown_and_sent_once(
        self, serve, connect, broken, words
    ):
        server = serve(broken)
        client, waits = connect(server)
        with pytest.raises(UnknownOutcomeError, match=f"submit_task: .*{words}") as caught:
            client.task.submit_task(1)
        assert (len(server.seen), waits) == (1, [])
        assert (caught.value.operation, caught.value.attempt) == ("submit_task", 1)

    def test_a_read_survives_broken_replies(self, serve, connect):
        server = serve(hang_up, answer(PROFILE[:20]), answer(length=1000), answer())
        client, waits = connect(server)
        assert client.user.query_user_profile().user_id == 7
        assert (len(server.seen), len(waits)) == (4, 3)

    @pytest.mark.parametrize(
        "reply",
        [stream_for_ever, answer(gzip.compress(bytes(1 << 25)), Content_Encoding="gzip")],
        ids=["endless", "gzip bomb"],
    )
    def test_an_enormous_reply_is_given_up_and_not_asked_for_again(
        self, serve, connect, reply, monkeypatch
    ):
        monkeypatch.setattr(envelope, "LARGEST_REPLY", 1 << 20)
        server = serve(reply)
        client, _ = connect(server)
        with pytest.raises(UnknownOutcomeError, match="the reply is longer than 1 MiB"):
            client.user.query_user_profile()
        assert len(server.seen) == 1

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed_and_says_where_it_points(self, serve, connect, status):
        location = "https://user:S3cret@jop.foxrenderfarm.com/x?y"
        elsewhere = serve(
            answer(b"", status, Location=location),
            answer(b"", status, Location="https://jop.foxrenderfarm.com/api?key=S3cret"),
        )
        client, _ = connect(elsewhere)
        sentences = []
        for _ in range(2):
            with pytest.raises(RequestRefusedError, match="points elsewhere") as caught:
                client.user.query_user_profile()
            sentences.append(str(caught.value))
        assert len(elsewhere.seen) == 2, "each call once"
        assert "S3cret" not in "".join(sentences)
        assert "to jop.foxrenderfarm.com; check cloud.domain" in sentences[1]

    @pytest.mark.parametrize("location", ["http://[::1", "/\xff", "ht tp://x:99999999/"])
    def test_a_redirect_to_what_is_no_address_is_told_like_any_other(
        self, serve, connect, location
    ):
        client, _ = connect(serve(answer(b"", 302, Location=location)))
        with pytest.raises(RequestRefusedError, match="HTTP 302 and points elsewhere; check"):
            client.task.submit_task(1)

    def test_an_endless_redirect_is_given_up(self, serve, connect, monkeypatch):
        def redirect(handler):
            handler.send_response(302)
            handler.send_header("Location", "/")
            handler.end_headers()
            while True:
                handler.wfile.write(bytes(1 << 16))

        monkeypatch.setattr(envelope, "LARGEST_REPLY", 1 << 20)
        client, _ = connect(serve(redirect))
        with pytest.raises(UnknownOutcomeError, match="the reply is longer than 1 MiB"):
            client.user.query_user_profile()

    def test_a_cookie_of_one_reply_is_not_sent_with_the_next_request(self, serve, connect):
        server = serve(answer(Set_Cookie="session=1; Path=/"))
        client, _ = connect(server)
        client.user.query_user_profile()
        client.user.query_user_profile()
        assert "Cookie" not in server.seen[1][1]

    def test_a_password_of_netrc_is_not_sent(self, serve, connect, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password S3cret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        server = serve(answer())
        connect(server)[0].user.query_user_profile()
        assert "Authorization" not in server.seen[0][1]


class TestRetryAfter:
    def test_a_busy_service_is_left_alone_as_long_as_it_asks(self, serve, connect):
        busy = answer(b"busy", 503, Retry_After="42")
        client, waits = connect(serve(busy, busy, answer()))
        assert client.user.query_user_profile().user_id == 7
        assert waits == [42, 42]

    def test_too_many_requests_may_be_sent_again_even_when_they_cost_money(self, serve, connect):
        server = serve(answer(b"", 429, Retry_After="3"), answer(b'{"code": 200, "data": null}'))
        client, waits = connect(server)
        client.task.submit_task(1)
        assert (len(server.seen), waits) == (2, [3])

    def test_a_service_that_asks_for_more_than_a_minute_is_left_to_the_caller(self, serve, connect):
        server = serve(answer(b"closed for repairs", 503, Retry_After="3600"))
        client, waits = connect(server)
        with pytest.raises(UnknownOutcomeError) as caught:
            client.user.query_user_profile()
        assert (len(server.seen), waits, caught.value.retry_after) == (1, [], 3600)


class ProxyHandler(BaseHTTPRequestHandler):
    """Forwards everything to one server, whatever name it is asked for, and writes it down."""

    def do_POST(self):
        self.server.seen.append((urlsplit(self.path).netloc, self.signed_in()))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        onward = http.client.HTTPConnection(*self.server.target)
        onward.request("POST", urlsplit(self.path).path, body, dict(self.headers))
        reply = onward.getresponse()
        answer(reply.read(), reply.status)(self)
        onward.close()

    def do_CONNECT(self):
        self.server.seen.append((self.path, self.signed_in()))
        if self.server.refuses:
            self.send_error(self.server.refuses)
            return
        with socket.create_connection(self.server.target) as onward:
            self.send_response(200)
            self.end_headers()
            relay(self.connection, onward)

    def signed_in(self):
        word = self.headers.get("Proxy-Authorization", "").removeprefix("Basic ")
        return base64.b64decode(word).decode()

    def log_message(self, *_):
        pass


class SocksHandler(socketserver.StreamRequestHandler):
    """Speaks SOCKS5 (RFC 1928) with a user and a password (RFC 1929), for CONNECT."""

    def handle(self):
        _, count = self.rfile.read(2)
        wants_password = 2 in self.rfile.read(count)
        self.wfile.write(bytes([5, 2 if wants_password else 0]))
        user = self.password() if wants_password else ""
        *_, kind = self.rfile.read(4)
        length = self.rfile.read(1)[0] if kind == 3 else 4
        host = self.rfile.read(length)
        port = int.from_bytes(self.rfile.read(2))
        name = host.decode() if kind == 3 else socket.inet_ntoa(host)
        self.server.seen.append((f"{name}:{port}", user))
        with socket.create_connection(self.server.target) as onward:
            self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
            relay(self.connection, onward)

    def password(self):
        self.rfile.read(1)
        parts = [self.rfile.read(self.rfile.read(1)[0]).decode() for _ in range(2)]
        self.wfile.write(b"\x01\x00")
        return ":".join(parts)


class SocksServer(socketserver.ThreadingTCPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), SocksHandler)
        self.server_port = self.server_address[1]


def relay(one, other):
    """Carry bytes both ways until either side is done."""

    def carry(source, sink):
        with contextlib.suppress(OSError):
            while block := source.recv(65536):
                sink.sendall(block)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=carry, args=(other, one))
    back.start()
    carry(one, other)
    back.join()


@pytest.fixture
def proxy():
    """Return a function: (kind, server behind it) -> a proxy that writes down who was asked for."""
    with contextlib.ExitStack() as stack:

        def make(kind, target, refuses=0):
            made = SocksServer() if kind == "socks" else Server(handler=ProxyHandler)
            made.seen, made.refuses = [], refuses
            made.target = ("127.0.0.1", target.server_port)
            return stack.enter_context(running(made))

        yield make


class TestProxies:
    @pytest.mark.parametrize(("kind", "scheme"), [("http", "http"), ("socks", "socks5h")])
    def test_a_request_goes_through_the_proxy_which_also_looks_up_the_name(
        self, serve, connect, proxy, kind, scheme
    ):
        server = serve(answer())
        between = proxy(kind, server)
        address = f"{scheme}://artist:p%40ss@127.0.0.1:{between.server_port}"
        client, _ = connect("cloud.invalid:8080", proxy=address)
        assert client.user.query_user_profile().user_id == 7
        assert between.seen == [("cloud.invalid:8080", "artist:p@ss")]
        assert server.seen[0][1]["Host"] == "cloud.invalid:8080"

    def test_socks5_without_the_h_looks_up_the_name_here(self, serve, connect, proxy):
        server = serve(answer())
        between = proxy("socks", server)
        client, _ = connect(server, proxy=f"socks5://127.0.0.1:{between.server_port}")
        client.user.query_user_profile()
        assert between.seen == [(f"127.0.0.1:{server.server_port}", "")]

    def test_a_proxy_of_the_environment_is_used_but_not_for_this_host(
        self, serve, connect, proxy, monkeypatch
    ):
        server = serve(answer())
        between = proxy("http", server)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{between.server_port}")
        monkeypatch.delenv("no_proxy", raising=False)
        connect("cloud.invalid")[0].user.query_user_profile()
        assert between.seen == [("cloud.invalid", "")]
        connect(server)[0].user.query_user_profile()
        assert len(between.seen) == 1

    def test_the_configured_proxy_comes_before_that_of_the_environment(
        self, serve, connect, proxy, monkeypatch
    ):
        between = proxy("http", serve(answer()))
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        client, _ = connect("cloud.invalid", proxy=f"http://127.0.0.1:{between.server_port}")
        assert client.user.query_user_profile().user_id == 7

    @pytest.mark.parametrize("scheme", ["http", "socks5h"])
    def test_a_proxy_that_is_not_there_means_that_nothing_happened(self, connect, scheme):
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            address = f"{scheme}://artist:S3cret@127.0.0.1:{taken.getsockname()[1]}"
            client, _ = connect("cloud.invalid", proxy=address)
            with pytest.raises(TransientError, match="cannot be reached") as caught:
                client.task.submit_task(1)
        assert caught.value.attempt == 4, "for nothing happened"
        assert "S3cret" not in told(caught.value)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (407, (RequestRefusedError, "wants a user and a password; put them into cloud", 1)),
            (502, (TransientError, "cannot be reached", 4)),
        ],
    )
    def test_a_proxy_that_lets_nobody_through_says_why(
        self, serve, connect, proxy, status, expected
    ):
        kind, words, times = expected
        between = proxy("http", serve(answer()), refuses=status)
        address = f"http://artist:S3cret@127.0.0.1:{between.server_port}"
        client, _ = connect("cloud.invalid", scheme="https", proxy=address)
        with pytest.raises(kind, match=words) as caught:
            client.task.submit_task(1)
        assert len(between.seen) == times
        assert "S3cret" not in told(caught.value)

    def test_a_socks_proxy_without_its_library_names_the_extra(self, connect, monkeypatch):
        monkeypatch.setitem(sys.modules, "socks", None)
        with pytest.raises(MissingDependencyError, match=r"renderbus-bridge\[socks\]"):
            connect("cloud.invalid", proxy="socks5h://127.0.0.1:1080")

    @pytest.mark.parametrize(
        "address",
        [
            "S3cret@host",
            "ftp://S3cret@host:1",
            "http://",
            "http://u:S3cret/x@host:1",
            "http://u:S3cret@host:99999",
            "http://u:S3cret@host:1/path",
            "http://u:S3cret@ho st:1",
            "http://[S3cret",
            "socks4://u:S3cret@h:1",
        ],
    )
    def test_what_is_no_proxy_is_refused_without_being_quoted(self, connect, address):
        with pytest.raises(ConfigError, match=r"cloud\.proxy") as caught:
            connect("cloud.invalid", proxy=address)
        assert "S3cret" not in told(caught.value)

    def test_the_password_of_a_proxy_does_not_show(self, connect):
        client, _ = connect("cloud.invalid", proxy="http://artist:S3cret@127.0.0.1:9")
        assert "S3cret" not in f"{client!r} {client.endpoint!r} {client.session!r}"


def told(error):
    """Return everything that a traceback would show of an error and its causes."""
    words = []
    while error is not None:
        words.append(f"{error} {error!r}")
        error = error.__cause__ or error.__context__
    return " ".join(words)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate for 127.0.0.1 and cloud.invalid that nobody knows."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    assert openssl, "these tests need the program openssl"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=studio", "-addext", "subjectAltName=IP:127.0.0.1,DNS:cloud.invalid",
         "-keyout", "key.pem", "-out", "ca.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def serve_tls(serve, certificate):
    """Return a function: answers -> a server that speaks TLS."""

    def make(*answers):
        server = serve(*answers)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        return server

    return make


class TestCertificates:
    def test_a_studio_s_own_certificate_is_trusted_when_it_is_named(
        self, serve_tls, connect, certificate
    ):
        client, _ = connect(
            serve_tls(answer()), scheme="https", ca_bundle=str(certificate / "ca.pem")
        )
        assert client.user.query_user_profile().user_id == 7

    def test_the_named_certificates_come_before_those_of_the_environment(
        self, serve_tls, connect, certificate, monkeypatch, proxy
    ):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "no such file")
        between = proxy("http", serve_tls(answer()))
        client, _ = connect(
            "cloud.invalid:443",
            scheme="https",
            ca_bundle=str(certificate / "ca.pem"),
            proxy=f"http://127.0.0.1:{between.server_port}",
        )
        assert client.user.query_user_profile().user_id == 7
        assert between.seen == [("cloud.invalid:443", "")]

    def test_certificates_of_the_environment_that_cannot_be_used_are_named_with_their_variable(
        self, connect, monkeypatch
    ):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "no such file")
        with pytest.raises(ConfigError, match=r"no such file \(REQUESTS_CA_BUNDLE\) cannot be"):
            connect("cloud.invalid", scheme="https")

    def test_an_unknown_certificate_is_refused_once_before_anything_is_sent(
        self, serve_tls, connect
    ):
        server = serve_tls(answer())
        client, waits = connect(server, scheme="https")
        with pytest.raises(RequestRefusedError, match=r"not trusted.*cloud\.ca_bundle"):
            client.user.query_user_profile()
        assert (server.seen, waits) == ([], [])

    @pytest.mark.parametrize("content", [None, b"", b"no certificate"])
    def test_certificates_that_cannot_be_used_are_named_at_once(self, connect, tmp_path, content):
        file = tmp_path / "studio.pem"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigError, match=r"studio\.pem \(cloud\.ca_bundle\) cannot be used"):
            connect("cloud.invalid", scheme="https", ca_bundle=str(file))


def test_threads_share_a_session_while_its_clock_is_set(serve, connect):
    server_time = 1_700_000_000

    def judge(handler):
        stamp = int(handler.headers["UTCTimestamp"])
        fresh = abs(stamp - server_time) < 300
        body = {"code": 200, "data": {"userId": 7}}
        if not fresh:
            body = {"code": 610, "message": "old", "serverTime": server_time * 1000}
        answer(json.dumps(body).encode())(handler)

    server = serve(judge)
    client, waits = connect(server)
    start, found = threading.Barrier(8), []

    def ask():
        start.wait()
        found.extend(client.user.query_user_profile().user_id for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, waits) == ([7] * 40, [])
    assert len({headers["nonce"] for _, headers in server.seen}) == len(server.seen)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_was_forked_takes_connections_of_its_own(serve, connect):
    ports = []

    def keep(handler):
        handler.protocol_version = "HTTP/1.1"
        ports.append(handler.client_address[1])
        answer()(handler)
        handler.close_connection = False

    client, _ = connect(serve(keep))
    client.user.query_user_profile()
    child = os.fork()
    if not child:
        # Nothing of the test's own may run to its end twice.
        try:
            client.user.query_user_profile()
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    client.user.query_user_profile()
    first, of_child, again = ports
    assert first == again != of_child


def test_a_limit_holds_for_every_attempt(serve, connect):
    server = serve(hang_up, hang_up, answer())
    client, waits = connect(server, requests_per_second=0.001, burst=1)
    client.user.query_user_profile()
    bookings = [wait for wait in waits if wait > 100]
    assert [round(wait, -3) for wait in bookings] == [1000, 2000]


@pytest.mark.parametrize("to", [{"to": "a..b"}, {"to": "c.invalid", "proxy": "http://a..b:80"}])
def test_a_host_that_nobody_can_look_up_is_told_and_nothing_was_sent(connect, to):
    client, waits = connect(**to)
    with pytest.raises(InputError, match=r"nothing was sent.*cloud\.domain and cloud\.proxy"):
        client.user.query_user_profile()
    assert waits == []


def test_an_operation_that_is_not_in_the_table_sends_nothing(serve, connect):
    server = serve(answer())
    client, _ = connect(server)
    with pytest.raises(RenderbusError, match="there is no operation 'render_all'"):
        client.session.call("render_all", {})
    assert server.seen == []
