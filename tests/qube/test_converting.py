"""Qube jobs of the stock types: what is sent, what stays, and which key says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qube_jobtype.converting import convert
from qube_jobtype.packages import Native, tables
from qube_jobtype.programs import programs
from qube_jobtype.renderbus_submit import outputs_text
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import CloudWish
from renderbus_core.overflow import TRAITS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = {
    "id": "7",
    "name": "shot 010",
    "prototype": "cmdrange",
    "user": "ada",
    "priority": "100",
    "groups": "linux,big",
    "flagsstring": "auto_wrangling",
    "cpus": "10",
    "reservations": "host.processors=4",
    "prod_show": "opera",
    "prod_dept": "light",
}
FRAMES = "-s QB_FRAME_START -e QB_FRAME_END -b QB_FRAME_STEP"
RENDER = f"Render -r arnold {FRAMES} -rd /show/out /show/shot.ma"
ITEMS = ("1", "2", "3")
BLENDER = "blender -b /a.blend -o /o/a_ -F PNG"
SPOKEN = "QB_FRAME_START QB_FRAME_END QB_FRAME_STEP"
HOUDINI = (
    "cd /opt/hfs; source houdini_setup; hython $HB/hrender.py -e -f QB_FRAME_START QB_FRAME_END "
    "-i QB_FRAME_STEP -R -d /out/beauty -o '/out/a.$F4.exr' /show/fx.hip"
)


def converted(line=RENDER, agenda=ITEMS, env=None, job=(), **package):
    fields = {**JOB, **dict(job)}
    return convert(
        Native(fields, {"cmdline": line, "range": "1-3", **package}, env or {}, agenda, "7"), NOW
    )


def refused(*given, **more):
    found = converted(*given, **more)
    assert found.job is None
    return {one.key: one.why for one in found.refusals}


def why(*given, **more):
    return "; ".join(map(str, converted(*given, **more).refusals))


# -- what a job is --------------------------------------------------------------------------------


def test_a_maya_command_becomes_a_job_that_can_be_sent():
    found = converted(
        '"/usr/autodesk/maya2024/bin/Render" -renderer "arnold" ' + FRAMES + " -cam left -rl beauty"
        " -x 1920 -y 1080 -n 8 -proj /show -rd /show/out/ -im '<RenderLayer>/shot' -of exr -pad 4"
        " /show/shot.ma",
        agenda=("1-5", "6-10"),
    )
    job = found.job
    assert found.refusals == ()
    assert (job.id, job.name, job.dcc, job.scene) == ("7", "shot 010", "maya", "/show/shot.ma")
    assert job.outputs == ("/show/out/<RenderLayer>/shot.####.exr",)
    assert (job.frames, found.frames_per_task) == (FrameSet.span(1, 10), 5)
    assert (job.user, job.project, job.department, job.layer) == ("ada", "opera", "light", "beauty")
    assert (job.pools, job.groups) == ((), ("linux", "big"))
    assert job.expects == {
        "version": "2024", "renderer": "arnold", "camera": "left", "width": "1920",
        "height": "1080", "project": "/show",
    }  # fmt: skip


def test_a_blender_command_becomes_a_job_that_can_be_sent():
    line = (
        "/opt/blender-3.6.2-linux-x64/blender -b /show/spin.blend -E CYCLES -o //render/spin_ "
        "-F PNG -x 1 -t 8 -f QB_FRAME_NUMBER"
    )
    job = converted(line).job
    assert (job.dcc, job.outputs) == ("blender", ("/show/render/spin_####.png",))
    assert job.expects == {"version": "3.6", "renderer": "CYCLES"}


@pytest.mark.parametrize(
    "program",
    ["/opt/Blender.app/Contents/MacOS/Blender", "C:/Blender/BLENDER.EXE", "$BLENDER_BIN/blender"],
)
def test_a_program_is_known_as_its_system_writes_it(program):
    scene = "P:/a.blend" if ":" in program else "/a.blend"
    assert converted(f"{program} -b {scene} -o //a_ -F PNG -f QB_FRAME_NUMBER").job is not None


def test_what_concerns_the_worker_alone_may_follow_blenders_own_arguments():
    line = "blender -b /a.blend -o /o/a_ -f QB_FRAME_NUMBER -- --cycles-device CUDA"
    assert converted(line).refusals == ()


def test_a_job_of_mayas_own_type_becomes_one_that_can_be_sent():
    package = {
        "scenefile": "P:/show/shot.ma", "project": "P:/show", "renderDirectory": "P:/show/images",
        "cameras": "persp", "layers": "All Renderable", "mayaVersion": "2023", "batchmode": "True",
        "renderThreads": "-1", "defaultRenderGlobals.currentRenderer": "vray",
        "defaultRenderGlobals.imageFilePrefix": "<Scene>/<RenderLayer>", "range": "1-10x3",
        "defaultRenderGlobals.animation": "1", "defaultRenderGlobals.postMel": "None",
        "defaultResolution.width": "1920", "defaultResolution.height": "1080", "padding": "4",
    }  # fmt: skip
    found = convert(Native({**JOB, "prototype": "maya"}, package, {}, None, "7"), NOW)
    assert found.refusals == ()
    assert found.job.frames == FrameSet.parse("1,4,7,10")
    assert found.job.outputs == ("P:/show/images/<Scene>/<RenderLayer>.<Frame>.<Extension>",)
    assert (found.job.layer, found.job.expects["camera"]) == ("", "persp")
    assert (found.job.expects["renderer"], found.job.expects["project"]) == ("vray", "P:/show")


def test_a_maya_job_without_a_prefix_names_its_pictures_as_the_scene_says():
    assert converted().job.outputs == ("/show/out/<Picture>",)


def test_a_maya_command_without_a_renderer_is_rendered_as_the_scene_says():
    line = RENDER.replace("-r arnold ", "")
    for command in (line, line.replace("Render", "Render -r file")):
        assert "renderer" not in converted(command).job.expects
    software = line.replace("Render", "Render -r sw")
    assert converted(software).job.expects["renderer"] == "mayaSoftware"


@pytest.mark.parametrize("project", ["/other", "/show/shot", "show", "P:/", "/show/x/../y"])
def test_a_maya_project_that_the_scene_cannot_lie_in_keeps_the_job_here(project):
    sentence = f"the project {project} (-proj, project) is no folder above the scene /show/shot.ma"
    assert sentence in why(RENDER.replace("-rd", f"-proj {project} -rd"))
    package = {"scenefile": "/show/shot.ma", "project": project, "renderDirectory": "/out"}
    assert sentence in why(None, job={"prototype": "maya"}, **package)


def test_whether_it_is_the_project_of_the_scene_is_left_to_the_look_at_it():
    for project in ("/", "/show/", "/show/x/.."):
        job = converted(RENDER.replace("-rd", f"-proj {project} -rd")).job
        assert job.expects["project"] == project


def test_qubes_first_priority_is_the_soonest():
    first, late, unsaid = (
        converted(job={"priority": text}).job.priority for text in ("1", "5000", "")
    )
    assert first > late > unsaid
    assert "priority=soon is no whole number" in why(job={"priority": "soon"})


def test_a_project_is_the_packages_else_the_show_else_the_account():
    assert converted(renderbus_project="film").job.project == "film"
    assert converted().job.project == "opera"
    assert converted(job={"prod_show": "None", "account": "4711"}).job.project == "4711"


# -- frames ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("-s QB_FRAME_NUMBER -e QB_FRAME_NUMBER", ("1", "5")),
        ("-s QB_FRAME_START -e QB_FRAME_END", ("1", "5-9")),
        ("-s QB_FRAME_START -e QB_FRAME_END -b 1.0", ("1-5",)),
        (FRAMES, ("1-9x2", "10")),
    ],
)
def test_a_command_that_renders_just_its_items_can_be_sent(said, items):
    assert converted(RENDER.replace(FRAMES, said), items).job is not None


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("-f QB_FRAME_NUMBER", ("1", "5")),
        ("-f QB_FRAME_START", ("1", "5")),
        ("-f QB_FRAME_START..QB_FRAME_END", ("1-5",)),
        ("-s QB_FRAME_NUMBER -e QB_FRAME_NUMBER -a", ("1", "5")),
        ("-e QB_FRAME_END -s QB_FRAME_START -a", ("1-5",)),
        ("-s QB_FRAME_START -e QB_FRAME_END -j QB_FRAME_STEP -a", ("1-9x2",)),
    ],
)
def test_a_command_of_blenders_that_renders_just_its_items_can_be_sent(said, items):
    assert converted(f"{BLENDER} {said}", items).job is not None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        # To where the scene ends, or from where it begins.
        (
            "-s QB_FRAME_NUMBER -a",
            "says 'QB_FRAME_NUMBER' alone, so it renders to where the frames",
        ),
        ("-e QB_FRAME_END -a", "give both the first and the last frame"),
        ("-a", "does not say which frames"),
        # Arguments are done in the order in which they stand.
        ("-f QB_FRAME_NUMBER -a", "-a=: it renders once more, behind -f"),
        ("-a -f QB_FRAME_NUMBER", "-f=: it renders once more, behind -a"),
        ("-f QB_FRAME_NUMBER -f QB_FRAME_NUMBER", "it renders once more, behind -f"),
        ("-s QB_FRAME_START -a -e QB_FRAME_END", "where it does nothing"),
        ("-a -s QB_FRAME_START -e QB_FRAME_END", "where it does nothing"),
        # The range of `-a` is none of `-f`, nor its step.
        ("-f QB_FRAME_START -e QB_FRAME_END", "whatever its item is"),
        ("-s QB_FRAME_START -e QB_FRAME_END -f QB_FRAME_NUMBER", "whatever its item is"),
        ("-j QB_FRAME_STEP -f QB_FRAME_START..QB_FRAME_END", "whatever its item is"),
        # The first and the last frame, and none between.
        ("-f QB_FRAME_START,QB_FRAME_END", "whatever its item is"),
        ("-f QB_FRAME_RANGE", "whatever its item is"),
    ],
)
def test_a_command_of_blenders_that_renders_other_frames_stays(said, sentence):
    assert sentence in why(f"{BLENDER} {said}", ("1-5",))


def test_what_blender_renders_before_it_has_the_scene_keeps_the_job_here():
    frames = "-s QB_FRAME_NUMBER -e QB_FRAME_NUMBER"
    against = refused(f"blender -b -a /a.blend -o /o/a_ {frames}")
    assert against["-a"] == "it stands before the scene, so it renders another one"


@pytest.mark.parametrize(
    ("said", "items", "sentence"),
    [
        ("-s QB_FRAME_NUMBER -e QB_FRAME_NUMBER", ("1-5",), "renders one frame of an item"),
        ("-s QB_FRAME_START -e QB_FRAME_END", ("1-5x2",), "every frame from the first to the last"),
        ("-s 1 -e 100", ("1",), "renders the frames '1 100' whatever its item is"),
        ("-s QB_FRAME_START -e QB_FRAME_END -b 2", ("1",), "whatever its item is"),
        ("-s 10QB_FRAME_START -e QB_FRAME_END", ("1",), "whatever its item is"),
        ("-s QB_FRAME_START", ("1",), "says 'QB_FRAME_START' alone, so it renders to where"),
        ("-e QB_FRAME_END", ("1",), "give both the first and the last frame"),
        ("-b QB_FRAME_STEP", ("1",), "give both the first and the last frame"),
        ("-s QB_FRAME_END -e QB_FRAME_START", ("1",), "whatever its item is"),
        ("", ("1",), "does not say which frames"),
        (FRAMES, ("1", "cleanup"), "the item 'cleanup' is no frames"),
    ],
)
def test_a_command_that_renders_other_frames_stays(said, items, sentence):
    assert sentence in why(RENDER.replace(FRAMES, said), items)


@pytest.mark.parametrize(
    ("package", "most"),
    [
        ({"rangeExecution": "individual"}, 1),
        ({"rangeExecution": "chunks:5"}, 5),
        ({"rangeChunkSize": "4"}, 4),
        ({}, 1),
    ],
)
def test_where_items_were_not_read_the_range_says_the_frames(package, most):
    found = converted(agenda=None, range="1-20", **package)
    assert (found.job.frames, found.frames_per_task) == (FrameSet.span(1, 20), most)


def test_chunks_of_any_kind_want_a_command_that_renders_more_than_one_frame():
    line = RENDER.replace(FRAMES, "-s QB_FRAME_NUMBER -e QB_FRAME_NUMBER")
    assert "renders one frame" in why(line, None, rangeExecution="partitions:3")
    assert "so it has no frames" in why(agenda=None, range="")


# -- outputs --------------------------------------------------------------------------------------


def test_a_job_that_says_nothing_of_its_pictures_says_what_to_add():
    sentence = why(RENDER.replace("-rd /show/out ", ""))
    assert "give the folder (-rd, renderDirectory)" in sentence
    assert "renderbus_outputs=/show/out/shot.####.exr" in sentence


def test_people_may_declare_outputs_in_the_package():
    declared = "/show/a.####.exr, /show/b.####.exr"
    found = converted(RENDER.replace("-rd /show/out ", ""), renderbus_outputs=declared)
    assert found.job.outputs == ("/show/a.####.exr", "/show/b.####.exr")
    lines = "/show/a,b.####.exr\n/show/c.####.exr\n"
    found = converted(renderbus_outputs=lines)
    assert found.job.outputs == ("/show/a,b.####.exr", "/show/c.####.exr")
    assert converted(renderbus_outputs="/x/<Picture>").job.outputs == ("/x/<Picture>",)
    assert "is no absolute path" in why(renderbus_outputs="out/a.####.exr")


@pytest.mark.parametrize(
    "outputs",
    [["/o/a,b.####.exr"], ["/o/a.####.exr"], ["/o/a,b.####.exr", "/o/c.####.exr"],
     ["/o/a.####.exr", "/o/b.####.exr"]],
)  # fmt: skip
def test_outputs_are_written_so_that_they_are_read_whatever_commas_they_have(outputs):
    assert converted(renderbus_outputs=outputs_text(outputs)).job.outputs == tuple(outputs)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("/o/a.exr", "has no place for the frame"),
        ("/o/####/a.exr", "has no place for the frame"),
        ("/o/a.####.mov", "/o/a.####.mov is no picture that its program makes; these end in bmp,"),
        ("/o/a.####", "is no picture that its program makes"),
        ("/o/<Shot>.####.exr", "what <Shot> in"),
    ],
)
def test_an_output_that_no_scene_can_make_keeps_the_job_here(output, sentence):
    assert sentence in why(renderbus_outputs=output)


@pytest.mark.parametrize(
    "output",
    ["/o/<Picture>", "/o/<Layer>/a.<Frame>.<Extension>", "/o/a.#.TIFF", "/o/a.#.<extension>"],
)
def test_an_output_that_some_scene_may_make_is_left_to_the_look_at_it(output):
    assert converted(renderbus_outputs=output).job.outputs == (output,)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ("-o /out/a_## -F OPEN_EXR", "/out/a_##.exr"),
        ("-o /out/a_##", "/out/a_##.<Extension>"),
        ("-o /out/a_##.png", "/out/a_##.png"),
        ("-o /out/a_##.png -F JPEG", "/out/a_##.jpg"),
        ("-o /out/a.png -F PNG", "/out/a.png####.png"),
        ("-o /out/a_##.jpeg -F JPEG", "/out/a_##.jpeg"),
        ("-o /out/a_##.TIFF -F TIFF", "/out/a_##.TIFF"),
        ("-o /out/a_##.jpeg -F TIFF", "/out/a_##.tif"),
        ("-o /out/a_##.v2 -F PNG", "/out/a_##.v2.png"),
        ("-o /out/a_##.webp -F WEBP", "/out/a_##.webp"),
        ("-o /out/a_##.webp", "/out/a_##.webp"),
        ("-o P:\\out\\a_ -F PNG", "P:\\out\\a_####.png"),
    ],
)
def test_blender_completes_the_output_that_it_is_given(arguments, output):
    windows = "P:" in arguments
    program = "C:/Blender/blender.exe" if windows else "blender"
    scene = "P:/a.blend" if windows else "/a.blend"
    line = f"{program} -b {scene} {arguments} -s QB_FRAME_START -e QB_FRAME_END -a"
    assert converted(line, padding="3").job.outputs == (output,)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        # Blender puts `0001` behind the `1` that stands there then.
        ("-o /out/a.QB_FRAME_NUMBER -F PNG", "output /out/a.QB_FRAME_NUMBER cannot be told; write"),
        ("-o /QB_FRAME_NUMBER/a_## -F PNG", "cannot be told; write # for the digits"),
        ("-o '/out/{scene_name}_##' -F PNG", "cannot be told; write # for the digits"),
        ("-o /out/a_##.webp -F PNG", "with the format PNG (-F) differs from version to version"),
        ("-o /out/a_## -F png", "of the format 'png' have is not known"),
        # With the scene's format another ending would be in its place.
        ("-o /out/a_##.sgi", "/out/a_##.sgi is no picture that its program makes; these end in"),
        # Its ending depends on what the scene says of its codec.
        ("-o /out/a_## -F JP2", "of the format 'JP2' have is not known"),
    ],
)
def test_an_output_of_blenders_that_cannot_be_told_keeps_the_job_here(arguments, sentence):
    line = f"blender -b /a.blend {arguments} -f QB_FRAME_NUMBER"
    assert sentence in why(line)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("-rd out", "the output out/<Picture> is no absolute path"),
        ("-rd /out/../..", "climbs above its root"),
        ("-rd /out -im '%s'", "what the image file prefix '%s' becomes cannot be told"),
        ("-rd /out -im /abs/shot", "cannot be told"),
        ("-rd /out -rl beauty", "in a folder of their own cannot be told; put <RenderLayer>"),
        ("-rd /out -im a -of weird", "of the format 'weird'"),
        ("-rd /out -im a -pad many", "padding=many is no number of digits"),
    ],
)
def test_an_output_that_cannot_be_told_keeps_the_job_here(arguments, sentence):
    assert sentence in why(RENDER.replace("-rd /show/out", arguments))


# -- what keeps a job here ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "key"),
    [("-percentRes 50", "-percentRes"), ("-skipExistingFrames on", "-skipExistingFrames"),
     ("-rfs 5", "-rfs"), ("-iip", "-iip"), ("-fnc name_#.ext", "-fnc")],
)  # fmt: skip
def test_what_the_cloud_would_render_otherwise_is_refused_by_name(more, key):
    assert (
        "the cloud would render without it"
        in refused(RENDER.replace("/show/shot.ma", f"{more} /show/shot.ma"))[key]
    )


@pytest.mark.parametrize("more", ["-percentRes 100.0", "-skipExistingFrames false", "-verb"])
def test_a_default_is_one_however_it_is_written(more):
    assert converted(RENDER.replace("-r arnold", f"-r arnold {more}")).job is not None


def test_an_argument_that_nobody_knows_keeps_the_job_here():
    unknown = "nobody knows what it means for the cloud"
    assert refused(RENDER.replace("-r", "-ai:weird 7 -r", 1)) == {"-ai:weird": unknown}
    assert refused(f"{RENDER} /show/other.ma") == {"cmdline": unknown}


def test_a_key_of_the_package_is_fine_where_its_value_stands_in_the_command_line():
    line = RENDER.replace("-rd", '-log "P 1" -rd')
    found = converted(
        line, **{"scenefile": "/show/shot.ma", "-log": '"P 1"', "-rl": "None", "studioRig": "P 1"}
    )
    assert found.job is not None
    assert refused(studioRig="v7") == {"studioRig": "nobody knows what it means for the cloud"}
    assert converted(studioRig="False").job is not None, "it says nothing"


def test_a_field_of_a_job_that_nobody_knows_keeps_it_here_once_it_says_something():
    assert converted(job={"newfield": "0"}).job is not None
    assert "newfield" in refused(job={"newfield": "beam"})


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("prman shot.QB_FRAME_NUMBER.rib", "command lines of 'prman' are not known"),
        # Scripts of the studio's that are called like programs.
        (f"python /studio/tools/render.py {RENDER}", "command lines of 'python' are not known"),
        (f"hython /studio/{RENDER}", "command lines of 'hython' are not known"),
        (RENDER.replace("Render", "/studio/bin/render.sh"), "of 'render.sh' are not known"),
        (RENDER.replace("Render", "/studio/bin/Render.py"), "of 'Render.py' are not known"),
        (RENDER.replace("Render", "C:/studio/Render.bat"), "of 'Render.bat' are not known"),
        (BLENDER.replace("blender", "python /studio/blender.py", 1), "of 'python' are not known"),
        # Where upper and lower case are told apart, this is another program.
        (RENDER.replace("Render", "/studio/bin/render"), "of 'render' are not known"),
        (RENDER.replace("/show/shot.ma", "/show/shot.rib"), "is no scene of Maya"),
        (RENDER.replace("/show/shot.ma", "shot.ma"), "is no absolute path"),
        (RENDER.replace("/show/shot.ma", "/show/s.QB_FRAME_NUMBER.ma"), "another scene for each"),
        (RENDER.replace("/show/shot.ma", ""), "names no scene"),
        (RENDER.replace("/show/shot.ma", "$SCENE.ma"), "only a worker knows"),
        (RENDER.replace("arnold", "$R"), "only a worker knows"),
        (RENDER.replace("-r ", "-rl a,b -r ", 1), "renders several: layer=a,b"),
        ("blender -b /a.blend -o /o/a_ -f QB_FRAME_NUMBER -- --cycles-device", "value is missing"),
        (RENDER.replace("-r ", "-cam a -cam b -r ", 1), "says camera twice, and 'a' before"),
        (f"{RENDER} -rd", "its value is missing"),
        ("blender -o /out/a_ -b /a.blend -f QB_FRAME_NUMBER", "where it does nothing"),
        ("blender -b /a.blend -f QB_FRAME_NUMBER -o /out/a_", "where it does nothing"),
        ("blender -b /a.blend -o /o/a_ -s QB_FRAME_START -e QB_FRAME_END", "it renders nothing"),
        ("blender -b /a.blend -o /o/a_ -f QB_FRAME_NUMBER -- --fast", "nobody knows"),
        ("", "the package has no cmdline"),
    ],
)  # fmt: skip
def test_a_command_that_cannot_be_told_keeps_the_job_here(line, sentence):
    assert sentence in why(line)


@pytest.mark.parametrize(
    ("job", "package", "sentence"),
    [
        ({"prototype": "cmdline"}, {}, "one command without agenda items"),
        ({"prototype": "prman"}, {}, "prototype=prman: jobs of this type cannot be sent"),
        ({}, {"simpleCmdType": "Maya BatchRender (rib)"}, "it writes RIB files"),
        ({}, {"submitType": "After Effects (cmdline)"}, "does not render After Effects"),
        ({}, {"simpleCmdType": "Nuke (cmdline)"}, "submitted for Nuke, and its command line runs"),
        ({"prototype": "maya"}, {}, "nobody knows what it means for the cloud"),
    ],
)
def test_a_job_of_another_kind_says_why_it_stays(job, package, sentence):
    assert sentence in why(job=job, **package)


def test_the_dialog_that_submitted_a_job_may_be_named():
    assert converted(simpleCmdType="Maya BatchRender (arnold)").job is not None
    found = converted(simpleCmdType="A dialog of the studio's")
    assert found.job is not None, "what runs is the command line, whoever wrote it"


@pytest.mark.parametrize(
    ("line", "dcc", "scene", "layer", "expects"),
    [
        ("nuke -x -X Write1 -F QB_FRAME_START-QB_FRAME_ENDxQB_FRAME_STEP /show/comp.nk",
         "nuke", "/show/comp.nk", "Write1", {}),
        (f'"C:/Program Files/Nuke8.0v6/nuke8.0.exe" -m 4 -V 1 -x P:/comp.nk {SPOKEN}',
         "nuke", "P:/comp.nk", "", {"version": "8.0"}),
        (HOUDINI, "houdini", "/show/fx.hip", "/out/beauty", {}),
        (f"__C4D__ -nogui -render P:/a.c4d -frame {SPOKEN} -oresolution 1920 1080 -take main",
         "cinema4d", "P:/a.c4d", "main", {"width": "1920", "height": "1080"}),
    ],
)  # fmt: skip
def test_jobs_whose_scenes_are_not_read_yet_are_converted_and_stay(
    line, dcc, scene, layer, expects
):
    found = converted(line, agenda=("1-9x2",), renderbus_outputs="/o/a.####.exr")
    job = found.job
    assert found.refusals == ()
    assert (job.dcc, job.scene, job.layer, job.expects) == (dcc, scene, layer, expects)
    assert "scenes yet, so it cannot be checked" in job.refusal
    assert not found.can_be_sent


def test_a_houdini_job_may_say_its_output_in_houdinis_words():
    assert converted(HOUDINI).job.outputs == ("/out/a.####.exr",)
    assert "give the output (-o)" in why(HOUDINI.replace("-o '/out/a.$F4.exr' ", ""))


def test_a_binary_maya_scene_stays_with_what_to_do():
    job = converted(RENDER.replace("shot.ma", "shot.mb")).job
    assert "save it as .ma" in job.refusal


def test_everything_that_is_wrong_is_told_at_once():
    line = RENDER.replace("-rd /show/out", "-percentRes 50 -weird 1")
    found = refused(line, studioRig="v7", job={"newfield": "beam"})
    assert set(found) == {"newfield", "-percentRes", "-weird", "studioRig", ""}


# -- traits and wishes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "trait"),
    [
        ({"job": {"agenda_preflights": "/x.sh"}}, "task_scripts"),
        ({"job": {"postflights": "/x.sh"}}, "task_scripts"),
        ({"job": {"dependency": "link-done-job-12"}}, "dependencies"),
        ({"job": {"waitfor": "12"}}, "dependencies"),
        ({"job": {"hosts": "node-7"}}, "worker_list"),
        ({"job": {"flagsstring": "auto_wrangling, grid"}}, "distributed"),
        ({"job": {"flagsstring": "export_environment"}}, "environment"),
        ({"env": {"A": "B"}}, "environment"),
        ({"env_runTimeOS": "{'linux': {}}"}, "environment"),
        ({"line": f"A=1 {RENDER}"}, "environment"),
        ({"line": f"cd /show; {RENDER}"}, "environment"),
        ({"line": RENDER.replace("-r ", "-reg 0 9 0 9 -r ", 1)}, "tile"),
        ({"line": RENDER.replace("-r ", "-preRender 'a()' -r ", 1)}, "startup_script"),
        ({"line": "blender -b /a.blend -P /x.py -o /o/a_ -f QB_FRAME_NUMBER -- --fast"},
         "startup_script"),
    ],
)  # fmt: skip
def test_what_speaks_against_the_cloud_is_a_trait_that_the_policy_knows(given, trait):
    found = converted(**given)
    assert (found.refusals, found.traits) == ((), (trait,))
    assert trait in TRAITS


def test_a_field_that_says_nothing_is_no_trait():
    assert converted(job={"dependency": "", "waitfor": "0", "hosts": "None"}).traits == ()


def test_people_say_with_the_package_whether_it_may_leave_and_until_when():
    job = converted(renderbus="refused", renderbus_deadline="2026-03-02T09:00+00:00").job
    assert (job.cloud, job.deadline) == (CloudWish.REFUSED, NOW + timedelta(hours=21))
    assert "the package key renderbus is 'perhaps'; write 'allowed'" in why(renderbus="perhaps")
    assert "write a time with its zone" in why(renderbus_deadline="tomorrow")


# -- jobs that are for the cloud alone ------------------------------------------------------------

OUTER = {**JOB, "prototype": "renderbus", "groups": "renderbus"}


def test_a_job_for_the_cloud_alone_says_flatly_what_it_renders():
    package = {
        "program": "blender", "scenefile": "/show/spin.blend", "range": "1-4", "version": "3.6",
        "renderbus_outputs": "/show/out/spin.####.png",
    }  # fmt: skip
    found = convert(Native(OUTER, package, {}, ITEMS, "9"), NOW)
    assert found.refusals == ()
    assert (found.job.dcc, found.job.scene, found.job.id) == ("blender", "/show/spin.blend", "9")
    wrong = convert(Native(OUTER, {**package, "program": "paint"}, {}, ITEMS, "9"), NOW)
    assert "write one of maya, blender" in str(wrong.refusals[0])
    (refusal,) = convert(Native(OUTER, package, {}, (), "9"), NOW).refusals
    assert "has no items" in str(refusal), "its range alone is rendered by nobody"


def test_a_job_for_the_cloud_alone_may_bring_a_whole_job_along():
    source = {"job": {**JOB, "hosts": "node-7"}, "package": {"cmdline": RENDER}, "env": {"A": "B"}}
    package = {"renderbus": json.dumps({"kind": "render", "source": source})}
    outer = {**OUTER, "user": "eve", "priority": "5"}
    found = convert(Native(outer, package, {}, ("2", "3"), "9"), NOW)
    assert found.refusals == ()
    assert (found.job.user, found.job.priority, found.job.scene) == ("eve", -5, "/show/shot.ma")
    assert found.job.frames == FrameSet.span(2, 3)
    assert set(found.traits) == {"worker_list", "environment"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ("[]", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"source": 7}', "has no texts for job"),
        ('{"source": {"package": {"a": 7}}}', "has no texts for package"),
        ('{"source": {"job": {"prototype": "renderbus"}}}', "stands in a job of this type"),
    ],
)
def test_a_package_that_brings_no_job_along_is_one_sentence(text, sentence):
    (refusal,) = convert(Native(OUTER, {"renderbus": text}, {}, ITEMS, "9"), NOW).refusals
    assert sentence in str(refusal)


# -- whatever comes -------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *(name for row in programs().values() for part in ("is", "harmless", "traits", "must_be")
          for name in row.row[part]),
        "Render", "blender", "nuke", "QB_FRAME_START", "QB_FRAME_END", "QB_FRAME_NUMBER", "/a.ma",
        "/a.blend", "1", "--", ";", "'", '"', "$A", "a", "-",
    ]
)  # fmt: skip


@given(
    st.sampled_from(["Render", "blender", "nuke", "hrender", "commandline", ""]),
    st.lists(WORDS, max_size=14),
    st.dictionaries(st.sampled_from(["range", "padding", "shell", "rangeExecution", "x"]),
                    st.text(max_size=6), max_size=3),
)  # fmt: skip
def test_whatever_a_job_says_it_is_sent_or_refused(program, words, package):
    found = converted(" ".join([program, *words]), **package)
    assert (found.job is None) is bool(found.refusals)


def packages():
    """Return packages of all kinds of keys, known and others, with values of all kinds."""
    known = {key for table in (tables()["commands"], *tables()["packages"].values())
             for part in ("harmless", "traits", "defaults") for key in table[part]}  # fmt: skip
    mapped = {key for table in (tables()["commands"], *tables()["packages"].values())
              for keys in table["mapped"].values() for key in keys}  # fmt: skip
    keys = st.sampled_from(sorted(known | mapped | {*tables()["own"], "simpleCmdType", "odd"}))
    values = st.one_of(
        st.sampled_from(
            ["", "None", "0", "1", "maya", "/a.ma", "1-10x2", "All", RENDER, "9" * 5000]
        ),
        st.text(max_size=8),
    )
    return st.dictionaries(keys, values, max_size=8)


@given(
    st.sampled_from(["maya", "renderbus", "pyNuke", "cmdrange", "pyCmdline", "odd"]),
    packages(),
    st.one_of(st.none(), st.lists(st.sampled_from(["1", "2-9x3", "x", "9-1", ""]), max_size=3)),
    st.dictionaries(
        st.sampled_from(["priority", "flagsstring", "hosts", "odd"]), st.text(max_size=6)
    ),
)
def test_whatever_a_package_says_the_job_is_sent_or_refused(prototype, package, agenda, job):
    fields = {**JOB, "prototype": prototype, **job}
    found = convert(Native(fields, package, {}, agenda and tuple(agenda)), NOW)
    assert (found.job is None) is bool(found.refusals)


@given(st.permutations(["-r arnold", "-rd /out", FRAMES, "-cam left", "-n 8", "-verb", "-x 640"]))
def test_the_order_of_mayas_arguments_means_nothing(arguments):
    found = converted(" ".join(["Render", *arguments, "/show/shot.ma"]))
    assert (
        found.job
        == converted(
            f"Render -r arnold -rd /out {FRAMES} -cam left -n 8 -verb -x 640 /show/shot.ma"
        ).job
    )
    assert found.job is not None
