"""Gateways that are killed: at every named effect, and anywhere; nothing is lost or doubled."""

from __future__ import annotations

import ast
import random
import signal
from pathlib import Path

import pytest

import renderbus_core.burst
from renderbus_core.burst import BurstState, Moment
from renderbus_core.clock import SystemClock
from renderbus_core.jobs import LocalState

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="about signals of another system"),
]

FRAMES = 3
# Effects that a burst comes by which goes well, and those that a recall adds.
ALWAYS = (
    "write_package", "upload_assets", "claim", "create_task", "annotate", "upload_configuration",
    "submit_task", "limit_machines", "download", "complete",
)  # fmt: skip
RECALLED = ("stop_task", "release")
ELSEWHERE = {
    "ensure_project": "a call that may be repeated, before anything is submitted",
    "set_priority": "a call that may be repeated; tests/burst has its stories",
    "show": "words for people, which the next look shows again",
    "full_speed": "a call that may be repeated; tests/burst has its story",
    "stop_frames": "a call that may be repeated; tests/burst has its stories",
}


def effects_of_the_engine():
    folder = Path(renderbus_core.burst.__file__).parent
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "perform":
                yield ast.literal_eval(node.args[0])


def test_every_effect_of_the_engine_is_killed_here_or_told_why_not():
    assert set(effects_of_the_engine()) == {*ALWAYS, *RECALLED, *ELSEWHERE}


@pytest.fixture(scope="module")
def cloud(run_cloud):
    return run_cloud()


@pytest.fixture(scope="module")
def slow_cloud(run_cloud):
    """Return a cloud whose frames are never done before somebody recalls them."""
    return run_cloud("--frame-seconds", "100000")


@pytest.fixture
def studio(make_studio, store_url, cloud):
    return make_studio(store_url, cloud)


@pytest.fixture
def patient_studio(make_studio, store_url, slow_cloud):
    return make_studio(store_url, slow_cloud)


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("effect", ALWAYS)
def test_a_gateway_that_is_killed_at_an_effect_is_followed_by_another(studio, root, effect, moment):
    job = studio.submit(root / "examples/spin/spin.blend", FRAMES)
    burst = studio.burst(job)
    assert studio.died(studio.serve(RENDERBUS_CRASH_AT=f"{effect}:{moment}")), (
        "it came by this effect"
    )
    studio.serve_to_the_end()
    end = studio.check(job, burst)
    assert end.state is BurstState.DONE
    assert studio.pictures() == FRAMES
    assert {task.state for task in studio.farm.tasks([job])[job]} == {LocalState.COMPLETED}


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("effect", RECALLED)
def test_a_gateway_that_is_killed_in_a_recall_is_followed_by_another(
    patient_studio, root, effect, moment
):
    studio = patient_studio
    job = studio.submit(root / "examples/spin/spin.blend", FRAMES)
    burst = studio.burst(job)
    assert studio.died(studio.serve(RENDERBUS_CRASH_AT="submit_task:settled"))
    studio.store.ask_recall(burst.id, "a test", SystemClock().now())
    assert studio.died(studio.serve(RENDERBUS_CRASH_AT=f"{effect}:{moment}")), (
        "it came by this effect"
    )
    studio.serve_to_the_end()
    studio.check(job, burst)
    assert {task.state for task in studio.farm.tasks([job])[job]} == {LocalState.QUEUED}


@pytest.mark.parametrize("seed", range(10))  # on each kind of store
def test_a_gateway_that_is_killed_anywhere_is_followed_by_another(studio, root, seed):
    fate = random.Random(seed)  # noqa: S311 - fate need not be secret
    job = studio.submit(root / "examples/spin/spin.blend", FRAMES)
    burst = studio.burst(job)
    for _ in range(2):
        process = studio.serve()
        # The log tells how far it is; it is killed somewhere behind one of its lines.
        for _ in range(fate.randint(1, 12)):
            if not process.stdout.readline():
                break
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    studio.serve_to_the_end()
    end = studio.check(job, burst)
    assert end.state is BurstState.DONE
    assert studio.pictures() == FRAMES
