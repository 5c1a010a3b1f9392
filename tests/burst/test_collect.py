"""Collecting: what is listed when, what takes its place, and what is refused, kept or named."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from renderbus_core.burst import BurstState, TaskState, WakeAt, collect
from renderbus_core.burst.arrival import stamp, take_place
from renderbus_core.errors import LocalDiskError, TransferError
from renderbus_core.jobs import LocalState

HELD = LocalState.SUSPENDED
HEADER = 'check = "header"'


def png(size=(64, 36)):
    file = io.BytesIO()
    Image.effect_noise(size, 80).save(file, "png")
    return file.getvalue()


def painted(name, _frame):
    return {name: png()}


def running(burst):
    return burst.state is BurstState.RUNNING


def said(world, burst, after):
    return [event.reason for event in world.store.events(burst) if event.after == after]


def count_listings(world):
    asked = []
    transmit = world.gateway.client.transmit
    listed = transmit.get_output_files

    def get_output_files(folder):
        asked.append(folder)
        return listed(folder)

    transmit.get_output_files = get_output_files
    return asked


def watch(world, change):
    """Put something between the burst and its engine; `change` gets the plan and the download."""
    opened = world.gateway.open_engine

    def open_engine(client, config):
        engine = opened(client, config)
        download = engine.download

        def changed(plan, progress):
            change(plan, lambda: download(plan, progress), progress)

        engine.download = changed
        return engine

    object.__setattr__(world.gateway, "open_engine", open_engine)


# -- listings -------------------------------------------------------------------------------------


def test_a_folder_is_listed_when_frames_are_done_and_not_at_every_look(make_world):
    world = make_world(nodes=1, frame_seconds=300, config="poll_seconds_idle = 10")
    asked, looks = count_listings(world), []
    burst = world.order("0", "1", "2")
    end = world.carry(world.runner(burst), burst, looks.append)
    assert end.state is BurstState.DONE
    assert len(looks) > 90
    assert len(asked) == 6, "two for each frame, to see that its file is whole"


def test_files_that_are_listed_late_are_waited_for(make_world):
    world = make_world(listing_lag_seconds=45)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert len(world.pictures()) == 10


def test_only_a_part_of_the_output_folder_can_be_asked_for(make_world):
    world = make_world(collect='check = "off"\nserver_path = "beauty"')
    asked = count_listings(world)
    burst = world.order("0")
    world.carry(world.runner(burst), burst, lambda _: bool(asked))
    (task,) = world.remote_tasks()
    assert set(asked) == {f"/{task.output_file_name}/beauty"}


# -- taking a place -------------------------------------------------------------------------------

BEFORE, AFTER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def places(tmp_path):
    """Return a file that has come, and the place where it belongs."""
    new, local = tmp_path / ".new", tmp_path / "shot.0001.exr"
    new.write_bytes(b"from the cloud")
    return new, local


def lay(local, content, at):
    local.write_bytes(content)
    os.utime(local, (at.timestamp(), at.timestamp()))


def place(places, *, ours=None, since=BEFORE):
    return take_place(*places, "b1", ours=ours, since=since)


@pytest.mark.parametrize(
    ("there", "at", "policy"),
    [
        (None, AFTER, {}),
        (b"older than the burst", BEFORE - timedelta(days=1), {}),
        (b"", AFTER, {}),
        (b"newer", AFTER, {"since": None}),
    ],
    ids=["nothing", "older", "empty", "newer, and it may be replaced"],
)
def test_a_file_takes_its_place(places, there, at, policy):
    new, local = places
    if there is not None:
        lay(local, there, at)
    arrival = place(places, **policy)
    assert local.read_bytes() == b"from the cloud"
    assert (arrival.stamp, arrival.beside) == (stamp(local), None)
    assert not new.exists()


def test_somebody_s_newer_file_stays_and_ours_lies_beside_it(places):
    new, local = places
    lay(local, b"newer", AFTER)
    arrival = place(places)
    assert local.read_bytes() == b"newer"
    assert arrival.beside == local.with_name("shot.0001.renderbus-b1.exr")
    assert arrival.beside.read_bytes() == b"from the cloud"
    assert arrival.stamp is None
    assert not new.exists()


def test_the_burst_s_own_file_is_replaced_by_its_next(places):
    new, local = places
    before = place(places)
    new.write_bytes(b"rendered anew")
    place(places, ours=before.stamp)
    assert local.read_bytes() == b"rendered anew"


def test_what_a_process_put_there_before_it_died_is_known_by_its_content(places):
    new, local = places
    lay(local, b"from the cloud", AFTER)
    arrival = place(places)
    assert (arrival.stamp, arrival.beside) == (stamp(local), None)
    assert not new.exists()


def test_a_folder_in_its_place_is_in_the_way(places):
    _, local = places
    (local / "deep").mkdir(parents=True)
    with pytest.raises(LocalDiskError, match="a folder where a file does; move it away"):
        place(places)


def test_a_burst_leaves_a_newer_file_alone_and_says_so(world):
    mine = world.folder / "renders/shot.0003.png"
    mine.write_bytes(b"painted over by hand")
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert len(end.refs(TaskState.COMPLETED)) == 10
    assert mine.read_bytes() == b"painted over by hand"
    beside = mine.with_name(f"shot.0003.renderbus-{burst}.png")
    assert beside.read_bytes() == b"\x89PNG frame 3"
    (sentence,) = said(world, burst, "lies beside")
    assert str(mine) in sentence
    assert str(beside) in sentence


# -- pictures -------------------------------------------------------------------------------------


def test_pictures_of_the_declared_size_come_home(make_world):
    world = make_world(collect='check = "pixels"', paint=painted)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert (end.state, len(end.refs(TaskState.COMPLETED))) == (BurstState.DONE, 10)
    assert said(world, burst, "is odd") == []


def test_a_picture_of_another_size_is_fetched_twice_and_its_frame_goes_back(make_world):
    world = make_world(
        collect=HEADER, paint=lambda name, frame: {name: png((32, 18)) if frame == 4 else png()}
    )
    fetched = []
    watch(world, lambda plan, go, _: (fetched.extend(item.remote[-8:] for item in plan), go()))
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert [ref.id for ref in end.refs(TaskState.RELEASED)] == ["3"]
    reason = next(task.reason for task in end.tasks if task.ref.id == "3")
    assert "shot.0004.png is 32 x 18 pixels where 64 x 36 were declared, 2 times" in reason
    assert fetched.count("0004.png") == 2
    assert world.states()[3] is LocalState.QUEUED
    assert len(world.pictures()) == 9
    assert len(said(world, burst, "is refused")) == 2


def test_a_picture_that_is_whole_the_second_time_comes_home(make_world):
    world = make_world(collect=HEADER, paint=painted)
    broken = []

    def cut_once(plan, go, _progress):
        go()
        if not broken:
            broken.append(plan[0].local)
            plan[0].local.write_bytes(b"\x89PNG")

    watch(world, cut_once)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert len(end.refs(TaskState.COMPLETED)) == 10
    assert len(said(world, burst, "is refused")) == 1


def test_odd_pictures_come_home_and_are_named(make_world):
    def flat(name, frame):
        if frame != 2:
            return painted(name, frame)
        file = io.BytesIO()
        Image.new("RGBA", (64, 36)).save(file, "png")
        return {name: file.getvalue()}

    world = make_world(collect='check = "pixels"', paint=flat, nodes=1)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert len(end.refs(TaskState.COMPLETED)) == 10
    same, channels = said(world, burst, "is odd")
    assert same.endswith("shot.0002.png: all of its pixels are the same")
    assert channels.endswith("has the channels R, G, B, A of 8 bits where the first of its kind "
                             "has L of 8")  # fmt: skip


# -- files without a place ------------------------------------------------------------------------


def with_log(name, frame):
    return {name: b"\x89PNG frame %d" % frame, "logs/render.txt": b"all is well"}


def test_a_file_without_a_place_is_kept_aside_and_named_once(make_world):
    world = make_world(paint=with_log)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    (sentence,) = said(world, burst, "has no place")
    assert "logs/render.txt: no output of the job has this name" in sentence
    (stray,) = world.store.strays(burst)
    assert stray.local.read_bytes() == b"all is well"
    assert stray.local.is_relative_to(world.folder / "packages" / burst / "aside")


@pytest.mark.parametrize("policy", ['unmapped = "leave"', "unmapped_megabytes = 0"])
def test_a_file_without_a_place_stays_in_the_cloud_when_that_is_wanted(make_world, policy):
    world = make_world(paint=with_log, collect=f'check = "off"\n{policy}')
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert len(said(world, burst, "has no place")) == 1
    (stray,) = world.store.strays(burst)
    assert stray.local is None
    assert not (world.folder / "packages" / burst / "aside").exists()


def test_a_file_that_cannot_be_had_does_not_keep_the_pictures_from_coming(make_world):
    world = make_world(paint=with_log)

    def refuse_logs(plan, go, _progress):
        if any(item.remote.endswith(".txt") for item in plan):
            raise LocalDiskError("the folder aside cannot be written", [i.remote for i in plan])
        go()

    watch(world, refuse_logs)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert world.store.strays(burst)[0].local is None


# -- when, and how much ---------------------------------------------------------------------------


def test_files_can_come_after_the_whole_task_has_ended(make_world):
    world = make_world(nodes=1, collect='check = "off"\nwhen = "completed"')
    burst = world.order()
    runner = world.runner(burst)
    home = []

    def ended(_):
        (task, *_) = world.remote_tasks() or [None]
        home.append((task and task.done_frames, len(world.pictures())))
        return False

    end = world.carry(runner, burst, ended)
    assert end.state is BurstState.DONE
    assert {pictures for frames, pictures in home if frames != 10} == {0}
    assert len(world.pictures()) == 10


def test_a_step_takes_no_more_than_a_batch_and_asks_to_go_on_at_once(world, monkeypatch):
    monkeypatch.setattr(collect, "_BATCH", 3)
    batches = []
    watch(world, lambda plan, go, _: (batches.append(len(plan)), go()))
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert max(batches) == 3
    assert sum(batches) == 10


def test_files_that_cannot_be_had_keep_no_others_from_coming(world, monkeypatch):
    monkeypatch.setattr(collect, "_BATCH", 2)

    def refuse(plan, go, _progress):
        bad = [i.remote for i in plan if i.remote.endswith(("shot.0001.png", "shot.0002.png"))]
        if bad:
            raise TransferError("two files are damaged in the cloud", [i.remote for i in plan])
        go()

    watch(world, refuse)
    burst = world.order()
    end = world.carry(world.runner(burst), burst, lambda b: len(b.refs(TaskState.COMPLETED)) == 8)
    assert end.state is BurstState.RUNNING
    assert len(end.refs(TaskState.DONE_REMOTE)) == 2


def test_a_long_download_keeps_the_lease(world):
    others = []

    def slow(_plan, go, progress):
        for _ in range(10):
            world.clock.advance(20)
            progress.bytes_moved(0)
            others.append(world.runner(burst, "gateway-2").step())
        go()

    watch(world, slow)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE
    assert others
    assert all(isinstance(other, WakeAt) for other in others)
    assert {event.who for event in world.store.events(burst)} <= {"gateway-1", "a person"}


# -- the disk refuses -----------------------------------------------------------------------------


def test_a_full_disk_stops_the_burst_alone_and_it_goes_on_when_there_is_room(world):
    full = True

    def refuse(plan, go, _progress):
        if full and any("shot.0001" in item.remote for item in plan):
            names = [item.remote for item in plan]
            why = "9 of 9 files wait: a.exr cannot be written: the disk is full; free space there"
            raise LocalDiskError(why, names, everywhere=True)
        go()

    watch(world, refuse)
    stuck, other = world.order("0", "1"), world.order("5", "6")
    runner = world.runner(stuck)
    world.carry(runner, stuck, lambda b: "the disk is full" in b.reason)
    before = world.clock.now()
    world.clock.advance(600)
    answer = runner.step()
    assert (answer.at - world.clock.now()) == timedelta(seconds=60), "six looks, not one"
    now = world.store.burst(stuck)
    assert (now.state, world.states()[:2]) == (BurstState.RUNNING, [HELD, HELD])
    assert now.reason.endswith("the disk is full; free space there")
    assert world.carry(world.runner(other), other).state is BurstState.DONE
    full = False
    end = world.carry(runner, stuck)
    assert (end.state, len(end.refs(TaskState.COMPLETED))) == (BurstState.DONE, 2)
    assert world.clock.now() > before
    assert said(world, stuck, "running")[-1] == "files come home again"


def test_one_place_that_is_taken_by_a_folder_keeps_no_other_picture(world):
    folder = world.folder / "renders/shot.0002.png"
    folder.mkdir()
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: len(b.refs(TaskState.COMPLETED)) == 9)
    world.clock.advance(60)
    runner.step()
    now = world.store.burst(burst)
    assert f"{folder} cannot be written: a file stands where a folder belongs" in now.reason
    folder.rmdir()
    assert world.carry(runner, burst).state is BurstState.DONE
    assert len(world.pictures()) == 10


def test_a_burst_that_ends_leaves_no_hidden_files(make_world):
    world = make_world(collect=HEADER, paint=painted)

    def half(plan, go, _progress):
        go()
        parts = [item for item in plan if "shot.0001" in item.remote]
        for item in parts:
            item.local.with_name(item.local.name + ".copy").write_bytes(b"not ours")

    watch(world, half)
    burst = world.order()
    world.carry(world.runner(burst), burst)
    hidden = [path.name for path in (world.folder / "renders").iterdir() if path.name[0] == "."]
    assert [name for name in hidden if not name.endswith(".copy")] == []
