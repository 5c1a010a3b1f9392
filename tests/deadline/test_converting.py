"""Deadline jobs as submission files have them: what is sent, what stays, and which key says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadline_plugin import Dump, convert, read_submission
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import CloudWish
from renderbus_core.options import CloudOptions
from renderbus_core.overflow import TRAITS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INFO = {
    "Plugin": "MayaBatch",
    "Name": "shot 010",
    "Frames": "1-20x5,3",
    "UserName": "ada",
    "Priority": "60",
    "ChunkSize": "5",
    "Pool": "maya",
    "SecondaryPool": "late",
    "Group": "none",
    "OutputDirectory0": "/show/out",
    "OutputFilename0": "beauty.????.exr",
}
MAYA = {"SceneFile": "/show/shot.ma", "Version": "2024", "Renderer": "Arnold", "Build": "64bit"}


def converted(plugin=None, **info):
    return convert(Dump({**INFO, **info}, {**MAYA, **(plugin or {})}, id="a1"), NOW)


def refused(plugin=None, **info):
    found = converted(plugin, **info)
    assert found.job is None
    return {one.key: one.why for one in found.refusals}


def test_a_maya_job_becomes_one_that_can_be_sent():
    found = converted()
    job = found.job
    assert found.refusals == ()
    assert (job.id, job.name, job.dcc, job.scene) == ("a1", "shot 010", "maya", "/show/shot.ma")
    assert job.outputs == ("/show/out/beauty.####.exr",)
    assert job.frames == FrameSet.parse("1,6,11,16,3")
    assert (job.user, job.priority, found.frames_per_task) == ("ada", 60, 5)
    assert (job.pools, job.groups) == (("maya", "late"), ())
    assert found.job.expects == {"version": "2024", "renderer": "Arnold"}


def test_a_blender_job_may_declare_its_output_in_its_plug_in():
    info = {"Plugin": "Blender", "Name": "spin", "Frames": "1-4"}
    plugin = {"SceneFile": "/spin.blend", "OutputFile": "/out/spin.####.png", "Threads": "8"}
    found = convert(Dump(info, plugin), NOW)
    assert (found.job.dcc, found.job.outputs) == ("blender", ("/out/spin.####.png",))


# -- programs whose scenes are not read yet -------------------------------------------------------


def test_a_job_of_another_program_is_converted_and_kept_here_with_one_reason():
    info = {**INFO, "Plugin": "Houdini", "OutputFilename0": "smoke.$F4.exr"}
    plugin = {
        "SceneFile": "/show/smoke.hip", "Version": "19.5", "OutputDriver": "/out/mantra1",
        "Width": "0", "IgnoreInputs": "True", "OpenCLUseGPU": "1",
    }  # fmt: skip
    found = convert(Dump(info, plugin, id="a1"), NOW)
    job = found.job
    assert (job.dcc, job.layer, job.outputs) == (
        "houdini", "/out/mantra1", ("/show/out/smoke.####.exr",),
    )  # fmt: skip
    assert job.expects == {"version": "19.5"}
    assert (found.refusals, found.can_be_sent) == ((), False)
    assert job.refusal == (
        "the bridge does not read Houdini scenes yet, so it cannot be checked before money is spent"
    )


def test_a_maya_binary_scene_says_what_would_be_read():
    job = converted({"SceneFile": r"X:\show\shot.MB"}).job
    assert job.refusal.startswith("the bridge does not read Maya binary scenes yet")
    assert job.refusal.endswith("; save it as .ma")


@pytest.mark.parametrize(
    ("plugin", "keys", "scene"),
    [
        ("Arnold", {"InputFile": "/a/s.0001.ass"}, "/a/s.####.ass"),
        ("Arnold", {"ArnoldFile": "/a/s.0001.ass", "SingleAss": "1"}, "/a/s.0001.ass"),
        ("Vray", {"InputFilename": "/v02/s_07.vrscene"}, "/v02/s_07.vrscene"),
        ("Vray", {"InputFilename": "/v02/s_07.vrscene", "SeparateFilesPerFrame": "True"},
         "/v02/s_##.vrscene"),
        ("Vray", {"InputFilename": "/v02/s.vrscene", "SeparateFilesPerFrame": "True"},
         "/v02/s.vrscene"),
    ],
)  # fmt: skip
def test_a_scene_that_is_one_of_a_sequence_stands_for_all_of_it(plugin, keys, scene):
    assert convert(Dump({**INFO, "Plugin": plugin}, keys), NOW).job.scene == scene


@pytest.mark.parametrize(("plugin", "key", "layers"), [("Nuke", "WriteNode", "Write1,Write2"),
                                                       ("Clarisse", "Image", "a; b")])  # fmt: skip
def test_several_layers_of_a_job_are_more_than_the_bridge_sends(plugin, key, layers):
    keys = {"SceneFile": "/s", "Version": "12.1", key: layers}
    (refusal,) = convert(Dump({**INFO, "Plugin": plugin}, keys), NOW).refusals
    assert refusal.why == f"{key}={layers} names several, and a job of the bridge has one or all"


def test_options_of_a_renderer_are_one_reason_however_many_they_are():
    options = {f"vray_option_{number}": "1" for number in range(300)}
    keys = {"SceneFile": "/s.max", "Version": "2024", **options, "vray_output_height": "0"}
    (refusal,) = convert(Dump({**INFO, "Plugin": "3dsmax"}, keys), NOW).refusals
    assert (refusal.key, refusal.value) == ("vray_option_0", "1")
    assert refusal.why.endswith("submit without render settings (and 299 more keys like it)")
    blank = {**keys, **dict.fromkeys(options, "")}
    assert convert(Dump({**INFO, "Plugin": "3dsmax"}, blank), NOW).refusals == ()


def test_what_a_job_means_by_leaving_it_out_is_expected_of_the_scene():
    keys = {"SceneFile": "/s.bip", "Camera0": "top", "Camera1": "side"}
    job = convert(Dump({**INFO, "Plugin": "KeyShot"}, keys), NOW).job
    assert job.expects == {"version": "6", "width": "1280", "height": "720", "camera": "top"}


def test_a_job_for_the_cloud_alone_is_what_it_would_be_on_a_worker():
    keys = {**MAYA, "Role": "cloud", "NativePlugin": "MayaBatch"}
    assert convert(Dump({**INFO, "Plugin": "Renderbus"}, keys), NOW).job.dcc == "maya"


def test_a_renderer_is_called_as_scenes_call_it():
    assert converted({"Renderer": "Renderman22"}).job.expects["renderer"] == "renderman"


# -- scene and outputs ----------------------------------------------------------------------------


def test_a_scene_that_was_submitted_with_the_job_is_its_first_file():
    plugin = {key: value for key, value in MAYA.items() if key != "SceneFile"}
    assert convert(Dump(INFO, plugin, ["/aux/shot.ma"]), NOW).job.scene == "/aux/shot.ma"
    assert "names no scene" in str(convert(Dump(INFO, plugin), NOW).refusals[0])


def test_what_the_scene_decides_is_not_expected_of_it():
    found = converted({"Renderer": "File", "Camera": "", "ImageWidth": "0"})
    assert found.job.expects == {"version": "2024"}


def test_a_maya_job_without_a_renderer_is_rendered_with_mayas_own():
    found = converted({"Renderer": ""})
    assert found.job.expects["renderer"] == "mayaSoftware"


def test_a_layer_counts_only_where_layers_are_used():
    assert converted({"RenderLayer": "beauty"}).job.layer == ""
    used = converted({"RenderLayer": "beauty", "UsingRenderLayers": "1"})
    assert used.job.layer == "beauty"


@pytest.mark.parametrize(
    ("key", "value"),
    [("SkipExistingFrames", "1"), ("ImageScale", "50"),
     ("KrakatoaVoxelSize", "0.25"), ("Animation", "0")],
)  # fmt: skip
def test_what_the_cloud_would_render_otherwise_is_refused_by_name(key, value):
    assert "the cloud would render without it" in refused({key: value})[key]


@pytest.mark.parametrize(
    ("key", "value"), [("FrameNumberOffset", "0.0"), ("RenderHalfFrames", "0"), ("Animation", "1")]
)
def test_a_default_is_one_however_it_is_written(key, value):
    assert converted({key: value}).job is not None


def test_a_key_that_nobody_knows_keeps_the_job_here():
    why = "nobody knows what it means for the cloud"
    assert refused({"StudioOption": "on"})["StudioOption"] == why
    assert refused(StudioKey="7") == {"StudioKey": why}
    assert converted({"StudioOption": ""}).job is not None, "it says nothing"
    for value in ("False", "0", "None"):
        assert refused({"StudioOption": value}) == {"StudioOption": why}, "its default may be True"


def test_everything_that_is_wrong_is_told_at_once():
    assert set(refused({"ImageScale": "50"}, CustomPluginDirectory="/x", Frames="nonsense")) == {
        "ImageScale", "CustomPluginDirectory", "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("info", "plugin", "trait"),
    [
        ({"EnvironmentKeyValue0": "A=B"}, {}, "environment"),
        ({"PreTaskScript": "/s.py"}, {}, "task_scripts"),
        ({"PostJobScript": "/s.py"}, {}, "post_job"),
        ({"JobDependencies": "5f"}, {}, "dependencies"),
        ({"ScheduledType": "Once"}, {}, "scheduled"),
        ({"Sequential": "true"}, {}, "sequential"),
        ({"Denylist": "node-7"}, {}, "worker_list"),
        ({}, {"StartupScript": "/s.mel"}, "startup_script"),
        ({}, {"FrameNumberOffset": "-100"}, "frame_offset"),
    ],
)
def test_what_speaks_against_the_cloud_is_a_trait_that_the_policy_knows(info, plugin, trait):
    """On its own such a job stays; a person may send it."""
    found = converted(plugin, **info)
    assert found.traits == (trait,)
    assert trait in TRAITS
    assert found.can_be_sent


@pytest.mark.parametrize(
    ("info", "plugin", "trait"),
    [
        ({"MaintenanceJob": "1"}, {}, "maintenance"),
        ({"TileJob": "True"}, {}, "tile"),
        ({}, {"RegionRendering": "True"}, "tile"),
        ({}, {"AlembicJob": "1"}, "simulation"),
        ({}, {"ScriptJob": "1"}, "script"),
    ],
)
def test_a_job_whose_tasks_are_no_pictures_of_frames_is_sent_by_nobody(info, plugin, trait):
    (key,) = {**info, **plugin}
    assert refused(plugin, **info) == {key: TRAITS[trait].why}
    assert converted(plugin, **info).traits == (trait,)


def test_half_frames_cannot_be_waived():
    assert "whoever waives it" in refused({"RenderHalfFrames": "1"})["RenderHalfFrames"]
    assert converted({"RenderHalfFrames": "0"}).job is not None


@pytest.mark.parametrize(("text", "offset"), [("", 0), ("0", 0), ("5", 5), ("-100", -100),
                                              ("7.0", 7)])  # fmt: skip
def test_numbers_of_pictures_may_be_others_than_those_of_frames(text, offset):
    assert converted({"FrameNumberOffset": text}).job.frame_offset == offset
    (wrong,) = refused({"FrameNumberOffset": "half"}).values()
    assert wrong == "FrameNumberOffset=half is no whole number"


@pytest.mark.parametrize("info", [{"ScheduledType": "None"}, {"Sequential": "false"},
                                  {"JobDelay": "00:00:00:00"}, {"PreJobScript": ""}])  # fmt: skip
def test_a_key_that_says_nothing_is_no_trait(info):
    assert converted(**info).traits == ()


def test_people_say_with_extra_info_whether_it_may_leave_and_until_when():
    found = converted(
        ExtraInfoKeyValue0="renderbus=refused",
        ExtraInfoKeyValue1="renderbus_deadline=2026-03-02T09:00+00:00",
        ExtraInfoKeyValue2="project=opera",
    )
    job = found.job
    assert (job.cloud, job.project) == (CloudWish.REFUSED, "opera")
    assert job.deadline == NOW + timedelta(hours=21)
    (wrong,) = refused(ExtraInfoKeyValue0="renderbus=perhaps").values()
    assert "write 'allowed' or 'refused'" in wrong
    (late,) = refused(ExtraInfoKeyValue0="renderbus_deadline=tomorrow").values()
    assert "write a time with its zone" in late


def test_a_job_without_outputs_could_not_come_home():
    info = {key: value for key, value in INFO.items() if not key.startswith("Output")}
    (why,) = convert(Dump(info, MAYA), NOW).refusals
    assert "declares no outputs" in str(why)


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4),
)
def test_whatever_a_job_says_it_is_sent_or_refused(info, plugin):
    found = converted(plugin, **{"Plugin": "MayaBatch", **info})
    assert (found.job is None) is bool(found.refusals)


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_submission_files_are_read_as_submitters_write_them(tmp_path, encoding):
    for name, keys in (("job", INFO), ("plugin", MAYA)):
        text = "".join(f"{key}={value}\n" for key, value in keys.items())
        (tmp_path / name).write_text(f"\n{text}Comment = a=b ü\n", encoding=encoding)
    dump = read_submission(tmp_path / "job", tmp_path / "plugin", ["/aux/shot.ma"])
    assert dump.job_info == INFO | {"Comment": "a=b ü"}
    assert dump.auxiliary == ("/aux/shot.ma",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"Plugin=A\nnonsense\n", "line 2: 'nonsense' is not Key=Value"), (b"=x", "line 1"),
     (b"\xff\xff\xff", "neither UTF-8 nor UTF-16")],
)  # fmt: skip
def test_a_file_that_is_no_submission_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "job"
    file.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_submission(file, file)
    with pytest.raises(InputError, match="cannot be read"):
        read_submission(tmp_path / "gone", file)


def test_what_it_wants_of_the_cloud_stands_in_its_extra_info():
    found = converted(
        ExtraInfoKeyValue0="renderbus_machine_limit=5",
        ExtraInfoKeyValue1="renderbus_priority_frames=first, last",
        ExtraInfoKeyValue2="renderbus_when=now",
        ExtraInfoKeyValue3="renderbus_deadline=2026-03-02T09:00+00:00",
        ExtraInfoKeyValue4="renderbus_tiles=",
    )
    assert found.job.options == CloudOptions(machine_limit=5, priority_frames="first, last")


def test_what_nobody_understands_of_it_keeps_the_job_here():
    (why,) = refused(
        ExtraInfoKeyValue0="renderbus_machine_limt=5",
        ExtraInfoKeyValue1="renderbus_hardware_ram=lots",
    ).values()
    assert "'machine_limt' is not known; did you mean 'machine_limit'?" in why
    assert 'cloud option hardware_ram: "lots" must be of type integer' in why
