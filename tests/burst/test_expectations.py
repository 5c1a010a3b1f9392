"""A job that says otherwise than its scene is not sent: the cloud renders the scene."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderbus_core.burst import BurstState
from renderbus_core.burst.expectations import disagreements
from renderbus_core.facts import Camera, Fact, Origin
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
