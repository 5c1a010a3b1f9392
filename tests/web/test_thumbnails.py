"""Thumbnails: small and faithful, or a short reason why there is none."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from renderbus_core.web.pictures import thumbnail


def opened(path: Path):
    image = pytest.importorskip("PIL.Image")
    shot = thumbnail(path)
    assert shot.missing == ""
    return image.open(io.BytesIO(base64.b64decode(shot.jpeg)))


def exr(folder: Path, channels) -> Path:
    library = pytest.importorskip("OpenEXR")
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    with library.File(header, channels) as file:
        file.write(str(folder / "a.exr"))
    return folder / "a.exr"


@pytest.mark.parametrize(
    ("size", "small"), [((640, 360), (160, 90)), ((300, 600), (80, 160)), ((20, 10), (20, 10))]
)
def test_a_thumbnail_is_small_and_keeps_its_shape(png, size, small):
    picture = opened(png(size))
    assert picture.format == "JPEG"
    assert picture.size == small


def test_sixteen_bits_of_grey_are_not_burnt_out(png):
    value = opened(png(mode="I;16", colour=32768)).convert("L").getpixel((5, 5))
    assert value == pytest.approx(128, abs=3)


def test_transparent_pixels_show_a_neutral_ground(png):
    picture = opened(png(mode="RGBA", colour=(255, 255, 255, 0)))
    assert picture.getpixel((5, 5)) == pytest.approx((110, 110, 110), abs=3)


def test_an_exr_picture_gets_a_display_curve(tmp_path):
    np = pytest.importorskip("numpy")
    pixels = np.full((400, 1000, 3), 0.18, "float32")
    pixels[:, 500:] = (np.inf, -1.0, np.nan)
    picture = opened(exr(tmp_path, {"RGB": pixels}))
    assert picture.size == (160, 64)
    assert picture.getpixel((10, 10)) == pytest.approx((117, 117, 117), abs=4)
    assert picture.getpixel((150, 10)) == pytest.approx((255, 0, 0), abs=8)


@pytest.mark.parametrize(
    "names",
    [
        ["R", "G", "B", "A"],
        ["Y"],
        ["depth.Z", "beauty.R", "beauty.G", "beauty.B"],
        ["Z"],
    ],
    ids=",".join,
)
def test_the_picture_is_found_among_the_channels_of_an_exr(tmp_path, names):
    np = pytest.importorskip("numpy")
    values = {name: np.full((8, 8), 0.0 if name.endswith("Z") else 1.0, "half") for name in names}
    expected = (0, 0, 0) if names == ["Z"] else (255, 255, 255)
    assert opened(exr(tmp_path, values)).getpixel((4, 4)) == pytest.approx(expected, abs=3)


def broken_files(folder: Path, good: bytes) -> Iterator[tuple[str, Path]]:
    for name, content in {
        "empty.png": b"",
        "text.png": b"no picture at all",
        "half.png": good[: len(good) // 2],
        "text.exr": b"no picture at all",
        "head.exr": b"\x76\x2f\x31\x01",
    }.items():
        (folder / name).write_bytes(content)
        yield "cannot be read", folder / name
    yield "file is missing", folder / "gone.png"
    yield "cannot be read", folder
    yield "cannot be read", folder / "nul\0.png"
    os.mkfifo(folder / "pipe.png")
    yield "cannot be read", folder / "pipe.png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_picture_that_cannot_be_shown_says_why(tmp_path, png):
    for reason, path in broken_files(tmp_path, png().read_bytes()):
        assert thumbnail(path).missing == reason, path


def test_a_damaged_exr_is_silent_on_the_standard_output(tmp_path, capsys):
    np = pytest.importorskip("numpy")
    path = exr(tmp_path, {"RGB": np.random.default_rng(1).random((64, 64, 3), "float32")})
    path.write_bytes(path.read_bytes()[:20_000])
    assert thumbnail(path).missing == "cannot be read"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("side", [13_000, 30_000])
def test_a_picture_that_would_fill_the_memory_is_not_decoded(tmp_path, side):
    header = b"P5\n%d %d\n255\n" % (side, side)
    (tmp_path / "bomb.pgm").write_bytes(header)
    assert thumbnail(tmp_path / "bomb.pgm").missing == "too large to show"
