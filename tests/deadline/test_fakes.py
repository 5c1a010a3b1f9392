"""The fake Deadline offers only what is documented or was seen in Deadline's own code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from deadline.bench import HOST, deadline, pythons

NAMES = """
import inspect, json, sys
sys.path.insert(0, sys.argv[1])
import repository
found = {}
for name, kind in vars(repository).items():
    ours = inspect.isclass(kind) and issubclass(kind, repository.Strict)
    if ours and kind.__module__ == "repository":
        found[name] = {
            member: list(inspect.signature(value).parameters)[1:] if callable(value) else None
            for member, value in vars(kind).items() if not member.startswith("_")
        }
json.dump(found, sys.stdout)
"""
# What the fakes call each kind of object.
CLASSES = {"JobObject": "Job", "TaskObject": "Task"}


@pytest.fixture(scope="module")
def offered():
    """Return the members of each class of the fake with the names of their parameters."""
    command = [sys.executable, "-c", NAMES, str(HOST.parent)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.fixture(scope="module")
def documented(shared):
    return json.loads((shared / "facts" / "deadline_api.json").read_text())["classes"]


def test_every_name_of_the_fake_was_seen_in_deadline(offered, documented):
    for kind, members in offered.items():
        known = documented[CLASSES.get(kind, kind)]
        assert set(members) <= set(known), kind


def test_every_call_of_the_fake_has_as_many_parameters_as_in_deadline(offered, documented):
    for member, parameters in offered["RepositoryUtils"].items():
        known = documented["RepositoryUtils"][member]
        counts = set(known.get("observed_arg_counts") or ())
        if known.get("params"):
            counts.add(len(known["params"]))
        assert len(parameters) in counts, member


@pytest.mark.parametrize("interpreter", pythons())
def test_the_agent_runs_under_the_interpreters_that_deadline_has_had(interpreter, tmp_path):
    with deadline(tmp_path, pythons()[interpreter]) as (farm, hands):
        hands("add_worker", "node-1", ["none"], [])
        job = hands("submit", {"Plugin": "Blender", "Frames": "1-3"}, {"SceneFile": "/s.blend"})
        snapshot = farm.snapshot([job])
        assert (snapshot.workers, snapshot.idle_workers, len(snapshot.tasks[job])) == (1, 1, 3)


def test_a_name_that_is_not_documented_is_told():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import dotnet; dotnet.Array([]).Add(1)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(HOST.parent)], capture_output=True, text=True, check=False
    )
    assert "Array has no documented member Add" in done.stderr


def test_the_files_of_the_bundle_need_nothing_but_the_standard_library():
    for file in Path(HOST.parents[3] / "deadline_plugin" / "custom").rglob("*.py"):
        names = {line.split()[1].split(".")[0] for line in file.read_text().splitlines()
                 if line.startswith(("import ", "from "))}  # fmt: skip
        ours = {"renderbus_link", "renderbus_record", "renderbus_farm"}
        theirs = {"Deadline", "DeadlineUI", "System", "FranticX"}
        assert names <= sys.stdlib_module_names | ours | theirs, file
