"""The Monitor's submission dialog: what is filled in becomes a job that workers can render."""

from __future__ import annotations

import json
import sys
import time

import pytest

from renderbus_core.jobs import CloudWish, IntentKind

DIALOG = "RenderbusSubmission"
FORM = {
    "Name": "shot 010",
    "Scene": "/show/shot.ma",
    "Version": "2024",
    "Frames": "1-10",
    "ChunkSize": "2",
    "OutputFolder": "/show/renders",
    "OutputFile": "shot.####.exr",
    "Pool": "maya",
}


def submitted(farm, hands, **changes):
    """Submit a form, and return the job as the bridge sees it."""
    (said,) = hands("dialog", DIALOG, FORM | changes)
    (id_,) = hands("jobs")
    assert said == f"Result=Success\nJobID={id_}"
    return farm.job(id_)


def test_a_form_becomes_a_job_that_can_be_sent(farm, hands, tmp_path):
    job = submitted(farm, hands, Layer="beauty", Project="opera", Deadline="2026-12-01T09:00+01:00")
    assert job.refusal == ""
    assert (job.name, job.dcc, job.scene, job.layer) == (
        "shot 010",
        "maya",
        "/show/shot.ma",
        "beauty",
    )
    assert job.outputs == ("/show/renders/shot.####.exr",)
    assert (job.pools, job.groups, job.project) == (("maya",), (), "opera")
    assert job.deadline.isoformat() == "2026-12-01T08:00:00+00:00"
    assert len(farm.tasks([job.id])[job.id]) == 5
    assert list(tmp_path.glob("*.job")) == [], "its files are gone"


@pytest.mark.parametrize(("when", "wish", "asked"), [
    ("On overflow", CloudWish.ALLOWED, 0),
    ("Now", CloudWish.ALLOWED, 1),
    ("Never", CloudWish.REFUSED, 0),
])  # fmt: skip
def test_when_it_goes_is_said_in_its_extra_info(farm, hands, when, wish, asked):
    job = submitted(farm, hands, When=when)
    assert job.cloud is wish
    assert [one.kind for one in farm.intents()] == [IntentKind.BURST] * asked


@pytest.mark.parametrize(("plugin", "keys"), [
    ("MayaBatch", {"OutputFilePath": "/show/renders", "OutputFilePrefix": "shot"}),
    ("Blender", {"OutputFile": "/show/renders/shot.####.exr"}),
])  # fmt: skip
def test_workers_put_pictures_where_the_cloud_does(farm, hands, plugin, keys):
    job = submitted(farm, hands, Plugin=plugin)
    assert hands("plugin_info", job.id).items() >= keys.items()
    assert job.refusal == ""


def test_a_job_for_the_cloud_only_is_one_of_our_plug_in_and_can_be_sent(farm, hands):
    job = submitted(farm, hands, When="Cloud only", Plugin="Blender", Scene="/show/shot.blend")
    assert (job.dcc, job.refusal) == ("blender", "")
    (info,) = hands("jobs").values()
    assert info["Plugin"] == "Renderbus"
    assert [one.kind for one in farm.intents()] == [IntentKind.BURST]


@pytest.mark.parametrize(("change", "sentence"), [
    ({"Name": " "}, "The job has no name."),
    ({"Scene": ""}, "The job has no scene."),
    ({"Frames": ""}, "The job has no frames."),
    ({"Frames": "one to ten"}, "Deadline does not understand the frames 'one to ten'."),
    ({"OutputFolder": ""}, "The job declares no outputs"),
    ({"OutputFile": "shot.exr"}, "has no # for the digits of the frame"),
    ({"Version": ""}, "A Maya job needs the version of Maya"),
    ({"Deadline": "tomorrow"}, "Write the deadline with its zone"),
    ({"Deadline": "2026-12-01T09:00"}, "Write the deadline with its zone"),
    ({"Comment": "a\nPriority=100"}, "Comment has more than one line."),
])  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_is_submitted(hands, change, sentence):
    (said,) = hands("dialog", DIALOG, FORM | change)
    assert sentence in said
    assert hands("jobs") == {}


def test_everything_that_is_wrong_is_told_at_once(hands):
    (said,) = hands("dialog", DIALOG, {"Frames": "x"})
    assert len(said.splitlines()) == 5


def test_a_scene_on_a_disk_of_the_artist_is_asked_about(hands):
    local = FORM | {"Scene": "C:/me/shot.ma"}
    (question,) = hands("dialog", DIALOG, local, "No")
    assert "is on a disk of this machine" in question
    assert hands("jobs") == {}
    hands("dialog", DIALOG, local, "Yes")
    assert len(hands("jobs")) == 1


def test_what_deadline_refuses_is_told(hands):
    hands("switch", "refuses", True)
    (said,) = hands("dialog", DIALOG, FORM)
    assert said == "Deadline did not take the job:\nError: the repository refuses it"


def test_what_deadline_took_otherwise_is_told(hands):
    hands("before", "GetJob", "forget_all_extra")
    (said,) = hands("dialog", DIALOG, FORM)
    assert "Deadline took it otherwise than you said:" in said
    assert "renderbus is '' instead of 'allowed'." in said


def test_what_was_filled_in_is_there_the_next_time_but_for_what_is_new_each_time(hands):
    hands("dialog", DIALOG, FORM)
    hands("dialog", DIALOG, {}, "Yes", "Close")
    hands("dialog", DIALOG, {})
    controls = hands("controls")
    assert controls["Scene"][1] == "/show/shot.ma"
    assert controls["Name"][1] == ""


def test_its_controls_are_of_kinds_that_deadline_has(hands, shared):
    hands("dialog", DIALOG, {})
    names = json.loads((shared / "facts" / "deadline_api.json").read_text())
    kinds = {kind for kind, _ in hands("controls").values()}
    assert kinds <= set(names["script_dialog_control_types"])


# -- a look at the job with the bridge of the artist's machine ------------------------------------


@pytest.fixture
def bridge(tmp_path, hands):
    """Install the bridge on the artist's machine."""
    program = tmp_path / "renderbus"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m renderbus_core "$@"\n')
    program.chmod(0o755)
    config = tmp_path / "renderbus.toml"
    config.write_text('[cloud]\ncredentials_file = "none.toml"\n')
    settings = {"Executable": f"/nowhere;{program}", "ConfigFile": str(config)}
    hands("switch", "plugin_settings", settings)


def looked(hands, **changes):
    """Press Check until there is an answer, and return it."""
    (said,) = hands("dialog", DIALOG, FORM | changes, "Yes", "Check")
    assert said == "It is being looked at; press Check again for the answer."
    for _ in range(600):
        (said,) = hands("press", "Check")
        if not said.startswith("It is still being looked at"):
            return said
        time.sleep(0.1)  # A process of its own looks meanwhile.
    raise AssertionError("it is looked at for ever")


def test_without_the_bridge_on_this_machine_the_gateway_checks(hands):
    (said,) = hands("dialog", DIALOG, FORM, "Yes", "Check")
    assert said.startswith("The bridge is not installed on this machine. Scene, files and cost are")


def test_a_bridge_that_does_not_start_says_so(hands, tmp_path):
    program = tmp_path / "renderbus"
    program.write_text("no program")
    hands("switch", "plugin_settings", {"Executable": str(program), "ConfigFile": ""})
    for _ in range(2):
        (said,) = hands("dialog", DIALOG, FORM, "Yes", "Check")
        assert said.startswith("The bridge could not be started: ")


@pytest.mark.usefixtures("bridge")
def test_scene_files_and_places_of_pictures_are_looked_at(hands, root):
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    form = {"Scene": str(scene), "Version": "2023", "Frames": "1-4"}
    said = looked(hands, **form, OutputFile="shot.####.png")
    first, *found = said.splitlines()
    assert first == "It can be sent."
    assert any("there is no account here: the gateway asks the cloud" in line for line in found)
    assert found[-1].endswith(" becomes /show/renders/shot.####.png")
    assert "error: the job declares .exr files" in looked(hands, **form)
    assert "the job says version 2026 and the scene 2023" in looked(
        hands, **form | {"Version": "2026"}
    )


@pytest.mark.usefixtures("bridge")
def test_what_would_fail_is_told_before_anything_is_submitted(hands):
    said = looked(hands, Scene="/nowhere/shot.ma")
    assert said.startswith("It cannot be sent: ")
    assert "/nowhere/shot.ma" in said
    assert hands("jobs") == {}


@pytest.mark.usefixtures("bridge")
def test_a_bridge_that_cannot_run_says_so(hands, tmp_path):
    (tmp_path / "renderbus.toml").write_text("[overflow]\nrelief = 7\n")
    said = looked(hands)
    assert "overflow.relief" in said
