"""What a task package says to the cloud."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, Layer, Origin
from renderbus_core.frames import FrameSet
from renderbus_core.package import Severity, check, with_identity
from renderbus_core.paths import Asset

UNKNOWN = Fact(None, Origin.UNKNOWN)
TWO_LAYERS = (Layer("masterLayer", renderable=True), Layer("shadow", renderable=True))
TOKENS = ("/renders/<RenderLayer>/shot.####.exr",)


def common(package, layer="defaultRenderLayer"):
    return package.task["scene_info_render"][layer]["common"]


def errors(package):
    return [finding for finding in check(package) if finding.severity is Severity.ERROR]


def test_a_maya_task_says_what_the_scene_says(built):
    task = built().task
    assert task["software_config"] == {
        "cg_name": "Maya",
        "cg_version": "2023",
        "plugins": {"mtoa": "5.2.0"},
    }
    assert task["layers"] == ["defaultRenderLayer"]
    assert task["scene_info_render"]["defaultRenderLayer"] == {
        "renderable": "1",
        "env": {},
        "is_default_camera": "1",
        "option": "",
        "common": {
            "frames": "1-10[1]",
            "start": "1",
            "end": "10",
            "by_frame": "1",
            "width": "1920",
            "height": "1080",
            "image_format": "exr",
            "image_file_prefix": "",
            "all_camera": ["cam", "persp"],
            "render_camera": ["cam"],
            "renderer": "arnold",
        },
    }


def test_a_blender_task_says_what_the_scene_says_twice(built, blender):
    task = built(blender()).task
    assert task["scene_info"] == {
        "common": {
            "frames": "1-10[1]",
            "Output_path": "//render/shot_####",
            "width": "640",
            "height": "360",
            "Render_Format": "PNG",
            "camera_name": "Camera",
        }
    }
    assert task["scene_info_render"] == task["scene_info"]
    assert task["task_info"]["cg_id"] == "2007"


def test_task_info_starts_from_the_protocols_defaults(built):
    info = built(project_name="film", project_path="X:\\show").task["task_info"]
    assert info["pre_frames"] == "000"
    assert info["hardwareConfigIds"] == []
    assert info["platform"] == "62"
    assert info["input_cg_file"] == "/show/shot.ma"
    assert info["input_project_path"] == "X:/show"
    assert info["project_name"] == "film"
    assert (info["task_id"], info["user_id"]) == ("", "")


def test_no_limit_is_ever_left_at_the_protocols_days(built):
    info = built().task["task_info"]
    assert 0 < int(info["job_stop_time"]) <= 4 * 3600
    assert 0 < int(info["task_stop_time"]) <= 24 * 3600


@pytest.mark.parametrize(
    ("scene", "os_name", "code"),
    [
        ("/show/shot.ma", "auto", "0"),
        ("X:\\show\\shot.ma", "auto", "1"),
        ("//server/show/shot.ma", "auto", "1"),
        ("X:\\show\\shot.ma", "linux", "0"),
        ("/show/shot.ma", "windows", "1"),
    ],
)
def test_render_machines_follow_the_scenes_path_unless_told_otherwise(built, scene, os_name, code):
    assert built(job_scene=scene, os_name=os_name).task["task_info"]["os_name"] == code


def test_an_unknown_system_is_refused(built):
    with pytest.raises(InputError, match="no render machines with 'amiga'; choose auto, linux or"):
        built(os_name="amiga")


def test_the_scene_has_three_paths(built):
    package = built(job_scene="X:\\show\\shot.ma")
    pair = {"local": "/show/shot.ma", "server": "/X/show/shot.ma"}
    assert package.task["task_info"]["input_cg_file"] == "X:/show/shot.ma"
    assert package.upload == {"scene": [pair | {"hash": "0" * 32}], "asset": [pair]}
    assert errors(package) == []


def test_every_asset_is_uploaded_once(built):
    wood = Asset("X:/show/wood.png", Path("/mnt/show/wood.png"), "/X/show/wood.png")
    package = built(assets=[wood, wood])
    assert package.upload["asset"][1:] == [
        {"local": "/mnt/show/wood.png", "server": "/X/show/wood.png"}
    ]
    assert package.asset == {"asset": ["/mnt/show/wood.png"]}
    assert package.tips == {}


def test_two_files_on_one_server_path_are_refused_by_name(built):
    one = Asset("/a/wood.png", Path("/a/wood.png"), "/a/wood.png")
    other = Asset("\\\\a\\wood.png", Path("/mnt/wood.png"), "/a/wood.png")
    with pytest.raises(InputError, match=r"/a/wood.png and /mnt/wood.png would both become"):
        built(assets=[one, other])


def test_every_layer_renders_the_requested_frames_and_no_others(built, maya):
    layers = (
        Layer("masterLayer", renderable=True),
        Layer(
            "shadow",
            renderable=True,
            frames=FrameSet.span(50, 60),
            resolution=(100, 50),
            cameras=("persp",),
            renderer="mayaSoftware",
        ),
        Layer("off", renderable=False),
    )
    package = built(maya(layers=layers), frames=FrameSet.of([3, 7, 5]), job_outputs=TOKENS)
    assert package.task["layers"] == ["defaultRenderLayer", "shadow"]
    assert {common(package, layer)["frames"] for layer in package.task["scene_info_render"]} == {
        "3-7[2]"
    }
    shadow = common(package, "shadow")
    assert (shadow["width"], shadow["height"], shadow["renderer"]) == ("100", "50", "mayaSoftware")
    assert shadow["render_camera"] == ["persp"]
    assert package.task["scene_info_render"]["off"]["renderable"] == "0"


def test_both_layer_switches_say_the_same(built, maya):
    one = built().task["task_info"]
    two = built(maya(layers=TWO_LAYERS), job_outputs=TOKENS).task["task_info"]
    assert (one["enable_layered"], one["is_layer_rendering"]) == ("0", "0")
    assert (two["enable_layered"], two["is_layer_rendering"]) == ("1", "1")


@pytest.mark.parametrize("name", ["shadow", "rs_shadow"])
def test_a_job_of_one_layer_renders_that_layer_alone(built, maya, name):
    layers = (Layer("masterLayer", renderable=True), Layer("shadow", renderable=False))
    package = built(maya(layers=layers), job_layer=name)
    rendered = {
        name: layer["renderable"] for name, layer in package.task["scene_info_render"].items()
    }
    assert rendered == {"defaultRenderLayer": "0", "shadow": "1"}
    assert package.task["task_info"]["enable_layered"] == "0"


def test_a_layer_the_scene_does_not_have_is_refused(built):
    with pytest.raises(InputError, match="renders layer 'glow', which the scene does not have"):
        built(job_layer="glow")


def test_scenes_without_layers_have_the_one_maya_always_has(built, maya):
    assert built(maya(layers=())).task["layers"] == ["defaultRenderLayer"]


@pytest.mark.parametrize(
    ("frames", "text", "start", "end", "by"),
    [
        ([5], "5", "5", "5", "1"),
        ([10, 1, 4], "1,4,10", "1", "10", "3"),
        ([-2, 0, 2], "-2-2[2]", "-2", "2", "2"),
        ([1, 2, 4], "1-2[1],4", "1", "4", "1"),
    ],
)
def test_start_end_and_step_describe_the_frames(*, built, frames, text, start, end, by):
    found = common(built(frames=FrameSet.of(frames)))
    assert (found["frames"], found["start"], found["end"], found["by_frame"]) == (
        text,
        start,
        end,
        by,
    )


@given(st.sets(st.integers(-1000, 1000), min_size=1, max_size=40))
def test_any_choice_of_frames_is_valid_and_reads_back(built, blender, frames):
    chosen = FrameSet.of(frames)
    maya_package = built(frames=chosen)
    blender_package = built(blender(), frames=chosen)
    for package in (maya_package, blender_package):
        assert errors(package) == []
    for block in (common(maya_package), blender_package.task["scene_info"]["common"]):
        assert set(FrameSet.parse(block["frames"])) == frames


# Two letters in front keep clear of the names of Windows' devices.
NAMES = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), max_size=12).map("ly{}".format)


@given(
    names=st.lists(NAMES, min_size=1, max_size=5, unique_by=str.casefold),
    plugins=st.dictionaries(NAMES, NAMES, max_size=4),
    size=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    ending=st.sampled_from(["exr", "png", "jpg", "tif"]),
)
def test_every_built_package_is_valid(*, built, maya, names, plugins, size, ending):
    facts = maya(
        cameras=(Camera(names[0], renderable=True),),
        layers=tuple(Layer(name, renderable=True) for name in names),
        plugins=plugins,
        resolution=Fact(size, Origin.STORED),
        image_format=Fact(ending, Origin.STORED),
    )
    package = built(facts, job_outputs=(f"/renders/<RenderLayer>.####.{ending}",))
    assert errors(package) == []


def mutables(value):
    """Yield the identity of every dictionary and list in a document."""
    if isinstance(value, dict | list):
        yield id(value)
        for item in value.values() if isinstance(value, dict) else value:
            yield from mutables(item)


@pytest.mark.parametrize("scene", ["maya", "blender"])
def test_two_packages_share_nothing(built, scene, request):
    facts = request.getfixturevalue(scene)()
    one, two = built(facts), built(facts)
    renamed = with_identity(one, task_id=5, user_id=6)
    parts = [[p.task, p.upload, p.asset, p.tips] for p in (one, two, renamed)]
    seen = [set(mutables(part)) for part in parts]
    assert len(seen[0] | seen[1] | seen[2]) == sum(map(len, seen))


def test_packages_built_at_the_same_time_hold_nothing_of_each_other(built, maya, blender):
    # The vendor's packages change one template for all scenes and threads (a Houdini task with the
    # version of the Max scene before it), and lose a task's folder to the next of the same second.
    def document(number):
        facts = (maya if number % 2 else blender)(
            version=Fact(f"20{number:02d}", Origin.STORED), plugins={f"plugin{number}": "1"}
        )
        return built(
            facts,
            frames=FrameSet.span(1, number + 1),
            platform=number,
            project_name=f"film{number}",
            job_scene=f"/show/{number}/shot",
        )

    alone = [document(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(document, [*range(40)] * 5))
    assert together == alone * 5
    for number, package in enumerate(alone):
        info = package.task["task_info"]
        assert (info["platform"], info["project_name"]) == (str(number), f"film{number}")
        assert package.task["software_config"]["plugins"] == {f"plugin{number}": "1"}


def test_what_somebody_does_to_one_package_does_not_reach_the_next(built):
    spoilt = built()
    spoilt.task["task_info"]["hardwareConfigIds"].append("99")
    spoilt.task["task_info"].clear()
    assert built().task["task_info"]["hardwareConfigIds"] == []


def test_the_vendors_days_are_left_only_when_somebody_wants_them(built):
    package = built(vendor_time_limits=True)
    info = package.task["task_info"]
    assert (info["job_stop_time"], info["task_stop_time"]) == ("259200", "0")
    warned = [(f.rule, f.severity) for f in check(package) if f.rule == "time_limits"]
    assert warned == [("time_limits", Severity.WARNING)] * 2


@pytest.mark.parametrize(
    ("profile", "absent"),
    [
        ("current", set()),
        ("seed003", {"graphics_cards_num", "hardwareConfigId", "hardwareConfigIds"}),
        (
            "v1",
            {"enable_layered", "graphics_cards_num", "hardwareConfigId", "hardwareConfigIds"},
        ),
    ],
)
def test_an_older_protocol_is_not_told_what_it_does_not_know(*, built, profile, absent):
    today = built().task["task_info"]
    package = built(profile=profile)
    assert today.keys() - package.task["task_info"].keys() == absent
    assert errors(package) == []


def test_the_limits_of_an_older_protocol_are_its_own(built):
    info = built(profile="v1", vendor_time_limits=True).task["task_info"]
    assert (info["job_stop_time"], info["task_stop_time"]) == ("86400", "259200")


@pytest.mark.parametrize(
    ("name", "number", "text"), [("", 0, "0"), ("film", 0, ""), ("film", 35, "35")]
)
def test_a_project_has_its_number_as_soon_as_it_is_known(*, built, name, number, text):
    info = built(project_name=name, project_id=number).task["task_info"]
    assert (info["project_name"], info["project_id"]) == (name, text)


def test_plugins_that_come_with_the_program_are_part_of_its_version(built, maya):
    facts = maya(plugins={"mtoa": "5.2.0", "stereoCamera": "10.0", "FBXMaya": "2023"})
    assert built(facts).task["software_config"]["plugins"] == {"mtoa": "5.2.0"}


def test_blenders_second_copy_is_a_copy(built, blender):
    task = built(blender()).task
    assert task["scene_info"] is not task["scene_info_render"]
    assert task["scene_info"]["common"] is not task["scene_info_render"]["common"]


def test_an_identity_makes_a_new_package(built):
    package = built()
    named = with_identity(package, task_id=439800, user_id=10000031)
    assert named.task["task_info"]["task_id"] == "439800"
    assert named.task["task_info"]["user_id"] == "10000031"
    assert package.task["task_info"]["task_id"] == ""
    assert named.outputs == package.outputs


@pytest.mark.parametrize("missing", ["version", "resolution", "renderer", "image_format"])
def test_what_the_cloud_must_know_is_never_guessed(built, maya, missing):
    with pytest.raises(InputError, match=f"the {missing.replace('_', ' ')} cannot be read"):
        built(maya(**{missing: UNKNOWN}))


def test_a_movie_is_refused(built, blender, fact):
    with pytest.raises(InputError, match="Blender pictures do not end in 'mp4'; choose one of"):
        built(blender(image_format=fact("mp4")))


def test_a_burst_without_frames_is_refused(built):
    with pytest.raises(InputError, match="names no frames"):
        built(frames=FrameSet())


def test_a_job_of_another_program_is_refused(built):
    with pytest.raises(InputError, match="is a maya scene and job 'shot' is of blender"):
        built(job_dcc="blender")


@pytest.mark.parametrize(
    ("dcc", "words"),
    [
        ("houdini", "Houdini tasks cannot be built; supported are maya, blender"),
        ("mayaa", "there is no program 'mayaa'; did you mean 'maya'?"),
        ("zbrush", "there is no program 'zbrush'; supported are"),
    ],
)
def test_a_program_without_a_description_is_refused(built, maya, dcc, words):
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        built(maya(dcc=dcc))
