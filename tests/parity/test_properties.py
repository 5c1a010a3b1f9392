"""What holds for every two pictures and every tolerance."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import OpenImageIO
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from renderbus_core.parity import Tolerance, compare

SHAPE = (3, 4, 2)
ENDINGS = {"uint8": "tif", "uint16": "tif", "float32": "exr", "uint32": "exr"}
KINDS = {"float32": "float", "uint32": "uint"}
UNIT = st.floats(0, 1)
TOLERANCES = st.builds(Tolerance, UNIT, UNIT, UNIT)


@st.composite
def two_pictures(draw):
    """Return two arrays of one kind that differ in few places, or in all."""
    dtype = draw(st.sampled_from(sorted(ENDINGS)))
    one = draw(arrays.arrays(dtype, SHAPE))
    other = draw(st.one_of(st.just(one), arrays.arrays(dtype, SHAPE)))
    mask = draw(arrays.arrays(bool, SHAPE))
    return one, np.where(mask, one, other)


def written(folder, name, pixels):
    path = Path(folder) / f"{name}.{ENDINGS[pixels.dtype.name]}"
    kind = KINDS.get(pixels.dtype.name, pixels.dtype.name)
    output = OpenImageIO.ImageOutput.create(str(path))
    assert output.open(str(path), OpenImageIO.ImageSpec(SHAPE[1], SHAPE[0], SHAPE[2], kind))
    assert output.write_image(np.ascontiguousarray(pixels))
    assert output.close()
    return path


@given(two_pictures(), TOLERANCES)
@settings(max_examples=60)
def test_neither_side_is_the_better_one(pictures, tolerance):
    with tempfile.TemporaryDirectory() as folder:
        one, other = (written(folder, n, p) for n, p in zip("ab", pictures, strict=True))
        there, back = compare(one, other, tolerance), compare(other, one, tolerance)
    assert dataclasses.replace(there, why="") == dataclasses.replace(back, why="")


@given(two_pictures(), TOLERANCES)
@settings(max_examples=100)
def test_equal_pictures_are_alike_under_every_tolerance(pictures, tolerance):
    with tempfile.TemporaryDirectory() as folder:
        one, other = (written(folder, name, pictures[0]) for name in "ab")
        assert compare(one, other, tolerance).alike
        assert compare(one, other, Tolerance(0, 0, 0)).alike


@given(two_pictures(), TOLERANCES, TOLERANCES)
@settings(max_examples=150)
def test_a_wider_tolerance_never_makes_alike_pictures_unlike(pictures, tolerance, other_one):
    pairs = zip(dataclasses.astuple(tolerance), dataclasses.astuple(other_one), strict=True)
    wider = Tolerance(*(max(pair) for pair in pairs))
    with tempfile.TemporaryDirectory() as folder:
        one, other = (written(folder, n, p) for n, p in zip("ab", pictures, strict=True))
        narrow, wide = compare(one, other, tolerance), compare(one, other, wider)
    assert wide.alike or not narrow.alike
    assert wide.share <= narrow.share
    assert (wide.mean, wide.worst, wide.where) == (narrow.mean, narrow.worst, narrow.where)


@given(two_pictures())
@settings(max_examples=100)
def test_numbers_are_numbers_within_their_bounds(pictures):
    with tempfile.TemporaryDirectory() as folder:
        one, other = (written(folder, n, p) for n, p in zip("ab", pictures, strict=True))
        found = compare(one, other)
    assert 0 <= found.share <= 1
    assert 0 <= found.mean <= found.worst <= 2
    assert (found.where is None) == (found.worst == 0)
