"""What keeps a job on the farm whatever the queue looks like."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from renderbus_core import config
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import CloudWish, JobId, JobRow, LocalJob, LocalState
from renderbus_core.overflow import TRAITS, rules, screen

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = LocalJob(JobId("a"), "a", "maya", "/s.ma", ("/o.####.exr",), FrameSet.span(1, 9), "ada", 50,
               NOW)  # fmt: skip
ROW = JobRow(JOB, {LocalState.QUEUED: 9})


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "renderbus.toml"
    file.write_text("")
    return replace(config.load(file, env={}).overflow, enabled=True)


def refusals(row, policy):
    """Return what keeps a row here, by the name of the rule."""
    found = {one.rule: one.why for one in rules.weigh_row(row, policy, NOW) if not one.passed}
    assert bool(found) is (screen((row,), policy, NOW) == ()), "both must agree"
    return found


@pytest.mark.parametrize("trait", TRAITS)
def test_every_trait_keeps_a_job_here_and_says_why(trait, policy):
    (why,) = refusals(replace(ROW, traits=(trait,)), policy).values()
    assert TRAITS[trait].why in why


@pytest.mark.parametrize("trait", [name for name, one in TRAITS.items() if one.may_be_waived])
def test_a_studio_that_knows_better_waives_it_by_name(trait, policy):
    row = replace(ROW, traits=(trait,))
    assert f"overflow.waive: {trait}" in refusals(row, policy)["traits"], "it says how"
    assert not refusals(row, replace(policy, waive=(trait,)))


def test_what_nobody_may_send_cannot_be_waived_either():
    nobody = {name for name, one in TRAITS.items() if not one.by_hand}
    assert nobody == {"maintenance", "tile", "distributed", "simulation", "script"}
    assert not any(TRAITS[name].may_be_waived for name in nobody)


def test_what_can_be_waived_is_what_the_policy_file_may_name():
    schema = json.loads((files("schemas") / "policy.json").read_text("utf-8"))
    named = schema["properties"]["waive"]["items"]["enum"]
    assert named == sorted(name for name, one in TRAITS.items() if one.may_be_waived)


def test_agents_find_all_traits_in_the_schema():
    schema = json.loads((files("schemas") / "snapshot.json").read_text("utf-8"))
    assert schema["$defs"]["trait"]["examples"] == list(TRAITS)


def test_a_trait_of_a_newer_agent_keeps_its_job_here(policy):
    (why,) = refusals(replace(ROW, traits=("haunted",)), policy).values()
    assert why == "the farm calls it 'haunted', which this release does not know"


def test_several_traits_are_all_told(policy):
    why = refusals(replace(ROW, traits=("tile", "environment", "script")), policy)["traits"]
    assert [TRAITS[name].why in why for name in ("tile", "environment", "script")] == [True] * 3


def test_only_a_lack_of_workers_sends_a_job_away(policy):
    row = replace(ROW, waits_for="a licence of the renderer")
    assert "more workers do not help: a licence of the renderer" in refusals(row, policy)["workers"]


@pytest.mark.parametrize(
    ("wish", "opt_in", "stays"),
    [
        (CloudWish.UNSAID, False, False),
        (CloudWish.UNSAID, True, True),
        (CloudWish.ALLOWED, True, False),
        (CloudWish.REFUSED, False, True),
        (CloudWish.REFUSED, True, True),
    ],
)
def test_people_have_the_last_word(wish, opt_in, stays, policy):
    row = replace(ROW, job=replace(JOB, cloud=wish))
    assert bool(refusals(row, replace(policy, opt_in=opt_in))) is stays


@pytest.mark.parametrize(
    ("rule", "policy_key", "job"),
    [
        ("department", "departments", {"department": "lighting"}),
        ("pool", "pools", {"pools": ("other", "lighting")}),
        ("group", "groups", {"groups": ("lighting",)}),
    ],
)
def test_only_jobs_of_what_the_policy_names_leave(rule, policy_key, job, policy):
    named = replace(policy, **{policy_key: ("lighting", "layout")})
    assert not refusals(replace(ROW, job=replace(JOB, **job)), named)
    assert rule in refusals(ROW, named), "a job of none stays"
    assert not refusals(ROW, policy), "an empty list is everybody"
