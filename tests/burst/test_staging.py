"""What was sent is on record: changed files are sent again, and nobody's inputs are overwritten."""

from __future__ import annotations

import os

from renderbus_core.burst import BurstState


def save(path, content, seconds):
    """Save a file with another content at another time."""
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))


def until(state):
    return lambda burst: burst.state is state


def test_what_was_sent_is_on_record_with_size_and_time(world):
    burst = world.order()
    world.carry(world.runner(burst), burst, until(BurstState.STAGED))
    wood = world.folder / "wood.png"
    (sent,) = [file for file in world.store.staged(burst) if file.local == wood]
    assert (sent.size, sent.mtime) == (wood.stat().st_size, int(wood.stat().st_mtime))
    assert sent.server in world.engine[0].uploaded


def test_a_texture_saved_after_its_upload_is_sent_again_and_nothing_else(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, until(BurstState.ID_RESERVED))
    before = len(world.engine[0].uploaded)
    wood = world.folder / "wood.png"
    save(wood, b"\x89PNG another texture", 2_000_000_000)
    assert world.carry(runner, burst).state is BurstState.DONE
    (again,) = world.engine[0].uploaded[before:]
    assert again.endswith("/wood.png")
    storage, path = world.engine[0].inputs, again
    assert world.engine[0].storage.path(storage, path).read_bytes() == wood.read_bytes()


def test_inputs_of_a_burst_at_work_are_not_overwritten_until_it_is_over(world):
    first, second = world.order("0", "1"), world.order("2", "3")
    ahead, behind = world.runner(first), world.runner(second, "gateway-2")
    world.carry(ahead, first, until(BurstState.RUNNING))
    save(world.folder / "wood.png", b"\x89PNG another texture", 2_000_000_000)
    waiting = world.carry(behind, second, lambda burst: first in burst.reason)
    assert waiting.state is BurstState.CHECKED
    assert f"burst {first} is at work with another content of " in waiting.reason
    assert "/wood.png" in waiting.reason
    assert world.carry(ahead, first).state is BurstState.DONE
    assert world.carry(behind, second).state is BurstState.DONE


def test_two_bursts_that_have_not_been_submitted_do_not_wait_for_each_other(world):
    first, second = world.order("0", "1"), world.order("2", "3")
    ahead, behind = world.runner(first), world.runner(second, "gateway-2")
    world.carry(ahead, first, until(BurstState.ID_RESERVED))
    world.carry(behind, second, until(BurstState.ID_RESERVED))
    save(world.folder / "wood.png", b"\x89PNG another texture", 2_000_000_000)
    assert world.carry(ahead, first).state is BurstState.DONE
    assert world.carry(behind, second).state is BurstState.DONE


def test_a_burst_that_holds_tasks_gives_them_back_instead_of_waiting(world):
    first, second = world.order("0", "1"), world.order("2", "3")
    ahead, behind = world.runner(first), world.runner(second, "gateway-2")
    world.carry(ahead, first, until(BurstState.RUNNING))
    world.carry(behind, second, until(BurstState.ID_RESERVED))
    save(world.folder / "wood.png", b"\x89PNG another texture", 2_000_000_000)
    end = world.carry(behind, second)
    assert end.state is BurstState.FAILED
    assert f"burst {first} is at work with another content of " in end.reason


def test_a_scene_saved_between_inspection_and_check_is_inspected_again(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, until(BurstState.INSPECTED))
    scene = world.folder / "shot.ma"
    scene.write_text(scene.read_text().replace('".w" 64', '".w" 128'))
    end = world.carry(runner, burst)
    assert end.state is BurstState.DONE
    folder = world.gateway.config.burst.work_folder / burst
    assert '"width": "128"' in (folder / "task.json").read_text()
