"""Pictures on arrival: of the kind that their name says, whole, as large as declared, not flat."""

from __future__ import annotations

import struct

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from renderbus_core.transfer import Check, look_at

WIDTH, HEIGHT = 32, 20


def gradient(mode):
    count = len(Image.new(mode, (1, 1)).getbands())
    noise = np.arange(WIDTH * HEIGHT * count, dtype=np.uint32).reshape(HEIGHT, WIDTH, count)
    bands = [Image.fromarray((noise[..., n] % 251).astype(np.uint8)) for n in range(count)]
    return Image.merge(mode, bands)


def exr(path, pixels=None, **header):
    if pixels is None:
        pixels = np.random.default_rng(1).random((HEIGHT, WIDTH, 3), dtype=np.float32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage} | header
    with OpenEXR.File(header, {"RGB": pixels}) as file:
        file.write(str(path))


def hdr(path):
    head = f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {HEIGHT} +X {WIDTH}\n"
    path.write_bytes(head.encode() + bytes(4 * WIDTH * HEIGHT))


def big_tiff(path):
    entries = [(256, 3, 1, WIDTH), (257, 3, 1, HEIGHT), (258, 3, 1, 16), (277, 3, 1, 1)]
    entries += [(259, 3, 1, 1), (262, 3, 1, 1), (278, 3, 1, HEIGHT)]
    entries = sorted([*entries, (273, 4, 1, 16), (279, 4, 1, 2 * WIDTH * HEIGHT)])
    pixels = bytes(2 * WIDTH * HEIGHT)
    table = struct.pack("<Q", len(entries))
    table += b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
    path.write_bytes(
        struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16 + len(pixels)) + pixels + table + bytes(8)
    )


def pillow(mode, **options):
    return lambda path: gradient(mode).save(path, **options)


def float_tiff(path):
    Image.fromarray(np.ones((HEIGHT, WIDTH), dtype=np.float32)).save(path)


KINDS = {
    "rgba.png": (pillow("RGBA"), ("R", "G", "B", "A"), 8),
    "grey.png": (pillow("L"), ("L",), 8),
    "a.jpg": (pillow("RGB", quality=90), ("Y", "C", "b"), 8),
    "progressive.jpeg": (pillow("RGB", progressive=True), ("Y", "C", "b"), 8),
    "a.tif": (pillow("RGB"), ("R", "G", "B"), 8),
    "packed.tiff": (pillow("RGBA", compression="tiff_lzw"), ("R", "G", "B", "A"), 8),
    "float.tif": (float_tiff, ("R",), 32),
    "big.tif": (big_tiff, ("R",), 16),
    "a.tga": (pillow("RGB"), ("B", "G", "R"), 8),
    "packed.tga": (pillow("RGBA", compression="tga_rle"), ("B", "G", "R", "A"), 8),
    "A.EXR": (exr, ("B", "G", "R"), 32),
    "a.hdr": (hdr, ("R", "G", "B", "E"), 8),
}


@pytest.fixture(params=KINDS)
def picture(request, tmp_path):
    """Return a picture of each kind."""
    path = tmp_path / request.param
    KINDS[request.param][0](path)
    return path


@pytest.mark.parametrize("check", [Check.HEADER, Check.PIXELS])
def test_a_whole_picture_says_what_it_is(picture, check):
    look = look_at(picture, check, (WIDTH, HEIGHT))
    assert look.problem is None
    _, channels, bits = KINDS[picture.name]
    assert (look.header.width, look.header.height) == (WIDTH, HEIGHT)
    assert (look.header.channels, look.header.bits) == (channels, bits)


def test_a_picture_of_another_size_than_declared_is_refused(picture):
    look = look_at(picture, Check.HEADER, (64, 36))
    assert look.problem == f"is {WIDTH} x {HEIGHT} pixels where 64 x 36 were declared"
    assert look_at(picture, Check.OFF, (64, 36)).problem is None


@pytest.mark.parametrize("left", [0, 1, 5, 12])
def test_a_header_that_ends_early_is_a_sentence_and_no_accident(picture, left):
    picture.write_bytes(picture.read_bytes()[:left])
    assert look_at(picture, Check.HEADER).problem


# Nothing in the headers of these says how long they are.
ENDLESS = {"packed.tga", "a.hdr"}


@pytest.mark.parametrize("picture", [k for k in KINDS if k not in ENDLESS], indirect=True)
def test_a_picture_that_ends_early_is_refused_by_its_header_alone(picture):
    content = picture.read_bytes()
    for left in (len(content) // 2, len(content) * 9 // 10):
        picture.write_bytes(content[:left])
        assert look_at(picture, Check.HEADER).problem


def test_noise_is_never_taken_for_a_picture_and_never_an_accident(picture):
    for seed in range(50):
        noise = np.random.default_rng(seed).bytes(300)
        picture.write_bytes(noise)
        look_at(picture, Check.PIXELS)
        picture.write_bytes(picture.read_bytes()[:16] + noise)
        look_at(picture, Check.PIXELS)


def test_damaged_headers_are_never_an_accident(picture):
    content = picture.read_bytes()
    for place in range(min(len(content), 400)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        picture.write_bytes(damaged)
        look_at(picture, Check.HEADER, (WIDTH, HEIGHT))


def test_a_picture_under_a_wrong_name_is_refused(tmp_path):
    path = tmp_path / "a.exr"
    gradient("RGB").save(path, format="png")
    assert look_at(path, Check.HEADER).problem == "is no OpenEXR file"
    assert look_at(path, Check.HEADER, ending=".png").problem is None


def test_lines_that_were_not_written_are_found_without_decoding(tmp_path):
    path = tmp_path / "a.exr"
    exr(path)
    content = bytearray(path.read_bytes())
    # Two blocks: their places stand right before the first of them.
    table = range(len(content) - 8)
    (start,) = (p for p in table if struct.unpack_from("<Q", content, p) == (p + 16,))
    content[start : start + 8] = bytes(8)
    path.write_bytes(content)
    assert "was not finished" in look_at(path, Check.HEADER).problem


def test_the_window_that_is_shown_counts_not_the_one_that_has_data(tmp_path):
    path = tmp_path / "a.exr"
    display = (np.array([0, 0], dtype=np.int32), np.array([63, 35], dtype=np.int32))
    exr(path, displayWindow=display)
    assert look_at(path, Check.HEADER, (64, 36)).problem is None


@pytest.mark.parametrize("name", ["a.png", "a.exr"])
def test_one_color_everywhere_is_odd_when_pixels_are_looked_at(tmp_path, name):
    path = tmp_path / name
    if name == "a.png":
        Image.new("RGB", (WIDTH, HEIGHT), (9, 0, 0)).save(path)
    else:
        exr(path, np.full((HEIGHT, WIDTH, 3), 0.5, dtype=np.float32))
    assert look_at(path, Check.HEADER).warning is None
    look = look_at(path, Check.PIXELS)
    assert (look.problem, look.warning) == (None, "all of its pixels are the same")


def test_damaged_pixels_are_refused_when_they_are_looked_at(tmp_path):
    path = tmp_path / "a.png"
    gradient("RGB").save(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(8)
    path.write_bytes(content)
    assert look_at(path, Check.HEADER).problem is None
    assert "does not open as a picture" in look_at(path, Check.PIXELS).problem


@pytest.mark.parametrize("name", ["cache.abc", "notes.txt", "no_ending"])
def test_what_is_no_known_kind_of_picture_is_not_judged(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    assert look_at(tmp_path / name, Check.PIXELS, (1, 1)).problem is None


def test_a_picture_that_is_gone_is_a_sentence(tmp_path):
    assert "cannot be read" in look_at(tmp_path / "a.png", Check.HEADER).problem
