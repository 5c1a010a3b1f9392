"""Assets go out several at a time, once, and only as they were when they were checked."""

from __future__ import annotations

import os
import threading

import pytest

from renderbus_core.errors import TransferError
from renderbus_core.transfer import Silent, Upload


def upload(path, server, content=b"12345"):
    path.write_bytes(content)
    return Upload(path, server, len(content), int(path.stat().st_mtime))


@pytest.fixture
def received(cloud):
    return lambda name: (cloud.folder / "10201-10000001" / name.lstrip("/")).read_bytes()


def test_files_arrive_and_are_left_out_the_next_time(open_engine, tmp_path, heard, received):
    plan = [
        upload(tmp_path / f"{n}.tex", f"/show/up #{n}.tex", bytes([n]) * 10_000 * n)
        for n in range(8)
    ]
    engine, first, second = open_engine(), heard(), heard()
    engine.upload(plan, first)
    engine.upload(plan, second)
    assert [received(item.server) for item in plan] == [bytes([n]) * 10_000 * n for n in range(8)]
    assert first.files == {item.server: False for item in plan}
    assert second.files == {item.server: True for item in plan}
    assert (first.bytes, second.bytes) == (sum(item.size for item in plan), 0)


def test_several_travel_at_once(rude, open_engine, tmp_path):
    meeting = threading.Barrier(4, timeout=20)

    def answer(request):
        meeting.wait()
        request.reply(404)

    plan = [upload(tmp_path / f"{n}.tex", f"/{n}.tex") for n in range(4)]
    with pytest.raises(TransferError, match=r"HTTP 501.* 4 of 4 files are left"):
        # It knows no PUT; that all four asked at once is what is looked at.
        open_engine(rude(answer), parallel=4).upload(plan, Silent())
    assert not meeting.broken


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.write_bytes(b"longer than before"), "was changed while it was sent"),
        (lambda path: path.write_bytes(b"1"), "was changed while it was sent"),
        (lambda path: os.utime(path, (1, 1)), "was changed while it was sent"),
        (lambda path: path.unlink(), "cannot be read: No such file or directory"),
    ],
    ids=["longer", "shorter", "saved again", "gone"],
)
def test_a_file_that_changed_since_the_check_is_not_sent_and_the_others_are(
    open_engine, tmp_path, received, change, why
):
    changed = upload(tmp_path / "changed.tex", "/show/changed.tex")
    other = upload(tmp_path / "other.tex", "/show/other.tex")
    change(changed.local)
    with pytest.raises(TransferError, match=rf"changed\.tex \({why}.*1 of 2 files are left") as e:
        open_engine().upload([changed, other], Silent())
    assert e.value.remaining == (str(changed.local),)
    assert received("/show/other.tex") == b"12345"
    with pytest.raises(FileNotFoundError):
        received("/show/changed.tex")


def test_a_line_that_breaks_leaves_the_file_to_be_sent_again(line, open_engine, tmp_path, received):
    item = upload(tmp_path / "wood.tex", "/show/cut.tex")
    line.cuts = [10]
    engine = open_engine(line.port)
    with pytest.raises(TransferError, match="the storage cannot be reached"):
        engine.upload([item], Silent())
    engine.upload([item], Silent())
    assert received("/show/cut.tex") == b"12345"
