from __future__ import annotations

import os

import pytest

from renderbus_core.errors import InputError
from renderbus_core.package import programs
from renderbus_core.scene import inspect, why_unread
from renderbus_core.scene.formats import FORMATS, UNREAD


def refusal(path) -> str:
    with pytest.raises(InputError) as refused:
        inspect(path)
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_the_content_decides_and_not_the_extension(write_ma, tmp_path, builder):
    assert inspect(write_ma("", "wrong.blend")).dcc == "maya"
    blend = builder()
    blend.scene()
    path = tmp_path / "wrong.ma"
    path.write_bytes(blend.content())
    assert inspect(path).dcc == "blender"


@pytest.mark.parametrize(
    ("name", "format_name"),
    [("a.mb", "Maya binary"), ("a.HIP", "Houdini"), ("a.max", "3ds Max"), ("a.usda", "USD")],
)
def test_a_known_format_that_is_not_read_says_which_are(tmp_path, name: str, format_name: str):
    path = tmp_path / name
    path.write_bytes(b"FOR8")
    assert refusal(path) == (
        f"{path} is a {format_name} scene, which is not read natively; "
        ".ma (Maya ASCII) and .blend (Blender) are"
    )


def test_another_file_is_not_a_scene(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert refusal(path).startswith(f"{path} is not a scene; read natively are .ma")


def test_a_scene_with_the_wrong_content_is_named(tmp_path):
    path = tmp_path / "a.ma"
    path.write_bytes(b"")
    assert refusal(path).startswith(
        f"{path} is not a Maya ASCII scene, whatever its extension says"
    )


def test_a_missing_file_a_folder_and_an_impossible_name_are_refused(tmp_path):
    assert "there is no scene" in refusal(tmp_path / "no.ma")
    assert "is not a file" in refusal(tmp_path)
    assert "cannot be read" in refusal(tmp_path / "a\0b.ma")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path, write_ma):
    os.mkfifo(tmp_path / "pipe.ma")
    assert "is not a file" in refusal(tmp_path / "pipe.ma")
    os.mkfifo(tmp_path / "workspace.mel")
    assert inspect(write_ma("")).dcc == "maya"


def test_what_is_read_is_known_alike_to_scenes_and_packages():
    readable = {program.name for program in programs().values() if program.reader}
    assert readable == {each.dcc for each in FORMATS.values()}
    extensions = {f".{one}" for program in programs().values() for one in program.extensions}
    assert extensions <= FORMATS.keys() | UNREAD.keys()


@pytest.mark.parametrize(
    ("dcc", "name", "why"),
    [
        ("maya", "/show/a.ma", ""),
        ("maya", r"X:\show\a.MA", ""),
        ("blender", "/show/a", ""),
        ("maya", "/show/a.mb", "does not read Maya binary scenes yet"),
        ("houdini", "/show/a.hip", "does not read Houdini scenes yet"),
        ("houdini", "/show/a.ma", "does not read Houdini scenes yet"),
        ("arnold_standalone", "/show/a.ass.gz", "does not read Arnold Standalone scenes yet"),
        ("mystery", "/show/a.x", "does not read mystery scenes yet"),
    ],
)
def test_a_scene_that_cannot_be_read_says_so_by_its_name(dcc, name, why):
    said = why_unread(dcc, name)
    assert why in said
    assert bool(said) is bool(why)
    assert ("save it as .ma" in said) is (name == "/show/a.mb")
