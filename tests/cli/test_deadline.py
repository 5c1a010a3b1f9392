"""`renderbus deadline`: jobs of submission files, looked at from the command line."""

from __future__ import annotations

import json

import pytest

JOB = """Plugin=MayaBatch
Name=shot 010
Frames=1-10
OutputDirectory0=/show/out
OutputFilename0=beauty.####.exr
PreTaskScript=/show/script.py
ExtraInfoKeyValue0=renderbus_machine_limit=5
"""
PLUGIN = """SceneFile=/show/shot.ma
Version=2024
Renderer=Arnold
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "job").write_text(JOB)
    (tmp_path / "plugin").write_text(PLUGIN)
    return tmp_path / "job", tmp_path / "plugin"


def test_a_job_that_can_be_sent_is_shown_as_what(renderbus, files):
    shown = renderbus("deadline", "convert", *files)
    assert shown.status == 0, shown.err
    for words in (
        "shot 010 can be sent",
        "/show/shot.ma",
        "the scene must say: renderer",
        "machine_limit",
    ):
        assert words in shown.out
    assert "On its own it stays: scripts run before or after its tasks" in shown.out
    document = renderbus("deadline", "convert", *files, "--json").json
    assert (document["job"]["dcc"], document["traits"]) == ("maya", ["task_scripts"])


def test_a_job_that_cannot_be_sent_names_the_keys(renderbus, files):
    files[1].write_text(f"{PLUGIN}RenderHalfFrames=1\nStudioKey=7\n")
    shown = renderbus("deadline", "convert", *files)
    assert shown.status == 1
    assert "RenderHalfFrames" in shown.out
    assert "StudioKey" in shown.out
    assert renderbus("deadline", "convert", "/nowhere", files[1]).status == 2


def test_a_job_whose_scene_is_not_read_is_shown_as_what_and_why_it_stays(renderbus, files):
    files[0].write_text(JOB.replace("MayaBatch", "Houdini"))
    files[1].write_text("SceneFile=/show/shot.hip\nVersion=19.5\nOutputDriver=/out/mantra1\n")
    shown = renderbus("deadline", "convert", *files)
    assert shown.status == 1
    for words in ("shot 010 is converted, and stays here", "/show/shot.hip", "/out/mantra1"):
        assert words in shown.out
    assert "the bridge does not read Houdini scenes yet" in shown.out


def test_jobs_of_the_web_service_are_looked_at_one_after_the_other(renderbus, tmp_path):
    job = {
        "_id": "5f01", "Plug": "Blender", "OutDir": ["/out"], "OutFile": ["spin.####.png"],
        "Props": {"Name": "spin", "Frames": "1-4", "PlugInfo": {"SceneFile": "/spin.blend"}},
    }  # fmt: skip
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps([job, {**job, "Plug": "Redshift"}]))
    shown = renderbus("deadline", "convert", file)
    assert shown.status == 1
    assert "spin can be sent" in shown.out
    assert "Renderbus renders no Redshift archives" in " ".join(shown.out.split())
    file.write_text(json.dumps(job))
    assert renderbus("deadline", "convert", file, "--json").json["job"]["id"] == "5f01"
    alone = renderbus("deadline", "convert", tmp_path / "jobs.json", "--json")
    assert alone.status == 0
    (tmp_path / "job").write_text(JOB)
    half = renderbus("deadline", "convert", tmp_path / "job")
    assert half.status == 1
    assert "a submission file goes with a second one" in half.err
