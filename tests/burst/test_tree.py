"""Reading the cloud's side: what counts as a picture, what is read again, what is not believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderbus_core.burst import BurstState, TaskState
from renderbus_core.burst.model import Remote
from renderbus_core.statuses import FrameCode

PREPARING = {"preprocessing": 1, "photon": 2, "photon merge": 3, "simulation": 8}


def running(burst):
    return burst.state is BurstState.RUNNING


def rendering(burst):
    return any(task.remote is Remote.RENDERING for task in burst.tasks)


def change_frames(world, change):
    """Let the cloud's pages show something else than they would."""
    query = world.gateway.client.query
    shown = query.iter_frames
    query.iter_frames = lambda *arguments: iter(change(list(shown(*arguments))))

    def as_it_is():
        query.iter_frames = shown

    return as_it_is


def remote(world, burst):
    return [task.remote for task in world.store.burst(burst).tasks]


@pytest.mark.parametrize("kind", PREPARING.values(), ids=PREPARING)
def test_entries_that_only_prepare_pictures_hold_nothing_up(make_world, kind):
    world = make_world(nodes=10)
    extra = {"frame_type": kind, "frame_status": FrameCode.ERROR, "frame_index": "1"}
    change_frames(world, lambda frames: [*(replace(f, id=1, **extra) for f in frames[:1]), *frames])
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert len(end.refs(TaskState.COMPLETED)) == 10, "its failure is the pictures' own affair"


@pytest.mark.parametrize("code", [-7, 13, 99])
def test_a_code_that_nobody_knows_keeps_the_claim(make_world, code):
    world = make_world(nodes=1, frame_seconds=36000)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, rendering)
    change_frames(world, lambda frames: [replace(f, frame_status=code) for f in frames])
    world.clock.advance(3600)
    runner.step()
    assert remote(world, burst) == [Remote.UNKNOWN] * 10
    assert not world.store.burst(burst).refs(TaskState.RELEASED)


def test_an_entry_of_several_frames_counts_for_each_of_its_tasks(make_world):
    world = make_world(nodes=1, frame_seconds=36000)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, rendering)
    change_frames(world, lambda frames: [replace(frames[0], frame_index="1-10[1]")])
    world.clock.advance(3600)
    runner.step()
    assert remote(world, burst) == [Remote.RENDERING] * 10


def test_a_frame_that_goes_back_from_done_to_waiting_is_waited_for_again(make_world):
    world = make_world(nodes=10, config="poll_seconds_idle = 10")
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, rendering)
    back = change_frames(
        world, lambda frames: [replace(f, frame_status=FrameCode.DONE) for f in frames]
    )
    world.clock.advance(600)
    runner.step()
    assert len(world.store.burst(burst).refs(TaskState.DONE_REMOTE)) == 10
    back()
    change_frames(
        world,
        lambda frames: [
            replace(f, frame_status=FrameCode.WAITING) if f.frame_index == "3" else f
            for f in frames
        ],
    )
    world.clock.advance(600)
    runner.step()
    now = world.store.burst(burst)
    assert [ref.id for ref in now.refs(TaskState.SENT)] == ["2"]
    assert not now.refs(TaskState.RELEASED)


def test_pages_that_contradict_the_counts_are_read_again_until_they_are_believed(make_world):
    world = make_world(nodes=1, frame_seconds=36000, config="sweep_seconds = 60")
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, rendering)
    reads = []

    def one_done_too_many(frames):
        reads.append(len(frames))
        return [replace(frames[0], frame_status=FrameCode.DONE), *frames[1:]]

    as_it_is = change_frames(world, one_done_too_many)
    world.clock.advance(600)
    for _ in range(6):
        runner.step()
        world.clock.advance(10)
    assert len(reads) == 3
    as_it_is()
    world.clock.advance(30)
    runner.step()
    assert remote(world, burst)[0] is Remote.RENDERING, "the sweep mends what was believed"


def nodes(world, burst):
    """Return the machine of each frame as the store has it, by frame."""
    (leaf,) = world.store.remote(burst)
    return [entry.node for entry in sorted(leaf.entries, key=lambda entry: entry.frames.first)]


def test_a_frame_that_goes_to_another_machine_alone_is_seen_when_its_page_is_read_anyway(
    make_world,
):
    world = make_world(nodes=1, frame_seconds=36000, config="sweep_seconds = 600")
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, rendering)
    assert nodes(world, burst) == ["10.60.1.11"] + [""] * 9
    reads = []

    def elsewhere(frames):
        reads.append(len(frames))
        return [replace(frames[0], node_id="10.60.3.224"), *frames[1:]]

    change_frames(world, elsewhere)
    world.clock.advance(300)
    runner.step()
    assert (reads, nodes(world, burst)[0]) == ([], "10.60.1.11")
    world.clock.advance(300)
    runner.step()
    assert (reads, nodes(world, burst)[0]) == ([10], "10.60.3.224")


def test_a_task_that_another_process_takes_over_is_read_whole(make_world):
    world = make_world(nodes=1, frame_seconds=36000)
    burst = world.order()
    first = world.runner(burst)
    world.carry(first, burst, rendering)
    first.detach()
    second = world.runner(burst, "gateway-2")
    second.step()
    assert remote(world, burst) == [Remote.RENDERING] + [Remote.WAITING] * 9
