"""renderbus_link.py by itself: slow and broken pipes, the agent's loop, and the core as a child."""

from __future__ import annotations

import json
import os
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.shim.renderbus_link import (
    INTERNAL_ERROR,
    MAX_LINE,
    PARSE_ERROR,
    REFUSED,
    UNKNOWN_METHOD,
    Agent,
    Core,
    GoneError,
    LinkError,
    NoAnswerError,
    Pages,
    RefusedError,
    UnansweredError,
    frame_numbers,
    frame_text,
)


class Bench:
    """An agent whose pipes the test holds at the other end."""

    def __init__(self):
        theirs, self.down = os.pipe()
        self.up, ours = os.pipe()
        self.said = []
        self.agent = Agent(os.fdopen(theirs, "rb"), os.fdopen(ours, "wb"), self.said.append)
        self.lines = os.fdopen(self.up, "rb")

    def write(self, raw):
        os.write(self.down, raw)

    def ask(self, method, id_=1, **more):
        call = {"jsonrpc": "2.0", "id": id_, "method": method, **more}
        self.write(json.dumps(call).encode() + b"\n")

    def read(self):
        return json.loads(self.lines.readline())

    def hang_up(self):
        if self.down:
            os.close(self.down)
            self.down = 0


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.hang_up()
    bench.agent.close(60)
    bench.lines.close()


class TestPipes:
    def test_a_slow_peer_gets_the_newest_news_and_every_answer(self, bench):
        for n in range(2000):
            bench.agent.tell("progress", {"n": n, "filling": "x" * 1000})
            if n % 100 == 0:
                bench.agent.reply(n, result="done")
        bench.agent.tell("last", {})
        got = list(iter(bench.read, {"jsonrpc": "2.0", "method": "last", "params": {}}))
        assert [one["id"] for one in got if "id" in one] == list(range(0, 2000, 100))
        news = [one["params"]["n"] for one in got if "params" in one]
        assert news == sorted(news)
        assert news[-1] == 1999
        assert len(news) < 500

    def test_both_sides_write_ten_megabytes_at_once(self, bench):
        def write():
            for _ in range(20):
                bench.write(line)

        line = json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"of": "y" * 500_000}}
        )
        line = line.encode() + b"\n"
        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(20):
            bench.agent.reply(1, result="x" * 500_000)
        assert sum(len(bench.agent.receive(60).params["of"]) for _ in range(20)) == 10_000_000
        assert sum(len(bench.read()["result"]) for _ in range(20)) == 10_000_000
        writer.join(60)

    def test_a_line_may_come_in_pieces(self, bench):
        bench.write(b'{"jsonrpc": "2.0", "id": 1, "met')
        assert bench.agent.receive(0) is None
        bench.write(b'hod": "job"}\n')
        assert bench.agent.receive(60).method == "job"

    def test_a_partial_last_line_is_dropped_and_logged(self, bench):
        bench.write(b'{"jsonrpc": "2.0", "id": 1, "method": "claim"')
        bench.hang_up()
        assert bench.agent.receive(60) is None
        assert bench.said == ["link: dropped a last line that breaks off after 45 bytes"]
        assert bench.agent.gone == "the peer has hung up"

    def test_a_peer_that_only_stopped_writing_still_hears_what_was_said(self, bench):
        for n in range(100):
            bench.agent.reply(n, result="x" * 10_000)
        bench.hang_up()
        assert [bench.read()["id"] for _ in range(100)] == list(range(100))
        assert bench.lines.readline() == b""

    def test_a_call_is_answered_or_not(self, bench):
        answers = []
        caller = threading.Thread(target=lambda: answers.append(bench.agent.call("go", {}, 60)))
        caller.start()
        number = bench.read()["id"]
        bench.write(json.dumps({"jsonrpc": "2.0", "id": number, "result": 4}).encode() + b"\n")
        caller.join(60)
        assert answers == [4]
        with pytest.raises(NoAnswerError, match=r"go was not answered within 0\.01 s"):
            bench.agent.call("go", {}, 0.01)

    def test_after_the_end_nothing_can_be_said(self, bench):
        bench.hang_up()
        assert bench.agent.receive(60) is None
        with pytest.raises(GoneError, match="the link is closed: the peer has hung up"):
            bench.agent.tell("any", {})
        with pytest.raises(NoAnswerError):
            bench.agent.call("any", {}, 60)


class TestServing:
    def test_a_request_is_carried_out_on_the_thread_that_serves(self, bench):
        bench.ask("job", params={"id": "a"})
        bench.agent.poll({"job": lambda params: [params["id"], threading.get_ident()]}, 60)
        assert bench.read()["result"] == ["a", threading.get_ident()]

    def test_an_expired_request_is_not_begun(self, bench):
        bench.ask("job", id_=1, params={"id": "a"}, deadline_seconds=1e-9)
        bench.ask("job", id_=2, params={"id": "b"}, deadline_seconds=60)
        begun = []
        assert bench.agent.poll({"job": lambda params: begun.append(params["id"])}, 60)
        assert begun == ["b"]
        assert bench.read() == {"jsonrpc": "2.0", "id": 2, "result": None}

    def test_once_the_core_is_gone_nothing_is_begun(self, bench):
        bench.ask("job", params={"id": "a"})
        bench.hang_up()
        bench.agent._threads[0].join(60)
        begun = []
        assert not bench.agent.poll({"job": begun.append}, 60)
        assert bench.agent.serve({"job": begun.append}) == "the peer has hung up"
        assert begun == []

    def test_serving_stops_when_the_farm_wants(self, bench):
        bench.ask("job", params={"id": "a"})
        begun = []
        assert bench.agent.serve({"job": begun.append}, lambda: bool(begun)) == ""
        assert begun == [{"id": "a"}]

    @pytest.mark.parametrize(
        ("method", "params", "code", "sentence"),
        [
            ("dance", {}, UNKNOWN_METHOD, "this farm cannot do 'dance'"),
            ("job", {}, -32602, "job is asked without id"),
            ("page", {"token": "9"}, REFUSED, "this list is no longer kept"),
            ("page", {"token": []}, INTERNAL_ERROR, "page ended with TypeError"),
            ("locked", {}, REFUSED, "not now"),
            ("silent", {}, INTERNAL_ERROR, "the supervisor does not answer"),
            ("broken", {}, INTERNAL_ERROR, "broken ended with ZeroDivisionError"),
            ("endless", {}, INTERNAL_ERROR, "send long lists in pages"),
            ("odd", {}, INTERNAL_ERROR, "cannot be written as JSON"),
        ],
    )
    def test_what_goes_wrong_has_a_code_and_a_sentence(self, bench, method, params, code, sentence):
        def locked(_params):
            raise RefusedError("not now")

        def silent(_params):
            raise UnansweredError("the supervisor does not answer")

        handlers = {
            "locked": locked,
            "silent": silent,
            "broken": lambda _: 1 / 0,
            "endless": lambda _: "x" * MAX_LINE,
            "odd": lambda _: {1, 2},
            "job": lambda _: None,
        }
        bench.ask(method, params=params)
        assert bench.agent.poll(handlers, 60)
        error = bench.read()["error"]
        assert error["code"] == code
        assert sentence in error["message"]

    @pytest.mark.parametrize(
        "line",
        [
            b"hello there", b"[]", b"{}", b'{"jsonrpc": "1.0", "method": "a"}',
            b'{"jsonrpc": "2.0", "id": true, "method": "a"}',
            b'{"jsonrpc": "2.0", "id": 1, "method": 7}',
            b'{"jsonrpc": "2.0", "id": 1, "method": "a", "params": []}',
            b'{"jsonrpc": "2.0", "id": 1, "method": "a", "deadline_seconds": 0}',
            b'{"jsonrpc": "2.0", "id": 1, "result": 1, "error": {"code": 1, "message": ""}}',
            b'{"jsonrpc": "2.0", "result": 1}', b'{"jsonrpc": "2.0", "id": 1, "error": 1}',
            b'{"jsonrpc": "2.0", "method": "hello", "params": {"protocol": "1.0"}}',
            b'{"jsonrpc": "2.0", "method": "hello", "params": {"protocol": "9.0"}}',
        ],
    )  # fmt: skip
    def test_a_wrong_line_is_answered_and_the_next_one_served(self, bench, line):
        bench.write(line + b"\n")
        assert bench.agent.poll({}, 60)
        complaint = bench.read()
        assert (complaint["id"], complaint["error"]["code"]) == (None, PARSE_ERROR)
        bench.ask("job", params={"id": "a"})
        assert bench.agent.poll({"job": lambda _: 1}, 60)
        assert bench.read()["result"] == 1

    def test_a_long_list_comes_in_pages_and_only_the_last_few_lists_are_kept(self, bench):
        rows = ["x" * 1000] * 1200
        tokens = []
        for _ in range(9):
            bench.ask("list")
            bench.agent.poll({"list": lambda _: Pages({"name": "a"}, {"rows": rows, "no": []})}, 60)
            first = bench.read()["result"]
            assert (first["name"], first["no"]) == ("a", [])
            tokens.append(first["more"])
        got = len(first["rows"])
        while "more" in first:
            bench.ask("page", params={"token": first["more"]})
            bench.agent.poll({}, 60)
            first = bench.read()["result"]
            got += len(first["rows"])
        assert got == 1200
        bench.ask("page", params={"token": tokens[0]})
        bench.agent.poll({}, 60)
        assert bench.read()["error"]["code"] == REFUSED


class TestFrames:
    @given(st.lists(st.integers(-50, 50), min_size=1, unique=True))
    def test_the_core_reads_what_agents_write_and_the_other_way_round(self, numbers):
        assert list(FrameSet.parse(frame_text(numbers))) == numbers
        assert frame_numbers(FrameSet.of(numbers).format(Dialect.DEADLINE)) == numbers

    @given(st.text(alphabet="0123456789-x, ", max_size=8))
    def test_what_agents_read_means_the_same_to_the_core(self, text):
        try:
            numbers = frame_numbers(text)
        except RefusedError:
            return
        try:
            meant = list(FrameSet.parse(text, Dialect.QUBE)) if text.strip() else []
        except InputError:
            return
        assert list(dict.fromkeys(numbers)) == meant

    def test_runs_are_written_as_runs(self):
        texts = ["1-2,5-7", "1,5-7", "1-10", "10-1", "1-9x2", "9-1x4", "4,4", "1,3", "-5--1"]
        assert [frame_text(frame_numbers(text)) for text in texts] == texts

    @pytest.mark.parametrize(
        "text", ["1-10x0", "1" * 5000, "1-9999999999", "1-1000001", "1-600000,1-600000", "soon"]
    )
    def test_what_is_no_frame_list_or_too_long_a_one_is_refused(self, text):
        with pytest.raises(RefusedError, match="the frame list '"):
            frame_numbers(text)


def core(code, said):
    return Core([sys.executable, "-I", "-c", code], said.append)


class TestCore:
    def test_a_program_that_is_not_there_is_a_sentence(self):
        with pytest.raises(LinkError, match=r"cannot be started \(No such file .*give its full"):
            Core(["/no/such/renderbus"], print)

    def test_what_it_says_is_logged_and_its_last_words_are_told(self):
        said = []
        child = core("import sys; print('first', file=sys.stderr); sys.exit('last')", said)
        assert child.ending(60) == "the core ended with code 1: last"
        assert said == ["first", "last"]
        child.agent.close(60)

    def test_an_endless_line_is_logged_in_pieces(self):
        said = []
        child = core("import os; [os.write(2, b'x' * 65536) for _ in range(160)]", said)
        assert child.exit_code(60) == 0
        assert sum(map(len, said)) == 160 * 65536
        assert max(map(len, said)) == 8192
        child.agent.close(60)

    def test_a_killed_core_is_gone_and_told(self):
        said = []
        child = core("import signal; signal.pause()", said)
        child.process.kill()
        assert child.agent.serve({}) == "the peer has hung up"
        assert child.ending(60) == "the core was killed by signal 9: it said nothing"
        child.stop()
        assert said == ["the link is closed: the peer has hung up; see the log of the other side"]
        child.agent.close(60)

    def test_detaching_hangs_up_and_never_kills(self):
        said = []
        # It goes on after the end of its input until a signal comes.
        wait = "import signal, sys; sys.stdin.read(); print(1, file=sys.stderr); signal.pause()"
        child = core(wait, said)
        assert child.detach(0.2) is None
        assert child.process.poll() is None
        assert child.ending(0) == "the core has not ended yet"
        child.process.kill()
        assert child.exit_code(60) == -9
        assert said[-1] == "1"

    def test_stop_is_a_message(self):
        said = []
        child = core("import sys; print(sys.stdin.readline(), file=sys.stderr)", said)
        child.stop()
        assert child.exit_code(60) == 0
        assert json.loads(said[-1])["method"] == "stop"
        child.agent.close(60)

    def test_the_interpreter_of_the_farm_does_not_leak_into_the_core(self, monkeypatch):
        monkeypatch.setenv("PYTHONHOME", "/opt/farm")
        monkeypatch.setenv("PYTHONPATH", "/opt/farm/lib")
        monkeypatch.setenv("KEPT", "1")
        said = []
        names = "('PYTHONHOME', 'PYTHONPATH', 'KEPT', 'PYTHONUTF8')"
        child = core(f"import os, sys; sys.exit(str(list(map(os.environ.get, {names}))))", said)
        assert child.exit_code(60) == 1
        assert said == ["[None, None, '1', '1']"]
        child.agent.close(60)
