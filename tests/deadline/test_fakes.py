"""The fake Deadline offers only what is documented or was seen in Deadline's own code."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

import pytest
from deadline_bench import HOST, check, deadline, pythons, started

from deadline_plugin.bundle import bundle
from renderbus_core.jobs import BurstId, Claim, IntentKind

NAMES = """
import inspect, json, sys
sys.path.insert(0, sys.argv[1])
import modules, repository
found = {}
for name, kind in [*vars(repository).items(), *vars(modules).items()]:
    ours = inspect.isclass(kind) and issubclass(kind, repository.Strict)
    theirs = ours and kind.__module__ in ("modules", "repository")
    if theirs and name not in ("PluginType", "Control"):
        found[name] = {
            member: list(inspect.signature(value).parameters)[1:] if callable(value) else None
            for member, value in vars(kind).items() if not member.startswith("_")
        }
json.dump(found, sys.stdout)
"""
# What the fakes call each kind of object.
CLASSES = {"JobObject": "Job", "TaskObject": "Task", "DeadlineScriptDialog": "ScriptDialog"}


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
        # How the fakes are driven is not for plug-ins.
        assert set(members) - {"attach", "repository", "plugin"} <= set(known), kind


def test_every_call_of_the_fake_has_as_many_parameters_as_in_deadline(offered, documented):
    calls = [
        (member, parameters, documented[CLASSES.get(kind, kind)][member])
        for kind, members in offered.items()
        for member, parameters in members.items()
        if parameters is not None and member != "attach"
    ]
    for member, parameters, known in calls:
        counts = set(known.get("observed_arg_counts") or ())
        if known.get("params"):
            counts.add(len(known["params"]))
        assert len(parameters) in counts or not counts, member


@pytest.mark.parametrize("interpreter", pythons())
def test_the_agent_runs_under_the_interpreters_that_deadline_has_had(interpreter, tmp_path):
    with deadline(tmp_path, pythons()[interpreter]) as (farm, hands):
        hands("add_worker", "node-1", ["none"], [])
        job = hands("submit", {"Plugin": "Blender", "Frames": "1-3"}, {"SceneFile": "/s.blend"})
        snapshot = farm.snapshot([job])
        assert (snapshot.workers, snapshot.idle_workers, len(snapshot.tasks[job])) == (1, 1, 3)
        claim = Claim(BurstId("burst-1"), 1, 1, job, tuple(t.ref for t in snapshot.tasks[job]))
        assert farm.claim(claim).taken == claim.tasks
        farm.show(claim, {"0": "cloud: rendering"})
        farm.annotate(claim, {"renderbus.reason": "the farm is full"})
        hands("resume", job)
        assert farm.complete(claim, claim.tasks[:1]).taken == claim.tasks[:1]
        hands("house_cleaning")
        hands("script", "Jobs/RenderbusRecall", [job])
        assert [one.kind for one in farm.intents()] == [IntentKind.RECALL]
        assert farm.release(claim, claim.tasks[1:], "recalled").taken == claim.tasks[1:]
        hands("delete", job)
        assert IntentKind.DELETED in [one.kind for one in farm.intents()]


@pytest.mark.parametrize("interpreter", pythons())
def test_a_worker_under_each_of_them_can_host_a_gateway(interpreter, tmp_path):
    with started("worker", tmp_path, pythons()[interpreter]) as (_, hands):
        hands("gateway", "begin", {"Executable": "/nowhere/renderbus"}, {})
        hands("gateway", "seen")
        while (seen := hands("gateway", "seen"))["outcome"] == "rendering":
            pass
        assert seen["outcome"].startswith("failed: no executable of the bridge was found")
        check(hands)


def test_a_name_that_is_not_documented_is_told():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import dotnet; dotnet.Array([]).Add(1)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(HOST.parent)], capture_output=True, text=True, check=False
    )
    assert "Array has no documented member Add" in done.stderr


def test_the_files_of_the_bundle_need_nothing_but_the_standard_library():
    files = {place: content for place, content in bundle().items() if place.suffix == ".py"}
    ours = {place.stem for place in files}
    theirs = {"Deadline", "DeadlineUI", "System", "FranticX"}
    for place, content in files.items():
        tree = ast.parse(content)
        names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                  for alias in node.names]  # fmt: skip
        roots = {name.split(".")[0] for name in names}
        assert roots <= sys.stdlib_module_names | ours | theirs, place


def texts_of_bundle():
    return {place: c.decode() for place, c in bundle().items() if place.suffix != ".ico"}


def test_each_plug_in_has_an_icon():
    icons = {place.parts[0]: c for place, c in bundle().items() if place.suffix == ".ico"}
    assert set(icons) == {"events", "plugins"}
    assert all(content.startswith(b"\0\0\1\0") for content in icons.values())


@pytest.mark.parametrize("kind", ["events", "plugins"])
def test_every_setting_that_is_read_is_one_that_people_see_and_the_reverse(kind):
    texts = {p: t for p, t in texts_of_bundle().items() if p.parts[0] == kind}
    (param,) = (text for place, text in texts.items() if place.suffix == ".param")
    # Shared with the job plug-in, and about settings of the event plug-in.
    own = {p: t for p, t in texts.items() if kind == "events" or p.name != "renderbus_keeper.py"}
    code = "".join(text for place, text in own.items() if place.suffix == ".py")
    names = r'(?:Get\w*ConfigEntry(?:WithDefault)?|_?setting)\(\s*"(\w+)"'
    read = set(re.findall(names, code)) | set(re.findall(r'"((?:Status|Task)Column)"', code))
    read |= set(re.findall(r'\("\w+", "(Gateway\w+)"\)', code))
    read |= {"Acknowledged"} if kind == "events" else set()
    shown = set(re.findall(r"^\[(\w+)\]", param, re.MULTILINE))
    # Deadline itself reads these.
    assert shown - {"State", "About", "ConcurrentTasks"} == read


def test_settings_are_of_kinds_that_deadline_has(shared):
    names = json.loads((shared / "facts" / "deadline_api.json").read_text())
    for place, content in bundle().items():
        ending = place.suffix.lstrip(".")
        if ending in {"param", "options"}:
            lines = [line for line in content.decode().splitlines() if "=" in line]
            keys = {line.partition("=")[0] for line in lines}
            kinds = {line.partition("=")[2].lower() for line in lines if line.startswith("Type=")}
            assert keys <= set(names[f"{ending}_keys"]), place
            assert kinds <= set(names[f"{ending}_control_types"]), place
            assert content.isascii(), place


def test_job_settings_are_those_that_the_plug_in_reads():
    texts = {place.name: text for place, text in texts_of_bundle().items()}
    shown = set(re.findall(r"^\[(\w+)\]", texts["Renderbus.options"], re.MULTILINE))
    assert shown == {"Role", "Overflow", "NativePlugin"}
