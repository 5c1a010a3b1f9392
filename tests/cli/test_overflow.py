"""`renderbus overflow`: why a job stays or leaves, here and on file; nothing leaves by it."""

from __future__ import annotations

import json
import re

import pytest

POLICY = """[overflow]
enabled = true
backlog_tasks_per_worker = 5
split_jobs = true
probe = "never"
"""


@pytest.fixture
def job(renderbus, home, spin, tmp_path):
    """Return a job of twelve frames, on a farm whose policy sends them."""
    home["RENDERBUS_CONFIG"] = str(tmp_path / "renderbus.toml")
    (tmp_path / "renderbus.toml").write_text(POLICY)
    answer = renderbus("farm", "submit", spin, "--output", tmp_path / "out/spin.####.png",
                       "--renderer", "stand-in", "--seconds", "0", "--frames", "1-12",
                       "--deadline", "2026-11-30T09:00+01:00")  # fmt: skip
    assert answer.status == 0, answer.err
    return answer.out.strip()


def test_a_job_is_explained_rule_by_rule(renderbus, job):
    shown = renderbus("overflow", "explain", job)
    assert shown.status == 0
    assert "is advised: 12.0 queued tasks per worker, threshold 5" in shown.out
    assert "a price and a budget and a locally rendered task" in shown.out
    assert "bursts may begin at any time" in shown.out
    answer = renderbus("overflow", "explain", job, "--json").json
    assert (answer["job"], answer["verdict"], len(answer["tasks"])) == (job, "advise", 7)
    assert all(one["passed"] for one in answer["weighed"])
    assert renderbus("status", "--json").json["bursts"] == [], "nothing leaves by this"


def test_another_policy_can_be_tried(renderbus, job, tmp_path):
    (tmp_path / "other.toml").write_text("[overflow]\nenabled = false\n")
    shown = renderbus("overflow", "explain", job, "--policy", tmp_path / "other.toml")
    assert "stays: automatic bursting is switched off (overflow.enabled)" in shown.out
    assert "REFUSED" in shown.out


@pytest.mark.heavy
def test_a_recorded_queue_is_decided_on_later(renderbus, job, tmp_path):
    file = tmp_path / "queue.jsonl"
    for _ in range(2):
        assert renderbus("overflow", "record", file).status == 0
    first, second = map(json.loads, file.read_text().splitlines())
    assert first["taken_at"] < second["taken_at"]
    assert len(first["tasks"]) == 12
    here = renderbus("overflow", "decide").out
    assert f"spin ({job}): is advised: 12.0 queued tasks per worker" in here
    assert renderbus("overflow", "decide", "--snapshot", file, "--dry-run").out == here


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("nonsense", "line 1 is no JSON object"),
        ('{"jobs": []}', "'taken_at', 'workers', 'idle_workers', 'tasks' are missing"),
        ("\n[1]\n", "line 2 is no JSON object"),
        ("[" * 100_000, "line 1 is no JSON object"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_what_is_no_recorded_queue_is_one_sentence(renderbus, tmp_path, content, sentence):
    file = tmp_path / "queue.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    answer = renderbus("overflow", "decide", "--snapshot", file)
    assert answer.status == 1
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_job_that_is_not_there_is_one_sentence(renderbus, job):
    answer = renderbus("overflow", "explain", f"{job}0")
    assert (answer.status, answer.out) == (1, "")
    assert f"the farm has no job '{job}0'" in answer.err


def test_policies_are_compared_on_a_queue(renderbus, root, tmp_path):
    ours = root / "examples/policies/deadlines.toml"
    page = tmp_path / "page.html"
    answer = renderbus("overflow", "simulate", "--trace", "steady", "--policy", "none",
                       "--policy", "threshold:10", "--policy", ours, "--out", page)  # fmt: skip
    assert answer.status == 0, answer.err
    assert "steady: 70 jobs" in answer.out
    for name in ("none", "threshold:10", "deadlines.toml"):
        assert name in answer.out
        assert name in page.read_text()
    lines = re.findall(r'<polyline class="\w+" points="([^"]*)"', page.read_text())
    assert len(lines) == 6
    for line in lines:
        assert re.fullmatch(r"0\.0,[\d.]+( [\d.]+,[\d.]+)+", line)


@pytest.mark.usefixtures("job")
def test_a_recorded_queue_is_replayed(renderbus, tmp_path):
    file = tmp_path / "queue.jsonl"
    worker = {"taken_at": "2026-03-01T12:00:00Z", "workers": 2, "idle_workers": 0}
    assert renderbus("overflow", "record", file).status == 0
    queue = json.loads(file.read_text()) | worker
    file.write_text(json.dumps(queue))
    answer = renderbus("overflow", "simulate", "--trace", file, "--policy", "none", "--json")
    (outcome,) = answer.json
    assert (outcome["bursts"], outcome["mean_span_seconds"]) == (0, 3600)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--trace", "nope"], "there is no trace 'nope'"),
        (["--policy", "nope"], "there is no policy 'nope'"),
        (["--policy", "threshold:many"], "names no threshold; write it as threshold:10"),
        (["--policy", "none", "--out", "nowhere/x.html"], "the comparison cannot be written"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(renderbus, arguments, sentence):
    answer = renderbus("overflow", "simulate", *arguments)
    assert answer.status == 1
    assert sentence in answer.err.splitlines()[-1]


@pytest.mark.heavy
def test_a_job_of_a_pool_and_its_workers(renderbus, home, spin, tmp_path):
    home["RENDERBUS_CONFIG"] = str(tmp_path / "renderbus.toml")
    (tmp_path / "renderbus.toml").write_text(POLICY)

    def submit(name, *options):
        output = tmp_path / f"{name}/spin.####.png"
        return renderbus("farm", "submit", spin, "--output", output, "--renderer", "stand-in",
                         "--seconds", "0", "--frames", "1-3", *options).out.strip()  # fmt: skip

    maya = submit("a", "--pool", "maya", "--department", "lighting")
    nuke = submit("b", "--pool", "nuke", "--group", "fast", "--cloud", "refused")
    assert renderbus("farm", "work", "--pool", "maya", "--until-idle").status == 0
    rows = {row["job"]["id"]: row for row in renderbus("farm", "jobs", "--json").json}
    assert rows[maya]["counts"] == {"completed": 3}
    assert rows[nuke]["counts"] == {"queued": 3}
    assert "nuke" in renderbus("farm", "jobs").out
    shown = renderbus("overflow", "explain", nuke).out
    assert "people said that it stays local (its cloud key)" in shown
