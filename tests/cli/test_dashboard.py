"""`renderbus dashboard`: a page that says what `status` and the log say."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests

from renderbus_core.burst import Answer, BurstStore, Order, Remembered, Route
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, TaskRef
from renderbus_core.money import Money

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIG = """
[store]
url = "sqlite:///{folder}/bursts.db"
[money]
currency = "USD"
budget = "10"
"""


@pytest.fixture
def store(home, tmp_path):
    """Return a store with a burst, an answer with markup in it, and a drained route."""
    home["RENDERBUS_CONFIG"] = str(tmp_path / "renderbus.toml")
    (tmp_path / "renderbus.toml").write_text(CONFIG.format(folder=tmp_path))
    store = BurstStore(f"sqlite:///{tmp_path}/bursts.db")
    refs = (TaskRef("1", FrameSet.span(1, 1)),)
    money = Money(Decimal(9), "USD")
    store.plan([Order("local", JobId("job-1"), refs, "the queue overflows", money)], NOW)
    lease = store.lease("decider local", "gateway-1", 60, NOW)
    said = Answer(JobId("job-2"), "<b>shot</b>", "stay", "the farm keeps up: 1 task", NOW)
    store.remember(lease, "local", Remembered(answers=(said,)), NOW)
    store.set_route(Route("local", drained=True, why="maintenance", who="ada", at=NOW))
    yield store
    store.close()


@contextmanager
def served(home):
    """Run the dashboard as a process and give its address."""
    command = [sys.executable, "-m", "renderbus_core", "dashboard", "--port", "0"]
    process = subprocess.Popen(command, env=home, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode in {0, -15, 143}


def read(url, **headers):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=headers, timeout=30)


@pytest.mark.usefixtures("store")
def test_it_says_where_bursts_stand_and_why_jobs_stay(renderbus, home):
    with served(home) as url:
        page = read(url).text
        assert "the queue overflows" in page
        assert "the farm keeps up: 1 task" in page
        assert "&lt;b&gt;shot&lt;/b&gt;" in page
        assert "<b>shot" not in page
        assert "drained by ada (maintenance)" in page
        assert "No gateway gives signs of life" in page
        assert "9.00 USD" in page
        assert "nearly used up" in page
        assert read(url, Host="elsewhere.example").status_code == 400, "a name of another site"
        port = url.rstrip("/").rpartition(":")[2]
        taken = renderbus("dashboard", "--port", port)
    assert (taken.status, "name another with --port" in taken.err) == (1, True)


@pytest.mark.usefixtures("store")
def test_status_says_the_same(renderbus):
    shown = renderbus("status")
    assert "the farm keeps up: 1 task" in shown.out
    assert renderbus("status", "--json").json["answers"][0]["verdict"] == "stay"
