"""The Monitor's submission dialog: what is filled in becomes a job that workers can render."""

from __future__ import annotations

import configparser
import json
import sys
import time

import pytest

from renderbus_core import schema
from renderbus_core.jobs import CloudWish, IntentKind
from renderbus_core.options import NO_OPTIONS, CloudOptions, read_options

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


def test_what_a_job_wants_of_the_cloud_is_a_key_each_in_its_extra_info(farm, hands):
    job = submitted(
        farm, hands, HardwareModel="28C", HardwareRam="128", HardwareGpus="0", MachineLimit="5",
        PriorityFrames="first, last", StopAfterTest=True, FramesPerMachine="2", FrameLimit="90",
        TaskLimit="600", RemindAfter="60", Platform="62",
    )  # fmt: skip
    assert job.refusal == ""
    assert job.options == CloudOptions(
        platform=62, hardware_model="28C", hardware_ram=128, hardware_gpus=0, machine_limit=5,
        priority_frames="first, last", stop_after_test=True, frames_per_machine=2,
        frame_limit_minutes=90, task_limit_minutes=600, remind_minutes=60,
    )  # fmt: skip
    assert hands("state", job.id)["extra"]["renderbus_hardware_ram"] == "128"


def test_what_is_left_empty_is_not_said(farm, hands):
    job = submitted(farm, hands)
    assert job.options == NO_OPTIONS
    assert sorted(hands("state", job.id)["extra"]) == ["renderbus", "renderbus_when"]


def test_people_can_edit_it_in_the_job(farm, hands):
    job = submitted(farm, hands, Tiles="4", TilesType="strip")
    assert (job.options.tiles, job.options.tiles_type) == (4, "strip")
    hands("set_extra", job.id, "renderbus_tiles", "2")
    assert farm.job(job.id).options.tiles == 2
    hands("set_extra", job.id, "renderbus_tiles", "many")
    assert farm.job(job.id).refusal == 'cloud option tiles: "many" must be of type integer'


def test_the_form_asks_for_every_option_that_there_is(hands):
    hands("dialog", DIALOG, {})
    tips = {row["tip"] for row in hands("layout")["controls"]}
    rules = schema.load("options.json")["properties"]
    assert {rule["description"] for rule in rules.values()} <= tips


@pytest.mark.parametrize(("change", "sentence"), [
    ({"HardwareRam": "lots"}, "Memory (GB): 'lots' is no whole number."),
    ({"HardwareGpus": "99"}, "Graphics Cards: '99' must be from 0 to 64."),
    ({"FrameLimit": "soon"}, "Frame Limit (min): 'soon' is no number."),
    ({"FrameLimit": "0"}, "Frame Limit (min): '0' must be above 0 to 10080."),
    ({"PriorityFrames": "frist"}, "Render First: 'frist' must be like first, last, 10-20x5."),
    ({"StopAfterTest": True}, "There are no frames to stop after"),
    ({"Tiles": "4", "FramesPerMachine": "2"}, "exclude each other"),
    ({"FrameSeconds": "-1"}, "The seconds per frame are no number above 0."),
    ({"NotifyNote": "a\nb"}, "NotifyNote has more than one line."),
])  # fmt: skip
def test_options_that_cannot_be_used_are_told_before_a_job_is_there(hands, change, sentence):
    (said,) = hands("dialog", DIALOG, FORM | change)
    assert sentence in said
    assert hands("jobs") == {}


def test_who_is_told_is_told_by_deadline(farm, hands):
    job = submitted(farm, hands, NotifyUsers="ada, grace", NotifyMails="ada@example.com")
    assert job.refusal == ""
    (info,) = hands("jobs").values()
    assert info["NotificationTargets"] == "ada, grace"
    assert info["NotificationEmails"] == "ada@example.com"


# -- presets --------------------------------------------------------------------------------------

STUDIO = "Studio: First and last frame, then ask"


def opened(hands):
    """Open the dialog and leave it open; return what was said at once."""
    said = hands("dialog", DIALOG, {}, "Yes", "Check")
    return said[:-1]


def values(hands, *names):
    controls = hands("controls")
    return [controls[name][1] for name in names]


def test_a_preset_of_the_studio_fills_in_what_it_says_and_empties_the_rest(hands):
    opened(hands)
    hands("choose", "Tiles", "4")
    assert hands("choices", "Preset")[:2] == ["None", STUDIO]
    hands("choose", "Preset", STUDIO)
    assert values(hands, "PriorityFrames", "StopAfterTest", "Tiles") == ["first, last", True, ""]


def test_what_was_filled_in_is_kept_under_a_name_and_found_again(hands, tmp_path):
    opened(hands)
    for field, value in {"MachineLimit": "7", "PresetName": "Seven", "HardwareRam": " "}.items():
        hands("choose", field, value)
    assert hands("press", "SavePreset") == []
    assert values(hands, "Preset") == ["Seven"]
    opened(hands)
    hands("choose", "MachineLimit", "")
    hands("choose", "Preset", "Seven")
    assert values(hands, "MachineLimit") == ["7"]
    assert (tmp_path / "RenderbusPresets.ini").read_text() == "[Seven]\nmachine_limit = 7\n\n"
    assert hands("press", "DeletePreset") == []
    assert "Seven" not in hands("choices", "Preset")
    opened(hands)
    assert "Seven" not in hands("choices", "Preset")


@pytest.mark.parametrize(("press", "fields", "sentence"), [
    ("SavePreset", {"PresetName": ""}, "Name the preset that is to be kept."),
    ("SavePreset", {"PresetName": "a]b"}, "A preset cannot be called a]b."),
    ("SavePreset", {"PresetName": "Studio: x"}, "A preset cannot be called Studio: x."),
    ("DeletePreset", {}, "Choose the preset that is to be deleted."),
    ("DeletePreset", {"Preset": STUDIO}, "is the studio's: it is edited in the repository."),
])  # fmt: skip
def test_what_cannot_be_done_with_a_preset_is_told(hands, press, fields, sentence):
    opened(hands)
    for field, value in fields.items():
        hands("choose", field, value)
    (said,) = hands("press", press)
    assert sentence in said


@pytest.mark.parametrize(("text", "sentence"), [
    ("tiles = 4", "cannot be read: File contains no section headers"),
    ("[mine]\ntilse = 4\n", "there is no option tilse."),
    ("[mine]\ntiles = many\n", "tiles: 'many' is no whole number."),
    ("[mine]\ntiles_type = strip\n", "tiles_type needs tiles."),
])  # fmt: skip
def test_a_file_of_presets_that_somebody_damaged_is_told_and_stops_nobody(
    hands, tmp_path, text, sentence
):
    (tmp_path / "RenderbusPresets.ini").write_text(text)
    (said,) = opened(hands)
    assert sentence in said
    hands("choose", "Preset", STUDIO)
    assert values(hands, "PriorityFrames") == ["first, last"]


def test_presets_that_cannot_be_kept_are_told(hands, tmp_path):
    opened(hands)
    (tmp_path / "RenderbusPresets.part").mkdir()
    hands("choose", "PresetName", "mine")
    (said,) = hands("press", "SavePreset")
    assert said.startswith("The presets cannot be kept in ")
    assert "mine" not in hands("choices", "Preset")


def test_the_studios_presets_are_options_that_can_be_used(root):
    file = root / "deadline_plugin/custom/scripts/Submission/RenderbusPresets.ini"
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(file.read_text())
    assert parser.sections()
    for name in parser.sections():
        assert read_options(parser[name]).said


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


@pytest.mark.parametrize(("part", "key", "value", "sentence"), [
    ("info", "Priority", "1", "Priority is '1' instead of '70'."),
    ("info", "Pool", "late", "Pool is 'late' instead of 'maya'."),
    ("info", "OutputFilename0", "x.####.exr", "OutputFilename0 is 'x.####.exr' instead of "),
    ("info", "NotificationTargets", "", "NotificationTargets is '' instead of 'ada,grace'."),
    ("plugin_info", "Version", "2023", "Version is '2023' instead of '2024'."),
    ("extra", "renderbus_tiles", "9", "renderbus_tiles is '9' instead of '4'."),
])  # fmt: skip
def test_every_key_is_read_back_and_compared(hands, part, key, value, sentence):
    form = FORM | {
        "Priority": "70", "Comment": "first try", "Department": "lighting", "Group": "gpu",
        "SecondaryPool": "late", "Limits": "maya", "NotifyUsers": "ada,grace",
        "NotifyMails": "ada@example.com", "NotifyNote": "look at frame 3", "Tiles": "4",
    }  # fmt: skip
    (said,) = hands("dialog", DIALOG, form)
    assert "otherwise" not in said
    hands("before", "GetJob", "spoil", part, key, value)
    (said,) = hands("dialog", DIALOG, form)
    first, found = said.split("otherwise than you said:\n")
    assert first.startswith("Result=Success")
    assert found.splitlines()[0].startswith(sentence)
    assert len(found.splitlines()) == 1


def test_frames_that_deadline_takes_otherwise_are_told(hands):
    hands("before", "GetJob", "reframe_all", "1-5")
    (said,) = hands("dialog", DIALOG, FORM)
    assert said.endswith("The frames are others than 1-10.")


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


def test_no_control_is_laid_over_another_and_each_says_what_it_means(hands):
    hands("dialog", DIALOG, {})
    controls = hands("layout")["controls"]
    silent = [one["name"] for one in controls if not one["tip"]]
    assert silent == ["Note", "Submit", "Close"]


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
@pytest.mark.heavy
def test_scene_files_and_places_of_pictures_are_looked_at(hands, root):
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    form = {"Scene": str(scene), "Version": "2023", "Frames": "1-4"}
    said = looked(hands, **form, OutputFile="shot.####.png")
    first, cost, *found = said.splitlines()
    assert first == "It can be sent."
    assert cost.startswith("Cost: 4 pictures cost an unknown amount, because no price is known")
    assert any("there is no account here: the gateway asks the cloud" in line for line in found)
    assert found[-1].endswith(" becomes /show/renders/shot.####.png")
    assert "error: the job declares .exr files" in looked(hands, **form)
    assert "the job says version 2026 and the scene 2023" in looked(
        hands, **form | {"Version": "2026"}
    )


@pytest.mark.usefixtures("bridge")
@pytest.mark.heavy
def test_what_a_person_says_of_its_frames_gives_a_cost(hands, root, tmp_path):
    (tmp_path / "renderbus.toml").write_text(
        '[cloud]\ncredentials_file = "none.toml"\n[money]\ncurrency = "USD"\n'
        'price_per_hour = "2"\nbudget = "100"\n'
    )
    scene = root / "examples" / "turntable" / "scenes" / "turntable.ma"
    form = {"Scene": str(scene), "Version": "2023", "Frames": "1-4", "OutputFile": "s.####.png"}
    cost = looked(hands, **form, FrameSeconds="900").splitlines()[1]
    assert cost.startswith("Cost: 4 pictures cost about 2.00 USD, between ")
    cost = looked(hands, **form).splitlines()[1]
    assert "an unknown amount, because none was rendered here yet" in cost
    refused = looked(hands, **form, MachineLimit="99")
    assert "it asks for 99 machines, and a job may ask for 10" in refused


REPLY = {
    "result": {
        "can_be_sent": False,
        "findings": [],
        "outputs": [],
        "cost": "no cost can be told",
        "machines": [
            {"model": "28C, new", "ram": 64, "gpus": 0},
            {"model": "4090", "ram": 256, "gpus": 10},
        ],
    }
}


def test_the_machines_that_a_look_tells_of_can_be_chosen_the_next_time_too(hands, tmp_path):
    program = tmp_path / "renderbus"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{json.dumps(REPLY)}'\n")
    program.chmod(0o755)
    hands("switch", "plugin_settings", {"Executable": str(program), "ConfigFile": ""})
    assert "It cannot be sent as it is.\nCost: no cost can be told." in looked(hands)
    known = ["As all jobs", "28C, new, 64 GB, 0 GPU", "4090, 256 GB, 10 GPU"]
    assert hands("choices", "Machine") == known
    opened(hands)
    assert hands("choices", "Machine") == known
    fields = ("HardwareModel", "HardwareRam", "HardwareGpus")
    hands("choose", "Machine", known[1])
    assert values(hands, *fields) == ["28C, new", "64", "0"]
    hands("choose", "Preset", STUDIO)
    assert values(hands, "Machine", *fields) == ["As all jobs", "", "", ""]
    hands("choose", "Machine", known[2])
    hands("choose", "Machine", known[0])
    assert values(hands, *fields) == ["", "", ""]


@pytest.mark.usefixtures("bridge")
def test_what_would_fail_is_told_before_anything_is_submitted(hands):
    said = looked(hands, Scene="/nowhere/shot.ma")
    assert said.startswith("It cannot be sent: ")
    assert "/nowhere/shot.ma" in said
    assert hands("jobs") == {}


@pytest.mark.usefixtures("bridge")
@pytest.mark.heavy
def test_a_bridge_that_cannot_run_says_so(hands, tmp_path):
    (tmp_path / "renderbus.toml").write_text("[overflow]\nrelief = 7\n")
    said = looked(hands)
    assert "overflow.relief" in said
