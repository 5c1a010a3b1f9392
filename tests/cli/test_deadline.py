"""`renderbus deadline`: jobs of submission files, looked at from the command line."""

from __future__ import annotations

import pytest

JOB = """Plugin=MayaBatch
Name=shot 010
Frames=1-10
OutputDirectory0=/show/out
OutputFilename0=beauty.####.exr
PreTaskScript=/show/script.py
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
    for words in ("shot 010 can be sent", "/show/shot.ma", "the scene must say: renderer"):
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
