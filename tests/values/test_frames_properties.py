"""Laws of frame sets: against plain lists, against fileseq, and between dialects."""

from __future__ import annotations

import fileseq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.frames import Dialect, FrameSet

FRAMES = st.integers(-60, 60)
LISTS = st.lists(FRAMES, max_size=40)
RANGES = st.builds(range, FRAMES, FRAMES, st.integers(-9, 9).filter(lambda step: step != 0))
SETS = st.one_of(
    st.builds(FrameSet.of, LISTS),
    st.builds(FrameSet, st.lists(RANGES, max_size=6).map(tuple)),
)


def unique(frames):
    return list(dict.fromkeys(frames))


@st.composite
def common_lists(draw):
    """Write a list in what fileseq, Deadline and Qube have in common."""
    items = []
    for _ in range(draw(st.integers(1, 6))):
        first, last, step = draw(FRAMES), draw(FRAMES), draw(st.integers(1, 9))
        forms = [f"{first}", f"{first}-{last}", f"{first}-{last}x{step}"]
        items.append(draw(st.sampled_from(forms)))
    return ",".join(items)


@given(LISTS)
def test_a_set_is_the_list_without_repeats(frames):
    made = FrameSet.of(frames)
    assert list(made) == unique(frames)
    assert len(made) == len(unique(frames))
    assert bool(made) == bool(frames)


@given(st.lists(RANGES, max_size=6))
def test_ranges_mean_their_frames_one_after_the_other(ranges):
    frames = [frame for r in ranges for frame in r]
    made = FrameSet(tuple(ranges))
    assert list(made) == unique(frames)
    assert made == FrameSet.of(frames)
    assert hash(made) == hash(FrameSet.of(frames))


@given(SETS, SETS)
def test_sets_are_equal_exactly_when_their_sequences_are(left, right):
    assert (left == right) == (list(left) == list(right))
    assert (left < right) == (list(left) < list(right))


@given(SETS)
def test_the_ranges_are_those_of_any_other_writing(frames):
    assert FrameSet(frames.ranges).ranges == frames.ranges
    assert all(frames.ranges)


@given(SETS.filter(bool), st.sampled_from(Dialect))
def test_what_is_written_reads_back(frames, dialect):
    text = frames.format(dialect)
    assert FrameSet.parse(text, dialect) == frames
    assert FrameSet.parse(text) == frames


@given(SETS.filter(bool))
def test_the_renderbus_form_only_ascends_and_carries_every_step(frames):
    text = str(frames)
    assert " " not in text
    for item in text.split(","):
        if not item.removeprefix("-").isdecimal():
            assert item.endswith("]")
            only = FrameSet.parse(item, Dialect.RENDERBUS)
            assert only.first < only.last


@given(common_lists())
def test_fileseq_reads_the_same_frames(text):
    theirs = list(fileseq.FrameSet(text))
    assert list(FrameSet.parse(text)) == theirs
    assert list(FrameSet.parse(text, Dialect.DEADLINE)) == theirs
    assert list(FrameSet.parse(text, Dialect.QUBE)) == theirs


@given(SETS.filter(bool))
def test_fileseq_reads_what_is_written_for_deadline_and_qube(frames):
    for dialect in (Dialect.DEADLINE, Dialect.QUBE):
        assert list(fileseq.FrameSet(frames.format(dialect))) == list(frames)


@given(SETS, SETS)
def test_set_operations_follow_the_order_of_the_left(left, right):
    ours, theirs = list(left), list(right)
    assert list(left | right) == unique(ours + theirs)
    assert list(left - right) == [frame for frame in ours if frame not in theirs]
    assert list(left & right) == [frame for frame in ours if frame in theirs]
    assert left.isdisjoint(right) == set(ours).isdisjoint(theirs)
    assert left.issubset(right) == set(ours).issubset(theirs)


@given(SETS, SETS)
def test_difference_and_intersection_share_out_the_set(left, right):
    outside, inside = left - right, left & right
    assert outside.isdisjoint(inside)
    assert set(outside | inside) == set(left)
    assert inside.issubset(right)
    assert (left | right).issubset(right | left)


@given(SETS, FRAMES)
def test_membership_is_that_of_the_list(frames, frame):
    assert (frame in frames) == (frame in list(frames))


@given(SETS, st.integers(-50, 50))
def test_an_index_is_that_of_the_list(frames, index):
    listed = list(frames)
    if -len(listed) <= index < len(listed):
        assert frames[index] == listed[index]
    else:
        with pytest.raises(IndexError):
            frames[index]


@given(SETS, st.slices(50))
def test_a_slice_is_that_of_the_list(frames, cut):
    assert list(frames[cut]) == list(frames)[cut]


@given(SETS.filter(bool))
def test_the_ends_are_those_of_the_list(frames):
    listed = list(frames)
    assert (frames.first, frames.last) == (listed[0], listed[-1])
    assert (frames.min, frames.max) == (min(listed), max(listed))


@given(SETS, st.integers(1, 15))
def test_chunks_put_together_are_the_set(frames, size):
    chunks = list(frames.chunks(size))
    assert [frame for chunk in chunks for frame in chunk] == list(frames)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(chunks)


@given(FRAMES, FRAMES, st.integers(1, 12))
def test_a_span_is_what_its_range_says(first, last, step):
    span = FrameSet.span(first, last, step)
    assert span == FrameSet.parse(f"{first}-{last}x{step}")
    assert span.first == first
    assert {abs(frame - first) % step for frame in span} == {0}
    assert abs(last - span.last) < step


@given(st.text(st.sampled_from("0123456789-,:x[] \tstepbyvr\x00\u0661"), max_size=30))
def test_any_text_is_read_or_refused_in_one_printable_sentence(text):
    for dialect in Dialect:
        try:
            frames = FrameSet.parse(text, dialect)
        except InputError as refusal:
            assert str(refusal).isprintable()  # noqa: PT017 - most texts are refused, some are not
        else:
            assert FrameSet.parse(str(frames)) == frames
