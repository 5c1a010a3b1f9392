"""The Farm port over a link: what comes of silence, nonsense, deaths and wishes to stop."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from renderbus_core.errors import FarmError
from renderbus_core.farm import (
    Link,
    LinkClosedError,
    LinkDataError,
    LinkFarm,
    LinkVersionError,
    Unknown,
    connect,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, Gone, Intent, IntentKind, JobId, Outcome, TaskRef
from renderbus_core.shim import renderbus_link

# An agent from the file that agents have; its handlers stand in the test.
PRELUDE = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(renderbus_link.__file__).parent)!r})
import renderbus_link as link

log = lambda sentence: print(sentence, file=sys.stderr)
agent = link.Agent(*link.own_pipes(), log=log)

def all_taken(params):
    return {{"taken": params["tasks"], "refused": []}}

def greet(*capabilities, ping_seconds=0):
    agent.greet("opera", capabilities, 60, ping_seconds)
"""

JOB = JobId("job-1")


def refs(number):
    return tuple(TaskRef(str(n), FrameSet.parse(str(n))) for n in range(number))


def claim_of(number):
    return Claim(BurstId("burst-1"), 2, 5, JOB, refs(number))


@dataclass
class Peer:
    process: subprocess.Popen
    farm: LinkFarm | None = None
    stops: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def on_stop(self, why):
        self.stops.append(why)
        self.stopped.set()


@pytest.fixture
def start():
    """Return what starts an agent and connects to it."""
    started = []

    def start(code, *, ping_seconds=0.0, **timeouts):
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", PRELUDE + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        peer = Peer(process)
        started.append(peer)
        every = dict.fromkeys(renderbus_link.REQUIRED, 60.0) | {"snapshot": 60.0, "intents": 60.0}
        link = Link(process.stdout, process.stdin)
        peer.farm = connect(
            link, peer.on_stop, ping_seconds=ping_seconds, timeouts=every | timeouts
        )
        return peer

    yield start
    for peer in started:
        peer.process.kill()
        peer.process.wait(60)
        if peer.farm is not None:
            peer.farm.close()


class TestAnswers:
    def test_silence_leaves_tasks_unknown_and_reading_for_later(self, start):
        peer = start("greet(); signal.pause()", claim=0.05, job=0.05)
        claim = claim_of(2)
        assert peer.farm.claim(claim) == Outcome(unknown=claim.tasks)
        with pytest.raises(FarmError, match=r"gave no answer to job .* asked again later"):
            peer.farm.job(JOB)

    def test_after_the_death_of_the_agent_it_is_the_same(self, start):
        peer = start("greet(); signal.pause()")
        peer.process.kill()
        assert peer.stopped.wait(60)
        claim = claim_of(2)
        assert peer.farm.release(claim, claim.tasks, "why") == Outcome(unknown=claim.tasks)
        with pytest.raises(FarmError, match="the peer has hung up"):
            peer.farm.snapshot()

    def test_a_task_that_the_answer_passes_over_is_unknown(self, start):
        peer = start(
            "greet()\n"
            "agent.serve({'claim': lambda p: {'taken': p['tasks'][1:], 'refused': [], 'x': 1}})"
        )
        first, second = refs(2)
        assert peer.farm.claim(claim_of(2)) == Outcome(taken=(second,), unknown=(first,))

    def test_a_task_that_was_not_asked_for_is_not_believed(self, start):
        other = "{'id': '77', 'frames': '77'}"
        peer = start(
            "greet()\n"
            f"answer = lambda p: {{'taken': p['tasks'] + [{other}], 'refused': []}}\n"
            "agent.serve({'claim': answer})"
        )
        assert peer.farm.claim(claim_of(2)) == Outcome(taken=refs(2))

    @pytest.mark.parametrize(
        "answer",
        ["None", "[]", "{'taken': [1], 'refused': []}", "{'taken': [], 'refused': {}}",
         "{'taken': [], 'refused': [{'ref': p['tasks'][0], 'reason': 'mood'}]}",
         "{'taken': [{'id': '0', 'frames': '1-'}], 'refused': []}", "{'taken': 'x' * (1 << 20)}"],
    )  # fmt: skip
    def test_after_a_wrong_answer_the_outcome_is_unknown(self, start, answer):
        peer = start(f"greet(); agent.serve({{'claim': lambda p: {answer}}})")
        assert peer.farm.claim(claim_of(1)) == Outcome(unknown=refs(1))

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            ("{'id': 'job-1'}", r"sent a wrong answer: job\.result\.found\[0\]: 'name'"),
            ("dict(JOB, frames='1-x')", "sent a value that cannot be: frame list"),
            ("dict(JOB, submitted_at='2026-13-20T09:00:00Z')", "cannot be: month must be in"),
            (
                "dict(JOB, submitted_at='2026-11-20T09:00:00')",
                r"wrong answer: job\.result\.found\[0\]\.submitted_at",
            ),
        ],
    )
    def test_what_is_wrong_in_a_job_is_told_with_its_place(self, start, answer, sentence):
        job = (
            "JOB = dict(id='job-1', name='', dcc='', scene='', outputs=[], frames='1', user='',"
            " priority=1, submitted_at='2026-11-20T09:00:00Z')\n"
        )
        peer = start(f"{job}greet(); agent.serve({{'job': lambda p: {{'found': [{answer}]}}}})")
        with pytest.raises(LinkDataError, match=sentence):
            peer.farm.job(JOB)

    def test_what_a_farm_cannot_do_is_an_error_in_a_sentence(self, start):
        peer = start("greet(); agent.serve({})")
        with pytest.raises(FarmError, match=r"'opera' refused complete: this farm cannot do"):
            peer.farm.complete(claim_of(1), refs(1))

    def test_what_a_farm_did_not_announce_is_not_asked_for(self, start):
        peer = start("greet(); agent.serve({'annotate': 1, 'intents': 1})")
        peer.farm.annotate(claim_of(1), {"burst": "burst-1"})
        assert peer.farm.intents() == ()

    def test_intents_come_with_all_that_is_known_of_them(self, start):
        row = "dict(id='7', job='job-1', kind='burst', at='2026-11-20T09:00:00Z', who='ada'"
        peer = start(
            "greet('intents')\n"
            f"rows = [{row}), {row}, frames='1-3', note='tonight')]\n"
            "agent.serve({'intents': lambda p: link.Pages({}, {'intents': rows}),\n"
            "             'acknowledge': lambda p: rows.pop(int(p['ids'][0]))})"
        )
        at = datetime(2026, 11, 20, 9, tzinfo=UTC)
        plain = Intent("7", JOB, IntentKind.BURST, at, "ada")
        full = Intent("7", JOB, IntentKind.BURST, at, "ada", FrameSet.parse("1-3"), "tonight")
        assert peer.farm.intents() == (plain, full)
        peer.farm.acknowledge(["0"])
        peer.farm.acknowledge([])
        assert peer.farm.intents() == (full,)

    def test_what_is_no_intent_hides_no_other_and_is_forgotten(self, start):
        peer = start(
            "greet('intents')\n"
            "good = dict(id='7', job='job-1', kind='burst', at='2026-11-20T09:00:00Z', who='ada')\n"
            "odd = [{'kind': 'fly'}, {'at': '2026-02-30T09:00:00Z'}, {'frames': '1-5x0'},\n"
            "       {'frames': '1-999999999'}, {'who': 7}]\n"
            "rows = [dict(good, id=str(n), **one) for n, one in enumerate(odd)]\n"
            "rows += [7, {'id': 7}, good]\n"
            "forgotten = []\n"
            "def acknowledge(params):\n"
            "    forgotten.extend(params['ids'])\n"
            "    rows[:-1] = []\n"
            "    rows[-1] = dict(good, note=','.join(forgotten))\n"
            "agent.serve({'intents': lambda p: link.Pages({}, {'intents': rows}),\n"
            "             'acknowledge': acknowledge})"
        )
        assert [one.id for one in peer.farm.intents()] == ["7"]
        assert [one.note for one in peer.farm.intents()] == ["0,1,2,3,4"]

    @pytest.mark.heavy
    def test_a_claim_too_long_for_a_line_is_made_in_parts(self, start):
        peer = start(
            "greet(); sizes = []\n"
            "def claim(params):\n"
            "    sizes.append(len(params['tasks']))\n"
            "    return all_taken(params)\n"
            "job = lambda p: 1 / 0 if len(sizes) < 2 else {'found': []}\n"
            "agent.serve({'claim': claim, 'job': job})"
        )
        claim = claim_of(30_000)
        assert peer.farm.claim(claim) == Outcome(taken=claim.tasks)
        assert peer.farm.job(JOB) == Gone(JOB)  # which says that there were two parts at least

    def test_after_a_part_of_unknown_outcome_no_more_parts_are_sent(self, start):
        peer = start(
            "greet(); sizes = []\n"
            "def claim(params):\n"
            "    sizes.append(len(params['tasks']))\n"
            "    raise OSError('no')\n"
            "job = lambda p: 1 / 0 if len(sizes) > 1 else {'found': []}\n"
            "agent.serve({'claim': claim, 'job': job})"
        )
        claim = claim_of(30_000)
        assert peer.farm.claim(claim) == Outcome(unknown=claim.tasks)
        assert peer.farm.job(JOB) == Gone(JOB)

    def test_a_list_that_is_no_longer_kept_is_read_again_later(self, start):
        peer = start(
            "greet()\n"
            "rows = [dict(job='j', ref=dict(id='x' * 4000, frames='1'), state='queued')] * 400\n"
            "def tasks(params):\n"
            "    answer = agent._first_page(link.Pages({}, {'tasks': rows}))\n"
            "    agent._lists.clear()\n"
            "    return answer\n"
            "agent.serve({'tasks': tasks})"
        )
        with pytest.raises(FarmError, match="refused page: this list is no longer kept"):
            peer.farm.tasks([JOB])


class TestHello:
    def test_another_major_version_is_told_in_a_sentence(self, start):
        with pytest.raises(LinkVersionError, match=r"speaks protocol '2\.0' and this side 1\.0"):
            start(
                "old = dict(protocol='2.0', role='agent', farm='opera', capabilities=[])\n"
                "agent.tell('hello', old); agent.close(60)"
            )

    def test_a_core_at_the_other_end_is_no_agent(self, start):
        with pytest.raises(LinkDataError, match="calls itself core, not agent"):
            start(
                "agent.exchange(dict(role='core', farm='', capabilities=[], ping_seconds=0), 60)\n"
                "agent.close(60)"
            )

    def test_an_agent_that_ends_at_once_is_gone(self, start):
        with pytest.raises(LinkClosedError):
            start("sys.exit(1)")

    def test_at_a_terminal_there_is_no_agent(self):
        theirs, ours = pty.openpty()
        code = "from renderbus_core.farm import open_stdio_farm; open_stdio_farm(print)"
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=ours, capture_output=True, text=True, check=False
        )
        os.close(theirs)
        os.close(ours)
        assert "which is a terminal here; choose another farm with --farm" in done.stderr


class TestStop:
    def test_stop_is_a_message(self, start):
        peer = start("greet(); agent.tell('stop', {}); agent.serve({'claim': all_taken})")
        assert peer.stopped.wait(60)
        assert peer.farm.stop_requested == "the farm wants the bridge to stop"
        # The effect in hand can still be finished.
        assert peer.farm.claim(claim_of(1)) == Outcome(taken=refs(1))

    def test_a_killed_agent_is_a_reason_to_stop(self, start):
        peer = start("greet(); signal.pause()")
        assert peer.farm.stop_requested == ""
        peer.process.kill()
        assert peer.stopped.wait(60)
        assert peer.farm.stop_requested == "the farm agent is gone"

    def test_the_reason_is_told_once(self, start):
        peer = start("greet(); agent.tell('stop', {}); agent.tell('stop', {}); agent.close(60)")
        assert peer.process.wait(60) == 0
        peer.farm._listener.join(60)
        assert peer.stops == ["the farm wants the bridge to stop"]

    def test_letting_go_is_no_reason_to_stop_and_ends_the_agent(self, start):
        peer = start("greet(); agent.serve({}); agent.close(60); sys.exit(5)")
        peer.farm.close()
        assert peer.process.wait(60) == 5
        assert peer.stops == []

    def test_an_agent_that_is_silent_for_three_pings_is_gone(self, start):
        peer = start("greet(ping_seconds=0.1); agent.serve({})", ping_seconds=0.1)
        peer.process.send_signal(signal.SIGSTOP)
        assert peer.stopped.wait(60)
        assert peer.farm.stop_requested == "the farm agent is gone"
        answer = peer.farm._link.call("job", {}, 60)
        assert answer == Unknown("the peer was silent for 3 pings")

    def test_an_agent_that_is_busy_is_not_gone(self, start):
        peer = start(
            "def forever(params): signal.pause()\n"
            "greet(ping_seconds=0.05); agent.serve({'claim': forever})",
            ping_seconds=0.05,
            claim=1.0,
        )
        assert peer.farm.claim(claim_of(1)) == Outcome(unknown=refs(1))
        assert peer.stops == []

    def test_a_core_that_is_silent_is_gone_too(self, start):
        peer = start(
            "greet(ping_seconds=0.05)\n"
            "sys.exit(3 if agent.serve({}) == 'the peer was silent for 3 pings' else 4)",
            ping_seconds=0.05,
        )
        # What a core that hangs looks like: its pipe is open and nothing comes.
        peer.farm._link._pipe._over.set()
        assert peer.process.wait(60) == 3

    def test_the_agent_learns_that_the_core_serves_nothing(self, start):
        peer = start(
            "greet()\n"
            "try:\n"
            "    agent.call('make_coffee', {}, 60)\n"
            "except link.RemoteError as error:\n"
            "    sys.exit(6 if error.code == link.UNKNOWN_METHOD else 1)"
        )
        assert peer.process.wait(60) == 6

    def test_nonsense_from_the_agent_is_logged_and_life_goes_on(self, start, caplog):
        peer = start(
            "greet()\n"
            "agent._outbox.put((b'nonsense\\n', 9e9), None)\n"
            "agent.serve({'claim': all_taken})"
        )
        assert peer.farm.claim(claim_of(1)) == Outcome(taken=refs(1))
        peer.farm.close()
        assert "sent a line that is not JSON" in caplog.text
