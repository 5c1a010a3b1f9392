"""Where a job wants its pictures: paddings, slashes, folders, and several outputs."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadline_plugin.outputs import declared
from renderbus_core.errors import InputError
from renderbus_core.frames import pad_path

PADDINGS = {
    "####": lambda digits: "#" * digits,
    "????": lambda digits: "?" * digits,
    "[####] of After Effects": lambda digits: f"[{'#' * digits}]",
    "%04d of Nuke": lambda digits: f"%0{digits}d",
    "$F4 of Houdini": lambda digits: f"$F{digits}",
}
STEMS = st.from_regex(r"[A-Za-z<>_ -]{0,12}", fullmatch=True)


def of(*pairs, own="", only=None):
    info = {}
    for number, (folder, name) in enumerate(pairs):
        info |= {f"OutputDirectory{number}": folder, f"OutputFilename{number}": name}
    return declared(info, own, only)


@pytest.mark.parametrize("padding", PADDINGS)
@given(digits=st.integers(1, 9), before=STEMS, after=STEMS, frame=st.integers(-99, 99_999))
def test_a_place_for_the_frame_is_found_however_it_is_written(
    padding, digits, before, after, frame
):
    name = f"{before}.{PADDINGS[padding](digits)}.{after}.exr"
    (template,) = of(("/show/out", name))
    assert template == f"/show/out/{before}.{'#' * digits}.{after}.exr"
    sign = "-" if frame < 0 else ""
    number = f"{sign}{abs(frame):0{digits}d}"
    assert pad_path(template, frame) == f"/show/out/{before}.{number}.{after}.exr"


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("/show/out", "a.#.exr", "/show/out/a.#.exr"),
        ("/show/out/", "a.#.exr", "/show/out/a.#.exr"),
        ("/", "a.#.exr", "/a.#.exr"),
        (r"X:\show\out", "a.#.exr", r"X:\show\out\a.#.exr"),
        ("X:\\", "a.#.exr", r"X:\a.#.exr"),
        ("X:/show/out", "a.#.exr", "X:/show/out/a.#.exr"),
        (r"\\nas\show", "a.#.exr", r"\\nas\show\a.#.exr"),
        ("/show/out", "beauty/a.#.exr", "/show/out/beauty/a.#.exr"),
        (r"X:\show", r"beauty\a.#.exr", r"X:\show\beauty\a.#.exr"),
        ("/show/out", "<RenderLayer>/<Camera>_a.#.exr", "/show/out/<RenderLayer>/<Camera>_a.#.exr"),
        ("/show/out", "/elsewhere/a.#.exr", "/elsewhere/a.#.exr"),
        (r"X:\show", r"Y:\elsewhere\a.#.exr", r"Y:\elsewhere\a.#.exr"),
        ("", "/elsewhere/a.#.exr", "/elsewhere/a.#.exr"),
        ("/show/out", "$FOO.%d.exr", "/show/out/$FOO.#.exr"),
    ],
)
def test_folder_and_name_become_one_path(folder, name, path):
    assert of((folder, name)) == (path,)


def test_outputs_come_in_the_order_of_their_numbers_each_once():
    info = {
        "OutputDirectory10": "/c", "OutputFilename10": "c.#.exr",
        "OutputDirectory2": "/b", "OutputFilename2": "b.#.exr",
        "OutputDirectory3": "/b", "OutputFilename3": "b.?.exr",
        "OutputDirectory4": "/d", "OutputFilename4": "",
    }  # fmt: skip
    assert declared(info, "/own.#.exr", None) == ("/b/b.#.exr", "/c/c.#.exr")


def test_what_the_plug_in_says_counts_where_the_job_says_nothing():
    assert declared({"OutputDirectory0": "/out"}, "/own/a.????.exr", None) == ("/own/a.####.exr",)
    with pytest.raises(InputError, match="declares no outputs"):
        declared({"OutputDirectory0": "/out"}, "", None)


def test_a_name_without_a_folder_belongs_nowhere():
    with pytest.raises(InputError, match=r"OutputFilename0=a\.#\.exr has no folder"):
        declared({"OutputFilename0": "a.#.exr"}, "", None)


def test_a_single_picture_may_bear_its_number():
    assert of(("/out", "shot.0007.exr"), only=7) == ("/out/shot.####.exr",)
    assert of(("/out", "shot_v002.exr"), only=7) == ("/out/shot_v002.exr",)
    assert of(("/out", "shot.0007.exr")) == ("/out/shot.0007.exr",), "of several it names one"
    assert of(("/out7", "shot.exr"), only=7) == ("/out7/shot.exr",)


@pytest.mark.parametrize("folder", ["/out/####", "/out/$F4", "/out/%04d"])
def test_a_folder_for_each_frame_is_refused(folder):
    with pytest.raises(InputError, match="has a folder for each frame"):
        of((folder, "shot.####.exr"))


@given(folder=st.text(max_size=12), name=st.text(max_size=12), only=st.none() | st.integers())
def test_whatever_a_job_declares_it_is_outputs_or_a_refusal(folder, name, only):
    with suppress(InputError):
        (template,) = of((folder, name), only=only)
        assert "?" not in template
