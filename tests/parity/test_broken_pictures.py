"""Files that are missing, broken or false are an answer in one sentence, never an accident."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from renderbus_core.parity import Comparison, compare, reading

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def whole(picture, painted):
    """Return a picture that is as it should be."""
    return picture("whole.png", painted)


def told(one, other):
    """Compare both ways, and return the sentence about the first."""
    found, back = compare(one, other), compare(other, one)
    assert found == Comparison(alike=False, why=found.why)
    assert back.why == found.why
    assert len(found.why.splitlines()) == 1
    assert found.why.startswith("The pictures cannot be compared: ")
    return found.why.removeprefix("The pictures cannot be compared: ")


def test_a_missing_file_is_named(whole, tmp_path):
    assert told(tmp_path / "gone.exr", whole) == f"there is no picture {tmp_path / 'gone.exr'}."


def test_a_link_that_leads_nowhere_is_a_missing_file(whole, tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    assert told(tmp_path / "link.png", whole) == f"there is no picture {tmp_path / 'link.png'}."


@pytest.mark.parametrize("name", ["a.exr", "a.png", "a.jpg", "a.tif", "a.null", "no_ending"])
def test_an_empty_file_is_named(whole, tmp_path, name):
    (tmp_path / name).touch()
    assert told(tmp_path / name, whole) == f"{tmp_path / name} is empty."


def test_a_folder_is_no_file(whole, tmp_path):
    assert told(tmp_path, whole) == f"{tmp_path} is no file."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(whole, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "is no file" in told(tmp_path / "pipe.png", whole)


def test_a_name_that_no_file_can_have_is_told(whole, tmp_path):
    assert "is a name that cannot be opened" in told(tmp_path / "a\0b.png", whole)


def test_a_name_that_is_no_text_is_told(whole, tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.png")
    try:
        path.write_bytes(whole.read_bytes())
    except OSError:
        return  # This system has no such names.
    assert told(path, whole).endswith(r"\udcff.png' is a name that cannot be opened.")


@pytest.mark.parametrize("name", ["text.exr", "text.png", "text.jpg", "text.tif", "text", "text.x"])
def test_what_is_no_picture_is_told(whole, tmp_path, name):
    (tmp_path / name).write_text("Renderbus")
    assert "does not open as a picture" in told(tmp_path / name, whole)


def test_a_name_for_which_the_library_makes_up_a_picture_is_none(whole, tmp_path):
    (tmp_path / "a.null").write_text("Renderbus")
    assert told(tmp_path / "a.null", whole).endswith("a.null is no picture.")


@pytest.mark.parametrize(
    "name", ["a.exr", "a.png", "a.tif", "a.dpx", "a.tga", "a.hdr", "tiled.exr"]
)
@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
def test_a_picture_that_ends_early_is_told(picture, beauty, name, left):
    tiles = {"tile_width": 16, "tile_height": 16} if name == "tiled.exr" else {}
    kind = "uint8" if name in {"a.png", "a.tif", "a.tga"} else "float"
    path = picture(name, beauty[..., :3], "uint16" if name == "a.dpx" else kind, **tiles)
    other = path.with_name(f"other.{name}")
    other.write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes()[: int(left * path.stat().st_size)])
    assert str(path) in told(path, other)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_ends_early_is_not_filled_with_grey(whole, tmp_path, progressive):
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    path = tmp_path / "cut.jpg"
    Image.fromarray(noise).save(path, progressive=progressive)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "Premature end" in told(path, whole)


# -- claims -------------------------------------------------------------------------------------


def chunk(name, content):
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def claiming_png(path, width, height, *, interlaced):
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, interlaced)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def claiming_exr(path, width, height):
    content = bytearray(path.read_bytes())
    for window in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
        place = content.index(window) + len(window) + 4
        struct.pack_into("<4i", content, place, 0, 0, width - 1, height - 1)
    path.write_bytes(content)


@pytest.fixture
def little_memory():
    """Let this process have one gibibyte more than it has, where the system can see to that."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    import resource  # noqa: PLC0415 - not on every system

    has = int(statm.read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (has + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


SIZES = [(100_000, 100_000), (20_000, 20_000), (1, 300_000_000), (20_000_000, 2)]


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_that_claims_to_be_huge_is_refused(whole, tmp_path, size, interlaced):
    path = tmp_path / "huge.png"
    claiming_png(path, *size, interlaced=interlaced)
    told(path, whole)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tiles", [{}, {"tile_width": 16, "tile_height": 16}])
def test_an_exr_that_claims_to_be_huge_is_refused(whole, picture, beauty, tiles, size):
    path = picture("huge.exr", beauty, **tiles)
    claiming_exr(path, *size)
    told(path, whole)


def test_a_size_that_the_library_lets_pass_is_refused_by_us(picture, painted, monkeypatch):
    path = picture("huge.tif", painted)
    monkeypatch.setattr(reading, "_MOST_PIXELS", WIDTH * HEIGHT - 1)
    assert told(path, path) == (
        f"{path} claims to be 64 x 48 pixels of 3 channels, more than is compared; look whether it "
        "is damaged."
    )


# -- noise --------------------------------------------------------------------------------------

KINDS = {"a.exr": "half", "tiled.exr": "half", "a.png": "uint8", "a.tif": "uint8", "a.hdr": "float"}


@pytest.mark.parametrize("name", KINDS)
def test_damage_anywhere_is_an_answer(picture, beauty, name):
    tiles = {"tile_width": 16, "tile_height": 16} if name == "tiled.exr" else {}
    path = picture(name, beauty[..., :3], KINDS[name], **tiles)
    content, other = path.read_bytes(), path.with_name(f"other.{name}")
    other.write_bytes(content)
    random = np.random.default_rng(1)
    for place in (*range(0, min(len(content), 600), 7), *random.integers(0, len(content), 60)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        assert compare(path, other).why
