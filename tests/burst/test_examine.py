"""What the configuration and the scene ask for reaches the package, and pictures come home."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from renderbus_core import package
from renderbus_core.burst import BurstState, TaskState
from renderbus_core.burst.examine import Known, examine, inspect
from renderbus_core.jobs import LocalState

GLOBALS = "select -ne :defaultRenderGlobals;\n"


@pytest.fixture
def examined():
    """Return a function that examines the job of a world as the gateway does."""

    def run(world):
        job = world.farm.job(world.job)
        config = world.gateway.config
        return examine(config, job, job.frames, inspect(config, job), Known())

    return run


def rewrite(world, old, new):
    """Change the scene as if it had always been so."""
    scene = world.folder / "shot.ma"
    stat, text = scene.stat(), scene.read_text()
    assert old in text
    scene.write_text(text.replace(old, new))
    os.utime(scene, (stat.st_atime, stat.st_mtime))


def test_overrides_of_the_configuration_reach_the_task(make_world, examined):
    world = make_world(
        config='overrides = ["task_info.pre_frames=100", "additional_info.note=a=b"]'
    )
    made, _ = examined(world)
    assert made.task["task_info"]["pre_frames"] == "100"
    assert made.task["additional_info"] == {"note": "a=b"}


def test_an_override_that_may_not_be_made_is_an_error_that_says_so(make_world, examined):
    world = make_world(config='overrides = ["task_info.task_stop_time=0"]')
    made, findings = examined(world)
    assert made is None
    (error,) = [each for each in findings if each.severity is package.Severity.ERROR]
    assert str(error).endswith("set burst.vendor_time_limits to set it yourself")


def test_the_project_of_the_scene_reaches_the_task(make_world, examined):
    world = make_world()
    (world.folder / "workspace.mel").write_text('workspace -fr "scene" "scenes";\n')
    made, _ = examined(world)
    assert made.task["task_info"]["input_project_path"] == str(world.folder)


def test_pictures_come_home_whatever_zeros_their_names_have(make_world, examined):
    world = make_world()
    rewrite(world, GLOBALS, f'{GLOBALS}\tsetAttr ".ep" 2;\n')
    made, _ = examined(world)
    assert made.outputs.cloud_template.endswith("shot.##.png")
    burst = world.order()
    world.carry(world.runner(burst), burst)
    assert set(world.states()) == {LocalState.COMPLETED}
    assert len(world.pictures()) == len(world.tasks())


WINDOWS = r"""
[[paths.mapping]]
stored = 'X:\show'
local = "{folder}"
"""


@pytest.fixture
def windows_world(make_world, tmp_path, monkeypatch):
    """Return a world whose farm calls its folder X:\\show."""
    world = make_world(config=WINDOWS.format(folder=tmp_path / "world0"))
    job = replace(
        world.farm.job(world.job),
        scene=r"X:\show\shot.ma",
        outputs=(r"x:\Show\renders\shot.####.png",),
    )
    monkeypatch.setattr(world.farm, "job", lambda _: job)
    return world


def test_a_windows_job_is_found_and_brought_home_by_a_gateway_of_another_system(windows_world):
    world = windows_world
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert len(end.refs(TaskState.COMPLETED)) == 10, end.reason
    made = package.read(world.folder / "packages" / burst)
    assert made.task["task_info"]["input_cg_file"] == "X:/show/shot.ma"
    assert made.outputs.declared == (str(world.folder / "renders" / "shot.####.png"),)
    assert world.pictures() == [f"shot.{frame:04d}.png" for frame in range(1, 11)]


def test_an_output_on_a_drive_that_this_host_does_not_have_is_told(windows_world):
    world = windows_world
    job = replace(world.farm.job(world.job), outputs=("Y:/elsewhere/shot.####.png",))
    config = world.gateway.config
    made, findings = examine(config, job, job.frames, inspect(config, job), Known())
    assert made is None
    assert any("it is no path of this host" in str(each) for each in findings)


def test_pictures_come_home_under_the_numbers_that_the_farm_gives_them(world, monkeypatch):
    job = replace(world.farm.job(world.job), frame_offset=100)
    monkeypatch.setattr(world.farm, "job", lambda _: job)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE, end.reason
    assert world.pictures() == [f"shot.{frame:04d}.png" for frame in range(101, 111)]
