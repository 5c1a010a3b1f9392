"""Scenes, jobs and bursts that the tests of task packages change to their needs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from renderbus_core.facts import Camera, Fact, Layer, Origin, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.money import Money
from renderbus_core.package import BurstRequest, Documents, build


def stored(value):
    return Fact(value, Origin.STORED)


MAYA = SceneFacts(
    path=Path("/show/shot.ma"),
    dcc="maya",
    version=stored("2023"),
    renderer=stored("arnold"),
    frames=stored(FrameSet.span(1, 10)),
    fps=stored(24.0),
    resolution=stored((1920, 1080)),
    cameras=(Camera("cam", renderable=True), Camera("persp", renderable=False)),
    layers=(Layer("masterLayer", renderable=True),),
    output=stored(""),
    image_format=stored("exr"),
    plugins={"mtoa": "5.2.0"},
)
BLENDER = SceneFacts(
    path=Path("/show/shot.blend"),
    dcc="blender",
    version=stored("3.4"),
    renderer=stored("CYCLES"),
    frames=stored(FrameSet.span(1, 10)),
    fps=stored(24.0),
    resolution=stored((640, 360)),
    cameras=(Camera("Camera", renderable=True),),
    layers=(Layer("ViewLayer", renderable=True),),
    output=stored("//render/shot_####"),
    image_format=stored("png"),
)
JOB = LocalJob(
    id=JobId("7"),
    name="shot",
    dcc="maya",
    scene="/show/shot.ma",
    outputs=("/renders/shot.####.exr",),
    frames=FrameSet.span(1, 10),
    user="ada",
    priority=50,
    submitted_at=datetime(2030, 1, 1, tzinfo=UTC),
)


@pytest.fixture(scope="session")
def fact():
    return stored


@pytest.fixture(scope="session")
def maya():
    return lambda **changes: replace(MAYA, **changes)


@pytest.fixture(scope="session")
def blender():
    return lambda **changes: replace(BLENDER, **changes)


@pytest.fixture(scope="session")
def job():
    def make(facts=MAYA, **changes):
        ending = facts.image_format.value or "png"
        suited = {
            "dcc": facts.dcc,
            "scene": str(facts.path),
            "outputs": (f"/renders/shot.####.{ending}",),
        }
        return replace(JOB, **(suited | changes))

    return make


@pytest.fixture(scope="session")
def burst(job):
    """Return a maker of requests; fields of the job are given as `job_<field>`."""

    def make(facts=MAYA, **changes):
        of_job = {
            key.removeprefix("job_"): changes.pop(key)
            for key in list(changes)
            if key.startswith("job_")
        }
        settings = {
            "job": job(facts, **of_job),
            "frames": FrameSet.span(1, 10),
            "platform": 62,
            "os_name": "auto",
            "frame_time_limit_factor": 3.0,
            "frame_time_limit_minimum": 900,
            "machine_limit": 10,
        }
        return BurstRequest(**(settings | changes))

    return make


@pytest.fixture(scope="session")
def built(burst):
    """Return a maker of packages, by default of the Maya scene."""

    def make(facts=MAYA, assets=(), **changes):
        return build(facts, assets, burst(facts, **changes), scene_md5="0" * 32)

    return make


@pytest.fixture(scope="session")
def usd():
    return lambda amount: Money(Decimal(amount), "USD")


@pytest.fixture(scope="session")
def documents_of():
    """Return a reader of good documents of each program; every call gives fresh ones."""

    def read(name):
        path = Path(__file__).parent / "tasks" / f"{name}.json"
        return Documents(**json.loads(path.read_text(encoding="utf-8")))

    return read
