"""An agent that is one file more than renderbus_link.py, under every Python that is here."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from renderbus_core.errors import FarmError
from renderbus_core.farm import Link, connect
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    Gone,
    JobId,
    LocalState,
    Outcome,
    Reason,
    TaskRef,
)
from renderbus_core.shim import renderbus_link

SHIM = Path(renderbus_link.__file__)
AGENT = Path(__file__).parent / "memory_agent.py"
# Those of the farms' own interpreters that are installed here, beside the one that runs the tests.
INSTALLED = {
    minor: found
    for minor in ("3.6", "3.7", "3.8", "3.9", "3.10")
    for found in Path.home().glob(f".pyenv/versions/{minor}.*/bin/python")
}
PYTHONS = {"this": Path(sys.executable), **INSTALLED}
JOB = JobId("a")

# A core that takes what is queued, prints, which must not disturb the link, and ends with 7.
CORE = """
import sys
from renderbus_core.farm import open_stdio_farm
from renderbus_core.jobs import BurstId, Claim, JobId

with open_stdio_farm(print) as farm:
    print("core on", farm.agent.farm)
    refs = tuple(task.ref for task in farm.tasks(["a"])["a"])
    print(len(farm.claim(Claim(BurstId("b"), 1, 1, JobId("a"), refs)).taken), "taken")
sys.exit(7)
"""


@pytest.fixture(params=PYTHONS)
def python(request):
    return PYTHONS[request.param]


def start(python, tasks, *command, **pipes):
    """Start the agent without our packages on its path and without the site's."""
    return subprocess.Popen([python, "-I", "-B", AGENT, SHIM.parent, str(tasks), *command], **pipes)


@pytest.fixture
def farm(python):
    agent = start(python, 9, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with connect(Link(agent.stdout, agent.stdin), print) as farm:
        yield farm
    assert agent.wait(60) == 0


def test_the_file_needs_nothing_but_the_standard_library():
    tree = ast.parse(SHIM.read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {getattr(node, "module", None) or node.names[0].name for node in imported}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert "__future__" not in names  # Python 3.6 cannot put annotations off


def test_the_file_loads_without_a_warning(python):
    code = f"import sys; sys.path.insert(0, {str(SHIM.parent)!r}); import renderbus_link"
    subprocess.run([python, "-I", "-B", "-W", "error", "-c", code], check=True)


def test_a_queue_is_read_claimed_completed_and_released(farm):
    assert farm.capabilities == {"annotate", "complete", "fail"}
    snapshot = farm.snapshot([JOB])
    assert (snapshot.workers, snapshot.idle_workers, snapshot.jobs[0].queued) == (2, 1, 9)
    assert farm.job(JOB).frames == FrameSet.parse("1-18")
    assert farm.job(JobId("b")) == Gone(JobId("b"))
    refs = tuple(task.ref for task in snapshot.tasks[JOB])
    changed = TaskRef("8", FrameSet.parse("1"))
    claim = Claim(BurstId("burst-1"), 3, 1, JOB, (*refs[:3], changed))
    assert farm.claim(claim) == Outcome(refs[:3], {changed: Reason.CHANGED})
    assert farm.complete(claim, refs[:1]) == Outcome(refs[:1])
    assert farm.release(claim, refs[1:2], "as you wish") == Outcome(refs[1:2])
    done, free, held, *_ = farm.tasks([JOB])[JOB]
    assert (done.state, free.state) == (LocalState.COMPLETED, LocalState.QUEUED)
    assert (held.state, held.claim) == (LocalState.SUSPENDED, ClaimStamp(BurstId("burst-1"), 3))


def test_after_an_exception_the_outcome_is_unknown_and_the_agent_goes_on(farm, caplog):
    claim = Claim(BurstId("burst-1"), 1, 1, JOB, (TaskRef("1", FrameSet.parse("3-4")),))
    assert farm.fail(claim, claim.tasks, "why") == Outcome(unknown=claim.tasks)
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(FarmError, match=r"refused annotate: the notes of job a are locked"):
        farm.annotate(claim, {"burst": "burst-1"})
    assert farm.intents() == ()


@pytest.mark.heavy
def test_a_long_list_comes_in_pages(python):
    agent = start(python, 12_000, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with connect(Link(agent.stdout, agent.stdin), print) as farm:
        assert [int(task.ref.id) for task in farm.tasks([JOB])[JOB]] == list(range(12_000))
    assert agent.wait(60) == 0


def test_it_starts_the_core_and_tells_how_that_ended(python):
    agent = start(python, 4, sys.executable, "-c", CORE, stderr=subprocess.PIPE, text=True)
    _, said = agent.communicate(timeout=120)
    *_, name, taken, ending = said.splitlines()
    assert name.startswith("core on Python 3.")
    assert taken == "4 taken"
    assert ending == "the core ended with code 7: 4 taken"
    assert agent.returncode == 7
