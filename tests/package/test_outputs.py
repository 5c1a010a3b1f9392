"""Every picture of the cloud becomes exactly one file that the job declared, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Layer
from renderbus_core.frames import pad_path
from renderbus_core.package import check_output, cloud_pictures, output_map
from renderbus_core.package.outputs import from_document, to_document

TWO_LAYERS = (Layer("beauty", renderable=True), Layer("shadow", renderable=True))
TOKENS = ("/renders/<RenderLayer>/shot.####.exr",)


@pytest.mark.parametrize(
    "output",
    ["/o/<Picture>", "/o/<Layer>/a.<Frame>.<Extension>", "/o/a_##.TIFF", "/o/a.#.<extension>",
     "P:\\o\\<Camera>_##.exr"],
)  # fmt: skip
def test_an_output_that_some_scene_makes_passes_without_the_scene(output):
    check_output(output, ("exr", "tif"))
    check_output(output, ())


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("/o/a.exr", "has no place for the frame"),
        ("/o/<Frame>/a.exr", "has no place for the frame"),
        ("/o/a.####.mov", "is no picture that its program makes; these end in exr, tif"),
        ("/o/a.####", "is no picture that its program makes"),
        ("/o/<Picture>.mov", "is no picture that its program makes"),
        ("/o/<Shot>.####.exr", "what <Shot> in"),
    ],
)
def test_an_output_that_no_scene_makes_is_refused_without_the_scene(output, sentence):
    with pytest.raises(InputError, match=sentence):
        check_output(output, ("tiff", "tif", "exr"))


def test_without_endings_any_output_with_a_place_for_the_frame_passes():
    check_output("/o/a.####.mov", ())
    with pytest.raises(InputError, match="has no place for the frame"):
        check_output("/o/a.mov", ())


def test_one_maya_layer_makes_pictures_named_after_the_scene(built):
    outputs = built().outputs
    assert outputs.cloud_template == "shot.####.exr"
    assert outputs.local_path("shot.0007.exr") == (7, Path("/renders/shot.0007.exr"))
    assert outputs.expected(7) == (Path("/renders/shot.0007.exr"),)


def test_several_maya_layers_have_a_folder_each(built, maya):
    outputs = built(maya(layers=TWO_LAYERS), job_outputs=TOKENS).outputs
    assert outputs.cloud_template == "beauty/shot.####.exr, shadow/shot.####.exr"
    assert outputs.local_path("shadow/shot.0001.exr") == (
        1,
        Path("/renders/shadow/shot.0001.exr"),
    )
    assert outputs.expected(1) == (
        Path("/renders/beauty/shot.0001.exr"),
        Path("/renders/shadow/shot.0001.exr"),
    )


def test_a_sub_task_shows_only_the_pictures_of_its_layer(built, maya):
    outputs = built(maya(layers=TWO_LAYERS), job_outputs=TOKENS).outputs
    assert outputs.local_path("shadow/shot.0001.exr", "shadow") is not None
    assert outputs.local_path("shadow/shot.0001.exr", "beauty") is None
    assert outputs.local_path("shadow/shot.0001.exr", "a name of the cloud's own") is not None


@pytest.mark.parametrize(
    ("prefix", "template"),
    [
        ("", "shot.####.exr"),
        ("<Scene>_v2", "shot_v2.####.exr"),
        ("<renderlayer>/<Camera>/<scene>", "masterLayer/cam/shot.####.exr"),
        ("<Layer>_<Scene>", "masterLayer_shot.####.exr"),
        ("<Scene>_<RenderPass>", "shot_beauty.####.exr"),
        ("<Scene>_<aov>", "shot_beauty.####.exr"),
        ("images/a.b", "images/a.b.####.exr"),
    ],
)
def test_mayas_tokens_are_replaced(built, maya, fact, prefix, template):
    assert built(maya(output=fact(prefix))).outputs.cloud_template == template


def test_a_namespace_becomes_part_of_the_name(built, maya, fact):
    facts = maya(cameras=(Camera("rig:cam", renderable=True),), output=fact("<Camera>"))
    assert built(facts).outputs.cloud_template == "rig_cam.####.exr"


@pytest.mark.parametrize(
    ("stored", "template"),
    [
        ("//render/shot_####", "shot_####.png"),
        ("//render/shot_##_a", "shot_##_a.png"),
        ("//render/shot_", "shot_####.png"),
        ("/tmp/", "####.png"),  # noqa: S108 - a name in a scene
        ("", "####.png"),
        ("C:\\out\\shot_###.png", "shot_###.png"),
        ("//shot_###.PNG", "shot_###.PNG"),
        ("//shot_###.tga", "shot_###.png"),
        ("//shot.png", "shot.png####.png"),
        ("//shot.####", "shot.####.png"),
    ],
)
def test_blenders_output_path_is_completed_as_blender_does(built, blender, fact, stored, template):
    assert built(blender(output=fact(stored))).outputs.cloud_template == template


def test_the_simulator_can_foresee_the_same_pictures(built, blender):
    package = built(blender())
    (picture,) = cloud_pictures(package.task)
    assert package.outputs.local_path(pad_path(picture.template, 12)) == (
        12,
        Path("/renders/shot.0012.png"),
    )


@pytest.mark.parametrize(
    ("frame", "name"), [(7, "shot.0007.exr"), (12345, "shot.12345.exr"), (-5, "shot.-0005.exr")]
)
def test_frames_keep_their_digits(built, frame, name):
    outputs = built().outputs
    assert outputs.local_path(name) == (frame, outputs.expected(frame)[0])


@pytest.mark.parametrize(
    "name",
    [
        "shot.0007.png",
        "shot.0007.exr.tmp",
        "other.0007.exr",
        "sub/shot.0007.exr",
        "shot..exr",
        "shot.-.exr",
        "shot.--007.exr",
        "shot.-0000.exr",
        "shot.+007.exr",
        "shot.7 .exr",
        "shot.9999999999.exr",
        "shot.\u0660\u0660\u0660\u0667.exr",
        "shot.99999999999999999999.exr",
        "SHOT.0007.EXR",
    ],
)
def test_other_files_of_the_cloud_belong_to_nobody(built, name):
    assert built().outputs.local_path(name) is None


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("shot.7.exr", 7),
        ("shot.00007.exr", 7),
        ("shot.-007.exr", -7),
        ("shot.-7.exr", -7),
        ("shot.0.exr", 0),
        ("shot.2147483647.exr", 2**31 - 1),
    ],
)
def test_zeros_in_front_of_a_frame_tell_nothing_apart(built, name, frame):
    outputs = built().outputs
    assert outputs.local_path(name) == (frame, outputs.expected(frame)[0])


@pytest.mark.parametrize(
    "name", ["../shot.0007.exr", "/shot.0007.exr", "C:shot.0007.exr", "shot.0007.exr\0", ""]
)
def test_a_name_that_leads_elsewhere_is_refused(built, name):
    with pytest.raises(InputError, match="it is not stored"):
        built().outputs.local_path(name)


@given(
    frame=st.integers(-(10**6), 10**6),
    padding=st.integers(0, 6),
    digits=st.integers(1, 10),
    prefix=st.text("ab#._-", max_size=8),
)
def test_each_frame_finds_its_way_home(*, built, maya, fact, frame, padding, digits, prefix):
    assume(not prefix.startswith("."))
    local = f"/renders/x{'#' * (padding + 1)}.exr"
    facts = maya(output=fact(f"p{prefix}"), frame_digits=fact(digits))
    outputs = built(facts, job_outputs=(local,)).outputs
    (template,) = (pair.picture.template for pair in outputs.pairs)
    assert outputs.local_path(pad_path(template, frame)) == (frame, *outputs.expected(frame))


@given(st.text(max_size=30))
def test_whatever_the_cloud_calls_a_file_it_lands_where_the_job_said(built, name):
    outputs = built().outputs
    try:
        place = outputs.local_path(name)
    except InputError:
        return
    assert place is None or place[1] in outputs.expected(place[0])


def test_two_layers_never_share_one_output(built, maya):
    with pytest.raises(InputError, match="put <RenderLayer>, <Camera> or <RenderPass> into the"):
        built(maya(layers=TWO_LAYERS))


def test_two_cameras_without_a_token_cannot_be_told_apart(built, maya):
    cameras = (Camera("left", renderable=True), Camera("right", renderable=True))
    with pytest.raises(InputError, match="put <Camera> into the image file prefix"):
        built(maya(cameras=cameras))


def test_two_cameras_with_tokens_are_two_pictures(built, maya, fact):
    cameras = (Camera("left", renderable=True), Camera("right", renderable=True))
    facts = maya(cameras=cameras, output=fact("<Camera>/<Scene>"))
    outputs = built(facts, job_outputs=("/renders/<Camera>.####.exr",)).outputs
    assert outputs.local_path("right/shot.0003.exr") == (3, Path("/renders/right.0003.exr"))
    assert len(outputs.expected(3)) == 2


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ((), "declares no output files"),
        (("/renders/shot.exr",), "has no place for the frame"),
        (("/renders/shot.####.png",), "declares .png files .* and the scene makes .exr files"),
        (("/renders/shot.####",), "declares .* files"),
        (("shot.####.exr",), "no absolute path of this host"),
        (("X:/renders/shot.####.exr",), "no absolute path of this host"),
        (("/renders/<Version>/shot.####.exr",), "what <Version> in .* cannot be foreseen"),
    ],
)
def test_an_output_that_cannot_be_served_is_refused(built, outputs, words):
    with pytest.raises(InputError, match=words):
        built(job_outputs=outputs)


def test_an_output_may_be_a_folder_in_which_all_is_named_as_the_program_names_it(built, maya):
    outputs = built(maya(layers=TWO_LAYERS), job_outputs=("/renders/<Picture>",)).outputs
    assert outputs.expected(12) == (
        Path("/renders/beauty/shot.0012.exr"),
        Path("/renders/shadow/shot.0012.exr"),
    )


def test_an_output_may_leave_digits_and_ending_to_the_scene(built, maya, fact):
    facts = maya(frame_digits=fact(3), image_format=fact("tif"))
    outputs = built(facts, job_outputs=("/renders/v2.<Frame>.<extension>",)).outputs
    assert outputs.local_path("shot.012.tif") == (12, Path("/renders/v2.012.tif"))


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (("/renders/v2.<Extension>",), "has no place for the frame"),
        (("/renders/<Frame>/v2.<Extension>",), "has no place for the frame"),
        (("/renders/v2.<Frame>.png",), "the scene makes .exr files"),
        (("<Picture>",), "no absolute path of this host"),
    ],
)
def test_what_is_left_to_the_scene_is_no_way_around_the_rest(built, outputs, words):
    with pytest.raises(InputError, match=words):
        built(job_outputs=outputs)


@pytest.mark.parametrize("ending", ["jpeg", "JPG", "jpg"])
def test_spellings_of_one_file_ending_are_the_same(built, maya, fact, ending):
    package = built(maya(image_format=fact("jpg")), job_outputs=(f"/renders/shot.####.{ending}",))
    assert package.outputs.expected(1) == (Path(f"/renders/shot.0001.{ending}"),)


@pytest.mark.parametrize("prefix", ["../shot", "/renders/shot", "D:/shot", "a/../../b", "a//b"])
def test_a_prefix_that_leaves_the_tasks_folder_is_refused(built, maya, fact, prefix):
    with pytest.raises(InputError, match="use a plain relative name"):
        built(maya(output=fact(prefix)))


def test_a_token_that_only_maya_can_fill_is_refused(built, maya, fact):
    for token in ("<RenderPass>", "<Version>", "<Extension>", "<Unheard>"):
        with pytest.raises(InputError, match=f"what {token} in '{token}' becomes"):
            built(maya(output=fact(token), renderer=fact("mayaSoftware")))


def test_the_scene_says_to_how_many_digits_the_cloud_pads_and_the_output_to_how_many_we(
    built, maya, fact
):
    outputs = built(maya(frame_digits=fact(2)), job_outputs=("/renders/shot.###.exr",)).outputs
    assert outputs.cloud_template == "shot.##.exr"
    assert outputs.local_path("shot.07.exr") == (7, Path("/renders/shot.007.exr"))
    assert outputs.local_path("shot.12345.exr") == (12345, Path("/renders/shot.12345.exr"))


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "CON", "", "a\0b"])
def test_a_layer_cannot_lead_a_local_file_elsewhere(built, maya, name):
    layers = (Layer(name, renderable=True),)
    with pytest.raises(InputError, match=r"rename it in the scene|use a plain relative name"):
        built(maya(layers=layers), job_outputs=TOKENS)


def test_a_task_without_a_camera_makes_no_pictures(built, maya):
    with pytest.raises(InputError, match="makes no pictures"):
        built(maya(cameras=()))


def test_a_format_the_program_does_not_write_is_refused(built, blender):
    task = built(blender()).task
    task["scene_info"]["common"]["Render_Format"] = "FFMPEG"
    with pytest.raises(InputError, match="no pictures in the format 'FFMPEG'"):
        output_map(task, ["/renders/shot.####.png"])
    del task["scene_info"]["common"]["Render_Format"]
    with pytest.raises(InputError, match="names no Render_Format"):
        cloud_pictures(task)


def test_a_program_without_known_names_is_refused(built):
    task = built().task
    task["task_info"]["cg_id"] = "2004"
    with pytest.raises(InputError, match="program 2004 is not known"):
        cloud_pictures(task)


@pytest.mark.parametrize("offset", [100, -3])
def test_a_job_may_number_its_pictures_otherwise_than_its_frames(built, offset):
    outputs = built(job_frame_offset=offset).outputs
    home = Path(f"/renders/shot.{7 + offset:04d}.exr")
    assert outputs.local_path("shot.0007.exr") == (7, home)
    assert outputs.expected(7) == (home,)
    assert outputs.picture_of(7, home) == outputs.pairs[0].picture
    again = from_document(to_document(outputs), "outputs.json")
    assert again == outputs
    assert "offset" not in to_document(built().outputs), "packages without one are as they were"
