"""Pictures: drawn, or really rendered when Blender is here; in a cloud, and as a command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import OpenEXR
import pytest
from PIL import Image

from renderbus_core.errors import InputError
from renderbus_core.simulator import FrameWork, RenderError, blender, choose

BLENDER = shutil.which("blender")
needs_blender = pytest.mark.skipif(BLENDER is None, reason="Blender is not installed")
COMMAND = [sys.executable, "-m", "renderbus_core.simulator.render_frame"]


def work(name="a.png", frame=7, size=(64, 36), scene="/show/shot.ma", **more):
    return FrameWork(Path(scene), frame, name, "", size, **more)


def never():
    return False


def draw(folder, **more):
    (path,) = choose("stand-in", "maya").render(work(**more), folder, never)
    return path


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "tif", "tiff", "tga", "bmp", "PNG"])
@pytest.mark.parametrize("size", [(64, 36), (1920, 1080), (1, 1), (3, 700)])
def test_a_drawing_opens_and_has_the_size_of_the_task(tmp_path, ending, size):
    path = draw(tmp_path, name=f"sub/shot.0007.{ending}", size=size)
    assert path == tmp_path / f"sub/shot.0007.{ending}"
    with Image.open(path) as image:
        image.load()
        assert image.size == size


def test_an_exr_drawing_is_a_real_one(tmp_path):
    path = draw(tmp_path, name="shot.exr", size=(64, 36))
    with OpenEXR.File(str(path)) as file:
        pixels = file.channels()["RGB"].pixels
    assert pixels.shape == (36, 64, 3)
    assert pixels.max() <= 1.0


def test_drawings_of_a_sequence_differ_and_one_frame_is_always_the_same(tmp_path):
    folders = [tmp_path / str(n) for n in range(4)]
    pictures = [
        draw(folder, frame=frame, title="task 1", layer="beauty", camera="persp", node="n1")
        for folder, frame in zip(folders, [1, 2, 3, 3], strict=True)
    ]
    contents = [path.read_bytes() for path in pictures]
    assert len(set(contents)) == 3
    assert contents[2] == contents[3]


@pytest.mark.parametrize("ending", ["cin", "mp4", "", "png/x"])
def test_a_format_that_cannot_be_drawn_is_refused(tmp_path, ending):
    with pytest.raises(RenderError, match=r"cannot be \."):
        draw(tmp_path, name=f"shot.{ending}")


def test_a_drawing_that_would_fill_the_memory_is_refused(tmp_path):
    with pytest.raises(RenderError, match="too large"):
        draw(tmp_path, size=(100_000, 100_000))
    assert list(tmp_path.iterdir()) == []


def test_the_renderer_is_chosen_by_wish_program_and_what_is_installed():
    assert choose("stand-in", "blender").name == "stand-in"
    assert choose("auto", "maya").name == "stand-in"
    assert choose("auto", "blender", "no-such-blender").name == "stand-in"
    with pytest.raises(InputError, match="not found"):
        choose("blender", "blender", "no-such-blender")
    with pytest.raises(InputError, match="stand-in"):
        choose("crayon", "maya")


SERVE = """
    from pathlib import Path
    from renderbus_core.simulator import Settings, serve
    serve(Settings(), Path("cloud"))
"""


@pytest.mark.parametrize(
    ("absent", "code", "need"),
    [
        ("PIL", "from renderbus_core.simulator import choose; choose('auto', 'maya')", "Pillow"),
        ("starlette", SERVE, "Starlette"),
    ],
)
def test_a_missing_part_is_named_with_the_way_to_install_it(tmp_path, absent, code, need):
    program = f"""
import sys
sys.modules[{absent!r}] = None
from renderbus_core.errors import MissingDependencyError
try:
    {code}
except MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert need in done.stdout
    assert "renderbus-bridge[simulator]" in done.stdout


def run(*arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_puts_a_picture_into_place_and_tells_its_progress(tmp_path):
    (tmp_path / "shot.ma").touch()
    done = run("--scene", tmp_path / "shot.ma", "--frame", 12, "--width", 80, "--height", 40,
               "--output", tmp_path / "out/shot.####.jpg", "--renderer", "stand-in")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "frame 12 of shot.ma by stand-in"
    assert "progress 50 %" in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["shot.0012.jpg"]
    with Image.open(tmp_path / "out/shot.0012.jpg") as image:
        assert image.size == (80, 40)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--scene", "no.ma", "--frame", "1", "--output", "a.####.png"], 1, "no.ma is not there"),
        (["--scene", __file__, "--frame", "1", "--output", "a.png"], 1, "no place for the frame"),
        (["--scene", __file__, "--frame", "1", "--output", "a.#.xyz"], 1, "cannot be .xyz"),
        (["--scene", __file__, "--frame", "x", "--output", "a.#.png"], 2, "--frame"),
        (["--scene", __file__, "--frame", "1"], 2, "--output"),
        (["--scene", __file__, "--frame", "1", "--output", "a.#.png", "--seconds", "-1"], 2, "0.0"),
        (["--scene", __file__, "--frame", "1", "--output", "a.#.png", "--width", "0"], 2, "1 and"),
    ],
)
def test_the_command_fails_with_one_sentence(tmp_path, monkeypatch, arguments, status, sentence):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.returncode == status
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_ends_tidily_when_it_is_asked_to(tmp_path):
    scene = tmp_path / "shot.ma"
    scene.touch()
    arguments = ["--scene", scene, "--frame", "1", "--output", tmp_path / "a.#.png",
                 "--renderer", "stand-in", "--seconds", "3600"]  # fmt: skip
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    ) as process:
        while not process.stdout.readline().startswith("progress"):
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == [scene]


def make_scene(folder):
    """Have Blender itself write a scene with a texture beside it."""
    (folder / "textures").mkdir(parents=True)
    Image.new("RGB", (4, 4), (255, 0, 0)).save(folder / "textures/red.png")
    script = folder / "make.py"
    script.write_text(
        f"""
import bpy
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y = 32, 24
scene.render.resolution_percentage = 100
world = scene.world
world.use_nodes = True
image = bpy.data.images.load({str(folder / "textures/red.png")!r})
image.filepath = "//textures/red.png"
node = world.node_tree.nodes.new("ShaderNodeTexEnvironment")
node.image = image
world.node_tree.links.new(node.outputs[0], world.node_tree.nodes["Background"].inputs[0])
for item in list(bpy.data.objects):
    if item.type == "MESH":
        bpy.data.objects.remove(item)
bpy.ops.wm.save_as_mainfile(filepath={str(folder / "red.blend")!r})
"""
    )
    subprocess.run(
        [BLENDER, "--background", "--factory-startup", "--python", script],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder / "red.blend"


@needs_blender
@pytest.mark.heavy
def test_blender_renders_a_scene_with_its_texture_where_it_was_moved(tmp_path):
    scene = make_scene(tmp_path / "made")
    shutil.copytree(scene.parent, tmp_path / "moved")
    shutil.rmtree(scene.parent)
    target = tmp_path / "target"
    target.mkdir()
    moved = tmp_path / "moved/red.blend"
    (path,) = choose("blender", "blender").render(
        work(name="sub/red.0003.png", frame=3, scene=moved), target, never
    )
    with Image.open(path) as image:
        assert image.size == (32, 24)
        red, green, blue = image.convert("RGB").getpixel((16, 12))
    assert red > 150
    assert max(green, blue) < 60
    assert list(target.iterdir()) == [target / "sub"]


@needs_blender
@pytest.mark.heavy
def test_blender_that_makes_no_picture_says_why(tmp_path):
    (tmp_path / "broken.blend").write_bytes(b"no scene")
    with pytest.raises(RenderError, match=r"made no picture: Error"):
        choose("blender", "blender").render(work(scene=tmp_path / "broken.blend"), tmp_path, never)
    with pytest.raises(RenderError, match="not there"):
        choose("blender", "blender").render(work(scene=tmp_path / "no.blend"), tmp_path, never)
    with pytest.raises(RenderError, match="negative"):
        choose("blender", "blender").render(work(frame=-1), tmp_path, never)


def a_blender_that_hangs(folder):
    """Return a program that never ends, and a pipe that ends with everything it started."""
    pipe, program = folder / "pipe", folder / "blender"
    os.mkfifo(pipe)
    program.write_text(f"#!/bin/sh\ntrap '' TERM\nsleep 600 > {pipe} &\nwait\n")
    program.chmod(0o700)
    (folder / "a.blend").touch()
    return program, os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)


@pytest.mark.parametrize(
    ("time_limit", "cancelled", "why"),
    [(0.3, never, "did not finish"), (600, lambda: True, "not wanted")],
)
def test_a_blender_that_hangs_is_ended_with_all_it_started(
    tmp_path, monkeypatch, time_limit, cancelled, why
):
    monkeypatch.setattr(blender, "_GRACE_SECONDS", 0.2)
    program, pipe = a_blender_that_hangs(tmp_path)
    renderer = blender.Blender(program, time_limit=time_limit)
    with pytest.raises(RenderError, match=why):
        renderer.render(work(scene=tmp_path / "a.blend"), tmp_path, cancelled)
    os.set_blocking(pipe, True)
    assert os.read(pipe, 1) == b""
    os.close(pipe)


def test_a_png_stands_in_for_the_format_that_no_library_writes(tmp_path):
    picture = draw(tmp_path, name="shot.0001.iff")
    with Image.open(picture) as image:
        assert image.format == "PNG"
