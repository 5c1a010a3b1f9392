from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.scene import patterns


@pytest.mark.parametrize(
    ("stored", "pattern"),
    [
        ("a.<UDIM>.exr", "a.<UDIM>.exr"),
        ("a.<udim>.exr", "a.<UDIM>.exr"),
        ("a_MAPID_.exr", "a<UDIM>.exr"),
        ("a.u<U>_v<V>.exr", "a.<UVTILE>.exr"),
        ("a.<f4>.exr", "a.####.exr"),
        ("a.$F4.exr", "a.####.exr"),
        ("a.<frame>.exr", "a.#.exr"),
        ("a.####.exr", "a.####.exr"),
        ("a.exr", None),
        ("shot#1/a.exr", None),
        ("$FOLDER/a.exr", None),
    ],
)
def test_tokens_become_one_notation(stored: str, pattern: str | None):
    assert patterns.from_tokens(stored) == pattern


@pytest.mark.parametrize(
    ("make", "stored", "pattern"),
    [
        (patterns.from_tile, "t/2010/a_1001_c.png", "t/2010/a_<UDIM>_c.png"),
        (patterns.from_tile, "a_21001.png", None),
        (patterns.from_uv_tile, "a_u1_v2.png", "a_<UVTILE>.png"),
        (patterns.from_frame, "v2/a.0001.png", "v2/a.####.png"),
        (patterns.from_frame, "a7.mp4", "a#.mp4"),
        (patterns.from_frame, r"c:\v2\a.png", None),
    ],
)
def test_one_file_of_a_set_gives_its_pattern(make, stored: str, pattern: str | None):
    assert make(stored) == pattern


@pytest.mark.parametrize(
    ("part", "name", "fits"),
    [
        ("a.<UDIM>.exr", "a.1042.exr", True),
        ("a.<UDIM>.exr", "a.2042.exr", False),
        ("a.####.exr", "a.0042.exr", True),
        ("a.####.exr", "a.10042.exr", True),
        ("a.####.exr", "a.042.exr", False),
        ("a.####.exr", "a.-0042.exr", True),
        ("a(1).<UVTILE>.exr", "a(1).u10_v3.exr", True),
    ],
)
def test_patterns_match_the_names_they_stand_for(part: str, name: str, fits: bool):
    assert bool(patterns.matcher(part).fullmatch(name)) is fits


@given(st.text(max_size=40))
def test_a_file_matches_the_pattern_made_from_it(stored: str):
    pattern = patterns.from_frame(stored)
    if pattern is not None and "#" not in stored and "<" not in stored:
        assert patterns.matcher(pattern).fullmatch(stored)


def test_a_name_with_many_places_is_taken_literally():
    assert not patterns.has_place("#a#a#a#a#")
