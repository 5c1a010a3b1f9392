"""A package on disk is private, complete or untouched, and reads back as it was."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.package import (
    Documents,
    md5_of,
    read,
    read_documents,
    texts,
    with_identity,
    write,
)

NAMES = ["task.json", "upload.json", "asset.json", "tips.json"]
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes and limits")


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_four_documents_are_written_and_read_back(built, tmp_path):
    package = built()
    folder = tmp_path / "bursts" / "7"
    assert write(package, folder) == tuple(folder / name for name in NAMES)
    assert read(folder) == package


def test_only_the_owner_can_look(built, tmp_path):
    folder = tmp_path / "7"
    write(built(), folder)
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_nothing_else_is_left_in_the_folder(built, tmp_path):
    write(built(), tmp_path)
    assert sorted(content(tmp_path)) == sorted([*NAMES, "outputs.json"])


def test_the_same_package_is_always_the_same_bytes(built, tmp_path):
    write(built(), tmp_path / "a")
    write(built(), tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_package_replaces_the_one_before(built, tmp_path):
    write(built(), tmp_path)
    write(with_identity(built(), task_id=5, user_id=6), tmp_path)
    assert read(tmp_path).task["task_info"]["task_id"] == "5"


def test_texts_are_what_is_written(built, tmp_path):
    package = built(job_scene="/show/木/shot.ma")
    write(package, tmp_path)
    assert list(texts(package)) == NAMES
    for name, text in texts(package).items():
        assert (tmp_path / name).read_bytes() == text.encode()
        assert json.loads(text) == getattr(package, name.removesuffix(".json"))
    assert "木" in texts(package)["task.json"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from renderbus_core.errors import InputError
from renderbus_core.package import OutputMap, TaskPackage, write

resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
big = {"asset": ["x" * 5000]}
package = TaskPackage(task={}, upload={}, asset=big, tips={}, outputs=OutputMap("", ()))
try:
    write(package, Path(sys.argv[1]))
except InputError as error:
    print(error)
"""


@ON_POSIX
def test_a_disk_that_refuses_changes_nothing(built, tmp_path):
    write(built(), tmp_path)
    before = content(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the task package cannot be written (File too large)" in done.stdout
    assert content(tmp_path) == before


def test_a_file_where_the_folder_should_be_is_named(built, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="the task package cannot be written"):
        write(built(), tmp_path / "file" / "7")


def test_a_folder_in_the_place_of_a_document_leaves_no_rest(built, tmp_path):
    (tmp_path / "tips.json").mkdir()
    with pytest.raises(InputError, match="the task package cannot be written"):
        write(built(), tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_name_that_is_no_unicode_is_refused_before_anything_is_written(built, tmp_path):
    package = replace(built(), asset={"asset": [os.fsdecode(b"/show/w\xe9.png")]})
    with pytest.raises(InputError, match=r"asset.json: the name near .*udce9.png.* is not"):
        write(package, tmp_path)
    assert content(tmp_path) == {}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (None, "task.json cannot be read"),
        (b"", "task.json, line 1, column 1: not valid JSON: the file is empty"),
        (b"{", "task.json, line 1, column 2: not valid JSON: the text ends too early"),
        (b"[]", "task.json holds no JSON object"),
        (b"\xff\xfe{}", "task.json is not UTF-8 but UTF-16"),
        (b"[" * 100_000, "task.json is nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "task.json holds a number of thousands of digits"),
    ],
)
def test_a_damaged_document_is_named(built, tmp_path, damage, words):
    write(built(), tmp_path)
    (tmp_path / "task.json").unlink()
    if damage is not None:
        (tmp_path / "task.json").write_bytes(damage)
    with pytest.raises(InputError, match=words):
        read(tmp_path)


def test_a_byte_order_mark_is_let_through(built, tmp_path):
    write(built(), tmp_path)
    path = tmp_path / "tips.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(tmp_path) == built()


def test_documents_of_others_are_read_without_our_own_file(built, tmp_path):
    package = built()
    write(package, tmp_path)
    (tmp_path / "outputs.json").unlink()
    assert read_documents(tmp_path) == Documents(
        package.task, package.upload, package.asset, package.tips
    )
    with pytest.raises(InputError, match=r"outputs.json cannot be read"):
        read(tmp_path)
    (tmp_path / "outputs.json").write_text("{}")
    with pytest.raises(
        InputError, match="'declared', 'pairs' are missing; build the package again"
    ):
        read(tmp_path)


def test_the_scenes_checksum_is_its_md5(tmp_path):
    scene = tmp_path / "a.ma"
    scene.write_bytes(b"//Maya" * 100_000)
    expected = hashlib.md5(b"//Maya" * 100_000, usedforsecurity=False).hexdigest()
    assert md5_of(scene) == expected
    with pytest.raises(InputError, match=r"b.ma cannot be read \(No such file"):
        md5_of(Path(tmp_path / "b.ma"))
