"""`renderbus compare`: a frame of the farm and one of the cloud, for people and for scripts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def frames(tmp_path):
    """Return a frame, one that is nearly the same, one with a hole, and one of another size."""
    pixels = np.random.default_rng(1).integers(20, 200, (48, 64, 3), dtype=np.uint8)
    hole = pixels.copy()
    hole[10:20, 30:40] = 0
    made = {"local": pixels, "near": pixels + (pixels % 2), "hole": hole, "small": pixels[:24]}
    for name, values in made.items():
        Image.fromarray(values).save(tmp_path / f"{name}.png")
    return tmp_path


def test_alike_frames_exit_0_with_a_table_and_a_sentence(renderbus, frames):
    answer = renderbus("compare", frames / "local.png", frames / "near.png")
    assert (answer.status, answer.err) == (0, "")
    assert "share of pixels that differ by more than 0.02" in answer.out
    assert answer.out.splitlines()[-1].startswith("The pictures are alike: 0 of 3072 pixels (0 %)")


def test_other_frames_exit_1_and_say_where(renderbus, frames):
    answer = renderbus("compare", frames / "local.png", frames / "hole.png")
    assert (answer.status, answer.err) == (1, "")
    last = answer.out.splitlines()[-1]
    assert last.startswith("The pictures are not alike: 100 of 3072 pixels (3.255 %) differ")
    assert "they are furthest apart at 3" in last


@pytest.mark.parametrize(
    ("name", "words"),
    [("small.png", "64 x 48 pixels, the cloud's 64 x 24"), ("gone.png", "there is no picture")],
)
def test_what_cannot_be_compared_exits_1_with_the_sentence_alone(renderbus, frames, name, words):
    answer = renderbus("compare", frames / "local.png", frames / name)
    assert (answer.status, answer.err) == (1, "")
    (line,) = answer.out.splitlines()
    assert words in line


def test_the_tolerance_is_that_of_the_options(renderbus, frames):
    pair = frames / "local.png", frames / "hole.png"
    assert renderbus("compare", *pair, "--share", "0.04", "--mean", "1").status == 0
    assert renderbus("compare", *pair, "--channel", "1", "--mean", "1").status == 0
    near = renderbus("compare", frames / "local.png", frames / "near.png", "--mean", "0.0001")
    assert near.status == 1


@pytest.mark.parametrize("option", ["--channel", "--share", "--mean"])
@pytest.mark.parametrize("value", ["-0.1", "1.1", "much"])
def test_a_tolerance_beyond_its_range_is_wrong_usage(renderbus, frames, option, value):
    answer = renderbus("compare", frames / "local.png", frames / "near.png", option, value)
    assert answer.status == 2
    assert option in answer.err


def test_json_says_what_was_compared_and_what_was_found(renderbus, frames):
    answer = renderbus("compare", frames / "local.png", frames / "hole.png", "--json")
    assert answer.status == 1
    found = answer.json
    assert (found["alike"], found["share"]) == (False, 100 / 3072)
    column, row = found["where"]
    assert (30 <= column < 40, 10 <= row < 20) == (True, True)
    assert found["local"] == str(frames / "local.png")
    assert found["tolerance"] == {"channel": 0.02, "share": 0.0002, "mean": 0.002}


def test_json_of_what_cannot_be_compared_has_no_numbers(renderbus, frames):
    found = renderbus("compare", frames / "local.png", frames / "gone.png", "--json").json
    assert [found[key] for key in ("alike", "share", "mean", "worst", "where")] == [
        False, None, None, None, None
    ]  # fmt: skip


def test_values_that_are_no_numbers_are_json_of_every_reader(renderbus, tmp_path):
    for name, value in (("a.tif", 0.5), ("b.tif", np.nan)):
        Image.fromarray(np.full((4, 6), value, np.float32)).save(tmp_path / name)
    answer = renderbus("compare", tmp_path / "a.tif", tmp_path / "b.tif", "--json")
    found = json.loads(answer.out, parse_constant=pytest.fail)
    assert (found["worst"], found["mean"], found["where"]) == (2, 2, [0, 0])


def test_where_they_differ_is_drawn(renderbus, frames):
    pair, target = (frames / "local.png", frames / "hole.png"), frames / "d.png"
    answer = renderbus("compare", *pair, "--difference", target, "--json")
    assert (answer.status, answer.json["alike"]) == (1, False)
    assert answer.err == f"where they differ: {target}\n"
    with Image.open(target) as drawn:
        assert drawn.getbbox() == (30, 10, 40, 20)


def test_nothing_is_drawn_of_what_cannot_be_compared(renderbus, frames):
    pair, target = (frames / "local.png", frames / "small.png"), frames / "d.png"
    answer = renderbus("compare", *pair, "--difference", target)
    assert answer.status == 1
    assert answer.err == "Nothing was drawn: they cannot be compared pixel by pixel.\n"
    assert not target.exists()


def test_a_frame_is_never_drawn_over(renderbus, frames):
    pair = frames / "local.png", frames / "hole.png"
    before = pair[1].read_bytes()
    answer = renderbus("compare", *pair, "--difference", pair[1])
    assert answer.status == 1
    assert "is one of the compared pictures; name another file" in answer.err
    assert pair[1].read_bytes() == before


def test_a_name_moves_no_terminal(renderbus, frames):
    answer = renderbus("compare", frames / "local.png", "a\x1b[31mb\nc.png")
    assert r"a\x1b[31mb\nc.png" in answer.out
    assert len(answer.out.splitlines()) == 1


def test_without_the_library_the_extra_is_named(renderbus, frames, tmp_path):
    (tmp_path / "OpenImageIO.py").write_text("raise ImportError('not here')")
    pair = frames / "local.png", frames / "near.png"
    answer = renderbus("compare", *pair, env={"PYTHONPATH": str(tmp_path)})
    assert answer.status == 1
    assert answer.err == (
        "renderbus: comparing pictures needs OpenImageIO; install it with: "
        "pip install 'renderbus-bridge[parity]'\n"
    )
