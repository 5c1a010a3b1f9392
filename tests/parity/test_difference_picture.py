"""The picture that shows where two others differ."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from renderbus_core.errors import InputError
from renderbus_core.parity import difference_picture


@pytest.fixture
def two(picture, beauty):
    """Return two pictures that differ by 0.25 in one pixel and by 0.001 in another."""
    beauty[9, 7] = 0.5
    changed = beauty.copy()
    changed[9, 7, 1] = 0.75
    changed[30, 40, 3] += 0.001
    return picture("local.exr", beauty), picture("cloud.exr", changed)


def test_it_is_black_where_they_are_equal_and_bright_where_they_differ(two, tmp_path):
    difference_picture(*two, tmp_path / "d.png")
    with Image.open(tmp_path / "d.png") as drawn:
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "L", (64, 48))
        shades = np.asarray(drawn)
    assert [(x, y) for y, x in np.argwhere(shades)] == [(7, 9), (40, 30)]
    assert shades[9, 7] == 255
    assert shades[30, 40] == 6


def test_the_gain_says_how_bright(two, tmp_path):
    difference_picture(*two, tmp_path / "d.png", gain=2)
    with Image.open(tmp_path / "d.png") as drawn:
        assert drawn.getpixel((7, 9)) == 128
        assert drawn.getpixel((40, 30)) == 1


def test_the_largest_difference_of_all_parts_is_shown(tmp_path):
    for name, last in (("a.tif", 30), ("b.tif", 31)):
        pages = [Image.new("L", (6, 4), 10), Image.new("L", (3, 8), last)]
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    difference_picture(tmp_path / "a.tif", tmp_path / "b.tif", tmp_path / "d.png", gain=255)
    with Image.open(tmp_path / "d.png") as drawn:
        assert drawn.size == (6, 8)
        assert np.asarray(drawn).nonzero()[1].max() == 2


def test_an_older_one_is_replaced_and_nothing_is_left_beside_it(two, tmp_path):
    (tmp_path / "d.png").write_bytes(b"old")
    difference_picture(*two, tmp_path / "d.png")
    assert {path.name for path in tmp_path.iterdir()} == {"local.exr", "cloud.exr", "d.png"}
    Image.open(tmp_path / "d.png").close()


@pytest.mark.parametrize("side", [0, 1])
def test_a_compared_picture_is_never_written_over_by_whatever_name(picture, painted, side):
    pair = picture("a.png", painted), picture("b.png", painted)
    content = pair[side].read_bytes()
    soft, hard = pair[side].with_name("soft.png"), pair[side].with_name("hard.png")
    soft.symlink_to(pair[side])
    hard.hardlink_to(pair[side])
    for target in (pair[side], pair[side].parent / "." / pair[side].name, soft, hard):
        with pytest.raises(InputError, match="is one of the compared pictures"):
            difference_picture(*pair, target)
    assert pair[side].read_bytes() == content


def test_what_cannot_be_compared_is_not_drawn(two, picture, painted, tmp_path):
    for other, words in (
        (picture("c.png", painted), "lacks"),
        (tmp_path / "gone.png", "no picture"),
    ):
        with pytest.raises(InputError, match=words):
            difference_picture(two[0], other, tmp_path / "d.png")
    assert not (tmp_path / "d.png").exists()


@pytest.mark.parametrize("gain", [0, -1, float("nan"), float("inf")])
def test_a_gain_is_a_positive_number(two, tmp_path, gain):
    with pytest.raises(InputError, match="times as large"):
        difference_picture(*two, tmp_path / "d.png", gain=gain)


@pytest.mark.parametrize("name", ["d.jpg", "d", "gone/d.png", "local.exr/d.png", "folder.png"])
def test_a_target_that_cannot_be_is_a_sentence_and_leaves_nothing(two, tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=name):
        difference_picture(*two, tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before
