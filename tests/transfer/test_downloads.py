"""Files come home over a real line that breaks: whole, in their place, or not at all."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from renderbus_core.errors import LocalDiskError, TransferError
from renderbus_core.transfer import Download, Silent

MEGABYTE = 1 << 20
SIZE = 3 * MEGABYTE


def noise(seed, size=SIZE):
    return random.Random(seed).randbytes(size)  # noqa: S311 - no secret


def entries(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def one(tmp_path, name="/1_shot/a.exr", size=SIZE):
    return Download(name, tmp_path / "home" / Path(name).name, size)


def test_files_come_whole_into_folders_that_are_made(cloud, open_engine, tmp_path, heard):
    plan, contents = [], {}
    for number in range(9):
        name, content = f"/1_many/layer {number}/a #%?.{number}.png", noise(number, 1000 * number)
        cloud.put(name, content)
        contents[name] = content
        plan.append(Download(name, tmp_path / f"out/{number}/a.png", len(content)))
    progress = heard()
    open_engine().download(plan, progress)
    assert {item.remote: item.local.read_bytes() for item in plan} == contents
    assert progress.files == dict.fromkeys(contents, False)
    assert progress.bytes == sum(map(len, contents.values()))
    assert entries(tmp_path) == ["a.png"] * 9, "nothing else is left"


@pytest.mark.parametrize("parallel", [1, 3])
def test_so_many_files_travel_at_once_and_no_more(rude, open_engine, tmp_path, parallel):
    meeting, at_once, most = threading.Barrier(parallel, timeout=20), 0, 0
    count = threading.Lock()

    def answer(request):
        nonlocal at_once, most
        with count:
            at_once += 1
            most = max(most, at_once)
        meeting.wait()
        with count:
            at_once -= 1
        request.reply(200, b"12345")

    plan = [Download(f"/{n}", tmp_path / f"{n}.bin", 5) for n in range(2 * parallel)]
    open_engine(rude(answer), parallel).download(plan, Silent())
    assert most == parallel
    assert len(entries(tmp_path)) == 2 * parallel


def test_what_was_cut_off_goes_on_at_the_byte_where_it_ended(cloud, line, open_engine, tmp_path):
    item, content = one(tmp_path), noise(1)
    cloud.put(item.remote, content)
    line.cuts = [MEGABYTE, MEGABYTE]
    engine = open_engine(line.port)
    held = []
    for _ in range(2):
        with pytest.raises(TransferError, match=r"a\.exr .* 1 of 1 files are left"):
            engine.download([item], Silent())
        (part,) = item.local.parent.iterdir()
        assert content.startswith(part.read_bytes())
        held.append(part.stat().st_size)
    engine.download([item], Silent())
    assert item.local.read_bytes() == content
    assert line.ranges() == [f"bytes={size}-" for size in held]
    assert 0 < held[0] < held[1] < SIZE
    assert entries(tmp_path) == ["a.exr"]


def test_a_file_that_changed_meanwhile_comes_anew(cloud, line, open_engine, tmp_path):
    item = one(tmp_path)
    cloud.put(item.remote, noise(1))
    line.cuts = [MEGABYTE]
    engine = open_engine(line.port)
    with pytest.raises(TransferError):
        engine.download([item], Silent())
    cloud.put(item.remote, noise(2))
    engine.download([item], Silent())
    assert item.local.read_bytes() == noise(2)
    assert line.ranges() == []
    assert entries(tmp_path) == ["a.exr"], "the part of the older version is gone"


def test_a_file_that_is_whole_but_not_in_its_place_is_not_fetched_again(
    cloud, line, open_engine, tmp_path
):
    item, content = one(tmp_path), noise(1)
    cloud.put(item.remote, content)
    line.cuts = [MEGABYTE]
    engine = open_engine(line.port)
    with pytest.raises(TransferError):
        engine.download([item], Silent())
    (part,) = item.local.parent.iterdir()
    part.write_bytes(content)
    before = line.passed
    engine.download([item], Silent())
    assert item.local.read_bytes() == content
    assert line.passed - before < 2000, "only its head was asked for"


def begin(item, line, engine):
    """Leave a part of the item behind."""
    line.cuts = [MEGABYTE]
    with pytest.raises(TransferError):
        engine.download([item], Silent())
    (part,) = item.local.parent.iterdir()
    return part


@pytest.fixture
def honest(cloud, line, tmp_path, open_engine):
    """Return an item of which a part is here, its content, and its tag."""
    item, content = one(tmp_path), noise(1)
    cloud.put(item.remote, content)
    begin(item, line, open_engine(line.port))
    status = (cloud.folder / "20201-10000001" / item.remote.lstrip("/")).stat()
    tag = f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'
    return item, content, tag


def test_a_server_that_knows_no_ranges_sends_it_anew(honest, rude, open_engine):
    item, content, tag = honest
    open_engine(rude(lambda r: r.reply(200, content, ETag=tag))).download([item], Silent())
    assert item.local.read_bytes() == content
    assert entries(item.local.parent) == ["a.exr"]


def test_a_server_that_does_not_have_the_range_is_asked_for_all_of_it(honest, rude, open_engine):
    item, content, tag = honest

    def answer(request):
        ranged = "Range" in request.headers
        request.reply(416 if ranged else 200, b"" if ranged else content, ETag=tag)

    open_engine(rude(answer)).download([item], Silent())
    assert item.local.read_bytes() == content


def test_a_server_without_heads_sends_it_anew(honest, rude, open_engine):
    item, content, _ = honest

    def answer(request):
        request.reply(405 if request.command == "HEAD" else 200, content)

    open_engine(rude(answer)).download([item], Silent())
    assert item.local.read_bytes() == content


@pytest.mark.parametrize("sent", ["bytes 0-{last}/{size}", "bytes 5-{last}/{size}", "nonsense"])
def test_a_range_that_was_not_asked_for_is_refused(honest, rude, open_engine, sent):
    item, content, tag = honest
    (part,) = item.local.parent.iterdir()
    before = part.read_bytes()

    def answer(request):
        if request.command == "HEAD":
            return request.reply(200, content, ETag=tag)
        said = sent.format(last=SIZE - 1, size=SIZE)
        return request.reply(206, content, ETag=tag, Content_Range=said)

    with pytest.raises(TransferError, match=r"the storage sent '.*' where bytes from \d+ were"):
        open_engine(rude(answer)).download([item], Silent())
    assert part.read_bytes() == before


@pytest.mark.parametrize("listed", [SIZE - 1, SIZE + 1])
def test_a_file_of_another_size_than_listed_leaves_nothing(cloud, open_engine, tmp_path, listed):
    item = one(tmp_path, size=listed)
    cloud.put(item.remote, noise(1))
    with pytest.raises(TransferError, match=rf"'{SIZE}' bytes where {listed} were listed"):
        open_engine().download([item], Silent())
    assert entries(tmp_path) == []


def test_what_ends_early_or_late_without_an_announced_length_is_no_file(
    rude, open_engine, tmp_path
):
    def answer(request):
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"12345")

    engine = open_engine(rude(answer))
    for size, why in ((9, "the connection ended after 5 of 9 bytes"), (3, "more than the 3 bytes")):
        with pytest.raises(TransferError, match=why):
            engine.download([one(tmp_path, size=size)], Silent())
        assert not (tmp_path / "home/a.exr").exists()
    engine.download([one(tmp_path, size=5)], Silent())
    assert entries(tmp_path) == ["a.exr"]


def test_a_checksum_is_held_against_what_came(rude, open_engine, tmp_path, cloud_with_checksums):
    item, content = one(tmp_path), noise(1)
    cloud_with_checksums.put(item.remote, content)
    engine = cloud_with_checksums.engine()
    engine.download([item], Silent())
    assert item.local.read_bytes() == content
    item.local.unlink()
    engine.close()

    def answer(request):
        request.reply(200, bytes(SIZE), ETag='"1"', Content_MD5="1B2M2Y8AsgTpgAmY7PhCfg==")

    with pytest.raises(TransferError, match=r"not what the storage has \(MD5\)"):
        open_engine(rude(answer)).download([item], Silent())
    assert entries(tmp_path) == []


def test_one_failure_hides_no_other_and_stops_no_other(rude, open_engine, tmp_path):
    def answer(request):
        number = int(request.path.rpartition("/")[2])
        request.reply(200 if number % 2 else 500 + number, b"12345")

    plan = [Download(f"/x/{number}", tmp_path / f"{number}", 5) for number in range(10)]
    with pytest.raises(TransferError) as failed:
        open_engine(rude(answer)).download(plan, Silent())
    assert set(failed.value.remaining) == {f"/x/{number}" for number in range(0, 10, 2)}
    assert entries(tmp_path) == ["1", "3", "5", "7", "9"]
    assert "and 2 more did not move; 5 of 10 files are left and will be tried again" in str(
        failed.value
    )
    assert "(HTTP 50" in str(failed.value)


def test_a_link_does_not_lead_out_of_the_folder(cloud, open_engine, tmp_path):
    cloud.put("/1_shot/link/deep/a.exr", b"12345")
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    item = Download("/1_shot/link/deep/a.exr", inside / "link/deep/a.exr", 5, inside)
    with pytest.raises(TransferError, match=r"a link leads out of .*inside"):
        open_engine().download([item], Silent())
    assert list(outside.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(cloud, open_engine, tmp_path):
    cloud.put("/1_shot/b.exr", b"12345")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "b.exr").symlink_to(tmp_path / "secret")
    open_engine().download([Download("/1_shot/b.exr", tmp_path / "b.exr", 5)], Silent())
    assert (tmp_path / "b.exr").read_bytes() == b"12345"
    assert (tmp_path / "secret").read_text() == "secret"


# -- this host's disk -----------------------------------------------------------------------------


def test_a_file_in_the_place_of_a_folder_is_named_and_the_others_come(cloud, open_engine, tmp_path):
    cloud.put("/1_shot/c.exr", b"12345")
    (tmp_path / "renders").touch()
    plan = [
        Download("/1_shot/c.exr", tmp_path / "renders/c.exr", 5),
        Download("/1_shot/c.exr", tmp_path / "c.exr", 5),
    ]
    with pytest.raises(LocalDiskError) as refused:
        open_engine(parallel=1).download(plan, Silent())
    assert "renders/c.exr cannot be written: a file stands where a folder belongs" in str(
        refused.value
    )
    assert refused.value.everywhere is False
    assert (tmp_path / "c.exr").read_bytes() == b"12345"


def test_a_name_that_is_too_long_leaves_nothing(cloud, open_engine, tmp_path):
    cloud.put("/1_shot/d.exr", b"12345")
    item = Download("/1_shot/d.exr", tmp_path / f"{'x' * 300}.exr", 5)
    with pytest.raises(LocalDiskError, match="the name is too long for the disk; use a shorter"):
        open_engine().download([item], Silent())
    assert entries(tmp_path) == []


LIMITED = """
import json, resource, signal, sys
from pathlib import Path
from renderbus_core.config import Secret
from renderbus_core.errors import LocalDiskError
from renderbus_core.transfer import Download, HttpStorageEngine, Silent, Storage

port, password, folder, size = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
storages = [Storage(bid, "10000001", Secret(password)) for bid in ("10201", "20201")]
engine = HttpStorageEngine(f"http://127.0.0.1:{port}/storage", *storages)
plan = [Download("/1_disk/large.exr", Path(folder, "large.exr"), int(size)),
        Download("/1_disk/small.exr", Path(folder, "small.exr"), 5)]
try:
    engine.download(plan, Silent())
except LocalDiskError as error:
    print(json.dumps([str(error), error.remaining]))
"""


@pytest.mark.skipif(os.name != "posix", reason="about signals of another system")
def test_what_the_disk_does_not_take_leaves_nothing_half_written(cloud, tmp_path):
    cloud.put("/1_disk/large.exr", noise(1))
    cloud.put("/1_disk/small.exr", b"12345")
    arguments = [str(cloud.port), cloud.password.reveal(), str(tmp_path), str(SIZE)]
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments], capture_output=True, text=True, check=True
    )
    assert "1 of 2 files wait: " in ran.stdout
    assert "large.exr cannot be written: the file is larger than the system lets it" in ran.stdout
    assert '["/1_disk/large.exr"]' in ran.stdout
    assert entries(tmp_path) == ["small.exr"]


# -- stopping, and going on -----------------------------------------------------------------------


def test_a_listener_that_has_enough_ends_it_and_the_next_goes_on(
    cloud, line, open_engine, tmp_path, heard
):
    item, content = one(tmp_path), noise(1)
    cloud.put(item.remote, content)
    engine = open_engine(line.port, parallel=1)
    more = [Download(item.remote, tmp_path / f"{n}.exr", SIZE) for n in range(50)]
    with pytest.raises(KeyboardInterrupt):
        engine.download([item, *more], heard(KeyboardInterrupt))
    assert [t for t in threading.enumerate() if t.name.startswith("transfer")] == []
    assert len(entries(tmp_path)) < 10, "what had not begun did not begin"
    engine.download([item], Silent())
    assert item.local.read_bytes() == content


def test_a_listener_is_called_while_nothing_moves(cloud, line, open_engine, tmp_path, heard):
    item = one(tmp_path)
    cloud.put(item.remote, noise(1))
    line.cuts, line.hold = [1000], threading.Event()

    class Patient(heard):
        def bytes_moved(self, count):
            super().bytes_moved(count)
            if self.calls == 2:
                line.hold.set()

    progress = Patient()
    open_engine(line.port).download([item], progress)
    assert progress.bytes == SIZE


KILLED = """
import sys
from pathlib import Path
from renderbus_core.config import Secret
from renderbus_core.transfer import Download, HttpStorageEngine, Silent, Storage

class Told(Silent):
    def bytes_moved(self, count):
        if count:
            print(count, flush=True)

port, password, folder, size = sys.argv[1:]
storages = [Storage(bid, "10000001", Secret(password)) for bid in ("10201", "20201")]
engine = HttpStorageEngine(f"http://127.0.0.1:{port}/storage", *storages)
engine.download([Download("/1_disk/large.exr", Path(folder, "large.exr"), int(size))], Told())
"""


@pytest.mark.skipif(os.name != "posix", reason="about signals of another system")
def test_another_process_goes_on_where_one_was_killed(cloud, line, open_engine, tmp_path):
    content = noise(7)
    cloud.put("/1_disk/large.exr", content)
    line.cuts, line.hold = [MEGABYTE], threading.Event()
    arguments = [str(line.port), cloud.password.reveal(), str(tmp_path), str(SIZE)]
    command = [sys.executable, "-c", KILLED, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert int(process.stdout.readline()) > 0
        process.send_signal(signal.SIGKILL)
    assert "large.exr" not in entries(tmp_path)
    line.hold.set()
    line.wait_for_all()
    before = line.passed
    item = Download("/1_disk/large.exr", tmp_path / "large.exr", SIZE)
    open_engine(line.port).download([item], Silent())
    assert hashlib.sha256(item.local.read_bytes()).digest() == hashlib.sha256(content).digest()
    (asked,) = line.ranges()
    begun = int(asked.removeprefix("bytes=").rstrip("-"))
    assert 0 < begun <= MEGABYTE
    assert line.passed - before < SIZE - begun + 10_000, "what was here did not travel again"
    assert entries(tmp_path) == ["large.exr"]
