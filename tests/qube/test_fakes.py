"""The fake of Qube offers only what is documented or was seen in Qube's own code."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest
from deadline_bench import python, pythons
from qube_bench import FAKE, agent, qube

from qube_jobtype.bundle import bundle

NAMES = """
import inspect, json, sys
sys.path.insert(0, sys.argv[1])
import qb
json.dump({
    name: [
        str(one).replace(" ", "") for one in inspect.signature(value).parameters.values()
    ] if inspect.isfunction(value) else None
    for name, value in vars(qb).items()
    if getattr(value, "__module__", "") == "qb" and not name.startswith("__") or name.isupper()
}, sys.stdout)
"""
# The fake's own.
OWN = {"_ask", "_job", "_submitted"}


@pytest.fixture(scope="module")
def offered():
    """Return the names of the fake module with their parameters."""
    command = [python(), "-c", NAMES, str(FAKE.parent)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.fixture(scope="module")
def facts(shared):
    return json.loads((shared / "facts" / "qube_api.json").read_text())


def test_every_name_of_the_fake_was_seen_in_qube(offered, facts):
    known = {name.partition(".")[2] for name in facts["functions"]} | set(facts["constants"])
    assert set(offered) - OWN <= known


def test_every_call_of_the_fake_has_the_parameters_of_qubes(offered, facts):
    for name, parameters in offered.items():
        if parameters is None or name in OWN:
            continue
        known = facts["functions"]["qb." + name]
        wanted = [one.partition(" ")[0] for one in known["params"]]
        mine = [one.partition(":")[0] for one in parameters]
        if known.get("note", "").endswith("prototype is (*args)"):
            assert len(mine) == 1, name
        else:
            assert len(mine) == len(wanted), name
            keywords = [one for one in wanted if "=" in one and not one.startswith("*")]
            assert [one.partition("=")[0] for one in keywords] == [
                one.partition("=")[0] for one in mine if "=" in one
            ][: len(keywords)], name


def test_what_the_supervisor_takes_is_what_qube_takes(facts):
    sys.path.insert(0, str(FAKE))
    import farm as rules  # noqa: PLC0415 - the fake's own

    assert set(facts["modify_fields"]["names"]) == rules.MODIFIABLE
    assert set(facts["job_fields"]) >= rules.SUBMITTABLE
    assert set(facts["work_fields"]) >= rules.ITEM_FIELDS
    assert set(facts["statuses"]["tally_keys"]) == set(rules.TALLY)
    assert set(facts["flags"]) - {"source"} == rules.FLAGS
    assert facts["constants"]["QB_TIME_EPOCH_OFFSET"] == rules.EPOCH


def test_our_files_ask_for_documented_names_only(facts):
    """What no test happens to call is held, too."""
    known = {name.partition(".")[2] for name in facts["functions"]}
    for name, text in bundle().items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and _is_qb(node.value):
                assert node.attr in known, f"{name}:{node.lineno}"


def _is_qb(node):
    """Tell whether an expression is how our files call the module."""
    return ast.unparse(node) in {"qb", "self.qb", "self._qb", "self._jobs.qb"}


@pytest.mark.parametrize("minor", pythons())
def test_the_agent_runs_under_the_interpreters_that_qube_has(minor, tmp_path):
    interpreter = pythons()[minor]
    with qube(tmp_path, interpreter) as hands, agent(tmp_path, hands, interpreter) as farm:
        hands("add_host", "node-1", 2, "")
        hands.submit(name="shot", prototype="maya", frames=[1, 2, 3])
        queue = farm.snapshot()
        assert (queue.workers, queue.idle_workers, queue.jobs[0].queued) == (1, 1, 3)


def test_a_python_that_is_too_new_cannot_import_it():
    with pytest.raises(ImportError, match="no module _qb3"):
        import qb  # noqa: F401, PLC0415 - that is the test


def test_a_package_comes_back_as_texts(tmp_path):
    with qube(tmp_path) as hands:
        job = hands.submit(name="shot", prototype="maya", package={"a": None, "b": 1, "c": False})
        assert hands("job", job)["package"] == {"a": "None", "b": "1", "c": "False"}


def test_an_item_that_is_retired_keeps_the_result_package_that_it_was_submitted_with(tmp_path):
    said = {"outputPaths": "/show/a.0001.png"}
    with qube(tmp_path) as hands:
        item = {"name": "1", "resultpackage": said}
        job = hands.submit(name="shot", prototype="renderbus", agenda=[item])
        hands.work("retirework", job, 1)
        (shown,) = hands("job", job)["agenda"]
        assert (shown["status"], shown["resultpackage"]) == ("complete", said)


def test_a_name_that_is_not_documented_fails_the_test(tmp_path):
    with pytest.raises(AssertionError, match=r"qb\.workinfo"):  # noqa: PT012, SIM117
        with qube(tmp_path) as hands:
            code = "import sys; sys.path.insert(0, sys.argv[1]); import qb; qb.workinfo(1)"
            done = subprocess.run(
                [python(), "-c", code, str(FAKE.parent)], check=False, capture_output=True,
                env={"QB_SUPERVISOR": f"127.0.0.1:{hands.port}"},
            )  # fmt: skip
            assert b"AttributeError" in done.stderr


@pytest.mark.parametrize(
    ("call", "arguments", "why"),
    [
        ("modify", [{"package": {}}, ["1"]], "modify changes package"),
        ("jobinfo", [{"kind": "x"}, None, None, False, False, None], "filters by kind"),
        ("submit", [[{"name": "x", "colour": "red"}]], "submitted with colour"),
        ("submit", [[{"name": "x", "flagsstring": "quick"}]], "the flag quick"),
        (
            "submit",
            [[{"name": "x", "agenda": [{"name": "1", "subid": 2}]}]],
            "submitted with subid",
        ),
    ],
)
def test_what_is_not_documented_fails_the_test(tmp_path, call, arguments, why):
    with pytest.raises(AssertionError, match=why):  # noqa: SIM117
        with qube(tmp_path) as hands:
            hands.qb(call, *arguments)
