"""A farm of two pools: each renders its own jobs, and only the one that overflows sends any."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

POLICY = """[money]
price_per_hour = "1.00"
currency = "USD"
budget = "10"
[overflow]
enabled = true
backlog_tasks_per_worker = 3
split_jobs = true
probe = "never"
cloud_wait_seconds = 0
"""
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def configured(home, tmp_path):
    (tmp_path / "renderbus.toml").write_text(POLICY)
    home["RENDERBUS_CONFIG"] = str(tmp_path / "renderbus.toml")


@pytest.fixture
def submit(renderbus, spin, tmp_path):
    """Return what queues a job of a pool and returns its id."""

    def submit(pool, frames, seconds):
        output = tmp_path / pool / f"{frames}.####.png"
        answer = renderbus("farm", "submit", spin, "--output", output, "--renderer", "stand-in",
                           "--seconds", seconds, "--frames", frames, "--pool", pool)  # fmt: skip
        assert answer.status == 0, answer.err
        return answer.out.strip()

    return submit


@pytest.fixture
def start_worker(home):
    """Return what starts a worker of a pool in a process of its own."""
    started = []

    def start(pool):
        command = [sys.executable, "-m", "renderbus_core", "farm", "work"]
        options = ["--workers", "1", "--pool", pool]
        started.append(subprocess.Popen([*command, *options], env=home, cwd=home["HOME"]))

    yield start
    for process in started:
        process.terminate()
    assert [process.wait(30) for process in started] == [0] * len(started)


def counts(renderbus):
    rows = renderbus("farm", "jobs", "--json").json
    return {row["job"]["id"]: row["counts"] for row in rows}


def wait_until_both_render(renderbus, *jobs):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = counts(renderbus)
        if all(found[job].get("rendering") == 1 for job in jobs):
            return
        time.sleep(0.1)
    pytest.fail(f"the workers do not render their jobs: {found}")


@pytest.mark.heavy
def test_only_the_job_of_the_pool_that_overflows_would_leave(renderbus, submit, start_worker):
    seen = submit("maya", "1-2", 0)
    assert renderbus("farm", "work", "--pool", "maya", "--until-idle").status == 0
    assert counts(renderbus) == {seen: {"completed": 2}}

    crowded, quiet = submit("maya", "1-12", 600), submit("nuke", "1-3", 600)
    start_worker("maya")
    start_worker("nuke")
    wait_until_both_render(renderbus, crowded, quiet)

    decided = renderbus("overflow", "decide", "--json").json
    assert {one["job"]: one["verdict"] for one in decided} == {crowded: "burst", quiet: "stay"}
    said = {one["job"]: " ".join(one["reasons"]) for one in decided}
    assert "11.0 queued tasks per worker of pool maya, threshold 3" in said[crowded]
    assert "2.0 queued tasks per worker of pool nuke, threshold 3" in said[quiet]
    (sent,) = [one["tasks"] for one in decided if one["job"] == crowded]
    assert len(sent) == 8, "just what brings the pool below its threshold"
    assert counts(renderbus)[crowded] == {"queued": 11, "rendering": 1}, "nothing leaves by asking"
