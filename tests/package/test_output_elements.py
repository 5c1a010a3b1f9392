"""Layers, cameras and elements: each picture is tied to the one output that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, Layer, Origin
from renderbus_core.frames import pad_path
from renderbus_core.package import read, write
from renderbus_core.package.pictures import meeting

LAYERS = (Layer("beauty", renderable=True), Layer("beauty_02", renderable=True))
AOVS = ("diffuse", "N")


@pytest.fixture(scope="session")
def with_aovs(maya, fact):
    """Return a maker of the Maya scene with elements in files of their own."""
    return lambda *names, **changes: maya(elements=fact(names or AOVS), **changes)


def templates(outputs):
    return {pair.picture.template: pair.local for pair in outputs.pairs}


def test_elements_have_a_folder_each_beside_that_of_the_main_picture(built, with_aovs):
    outputs = built(with_aovs(), job_outputs=("/r/<RenderPass>/shot.####.exr",)).outputs
    assert templates(outputs) == {
        "beauty/shot.####.exr": "/r/beauty/shot.####.exr",
        "diffuse/shot.####.exr": "/r/diffuse/shot.####.exr",
        "N/shot.####.exr": "/r/N/shot.####.exr",
    }
    assert len(outputs.expected(1)) == 3
    assert [pair.picture.element for pair in outputs.pairs] == ["", "diffuse", "N"]


def test_the_scene_may_place_the_element_in_the_name(built, with_aovs, fact):
    facts = with_aovs(output=fact("<Scene>/<RenderPass>/<RenderLayer>"))
    outputs = built(facts, job_outputs=("/r/<aov>.####.exr",)).outputs
    assert list(templates(outputs))[:2] == [
        "shot/beauty/masterLayer.####.exr",
        "shot/diffuse/masterLayer.####.exr",
    ]


def test_elements_in_the_main_file_are_no_pictures_of_their_own(built, maya, fact):
    outputs = built(maya(elements=fact(()))).outputs
    assert templates(outputs) == {"shot.####.exr": "/renders/shot.####.exr"}


def test_elements_do_not_count_as_pictures_that_are_paid(built, with_aovs):
    plain = built().task["task_info"]["task_stop_time"]
    outputs = ("/r/<RenderPass>.####.exr",)
    assert built(with_aovs(), job_outputs=outputs).task["task_info"]["task_stop_time"] == plain


@pytest.mark.parametrize("renderer", ["vray", "mayaSoftware"])
def test_elements_whose_names_nobody_foresees_are_refused(built, maya, fact, renderer):
    unknown = maya(renderer=fact(renderer), elements=Fact(None, Origin.UNKNOWN))
    with pytest.raises(InputError, match=f"what {renderer} calls their files cannot be foreseen"):
        built(unknown)
    with pytest.raises(InputError, match="switch them off, or write one file of many channels"):
        built(maya(renderer=fact(renderer), elements=fact(AOVS)))


def test_a_layer_has_its_own_elements(built, with_aovs, fact):
    layers = (
        Layer("beauty", renderable=True),
        Layer("flat", renderable=True, elements=fact(())),
        Layer("odd", renderable=False, elements=Fact(None, Origin.UNKNOWN)),
    )
    outputs = built(
        with_aovs("Z", layers=layers), job_outputs=("/r/<Layer>_<AOV>.####.exr",)
    ).outputs
    assert list(templates(outputs)) == [
        "beauty/beauty/shot.####.exr",
        "beauty/Z/shot.####.exr",
        "flat/shot.####.exr",
    ]


def test_a_layer_has_its_own_names(built, maya):
    layers = (Layer("a", renderable=True, output="own/<Scene>"), Layer("b", renderable=True))
    outputs = built(maya(layers=layers), job_outputs=("/r/<Layer>.####.exr",)).outputs
    assert list(templates(outputs)) == ["a/own/shot.####.exr", "b/shot.####.exr"]


def test_more_elements_than_any_scene_has_are_refused_at_once(built, with_aovs):
    names = (f"aov{number}" for number in range(100_000))
    with pytest.raises(InputError, match="more than 2,000 pictures, which no real scene does"):
        built(with_aovs(*names), job_outputs=("/r/<RenderPass>.####.exr",))


def test_hundreds_of_outputs_are_tied_one_by_one(built, with_aovs):
    names = tuple(f"aov_{number}" for number in range(300))
    declared = ("/r/shot.####.exr", *(f"/r/shot_{name}.####.exr" for name in names))
    outputs = built(with_aovs(*names), job_outputs=declared).outputs
    assert tuple(templates(outputs).values()) == declared


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (
            ("/r/shot.####.exr", "/r/shot_diffuse.####.exr", "/r/shot_N.####.exr"),
            ("/r/shot.####.exr", "/r/shot_diffuse.####.exr", "/r/shot_N.####.exr"),
        ),
        (
            ("/r/n/shot.##.exr", "/r/DIFFUSE/shot.##.exr", "/r/beauty/shot.##.exr"),
            ("/r/beauty/shot.##.exr", "/r/DIFFUSE/shot.##.exr", "/r/n/shot.##.exr"),
        ),
        # What all outputs have in common tells nothing.
        (
            ("/diffuse/shot.####.exr", "/diffuse/shot_diffuse.####.exr", "/diffuse/N.####.exr"),
            ("/diffuse/shot.####.exr", "/diffuse/shot_diffuse.####.exr", "/diffuse/N.####.exr"),
        ),
    ],
)
def test_several_outputs_are_tied_by_the_elements_they_name(built, with_aovs, declared, expected):
    outputs = built(with_aovs(), job_outputs=declared).outputs
    assert tuple(templates(outputs).values()) == expected


def test_several_outputs_are_tied_by_layer_the_longest_name_first(built, maya):
    declared = ("/r/shot_beauty_02.####.exr", "/r/shot_beauty.####.exr")
    outputs = built(maya(layers=LAYERS), job_outputs=declared).outputs
    assert templates(outputs) == {
        "beauty/shot.####.exr": "/r/shot_beauty.####.exr",
        "beauty_02/shot.####.exr": "/r/shot_beauty_02.####.exr",
    }


@pytest.mark.parametrize("name", ["masterLayer", "defaultRenderLayer", "MASTERLAYER"])
def test_the_layer_of_everything_goes_by_both_its_names(built, maya, name):
    layers = (Layer("masterLayer", renderable=True), Layer("fx", renderable=True))
    declared = (f"/r/{name}.####.exr", "/r/fx.####.exr")
    outputs = built(maya(layers=layers), job_outputs=declared).outputs
    assert templates(outputs)["defaultRenderLayer/shot.####.exr"] == declared[0]


def test_an_output_may_name_one_thing_and_have_a_token_for_another(built, with_aovs):
    declared = ("/r/<RenderLayer>/a.####.exr", "/r/<RenderLayer>/diffuse.####.exr")
    facts = with_aovs("diffuse", layers=LAYERS)
    outputs = built(facts, job_outputs=declared).outputs
    assert templates(outputs)["beauty_02/diffuse/shot.####.exr"] == "/r/beauty_02/diffuse.####.exr"
    assert templates(outputs)["beauty_02/beauty/shot.####.exr"] == "/r/beauty_02/a.####.exr"


def test_cameras_are_tied_like_layers(built, maya, fact):
    cameras = (Camera("rig:left", renderable=True), Camera("right", renderable=True))
    facts = maya(cameras=cameras, output=fact("<Camera>"))
    outputs = built(facts, job_outputs=("/r/right.####.exr", "/r/rig_left.####.exr")).outputs
    assert templates(outputs)["rig_left.####.exr"] == "/r/rig_left.####.exr"


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (
            ("/r/a.####.exr", "/r/b.####.exr"),
            r"which one diffuse/shot.####.exr .* becomes|would fit",
        ),
        (("/r/a.####.exr", "/r/diffuse.####.exr"), "none of /r/a.####.exr, /r/diffuse.####.exr"),
        (
            ("/r/a.####.exr", "/r/diffuse.####.exr", "/r/diffuse_2.####.exr", "/r/N.####.exr"),
            "/r/diffuse.####.exr, /r/diffuse_2.####.exr would fit",
        ),
        (
            ("/r/a.####.exr", "/r/diffuse.####.exr", "/r/N.####.exr", "/r/N_diffuse.####.exr"),
            "/r/N_diffuse.####.exr is none of the cloud's pictures",
        ),
        (("/r/diffuse.####.exr", "/r/N.####.png"), "declares .png files"),
        (("/r/diffuse.####.exr", "r/N.####.exr"), "no absolute path of this host"),
        (("/r/diffuse.####.exr", "/r/N.exr"), "has no place for the frame"),
        (("/r/shot.####.exr",), "two of them could become one file"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_candidates(built, with_aovs, declared, words):
    with pytest.raises(InputError, match=words):
        built(with_aovs(), job_outputs=declared)


def test_an_output_beyond_the_pictures_is_refused(built):
    with pytest.raises(InputError, match="/renders/b.####.exr would fit".replace(".", r"\.")):
        built(job_outputs=("/renders/a.####.exr", "/renders/b.####.exr"))


def test_an_output_that_is_declared_twice_counts_once(built):
    assert len(built(job_outputs=("/renders/a.####.exr",) * 2).outputs.pairs) == 1


def test_frames_that_run_into_a_name_are_refused_before_they_meet(built, maya, fact):
    cameras = (Camera("cam", renderable=True), Camera("cam1", renderable=True))
    facts = maya(cameras=cameras, output=fact("<Camera>"))
    with pytest.raises(InputError, match="two of them could become one file"):
        built(facts, job_outputs=("/r/<Camera>####.exr",))
    assert built(facts, job_outputs=("/r/<Camera>_####.exr",)).outputs


def test_an_element_that_is_called_like_the_main_picture_is_refused(built, with_aovs):
    with pytest.raises(InputError, match="could have one name; rename a layer"):
        built(with_aovs("beauty"), job_outputs=("/r/<RenderPass>.####.exr",))


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "CON", "a\0b", "a#b", "x" * 300, "a."])
def test_an_element_cannot_lead_a_local_file_elsewhere(built, with_aovs, name):
    with pytest.raises(InputError, match=r"rename it in the scene|use a plain relative name"):
        built(with_aovs(name), job_outputs=("/r/<RenderPass>.####.exr",))


def test_a_map_is_read_as_it_was_written(built, with_aovs, fact, tmp_path):
    facts = with_aovs(frame_digits=fact(3), layers=LAYERS)
    package = built(facts, job_outputs=("/r/<RenderLayer>/<RenderPass>.##.exr",))
    write(package, tmp_path)
    assert read(tmp_path).outputs == package.outputs


NAMES = st.lists(
    st.text("ab1_", min_size=1, max_size=4).filter(lambda name: name[-1] != "."),
    min_size=1,
    max_size=4,
    unique_by=str.casefold,
)


@given(
    layers=NAMES,
    aovs=NAMES,
    digits=st.integers(1, 6),
    separator=st.sampled_from("._-"),
    frames=st.lists(st.integers(-200_000, 200_000), min_size=1, max_size=5, unique=True),
)
def test_every_frame_of_every_picture_is_one_file_and_back(
    *, built, with_aovs, fact, layers, aovs, digits, separator, frames
):
    facts = with_aovs(
        *aovs,
        layers=tuple(Layer(name, renderable=True) for name in layers),
        frame_digits=fact(digits),
    )
    declared = f"/r/<RenderLayer>/<RenderPass>{separator}##.exr"
    outputs = built(facts, job_outputs=(declared,)).outputs
    home = {}
    for pair in outputs.pairs:
        for frame in frames:
            name = pad_path(pair.picture.template, frame)
            found = outputs.local_path(name)
            assert found == (frame, Path(pad_path(pair.local, frame)))
            home[name] = found[1]
    assert len(home) == len(set(home.values())) == len(outputs.pairs) * len(frames)
    assert set(home.values()) == {path for frame in frames for path in outputs.expected(frame)}


SIDES = st.text("a1-", max_size=3)


@given(first=st.tuples(SIDES, SIDES), second=st.tuples(SIDES, SIDES))
def test_two_templates_meet_exactly_when_some_frames_do(first, second):
    # No side holds another digit, so that no other number can make names equal.
    numbers = [sign + "1" * count for sign in ("", "-") for count in range(1, 9)]
    ours, theirs = (
        {f"{before}{number}{after}" for number in numbers} for before, after in (first, second)
    )
    assert (meeting(["#".join(first), "#".join(second)]) is not None) == bool(ours & theirs)
