"""The storages on disk: whole files, private ones, and never one outside its folder."""

from __future__ import annotations

import os
import stat

import pytest

from renderbus_core.errors import InputError
from renderbus_core.simulator import DiskStorage

NAME = "10201-10000001"
HOSTILE = [
    "../secret",
    "a/../../secret",
    "..",
    "/..",
    "//etc/passwd",
    "a//b",
    "a/./b/../../../c",
    "..\\secret",
    "C:/secret",
    "a\0b",
    "a\nb",
    "",
    "/",
    "x" * 300,
    "a/" * 3000 + "b",
    "CON",
    "trailing.",
]


def put(storage, path, content=b"content", **more):
    with storage.receive(NAME, path, **more) as file:
        file.write(content)


@pytest.fixture
def storage(tmp_path):
    return DiskStorage(tmp_path / "cloud")


def test_a_file_lies_below_its_storage_under_its_server_path(storage):
    put(storage, "/C/show/tex/wood.png", mtime=1_700_000_000)
    path = storage.root / NAME / "C/show/tex/wood.png"
    assert path.read_bytes() == b"content"
    assert path.stat().st_mtime == 1_700_000_000
    assert storage.exists(NAME, "/C/show/tex/wood.png")
    assert storage.exists(NAME, "C/show/tex/wood.png")
    assert not storage.exists(NAME, "/C/show/tex")


@pytest.mark.skipif(os.name != "posix", reason="modes exist on POSIX systems only")
def test_files_and_folders_belong_to_their_owner_alone(storage):
    before = os.umask(0)
    try:
        put(storage, "/a/b/c.png")
    finally:
        os.umask(before)
    entries = [storage.root, *storage.root.rglob("*")]
    modes = {stat.S_IMODE(entry.stat().st_mode) for entry in entries if entry.is_dir()}
    assert modes == {0o700}
    assert stat.S_IMODE((storage.root / NAME / "a/b/c.png").stat().st_mode) == 0o600


def test_a_file_that_breaks_off_leaves_the_old_one_and_nothing_else(storage):
    put(storage, "/a.png", b"old")

    def break_off():
        with storage.receive(NAME, "/a.png") as file:
            file.write(b"half")
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        break_off()
    files = [path for path in storage.root.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"old"]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_refused_and_not_there(storage, path):
    with pytest.raises(InputError):
        put(storage, path)
    assert not storage.exists(NAME, path)
    assert [p for p in storage.root.parent.rglob("*") if p.is_file()] == []


def test_a_link_does_not_lead_out(storage, tmp_path):
    (tmp_path / "secret").write_text("secret")
    put(storage, "/a.png")
    (storage.root / NAME / "link").symlink_to(tmp_path)
    assert not storage.exists(NAME, "/link/secret")
    with pytest.raises(InputError, match="link"):
        put(storage, "/link/secret")
    assert (tmp_path / "secret").read_text() == "secret"


def test_a_file_cannot_be_a_folder_too(storage):
    put(storage, "/a")
    with pytest.raises(OSError, match=r".*"):
        put(storage, "/a/b")
    put(storage, "/c/d")
    with pytest.raises(OSError, match=r".*"):
        put(storage, "/c")


def test_a_finished_picture_is_moved_into_its_place(storage):
    with storage.work_folder() as folder:
        (folder / "made.png").write_bytes(b"picture")
        assert storage.adopt(folder / "made.png", "20201-1", "17_shot/a.png") == 7
        work = folder
    assert not work.exists()
    assert (storage.root / "20201-1/17_shot/a.png").read_bytes() == b"picture"
