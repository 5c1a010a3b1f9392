"""The link, with real processes on its other end."""

from __future__ import annotations

import io
import logging
import math
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import FarmError
from renderbus_core.farm import (
    Hello,
    Link,
    LinkClosedError,
    LinkDataError,
    LinkError,
    LinkVersionError,
    RemoteError,
    Result,
    Role,
    Unknown,
)
from renderbus_core.shim.renderbus_link import MAX_LINE, Lines

HELLO = Hello(Role.CORE, "opera", frozenset({"annotate"}))

# An agent with nothing but the standard library.
PLAIN = """
import json, sys

def send(raw):
    sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()

def say(**message):
    send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\\n")

def read():
    return json.loads(sys.stdin.buffer.readline())

def hello(protocol="1.0"):
    say(method="hello", params={
        "protocol": protocol, "role": "agent", "farm": "opera", "capabilities": ["fail"]})
"""

# An agent that uses the same class.
LINKED = """
import os, sys
from renderbus_core.farm import Hello, Link, RemoteError, Result, Role

writer = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
link = Link(sys.stdin.buffer, writer)
link.greet(Hello(Role.AGENT, "opera", frozenset({"fail"})), 30)
"""


@dataclass
class Peer:
    process: subprocess.Popen
    link: Link

    def greet(self):
        return self.link.greet(HELLO, 30)


@pytest.fixture
def start():
    """Return what starts an agent and the link to it."""
    started = []

    def start(code, prelude=PLAIN):
        process = subprocess.Popen(
            [sys.executable, "-c", prelude + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        peer = Peer(process, Link(process.stdout, process.stdin))
        started.append(peer)
        return peer

    yield start
    for peer in started:
        peer.process.kill()
        peer.process.wait(30)
        peer.link.close()
        assert peer.link.closed


class TestTalk:
    def test_both_sides_say_hello(self, start):
        peer = start("print(link.receive(30).params, file=sys.stderr)", LINKED)
        assert peer.greet() == Hello(Role.AGENT, "opera", frozenset({"fail"}))

    def test_a_newer_minor_version_is_understood(self, start):
        assert start("hello('1.7'); read()").greet().protocol == "1.7"

    def test_a_call_returns_the_value_or_the_error(self, start):
        peer = start(
            "for _ in range(2):\n"
            "    asked = link.receive(30)\n"
            "    if asked.method == 'double':\n"
            "        link.reply(asked.id, Result(asked.params['of'] * 2))\n"
            "    else:\n"
            "        link.reply(asked.id, Result(error=RemoteError(-32601, 'what?', {'a': 1})))\n"
            "link.close()",
            LINKED,
        )
        peer.greet()
        assert peer.link.call("double", {"of": "Größe\ud800"}, 30) == Result("Größe\ud800" * 2)
        assert peer.link.call("triple", {}, 30) == Result(
            error=RemoteError(-32601, "what?", {"a": 1})
        )

    def test_the_peer_calls_too_while_it_is_called(self, start):
        peer = start(
            "hello(); read(); asked = read()\n"
            "say(id='x', method='claim', params={'job': 'job-1'}, deadline_seconds=30)\n"
            "answer = read()\n"
            "say(id=asked['id'], result=answer['result'])"
        )
        peer.greet()
        answers = []
        caller = threading.Thread(target=lambda: answers.append(peer.link.call("go", {}, 30)))
        caller.start()
        request = peer.link.receive(30)
        assert (request.id, request.method, request.params) == ("x", "claim", {"job": "job-1"})
        peer.link.reply(request.id, Result({"taken": 3}))
        caller.join(30)
        assert answers == [Result({"taken": 3})]

    def test_a_notification_has_no_id(self, start):
        peer = start("hello(); say(method='progress', params={'done': 4}); read()")
        peer.greet()
        told = peer.link.receive(30)
        assert (told.id, told.method, told.params, told.expires_at) == (
            None,
            "progress",
            {"done": 4},
            math.inf,
        )

    def test_nothing_to_receive_is_none(self, start):
        peer = start("hello(); read(); read()")
        peer.greet()
        assert peer.link.receive(0) is None
        assert not peer.link.closed

    def test_both_sides_write_ten_megabytes_at_once(self, start):
        swap = (
            "for _ in range(20):\n"
            "    link.tell('block', {'of': 'x' * 500_000})\n"
            "total = sum(len(link.receive(30).params['of']) for _ in range(20))\n"
            "link.tell('total', {'bytes': total})\n"
            "link.close()"
        )
        peer = start(swap, LINKED)
        peer.greet()
        for _ in range(20):
            peer.link.tell("block", {"of": "y" * 500_000})
        assert sum(len(peer.link.receive(30).params["of"]) for _ in range(20)) == 10_000_000
        assert peer.link.receive(30).params == {"bytes": 10_000_000}

    def test_a_side_that_closes_is_read_to_its_last_line(self, start):
        peer = start("link.tell('bye', {}); link.close()", LINKED)
        peer.greet()
        peer.process.wait(30)
        assert peer.link.receive(30).method == "bye"
        assert peer.link.receive(30) is None
        assert peer.link.closed
        assert peer.process.returncode == 0


class TestDeadlines:
    def test_no_answer_in_time_is_unknown_and_a_late_one_is_dropped(self, start):
        peer = start(
            "hello(); read(); late = read(); then = read()\n"
            "say(id=late['id'], result='late'); say(id=then['id'], result='then')"
        )
        peer.greet()
        assert peer.link.call("slow", {}, 0.01) == Unknown("slow was not answered within 0.01 s")
        assert peer.link.call("quick", {}, 30) == Result("then")

    def test_a_request_that_comes_too_late_is_not_offered(self, start, caplog):
        peer = start(
            "hello(); say(id=1, method='late', deadline_seconds=1e-9)\n"
            "say(id=2, method='good', deadline_seconds=60); read()"
        )
        peer.greet()
        assert peer.link.receive(30).method == "good"
        assert "late came too late" in caplog.text

    def test_without_time_left_nothing_is_sent(self, start):
        peer = start("hello(); read(); say(method='seen', params={'method': read()['method']})")
        peer.greet()
        assert isinstance(peer.link.call("first", {}, 0), Unknown)
        peer.link.tell("second", {})
        assert peer.link.receive(30).params == {"method": "second"}

    def test_a_peer_that_does_not_read_holds_nobody_up(self, start):
        peer = start("hello(); import signal; signal.pause()")
        peer.greet()
        for _ in range(3):
            assert isinstance(peer.link.call("load", {"of": "x" * 900_000}, 0.05), Unknown)
        peer.link.close(0.05)
        assert peer.link.closed

    def test_a_peer_that_says_nothing_is_an_error(self, start):
        peer = start("read(); read()")
        with pytest.raises(LinkError, match=r"did not say hello within 0\.05 s"):
            peer.link.greet(HELLO, 0.05)


class TestTheEnd:
    def test_every_waiting_call_becomes_unknown(self, start):
        peer = start("hello(); read(); read(); read()")
        peer.greet()
        answers = []
        callers = [
            threading.Thread(target=lambda: answers.append(peer.link.call("wait", {}, 60)))
            for _ in range(2)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(30)
        assert answers == [Unknown("the peer has hung up")] * 2
        assert peer.link.closed

    def test_after_the_end_calls_are_unknown_and_telling_is_an_error(self, start):
        peer = start("hello(); read()")
        peer.greet()
        assert peer.link.receive(30) is None
        assert isinstance(peer.link.call("any", {}, 30), Unknown)
        with pytest.raises(LinkClosedError, match="the link is closed: the peer has hung up"):
            peer.link.tell("any", {})

    def test_a_peer_that_ends_without_a_hello_is_an_error(self, start):
        with pytest.raises(LinkClosedError):
            start("sys.exit(3)").greet()

    def test_a_partial_last_line_is_dropped_and_logged(self, start, caplog):
        caplog.set_level(logging.WARNING)
        peer = start('hello(); say(method=\'whole\'); send(b\'{"jsonrpc": "2.0", "secret\')')
        peer.greet()
        assert peer.link.receive(30).method == "whole"
        assert peer.link.receive(30) is None
        assert "dropped a last line that breaks off after 26 bytes" in caplog.text
        assert "secret" not in caplog.text

    def test_a_file_that_is_no_pipe_ends_the_link_at_once(self):
        link = Link(io.BytesIO(), io.BytesIO())
        with link, pytest.raises(LinkClosedError, match="cannot be read"):
            link.greet(HELLO, 30)


BAD_LINES = {
    "over-long": (b'"' + b"x" * MAX_LINE + b'"', "more than 1,048,576 bytes"),
    "invalid JSON": (b"hello there", "not JSON"),
    "not UTF-8": (b'{"jsonrpc": "2.0", "method": "\xff"}', "not JSON"),
    "NaN": (b'{"jsonrpc": "2.0", "method": "a", "params": {"a": NaN}}', "NaN is not a JSON"),
    "deep": (b"[" * 500_000, "not JSON"),
    "huge number": (b'{"jsonrpc": ' + b"9" * 10_000 + b"}", "not JSON"),
    "not an object": (b"[1, 2]", "not a JSON object"),
    "other version": (b'{"jsonrpc": "1.0", "method": "a"}', r'"1\.0" must be "2\.0"'),
    "bad params": (b'{"jsonrpc": "2.0", "method": "a", "params": [1]}', "must be of type object"),
    "bad deadline": (b'{"jsonrpc": "2.0", "method": "a", "deadline_seconds": "1"}', "deadline"),
    "neither": (b'{"jsonrpc": "2.0", "id": 1}', "'result' is missing"),
    "both": (b'{"jsonrpc": "2.0", "id": 1, "result": 1, "error": {"code": 1, "message": ""}}', "1"),
    "no id": (b'{"jsonrpc": "2.0", "result": 1}', "'id' is missing"),
    "list as id": (b'{"jsonrpc": "2.0", "id": [], "result": 1}', "id"),
    "complaint": (
        b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "eh?"}}',
        r"could not read a line: eh\?",
    ),
}


class TestBadLines:
    @pytest.mark.parametrize("kind", BAD_LINES)
    def test_a_bad_line_is_said_once_and_the_link_goes_on(self, start, kind, tmp_path):
        line, sentence = BAD_LINES[kind]
        (tmp_path / "line").write_bytes(line + b"\n")
        path = str(tmp_path / "line")
        peer = start(f"hello(); send(open({path!r}, 'rb').read()); say(method='next'); read()")
        peer.greet()
        with pytest.raises(LinkDataError, match=sentence):
            peer.link.receive(30)
        assert peer.link.receive(30).method == "next"

    def test_a_malformed_answer_reaches_whoever_waits_for_it(self, start):
        peer = start(
            "hello(); read(); say(id=read()['id'], error='no'); say(method='next'); read()"
        )
        peer.greet()
        with pytest.raises(LinkDataError, match='error: "no" must be of type object'):
            peer.link.call("any", {}, 30)
        assert peer.link.receive(30).method == "next"

    def test_another_major_version_is_told_in_a_sentence(self, start):
        with pytest.raises(LinkVersionError, match=r"speaks protocol '2\.0' and this side 1\.0"):
            start("hello('2.0')").greet()
        assert issubclass(LinkVersionError, FarmError)

    def test_a_version_that_is_none_is_a_bad_line(self, start):
        with pytest.raises(LinkDataError, match=r'for example "1\.0"'):
            start("hello('1.x')").greet()

    def test_the_first_line_is_hello(self, start):
        with pytest.raises(LinkDataError, match="calls 'claim' where hello is due"):
            start("say(method='claim'); read()").greet()

    def test_a_line_too_long_to_send_is_refused_here(self, start):
        peer = start("hello(); read(); say(method='seen', params=read()['params'])")
        peer.greet()
        with pytest.raises(LinkDataError, match="send long lists in pages"):
            peer.link.tell("all", {"tasks": "x" * MAX_LINE})
        peer.link.tell("few", {"tasks": "x"})
        assert peer.link.receive(30).params == {"tasks": "x"}

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
    def test_what_json_does_not_know_is_refused_here(self, start, value):
        peer = start("hello(); read(); read()")
        peer.greet()
        with pytest.raises(LinkDataError, match="cannot be written as JSON"):
            peer.link.call("any", {"value": value}, 30)


class TestManyLines:
    def test_progress_makes_way_and_requests_do_not(self, start):
        peer = start(
            "hello()\n"
            "for n in range(2000):\n"
            "    say(method='progress', params={'n': n})\n"
            "    if n % 100 == 0: say(id=n, method='claim')\n"
        )
        peer.greet()
        peer.link._pipe._threads[0].join(30)
        received = list(iter(lambda: peer.link.receive(30), None))
        assert [r.id for r in received if r.method == "claim"] == list(range(0, 2000, 100))
        assert received[-1].params == {"n": 1999}
        assert len(received) < 500

    def test_a_flood_of_requests_waits_in_the_pipe(self, start):
        peer = start("hello()\nfor n in range(3000): say(id=n, method='claim')")
        peer.greet()
        received = [peer.link.receive(30).id for _ in range(3000)]
        assert received == list(range(3000))

    def test_a_flood_that_nobody_reads_does_not_keep_a_link_from_closing(self, start):
        peer = start("hello()\nfor n in range(8000): say(id=n, method='claim')")
        peer.greet()
        peer.link.close()
        peer.process.wait(30)
        assert peer.link.closed


class TestLines:
    @given(
        st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b""))),
        st.binary(max_size=5).map(lambda rest: rest.replace(b"\n", b"")),
        st.integers(1, 30),
    )
    def test_lines_do_not_depend_on_how_the_pipe_cuts_them(self, written, rest, size):
        stream = b"".join(line + b"\n" for line in written) + rest
        lines = Lines()
        blocks = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [line for block in blocks for line in lines.feed(block)] == written
        assert lines.pending == len(rest)

    @pytest.mark.parametrize(("length", "fits"), [(MAX_LINE - 1, True), (MAX_LINE, False)])
    @pytest.mark.parametrize("size", [4099, 1 << 16, 1 << 22])
    def test_the_limit_counts_the_line_feed(self, length, fits, size):
        lines = Lines()
        stream = b"x" * length + b"\n" + b"next\n"
        found = [
            line
            for at in range(0, len(stream), size)
            for line in lines.feed(stream[at : at + size])
        ]
        assert found == [b"x" * length if fits else None, b"next"]

    def test_an_endless_line_takes_no_endless_memory(self):
        lines = Lines()
        for _ in range(100):
            assert list(lines.feed(b"x" * 100_000)) == []
        assert lines.pending == MAX_LINE
        assert list(lines.feed(b"\nok\n")) == [None, b"ok"]
