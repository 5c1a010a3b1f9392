from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from PIL import Image

from renderbus_core.facts import Camera, Fact, Origin
from renderbus_core.frames import FrameSet
from renderbus_core.scene import inspect, resolve


@pytest.fixture(scope="module")
def examples(root: Path) -> Path:
    return root / "examples"


def test_the_examples_are_what_the_script_makes(examples):
    made = runpy.run_path(str(examples / "make_scenes.py"))["files"]()
    assert len(made) == 4
    for name, content in made.items():
        assert (examples / name).read_bytes() == content, f"{name}: run examples/make_scenes.py"


def test_the_textures_are_pictures(examples):
    for name, size in {"turntable/sourceimages/checker": 64, "spin/textures/wood": 128}.items():
        with Image.open(examples / f"{name}.png") as picture:
            picture.load()
            assert picture.size == (size, size)


def test_the_turntable_is_read_completely(examples):
    scene = inspect(examples / "turntable" / "scenes" / "turntable.ma")
    assert scene.version == Fact("2023", Origin.STORED)
    assert scene.renderer == Fact("mayaSoftware", Origin.DEFAULT)
    assert scene.frames == Fact(FrameSet.span(1, 24), Origin.STORED)
    assert scene.fps == Fact(24.0, Origin.STORED)
    assert scene.resolution == Fact((640, 360), Origin.STORED)
    assert [each.name for each in scene.cameras if each.renderable] == ["turnCam"]
    assert [each.name for each in scene.layers] == ["masterLayer"]
    assert scene.output == Fact("<Scene>", Origin.STORED)
    assert scene.image_format == Fact("png", Origin.STORED)
    assert (scene.plugins, scene.warnings, scene.unknowable) == ({}, (), ())
    (found,) = resolve(scene, str)
    assert found.file.stored == "sourceimages/checker.png"
    assert found.local == (examples / "turntable" / "sourceimages" / "checker.png",)


def test_the_spin_is_read_completely(examples):
    scene = inspect(examples / "spin" / "spin.blend")
    assert scene.version == Fact("3.4", Origin.STORED)
    assert scene.renderer == Fact("CYCLES", Origin.STORED)
    assert scene.frames == Fact(FrameSet.span(1, 16), Origin.STORED)
    assert scene.fps == Fact(24.0, Origin.STORED)
    assert scene.resolution == Fact((320, 180), Origin.STORED)
    assert scene.cameras == (Camera("Camera", renderable=True),)
    assert [each.name for each in scene.layers] == ["ViewLayer"]
    assert scene.output == Fact("//renders/spin_####", Origin.STORED)
    assert scene.image_format == Fact("png", Origin.STORED)
    assert scene.warnings == ()
    (found,) = resolve(scene, str)
    assert found.file.stored == "//textures/wood.png"
    assert found.local == (examples / "spin" / "textures" / "wood.png",)


def test_the_examples_stay_small_and_private(examples, root):
    for path in examples.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.stat().st_size < 300_000
            assert str(root).encode() not in path.read_bytes()
