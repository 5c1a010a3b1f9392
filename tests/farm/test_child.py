"""A farm agent that is a program of its own: the core starts it, and says when it cannot."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from renderbus_core.errors import FarmError
from renderbus_core.farm import open_child_farm
from renderbus_core.jobs import JobId

SHIM = Path(__file__).parents[2] / "renderbus_core" / "shim"
AGENT = [sys.executable, str(Path(__file__).parent / "memory_agent.py"), str(SHIM), "3"]


def test_the_core_starts_the_agent_and_ends_it():
    stops = []
    with open_child_farm(AGENT, stops.append) as farm:
        assert len(farm.tasks([JobId("a")])[JobId("a")]) == 3
    assert stops == []


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(FarmError, match=r"\(No such file or directory: /nowhere/python\)"):  # noqa: SIM117
        with open_child_farm(["/nowhere/python", "agent.py"], print):
            pass


def test_an_agent_that_ends_at_once_is_told_with_its_last_words():
    words = "import sys; sys.exit('no module named qb')"
    with pytest.raises(FarmError, match="cannot be talked to: no module named qb: "):  # noqa: SIM117
        with open_child_farm([sys.executable, "-c", words], print):
            pass


def test_what_the_agent_says_goes_to_the_log(caplog):
    words = "import sys, runpy; sys.stderr.write('hear\\n'); sys.argv = sys.argv[1:]; "
    words += "runpy.run_path(sys.argv[0], run_name='__main__')"
    with (
        caplog.at_level(logging.WARNING),
        open_child_farm([sys.executable, "-c", words, *AGENT[1:]], print) as farm,
    ):
        assert farm.snapshot().workers == 2
    assert "farm agent: hear" in caplog.messages


def test_an_agent_that_dies_is_the_reason_to_begin_nothing_more():
    stops = []
    words = "import os, sys, threading; threading.Timer(0.5, os._exit, [3]).start(); "
    words += "import runpy; sys.argv = sys.argv[1:]; "
    words += "runpy.run_path(sys.argv[0], run_name='__main__')"
    with open_child_farm([sys.executable, "-c", words, *AGENT[1:]], stops.append) as farm:
        farm._listener.join(30)
    assert stops == ["the farm agent is gone"]


def test_the_account_is_not_for_the_agent(monkeypatch, caplog):
    monkeypatch.setenv("RAYVISION_API_KEY", "secret")
    words = "import os, sys; sys.exit(str(sorted(n for n in os.environ if 'RAYV' in n)))"
    with pytest.raises(FarmError, match=r"cannot be talked to: \[\]: "):  # noqa: SIM117
        with open_child_farm([sys.executable, "-c", words], print):
            pass
    assert "secret" not in caplog.text


def test_an_agent_that_is_signalled_tells_the_core_to_stop_and_serves_on(tmp_path):
    told, me = threading.Event(), tmp_path / "pid"
    script = f'echo $$ > {me}; exec {sys.executable} -m renderbus_core.farm.agent "$0"'
    command = ["sh", "-c", script, str(tmp_path / "farm.db")]
    with open_child_farm(command, lambda _: told.set()) as farm:
        os.kill(int(me.read_text()), signal.SIGTERM)
        assert told.wait(60)
        assert farm.stop_requested == "the farm wants the bridge to stop"
        assert farm.snapshot().jobs == ()
