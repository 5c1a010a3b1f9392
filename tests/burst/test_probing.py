"""Probes through the whole engine: one frame goes, is compared, and nobody waits for it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from renderbus_core.burst import BurstState, Crew, Decider, TaskState, wishes
from renderbus_core.burst.model import BurstKind
from renderbus_core.farm import JobSpec
from renderbus_core.jobs import IntentKind, LocalState
from renderbus_core.overflow import Verdict

CONFIG = """
[money]
price_per_hour = "1"
currency = "USD"
budget = "10"
[overflow]
enabled = true
backlog_tasks_per_worker = 2
local_share_minimum = 0
cloud_wait_seconds = 0
split_jobs = true
[[parity.mapping]]
dcc = "maya"
version = "2023"
renderer = "{renderer}"
"""


def painted(shade):
    """Return a PNG of 64 x 36 pixels as a renderer would make it: a ramp of one shade."""
    picture = Image.linear_gradient("L").resize((64, 36)).point(lambda v: min(255, v + shade))
    content = io.BytesIO()
    picture.convert("RGB").save(content, "PNG")
    return content.getvalue()


def cloud(shade):
    """Return a cloud that paints each frame a shade lighter than local workers do."""
    return lambda name, frame: {name: painted(frame + shade)}


def a_world(make_world, shade=0, renderer="mayaSoftware", **settings):
    """Return a world whose worker has rendered the first task: frame 1, into its place."""
    world = make_world(
        config=CONFIG.format(renderer=renderer), collect="", paint=cloud(shade), **settings
    )
    worker = world.farm.dispatch.beat("worker", None)
    run = world.farm.dispatch.dequeue(worker)
    world.clock.advance(9)
    world.farm.dispatch.finish(run)
    (world.folder / "renders" / "shot.0001.png").write_bytes(painted(1))
    world.farm.dispatch.beat("worker", worker)
    return world


def probed(world):
    """Let a gateway decide and carry the probe to its end; return it and the next answer."""
    return carried(world), answer(world)


def carried(world):
    (burst,) = Decider(world.gateway).step().bursts
    return world.carry(world.runner(burst.id), burst.id)


def answer(world):
    world.farm.dispatch.beat("worker", None)
    (item,) = Decider(world.gateway).step().decisions
    return item


def test_what_is_drawn_alike_is_shared_afterwards(make_world):
    world = a_world(make_world)
    before = world.states()
    burst, item = probed(world)
    assert burst.kind is BurstKind.PROBE
    assert (burst.state, burst.refs(TaskState.COMPLETED)[0].id) == (BurstState.DONE, "probe 1")
    assert world.states() == before, "local workers were never kept from anything"
    assert item.verdict is Verdict.BURST, item.sentence
    assert [ref.id for ref in item.tasks] == [str(n) for n in range(3, 10)]
    (result,) = world.store.probe_results("local").values()
    assert result.alike
    assert result.software == "maya 2023, mayaSoftware"


def test_its_picture_lies_aside_and_that_of_the_farm_stays_as_it_is(make_world):
    world = a_world(make_world, shade=90)
    burst, _ = probed(world)
    assert (world.folder / "renders" / "shot.0001.png").read_bytes() == painted(1)
    (aside,) = (world.folder / "packages" / burst.id / "probe").rglob("*.png")
    assert aside.read_bytes() == painted(91)
    assert world.pictures() == ["shot.0001.png"]


def test_what_is_drawn_otherwise_is_not_shared(make_world):
    world = a_world(make_world, shade=90)
    burst, item = probed(world)
    assert burst.state is BurstState.DONE
    assert item.verdict is Verdict.STAY
    assert "both sides do not draw it alike: " in item.sentence
    notes = world.farm.annotations(world.job)[burst.id]
    assert notes["renderbus.probe"] in item.sentence, "people read the same on the job"


def test_without_a_row_for_its_program_it_is_not_shared(make_world):
    _, item = probed(a_world(make_world, renderer="arnold"))
    assert "has no row for what it is rendered with (maya 2023, mayaSoftware)" in item.sentence


def test_a_scene_that_was_saved_since_is_probed_again(make_world):
    world = a_world(make_world)
    carried(world)
    scene = world.folder / "shot.ma"
    scene.write_text(scene.read_text() + "// saved again\n")
    assert answer(world).verdict is Verdict.PROBE


def test_another_job_of_the_scene_needs_no_probe_of_its_own(make_world):
    world = a_world(make_world)
    probed(world)
    spec = world.farm.job(world.job)
    other = world.farm.submit(
        JobSpec(
            name="again", dcc="maya", scene=spec.scene, outputs=spec.outputs, frames=spec.frames,
            command=("true",), user="artist",
        )
    )  # fmt: skip
    world.farm.dispatch.beat("worker", None)
    verdicts = {item.job: item.verdict for item in Decider(world.gateway).step().decisions}
    assert verdicts[other] is not Verdict.PROBE


def test_while_it_runs_nothing_else_of_the_job_leaves(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    world.carry(world.runner(burst.id), burst.id, until=lambda b: b.state is BurstState.RUNNING)
    cycle = Decider(world.gateway).step()
    assert cycle.bursts == ()
    assert "its probe is in the cloud" in cycle.decisions[0].sentence


def test_a_frame_that_the_cloud_cannot_render_keeps_the_job_here(make_world):
    burst, item = probed(a_world(make_world, fail_frames={1: 99}))
    assert burst.refs(TaskState.RELEASED)
    assert item.verdict is Verdict.STAY
    assert "its probe failed, so a person must send it: the cloud could not render" in item.sentence


def test_a_probe_that_a_person_calls_back_keeps_the_job_here(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    world.store.ask_recall(burst.id, "the director said so", world.clock.now())
    end = world.carry(world.runner(burst.id), burst.id)
    assert end.state is BurstState.RECALLED
    (item,) = Decider(world.gateway).step().decisions
    assert "its probe failed, so a person must send it: the director said so" in item.sentence


def test_what_people_do_to_the_job_is_nothing_to_its_probe(make_world):
    world = a_world(make_world)
    crew = Crew(world.gateway)
    (burst,) = Decider(world.gateway).step().bursts
    for _ in range(12):
        crew.step()
        world.clock.advance(1)
    world.farm.suspend_tasks(world.job, who="ada")
    wishes.grant(world.gateway)
    assert not any(task.asked.is_recall for task in world.store.burst(burst.id).tasks)
    end = world.carry(world.runner(burst.id), burst.id)
    assert end.state is BurstState.DONE


@pytest.mark.parametrize("done", [True, False])
def test_a_gateway_that_died_in_the_middle_is_no_matter(make_world, done):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    first = world.runner(burst.id)
    state = BurstState.RUNNING if done else BurstState.CLAIMED
    world.carry(first, burst.id, until=lambda b: b.state is state)
    world.clock.advance(3600)
    end = world.carry(world.runner(burst.id, "gateway-2"), burst.id)
    assert end.state is BurstState.DONE
    assert len(world.store.probe_results("local")) == 1
    assert world.states().count(LocalState.SUSPENDED) == 0
    assert {intent.kind for intent in world.farm.intents()} <= {IntentKind.COMPLETED}
