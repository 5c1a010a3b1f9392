"""A job that says otherwise than its scene is not sent: the cloud renders the scene."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderbus_core.burst import BurstState, examine
from renderbus_core.burst.expectations import disagreements
from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, Origin
from renderbus_core.paths import PathMapping, PathRule
from renderbus_core.scene import inspect


@pytest.fixture
def facts(make_world):
    found = inspect(make_world().folder / "shot.ma")
    return replace(found, cameras=(Camera("cameraShape1", True), Camera("perspShape", False)))


@pytest.mark.parametrize("expects", [
    {},
    {"version": "2023"},
    {"version": "2023.3", "renderer": "MAYASOFTWARE", "width": "64", "height": "36"},
    {"camera": "cameraShape1"},
    {"something": "else"},
])  # fmt: skip
def test_what_agrees_is_fine(facts, expects):
    assert list(disagreements(expects, facts)) == []


@pytest.mark.parametrize(("expects", "sentence"), [
    ({"version": "2024"}, "the job says version 2024 and the scene 2023"),
    ({"renderer": "Arnold"}, "the job says renderer Arnold and the scene mayaSoftware"),
    ({"width": "1920"}, "the job says width 1920 and the scene 64"),
    ({"camera": "persp"}, "the job says camera persp and the scene renders cameraShape1"),
])  # fmt: skip
def test_what_does_not_is_told(facts, expects, sentence):
    assert list(disagreements(expects, facts)) == [sentence]


@pytest.mark.parametrize(("job", "scene", "same"), [
    ("3.4", "3.4.1", True), ("3.6", "3.4", False), ("3.4.1", "3.4", True),
    ("2017.5", "2018", False),
])  # fmt: skip
def test_service_packs_are_one_release(facts, job, scene, same):
    found = replace(facts, version=Fact(scene, Origin.STORED))
    assert (not list(disagreements({"version": job}, found))) is same


def test_what_nobody_knows_of_the_scene_disagrees_with_nothing(facts):
    unknown = replace(facts, renderer=Fact(None, Origin.UNKNOWN), cameras=())
    assert list(disagreements({"renderer": "Arnold", "camera": "x"}, unknown)) == []


@pytest.fixture
def in_project(make_world):
    """Return a job whose scene lies in a project of its own folder, and the configuration."""
    world = make_world()
    (world.folder / "workspace.mel").write_text('workspace -fr "scene" "scenes";\n')
    return world.farm.job(world.job), world.gateway.config, world.folder


def test_the_project_that_the_scene_lies_in_agrees_however_it_is_written(in_project):
    job, config, folder = in_project
    for project in (str(folder), f"{folder}/", f"{folder}/x/.."):
        examine.inspect(config, replace(job, expects={"project": project}))


def test_another_project_than_the_one_that_the_scene_lies_in_is_refused(in_project):
    job, config, folder = in_project
    for project in (folder.parent, folder / "renders"):
        with pytest.raises(InputError) as refused:
            examine.inspect(config, replace(job, expects={"project": str(project)}))
        told = f"the job's project is {project} and the scene lies in that of {folder}: the cloud"
        assert str(refused.value).startswith(told)


def test_a_project_that_nothing_marks_is_refused(world):
    job = replace(world.farm.job(world.job), expects={"project": str(world.folder)})
    with pytest.raises(InputError, match=r"no folder above the scene has a workspace\.mel"):
        examine.inspect(world.gateway.config, job)


def test_a_project_is_compared_where_this_host_has_it(make_world):
    world = make_world()
    (world.folder / "workspace.mel").write_text("")
    config = world.gateway.config
    mapping = PathMapping((PathRule("P:/show", str(world.folder)),))
    config = replace(config, paths=replace(config.paths, mapping=mapping))
    job = replace(world.farm.job(world.job), scene="P:/show/shot.ma")
    examine.inspect(config, replace(job, expects={"project": "p:\\show"}))
    with pytest.raises(InputError, match="the job's project is P:/ and the scene lies in"):
        examine.inspect(config, replace(job, expects={"project": "P:/"}))


ROW = """
[[burst.software]]
dcc = "maya"
version = "{version}"
cloud_version = "2022"
"""


def says(world, monkeypatch, **expects):
    """Let the farm's job say something beside its scene."""
    job = replace(world.farm.job(world.job), expects=expects)
    monkeypatch.setattr(world.farm, "job", lambda _: job)
    return job


def test_another_version_than_the_scenes_is_refused_with_the_row_that_would_allow_it(
    world, monkeypatch
):
    job = says(world, monkeypatch, version="2024")
    with pytest.raises(InputError) as refused:
        examine.inspect(world.gateway.config, job)
    assert str(refused.value).endswith(
        "submit the job as the scene is, or say in burst.software what the cloud renders it with "
        "(dcc = 'maya', version = '2024')"
    )
    wider = replace(job, expects={"version": "2024", "width": "1"})
    with pytest.raises(InputError) as refused:
        examine.inspect(world.gateway.config, wider)
    assert "burst.software" not in str(refused.value), "a row would not help"


def test_with_a_row_it_is_rendered_with_what_that_says(make_world, monkeypatch):
    world = make_world(config=ROW.format(version="2024"))
    job = says(world, monkeypatch, version="2024")
    facts = examine.inspect(world.gateway.config, job)
    made, findings = examine.examine(world.gateway.config, job, job.frames, facts, examine.Known())
    assert made.task["software_config"]["cg_version"] == "2022"
    (told,) = [each.message for each in findings if each.rule == "software"]
    assert told == "it was saved with 2023, and burst.software renders it with 2022"
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.DONE


def test_a_job_that_says_no_version_takes_the_row_of_its_scenes(make_world):
    world = make_world(config=ROW.format(version="2023"))
    job = world.farm.job(world.job)
    facts = examine.inspect(world.gateway.config, job)
    assert facts.version.value == "2023", "it is what the scene says"
    assert examine.software_of(world.gateway.config, job, facts).version == "2022"


def test_a_burst_of_such_a_job_ends_before_anything_is_sent(world, monkeypatch):
    job = world.farm.job(world.job)
    says = replace(job, expects={"renderer": "Arnold", "height": "1080"})
    monkeypatch.setattr(world.farm, "job", lambda _: says)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert end.reason.startswith(
        "the job says renderer Arnold and the scene mayaSoftware; the job says height 1080 and"
    )
    assert end.claim_epoch == 0
