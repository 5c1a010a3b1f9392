"""Frame lists by example: every notation the sources show, and what is said of bad ones."""

from __future__ import annotations

import copy
import itertools
import pickle
from dataclasses import FrozenInstanceError

import pytest

from renderbus_core.errors import InputError
from renderbus_core.frames import (
    MAX_FRAME,
    MAX_FRAMES,
    MAX_TEXT,
    Dialect,
    FrameSet,
    pad_path,
)

RENDERBUS, DEADLINE, QUBE, ANY = Dialect.RENDERBUS, Dialect.DEADLINE, Dialect.QUBE, Dialect.ANY


@pytest.mark.parametrize(
    ("text", "dialect", "frames"),
    [
        ("5", RENDERBUS, [5]),
        ("0", RENDERBUS, [0]),
        ("1-4", RENDERBUS, [1, 2, 3, 4]),
        ("1-4[1]", RENDERBUS, [1, 2, 3, 4]),
        ("1-10[2]", RENDERBUS, [1, 3, 5, 7, 9]),
        ("1-1[1]", RENDERBUS, [1]),
        ("5[1]", RENDERBUS, [5]),
        ("1,20-24[2],494", RENDERBUS, [1, 20, 22, 24, 494]),
        ("1,3-4 [1]", RENDERBUS, [1, 3, 4]),
        ("2, 4 ,6-10[1]", RENDERBUS, [2, 4, 6, 7, 8, 9, 10]),
        ("-5--3[1]", RENDERBUS, [-5, -4, -3]),
        ("-1-1[1]", RENDERBUS, [-1, 0, 1]),
        ("5", DEADLINE, [5]),
        ("5,10,15", DEADLINE, [5, 10, 15]),
        ("5 10 15", DEADLINE, [5, 10, 15]),
        ("1-4", DEADLINE, [1, 2, 3, 4]),
        ("1:4", DEADLINE, [1, 2, 3, 4]),
        ("1-10x5", DEADLINE, [1, 6]),
        ("1:10:5", DEADLINE, [1, 6]),
        ("1-10step5", DEADLINE, [1, 6]),
        ("1-10by5", DEADLINE, [1, 6]),
        ("1-10every5", DEADLINE, [1, 6]),
        ("4-1", DEADLINE, [4, 3, 2, 1]),
        ("4:1", DEADLINE, [4, 3, 2, 1]),
        ("10-1x5", DEADLINE, [10, 5]),
        ("10:1:5", DEADLINE, [10, 5]),
        ("5,5,5", DEADLINE, [5]),
        ("1-7x3, 1-7", DEADLINE, [1, 4, 7, 2, 3, 5, 6]),
        ("1-3 7:9,20", DEADLINE, [1, 2, 3, 7, 8, 9, 20]),
        ("-3--1", DEADLINE, [-3, -2, -1]),
        ("-1:1", DEADLINE, [-1, 0, 1]),
        ("21-21", DEADLINE, [21]),
        ("7", QUBE, [7]),
        ("1,3,2", QUBE, [1, 3, 2]),
        ("1-4", QUBE, [1, 2, 3, 4]),
        ("1-10x2", QUBE, [1, 3, 5, 7, 9]),
        ("-100--98", QUBE, [-100, -99, -98]),
        ("-8--10", QUBE, [-8, -9, -10]),
        ("1-10[5] 20-1x10,1:3", ANY, [1, 6, 20, 10, 2, 3]),
        ("1-3 [2] 9", ANY, [1, 3, 9]),
        ("0001-0003", ANY, [1, 2, 3]),
    ],
)
def test_a_frame_list_is_read_in_order(text, dialect, frames):
    assert list(FrameSet.parse(text, dialect)) == frames


@pytest.mark.parametrize(
    ("text", "dialect", "message"),
    [
        ("", ANY, "the frame list is empty; write it like 1-10[2],15 or 1-10x2,15"),
        (" \t", QUBE, "the frame list is empty; write it like 1-10x2,15"),
        (
            "1,abc",
            RENDERBUS,
            "frame list, character 3, 'abc': this is not a frame or a range; write it like 1-10[2]",
        ),
        ("1-10x2", RENDERBUS, "frame list, character 1, '1-10x2': this is not a frame or a range"),
        ("1-10[2]", DEADLINE, "character 1, '1-10[2]': this is not a frame or a range"),
        ("1:10", QUBE, "character 1, '1:10': this is not a frame or a range"),
        ("5 10", QUBE, "character 1, '5 10': this is not a frame or a range"),
        ("5 10", RENDERBUS, "character 1, '5 10': this is not a frame or a range"),
        # fileseq staggers with this one, Deadline's own pages never show it.
        ("1-100:5", ANY, "character 1, '1-100:5': this is not a frame or a range"),
        ("1-10 by 2", DEADLINE, "character 6, 'by': this is not a frame or a range"),
        ("1 - 10", ANY, "character 3, '-': this is not a frame or a range"),
        ("1.5", ANY, "character 1, '1.5': this is not a frame or a range"),
        ("+1", ANY, "character 1, '+1': this is not a frame or a range"),
        ("1-10x-2", ANY, "character 1, '1-10x-2': this is not a frame or a range"),
        ("1---5", ANY, "character 1, '1---5': this is not a frame or a range"),
        ("1-10[[2]]", ANY, "character 1, '1-10[[2]]': this is not a frame or a range"),
        ("1-10[2", ANY, "character 1, '1-10[2': this is not a frame or a range"),
        ("1\x00", ANY, r"character 1, '1\x00': this is not a frame or a range"),
        ("1\N{RIGHT-TO-LEFT OVERRIDE}2", ANY, r"character 1, '1\u202e2': this is not"),
        ("\N{ARABIC-INDIC DIGIT ONE}", ANY, "this is not a frame or a range"),
        ("1\N{MINUS SIGN}5", ANY, "this is not a frame or a range"),
        ("10-1[1]", ANY, "character 1, '10-1[1]': a Renderbus range only runs forwards"),
        ("1,10-1", RENDERBUS, "character 3, '10-1': a Renderbus range only runs forwards"),
        ("1, 1-9[0]", ANY, "character 4, '1-9[0]': the step between frames is 1 or more, not 0"),
        ("1-9x0", QUBE, "character 1, '1-9x0': the step between frames is 1 or more, not 0"),
        (",1", ANY, "character 1, '': a frame is missing"),
        ("1,,2", ANY, "character 3, '': a frame is missing"),
        ("1, ,2", QUBE, "character 3, '': a frame is missing"),
        ("1,", ANY, "character 3, '': a frame is missing"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_the_right_form(text, dialect, message):
    with pytest.raises(InputError) as refusal:
        FrameSet.parse(text, dialect)
    assert message in str(refusal.value)
    assert "; write it like " in str(refusal.value)
    assert str(refusal.value).isprintable()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"1-{10**18}", "frame 1000000000000000000 lies beyond 2147483647"),
        (f"1-{MAX_FRAMES + 1}", "more than 1,000,000 frames"),
        ("1-600000,1-600000", "character 10, '1-600000': more than 1,000,000 frames"),
        ("1-1000000," * 90_000 + "1", "more than 1,000,000 frames"),
        ("1-9," * 240_000 + "1", "more than 1,000,000 frames"),
        ("9" * 900_000, "a number of 900,000 digits is no frame"),
        ("1-9x" + "9" * 5_000, "a number of 5,000 digits is no frame"),
        ("," * 1_000_000, "a frame is missing"),
        ("[" * 1_000_000, "this is not a frame or a range"),
        ("1-" * 500_000, "this is not a frame or a range"),
        ("1" + " " * 999_000 + "x", "character 999002, 'x': this is not"),
        (" " * 1_000_000, "the frame list is empty"),
        (
            "1" * (MAX_TEXT + 1),
            "the frame list has 1,000,001 characters where at most 1,000,000 are read",
        ),
    ],
    ids=lambda value: value[:20],
)
def test_a_hostile_list_is_refused_at_once_with_a_short_sentence(text, message):
    with pytest.raises(InputError) as refusal:
        FrameSet.parse(text)
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 250


def test_a_list_of_the_greatest_length_is_read():
    assert FrameSet.parse(f"1-{MAX_FRAMES}") == FrameSet.span(1, MAX_FRAMES)
    assert FrameSet.parse("1," * 499_999 + "1") == FrameSet.span(1, 1)


@pytest.mark.parametrize(
    ("frames", "renderbus", "deadline"),
    [
        ([], "", ""),
        ([5], "5", "5"),
        ([0], "0", "0"),
        ([5, 6], "5-6[1]", "5-6"),
        ([5, 7], "5,7", "5,7"),
        (range(1, 11), "1-10[1]", "1-10"),
        (range(1, 100, 2), "1-99[2]", "1-99x2"),
        ([1, 20, 21, 22, 494], "1,20-22[1],494", "1,20-22,494"),
        ([1, 2, 3, 5, 7, 9], "1-3[1],5-9[2]", "1-3,5-9x2"),
        ([3, 2, 1], "3,2,1", "3-1"),
        ([9, 6, 3, 4, 5], "9,6,3,4-5[1]", "9-3x3,4-5"),
        (range(-5, 0), "-5--1[1]", "-5--1"),
        (range(-1, 2), "-1-1[1]", "-1-1"),
        ([-5, -7], "-5,-7", "-5,-7"),
    ],
)
def test_a_set_is_written_in_each_dialect(frames, renderbus, deadline):
    frameset = FrameSet.of(frames)
    assert str(frameset) == renderbus
    assert frameset.format(Dialect.RENDERBUS) == renderbus
    assert frameset.format(Dialect.ANY) == renderbus
    assert frameset.format(Dialect.DEADLINE) == deadline
    assert frameset.format(Dialect.QUBE) == deadline


@pytest.mark.parametrize(
    "texts",
    [
        ("1-10[3]", "1-10x3", "1:12:3", "1,4,7,10", "1 4 7-10x3", "1-12every3"),
        ("1-6", "1-3,4-6", "1,2,3-6", "1-2,2-5,1-6", "1,2,3,4,5,6"),
        ("9,8,7", "9-7", "9:7:1", "9-8,7"),
    ],
)
def test_sets_are_equal_however_they_were_written(texts):
    sets = [FrameSet.parse(text) for text in texts]
    assert len(set(sets)) == 1
    assert len({frameset.ranges for frameset in sets}) == 1


def test_order_is_part_of_the_value():
    assert FrameSet.parse("1,2") != FrameSet.parse("2,1")


def test_a_long_range_stays_one_range():
    frames = FrameSet.parse("1-1000000[1]")
    assert frames.ranges == (range(1, 1_000_001),)
    assert FrameSet.parse("1-500000,500001-1000000").ranges == frames.ranges


def test_the_ranges_given_are_reduced_to_the_same_frames():
    assert FrameSet((range(0), range(1, 4), range(3, 6))).ranges == (range(1, 6),)


@pytest.mark.parametrize(
    ("first", "last", "step", "frames"),
    [
        (1, 5, 1, [1, 2, 3, 4, 5]),
        (1, 6, 2, [1, 3, 5]),
        (5, 1, 2, [5, 3, 1]),
        (6, 1, 2, [6, 4, 2]),
        (-2, -2, 7, [-2]),
    ],
)
def test_a_span_never_passes_its_last_frame(first, last, step, frames):
    assert list(FrameSet.span(first, last, step)) == frames


def test_a_set_knows_its_ends_and_its_extent():
    frames = FrameSet.parse("5,1-3,-4")
    assert (frames.first, frames.last, frames.min, frames.max) == (5, -4, -4, 5)
    assert len(frames) == 5
    assert 2 in frames
    assert 4 not in frames


def test_an_empty_set_is_false_and_has_no_ends():
    empty = FrameSet()
    assert not empty
    assert len(empty) == 0
    assert empty == FrameSet.of([])
    for ends in ("first", "last"):
        with pytest.raises(IndexError):
            getattr(empty, ends)
    for ends in ("min", "max"):
        with pytest.raises(ValueError, match="empty"):
            getattr(empty, ends)


def test_an_index_past_either_end_is_an_index_error():
    frames = FrameSet.parse("1-3,9")
    assert (frames[0], frames[3], frames[-1], frames[-4]) == (1, 9, 9, 1)
    for index in (4, -5):
        with pytest.raises(IndexError, match="among 4"):
            frames[index]


def test_chunks_are_consecutive_entries_and_the_last_may_be_short():
    chunks = FrameSet.parse("1-10x2,1-10").chunks(4)
    assert [str(chunk) for chunk in chunks] == ["1-7[2]", "9,2-6[2]", "8,10"]
    assert list(FrameSet().chunks(3)) == []


@pytest.mark.parametrize("size", [0, -1])
def test_chunks_of_nothing_are_refused(size):
    with pytest.raises(InputError, match=f"must be 1 or more, not {size}"):
        FrameSet.parse("1-10").chunks(size)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FrameSet.span(1, 10, 0), "the step between frames is 1 or more, not 0"),
        (lambda: FrameSet.span(1, MAX_FRAMES + 1), "more than 1,000,000 frames"),
        (lambda: FrameSet.span(0, MAX_FRAME + 1), "frame 2147483648 lies beyond"),
        (lambda: FrameSet.of([-(10**30)]), "lies beyond"),
        (lambda: FrameSet((range(10**30),)), "lies beyond"),
        (lambda: FrameSet.of(itertools.count()), "more than 1,000,000 frames"),
        (lambda: FrameSet.of(itertools.repeat(1)), "more than 1,000,000 frames"),
        (lambda: FrameSet.span(1, 10**6) | FrameSet.span(0, 0), "more than 1,000,000 frames"),
    ],
)
def test_the_limits_hold_however_a_set_is_made(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_set_cannot_be_changed_and_can_be_copied():
    frames = FrameSet.parse("1-10[2],4")
    with pytest.raises(FrozenInstanceError):
        frames.ranges = ()
    assert pickle.loads(pickle.dumps(frames)) == frames  # noqa: S301 - our own bytes
    assert copy.deepcopy(frames) == frames
    assert eval(repr(frames)) == frames  # noqa: S307 - our own text


@pytest.mark.parametrize(
    ("template", "frame", "path"),
    [
        ("/out/a.####.exr", 7, "/out/a.0007.exr"),
        ("/out/a.####.exr", -5, "/out/a.-0005.exr"),
        ("/out/a.##.exr", 1234, "/out/a.1234.exr"),
        ("a#", 0, "a0"),
        ("####.png", 12, "0012.png"),
        ("/a##/b.###.png", 1, "/a##/b.001.png"),
        ("C:\\out#\\b###.png", 1, "C:\\out#\\b001.png"),
        ("/out/v##_b.####.png", 1, "/out/v##_b.0001.png"),
    ],
)
def test_the_last_run_of_hashes_in_a_file_name_becomes_the_frame(template, frame, path):
    assert pad_path(template, frame) == path


@pytest.mark.parametrize(
    "template", ["", "/out/a.exr", "/out.####/a.exr", "C:\\o#\\a", "#" * 9 + "/"]
)
def test_a_file_name_without_hashes_is_refused(template):
    with pytest.raises(
        InputError, match=r"no place for the frame; write it like picture\.####\.exr"
    ):
        pad_path(template, 1)
