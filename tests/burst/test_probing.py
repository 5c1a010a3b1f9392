"""Probes through the whole engine: one frame goes, is compared, and nobody waits for it."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from renderbus_core import parity
from renderbus_core.burst import (
    BurstState,
    Crew,
    Decider,
    Order,
    TaskState,
    examine,
    history,
    wishes,
)
from renderbus_core.burst.keeping import keep_budgets
from renderbus_core.burst.model import BurstKind
from renderbus_core.errors import InputError, MissingDependencyError
from renderbus_core.farm import JobSpec
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import IntentKind, JobId, LocalState, TaskRef
from renderbus_core.money import Money
from renderbus_core.overflow import OverflowState, Verdict, decide, probe_frame
from renderbus_core.paths import PathMapping, PathRule

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


def a_world(make_world, shade=0, renderer="mayaSoftware", more="", **settings):
    """Return a world whose worker has rendered the first task: frame 1, into its place."""
    config = CONFIG.format(renderer=renderer) + more
    world = make_world(config=config, collect="", paint=cloud(shade), **settings)
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


def again(world, output="renders/shot.####.png"):
    """Submit another job of the same scene."""
    return world.farm.submit(
        JobSpec(
            name="again", dcc="maya", scene=str(world.folder / "shot.ma"),
            outputs=(f"{world.folder}/{output}",), frames=FrameSet.span(1, 10),
            command=("true",), user="artist",
        )
    )  # fmt: skip


def save(world, more):
    """Save the scene again, now."""
    scene = world.folder / "shot.ma"
    scene.write_text(scene.read_text() + more)
    now = world.clock.now().timestamp()
    os.utime(scene, (now, now))


def test_another_job_of_the_scene_needs_no_probe_of_its_own(make_world):
    world = a_world(make_world)
    probed(world)
    other = again(world)
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


def test_of_two_jobs_of_one_scene_the_second_waits_for_the_probe_of_the_first(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    world.carry(world.runner(burst.id), burst.id, until=lambda b: b.state is BurstState.RUNNING)
    other = again(world)
    items = {item.job: item for item in Decider(world.gateway).step().decisions}
    assert "its probe is in the cloud" in items[other].sentence


def test_a_picture_that_the_cloud_made_is_not_compared_with_another_of_the_cloud(make_world):
    world = a_world(make_world)
    mine = world.order("9")
    world.carry(world.runner(mine), mine)
    assert (world.folder / "renders" / "shot.0010.png").is_file()
    ref = probe_frame(10)
    order = Order("local", world.job, (ref,), "a person asked", kind=BurstKind.PROBE)
    (burst,) = world.store.plan([order], world.clock.now())
    assert world.carry(world.runner(burst.id), burst.id).state is BurstState.DONE
    (result,) = world.store.probe_results("local").values()
    assert result.alike is None
    assert "local workers have made no such picture" in result.why


def test_a_job_that_people_delete_takes_its_probe_along(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    runner = world.runner(burst.id)
    world.carry(runner, burst.id, until=lambda b: b.state is BurstState.RUNNING)
    world.farm.delete_job(world.job)
    assert world.carry(runner, burst.id).state.is_over
    assert world.store.probe_results("local") == {}


def test_without_the_library_that_compares_it_ends_and_the_job_is_not_shared(
    make_world, monkeypatch
):
    def missing(*_):
        raise MissingDependencyError("comparing pictures needs OpenImageIO", "parity")

    monkeypatch.setattr(parity, "compare", missing)
    burst, item = probed(a_world(make_world))
    assert burst.state is BurstState.DONE
    assert item.verdict is Verdict.STAY
    assert "comparing pictures needs OpenImageIO" in item.sentence


def test_a_scene_that_is_saved_while_its_probe_renders_was_not_probed(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    runner = world.runner(burst.id)
    world.carry(runner, burst.id, until=lambda b: b.state is BurstState.RUNNING)
    save(world, "// saved again\n")
    assert world.carry(runner, burst.id).state is BurstState.DONE
    (result,) = world.store.probe_results("local").values()
    assert "the scene was saved since it was sent" in result.why
    assert answer(world).verdict is Verdict.PROBE


def test_a_scene_that_nobody_can_read_any_more_ends_its_probe(make_world, monkeypatch):
    def unreadable(*_):
        raise InputError("shot.ma cannot be read")

    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    runner = world.runner(burst.id)
    world.carry(runner, burst.id, until=lambda b: b.state is BurstState.RUNNING)
    monkeypatch.setattr(examine, "inspect", unreadable)
    assert world.carry(runner, burst.id).state is BurstState.DONE
    (result,) = world.store.probe_results("local").values()
    assert (result.alike, result.software) == (True, "")
    assert result.why.endswith("what it is rendered with is not known: shot.ma cannot be read")


def test_a_job_whose_scene_looks_another_every_time_is_not_probed_for_ever(make_world):
    world = a_world(make_world)
    for time in range(3):
        carried(world)
        os.utime(world.folder / "shot.ma", (time, time))
        world.farm.dispatch.beat("worker", None)
    item = answer(world)
    assert item.verdict is Verdict.STAY
    assert "it was probed 3 times, and its scene was another each time" in item.sentence


def test_a_probe_that_failed_is_tried_again_when_its_scene_was_saved(make_world):
    world = a_world(make_world, fail_frames={1: 1})
    carried(world)
    assert "its probe failed" in answer(world).sentence
    save(world, "// mended\n")
    assert answer(world).verdict is Verdict.PROBE


def test_pictures_whose_folder_is_named_by_a_token_are_found(make_world):
    world = a_world(make_world)
    world.farm.delete_job(world.job)
    job = again(world, "renders/<RenderLayer>/../<RenderLayer>/shot.####.png")
    world.job = job
    worker = world.farm.dispatch.beat("worker", None)
    run = world.farm.dispatch.dequeue(worker)
    world.clock.advance(9)
    world.farm.dispatch.finish(run)
    (world.folder / "renders" / "masterLayer").mkdir()
    (world.folder / "renders" / "masterLayer" / "shot.0001.png").write_bytes(painted(1))
    burst = carried(world)
    (aside,) = (world.folder / "packages" / burst.id / "probe").rglob("*.png")
    assert aside.parent.name == "masterLayer"
    (result,) = world.store.probe_results("local").values()
    assert result.alike


def test_pictures_of_a_farm_that_calls_its_folders_otherwise_are_found(make_world, monkeypatch):
    world = a_world(make_world)
    rule = PathRule("X:/show", str(world.folder))
    paths = replace(world.gateway.config.paths, mapping=PathMapping((rule,)))
    world.gateway = replace(world.gateway, config=replace(world.gateway.config, paths=paths))
    job = replace(world.farm.job(world.job), outputs=(r"X:\show\renders\shot.####.png",))
    monkeypatch.setattr(world.farm, "job", lambda _: job)
    carried(world)
    (result,) = world.store.probe_results("local").values()
    assert result.alike, result.why


def test_what_the_cloud_renders_with_is_what_the_mapping_table_must_name(make_world):
    row = '[[burst.software]]\ndcc = "maya"\nversion = "2023"\ncloud_version = "2022"\n'
    world = a_world(make_world, more=row)
    carried(world)
    (result,) = world.store.probe_results("local").values()
    assert (result.alike, result.software) == (True, "maya 2022, mayaSoftware")


def spent(world):
    """Let another burst have used up the budget."""
    ref = TaskRef("9", FrameSet.span(10, 10))
    (other,) = world.store.plan([Order("local", JobId("job-0"), (ref,), "x")], world.clock.now())
    lease = world.store.lease(f"burst {other.id}", "gateway-2", 9999, world.clock.now())
    world.store.note(lease, other.id, spent=Decimal(11))


def test_a_budget_that_is_used_up_lets_a_probe_end(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    spent(world)
    keep_budgets(world.gateway, world.clock.now())
    assert world.carry(world.runner(burst.id), burst.id).refs(TaskState.COMPLETED)


def test_a_budget_that_is_overdrawn_stops_a_probe_which_says_nothing_of_the_job(make_world):
    world = a_world(make_world)
    config = world.gateway.config
    (burst,) = Decider(world.gateway).step().bursts
    spent(world)
    hard = replace(config, money=replace(config.money, hard_share=1.0))
    keep_budgets(replace(world.gateway, config=hard), world.clock.now())
    assert world.carry(world.runner(burst.id), burst.id).state is BurstState.RECALLED
    more = Money(Decimal(99), "USD")
    raised = replace(
        world.gateway, config=replace(config, money=replace(config.money, budget=more))
    )
    world.farm.dispatch.beat("worker", None)
    (item,) = Decider(raised).step().decisions
    assert item.verdict is Verdict.PROBE


def without_a_local_picture(world):
    """Let a first probe come home that had nothing to compare with."""
    order = Order("local", world.job, (probe_frame(5),), "a person", kind=BurstKind.PROBE)
    (burst,) = world.store.plan([order], world.clock.now())
    world.carry(world.runner(burst.id), burst.id)
    (result,) = world.store.probe_results("local").values()
    assert result.alike is None


def in_rounds(world, act=None):
    """Let a gateway decide eight times and carry what it sends.

    Returns:
        How many probes that were, and what it said last.
    """
    sent, worker = 0, None
    for _ in range(8):
        worker = world.farm.dispatch.beat("worker", worker)
        cycle = Decider(world.gateway).step()
        for burst in cycle.bursts:
            sent += burst.kind is BurstKind.PROBE
            if act is not None:
                act(burst)
            world.carry(world.runner(burst.id), burst.id)
    return sent, cycle.decisions[0].sentence


def test_a_second_probe_that_fails_is_not_sent_again(make_world):
    world = a_world(make_world, fail_frames={1: 99})
    without_a_local_picture(world)
    sent, said = in_rounds(world)
    assert sent == 1
    assert "its probe failed" in said


def test_a_second_probe_that_a_person_calls_back_is_not_sent_again(make_world):
    world = a_world(make_world)
    without_a_local_picture(world)

    def call_back(burst):
        world.store.ask_recall(burst.id, "the director said so", world.clock.now())

    sent, said = in_rounds(world, call_back)
    assert sent == 1
    assert "the director said so" in said


def test_a_failed_probe_holds_for_other_jobs_of_the_scene(make_world):
    world = a_world(make_world, fail_frames={1: 99})
    carried(world)
    other = again(world)
    world.farm.dispatch.beat("worker", None)
    items = {item.job: item for item in Decider(world.gateway).step().decisions}
    assert "its probe failed" in items[other].sentence


def test_a_probe_of_a_job_that_is_no_candidate_any_more_is_seen(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    world.carry(world.runner(burst.id), burst.id, until=lambda b: b.state is BurstState.RUNNING)
    world.farm.suspend_tasks(world.job)
    other = again(world)
    world.farm.dispatch.beat("worker", None)
    (item,) = Decider(world.gateway).step().decisions
    assert item.job == other
    assert "its probe is in the cloud" in item.sentence


def test_a_person_who_asks_about_one_job_reads_what_the_gateway_says(make_world):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    world.carry(world.runner(burst.id), burst.id, until=lambda b: b.state is BurstState.RUNNING)
    other = again(world)
    world.farm.dispatch.beat("worker", None)
    told = {item.job: item.sentence for item in Decider(world.gateway).step().decisions}
    queue = world.farm.snapshot([other])
    known = history(world.store, world.gateway.config, queue.taken_at, queue)
    state = OverflowState(world.store.overflowing("local"))
    (item,) = decide(queue, world.gateway.config.overflow, known, state, queue.taken_at).items
    assert item.sentence == told[other]


def test_pictures_that_this_host_may_not_read_end_the_probe(make_world, monkeypatch):
    world = a_world(make_world)
    (burst,) = Decider(world.gateway).step().bursts
    real = Path.stat

    def stat(self, **more):
        if self == world.folder / "renders" / "shot.0001.png":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **more)

    monkeypatch.setattr(Path, "stat", stat)
    assert world.carry(world.runner(burst.id), burst.id).state is BurstState.DONE
    assert "they cannot be compared: [Errno 13] Permission denied" in answer(world).sentence


def test_what_people_probe_is_no_reason_to_doubt_the_scene(make_world):
    world = a_world(make_world)
    for frame in (1, 2, 3):
        order = Order("local", world.job, (probe_frame(frame),), "ada", kind=BurstKind.PROBE)
        (burst,) = world.store.plan([order], world.clock.now())
        world.carry(world.runner(burst.id), burst.id)
    save(world, "// saved again\n")
    assert answer(world).verdict is Verdict.PROBE
