"""Tiles, priority frames, project folders, and any part of a job's frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.facts import Layer
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.package import PriorityFrames, Severity, check
from renderbus_core.package.summary import summary


def info(package):
    return package.task["task_info"]


def errors(package):
    return [finding for finding in check(package) if finding.severity is Severity.ERROR]


@pytest.mark.parametrize("kind", ["block", "strip"])
def test_tiles_of_maya_are_one_picture_of_the_layers_folder(built, kind):
    package = built(tiles=4, tiles_type=kind)
    assert (info(package)["tiles"], info(package)["tiles_type"]) == ("4", kind)
    assert (info(package)["enable_layered"], info(package)["is_layer_rendering"]) == ("1", "1")
    assert errors(package) == []
    assert package.outputs.cloud_template == "defaultRenderLayer/shot.####.exr"
    assert package.outputs.expected(1) == (Path("/renders/shot.0001.exr"),)


def test_tiles_that_nobody_says_become_one_picture_are_refused(built, blender):
    with pytest.raises(InputError, match="puts tiles of Blender pictures together again"):
        built(blender(), tiles=4)


@pytest.mark.parametrize(("tiles", "kind"), [(0, "block"), (-1, "block"), (2, "cake")])
def test_tiles_that_are_none_are_found_by_the_check(built, tiles, kind):
    assert errors(built(tiles=tiles, tiles_type=kind))


@pytest.mark.parametrize(
    ("priority", "first", "pause"),
    [
        (PriorityFrames(), "000", "2"),
        (PriorityFrames(first=True, last=True), "101", "2"),
        (PriorityFrames(middle=True, pauses=True), "010", "1"),
        (PriorityFrames(frames=FrameSet.of([4, 3, 9])), "000:3-4[1],9", "2"),
    ],
)
def test_priority_frames_are_written_as_the_protocol_has_them(built, priority, first, pause):
    package = built(priority=priority)
    assert (info(package)["pre_frames"], info(package)["stop_after_test"]) == (first, pause)
    assert errors(package) == []


def test_priority_frames_beyond_the_burst_are_found_by_the_check(built):
    package = built(priority=PriorityFrames(frames=FrameSet.of([11])))
    assert "11 would go first and is not rendered" in str(errors(package)[0])


@pytest.mark.parametrize(
    ("stored", "local", "project", "expected"),
    [
        ("/show/p/scenes/a.ma", "/show/p/scenes/a.ma", "/show/p", "/show/p"),
        ("X:\\p\\scenes\\a.ma", "/mnt/x/p/scenes/a.ma", "/mnt/x/p", "X:/p"),
        ("\\\\nas\\show\\p\\a.ma", "/mnt/p/a.ma", "/mnt/p", "//nas/show/p"),
        ("X:\\a.ma", "/mnt/p/a.ma", "/mnt/p", "X:/"),
        ("/a.ma", "/mnt/a.ma", "/mnt", "/"),
        ("X:\\P\\Scenes\\A.ma", "/mnt/p/scenes/a.ma", "/mnt/p", "X:/P"),
        # The project reaches beyond what both places have in common.
        ("X:\\scenes\\a.ma", "/mnt/x/p/scenes/a.ma", "/mnt/x", ""),
        ("X:\\a.ma", "/mnt/x/p/b/c/d/a.ma", "/mnt/x", ""),
        ("X:\\p\\scenes\\a.ma", "/mnt/x/p/scenes/a.ma", None, ""),
    ],
)
def test_the_project_folder_is_named_as_the_farm_stores_it(
    *, built, maya, stored, local, project, expected
):
    facts = maya(path=Path(local), project=Path(project) if project else None)
    assert info(built(facts, job_scene=stored))["input_project_path"] == expected


def test_a_project_folder_that_was_given_counts_more(built, maya):
    facts = maya(project=Path("/show"))
    assert info(built(facts, project_path="/other"))["input_project_path"] == "/other"


@given(
    numbers=st.lists(st.integers(-1000, 100_000), min_size=1, max_size=40, unique=True),
    in_maya=st.booleans(),
)
def test_any_part_of_a_jobs_frames_is_a_valid_list(*, built, maya, blender, numbers, in_maya):
    package = built(maya() if in_maya else blender(), frames=FrameSet.of(numbers))
    section = package.task["scene_info_render"]
    common = (section["defaultRenderLayer"] if in_maya else section)["common"]
    assert set(FrameSet.parse(common["frames"], Dialect.RENDERBUS)) == set(numbers)
    assert errors(package) == []


def lines(facts, package, request):
    return [f.message for f in summary(facts, package, request) if f.rule == "output_map"]


def test_preflight_shows_the_place_of_each_picture_and_what_it_shows(built, burst, maya, fact):
    facts = maya(
        layers=(Layer("beauty", renderable=True), Layer("fx", renderable=True)),
        elements=fact(("N",)),
    )
    asked = {"job_outputs": ("/r/<RenderLayer>_<RenderPass>.####.exr",)}
    assert lines(facts, built(facts, **asked), burst(facts, **asked)) == [
        f"layer {layer}, element {element}: {layer}/{element}/shot.####.exr of the cloud "
        f"becomes /r/{layer}_{element}.####.exr"
        for layer in ("beauty", "fx")
        for element in ("beauty", "N")
    ]


def test_of_very_many_pictures_the_first_are_shown(built, burst, maya, fact):
    facts = maya(elements=fact(tuple(f"aov{number}" for number in range(60))))
    asked = {"job_outputs": ("/r/<RenderPass>.####.exr",)}
    shown = lines(facts, built(facts, **asked), burst(facts, **asked))
    assert len(shown) == 21
    assert shown[-1].startswith("41 more pictures of each frame")
