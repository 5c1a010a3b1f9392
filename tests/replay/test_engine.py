"""Queues in virtual time: what is rendered where, when it is done, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core import config
from renderbus_core.money import Money
from renderbus_core.replay import (
    WORKLOADS,
    Cloud,
    Shot,
    Trace,
    nothing,
    ours,
    replay,
    threshold,
)

CLOUD = Cloud(100, 1800, 1.0, Money(Decimal(1), "USD"))


@pytest.fixture(scope="module")
def policy(root):
    return config.load(root / "examples/policies/deadlines.toml", env={}).overflow


def two_jobs(**later):
    first = Shot("first", 0, (60.0,) * 4)
    return Trace("two", 2, (first, Shot("second", 30, (60.0,) * 2, **later)))


def test_local_workers_take_tasks_by_age():
    outcome = replay(two_jobs(), "none", nothing, CLOUD)
    assert outcome.spans == (120, 150)
    assert outcome.waits == (0, 90)
    assert (outcome.cost.amount, outcome.bursts) == (0, 0)


def test_a_higher_priority_comes_first():
    outcome = replay(two_jobs(priority=90), "none", nothing, CLOUD)
    assert outcome.spans == (90, 180)


def test_a_deadline_is_missed_when_the_last_picture_is_late():
    assert replay(two_jobs(deadline=180), "none", nothing, CLOUD).missed == ()
    assert replay(two_jobs(deadline=179), "none", nothing, CLOUD).missed == ("second",)


def test_idle_local_workers_take_back_what_waits_in_the_cloud(policy):
    # One machine in the cloud: most of what left still waits when local workers are done.
    trace = Trace("one", 2, (Shot("job", 0, (3600.0,) * 20),))
    slow = replace(CLOUD, machines=1)
    keen = replace(policy, backlog_tasks_per_worker=1, cloud_machines=100, cloud_wait_seconds=0)
    back = replay(trace, "ours", ours(keen), slow)
    kept = replay(trace, "ours", ours(replace(keen, take_back=False)), slow)
    assert back.cost.amount < kept.cost.amount
    assert back.spans[0] < kept.spans[0]


def test_what_leaves_waits_is_rendered_and_paid():
    trace = Trace("one", 1, (Shot("job", 0, (3600.0,) * 5),))
    outcome = replay(trace, "threshold", threshold(2), replace(CLOUD, speed=2.0))
    # At the first round four tasks wait for one worker; all four leave.
    assert outcome.cloud_tasks == 4
    assert outcome.cloud_hours == 2
    assert outcome.cost == Money(Decimal(2), "USD")
    assert outcome.spans == (3600,)


def test_tasks_find_machines_one_after_the_other():
    trace = Trace("one", 1, (Shot("job", 0, (3600.0,) * 5),))
    outcome = replay(trace, "threshold", threshold(2), replace(CLOUD, machines=1))
    assert outcome.spans == (1800 + 4 * 3600,)


@pytest.mark.parametrize("name", WORKLOADS)
def test_equal_seeds_give_equal_queues_and_equal_outcomes(name, policy):
    one, again, other = (WORKLOADS[name](seed) for seed in (1, 1, 2))
    assert one == again != other
    small = replace(one, shots=one.shots[:20])
    assert replay(small, "x", ours(policy), CLOUD) == replay(small, "x", ours(policy), CLOUD)


@pytest.mark.parametrize("name", ["steady", "evening"])
def test_at_no_more_missed_deadlines_ours_is_a_quarter_cheaper_than_any_threshold(name, policy):
    trace = WORKLOADS[name](0)
    mine = replay(trace, "ours", ours(policy), CLOUD)
    assert not mine.missed
    for most in (5, 10, 20, 40):
        bare = replay(trace, "threshold", threshold(most), CLOUD)
        if len(bare.missed) <= len(mine.missed):
            assert mine.cheaper_than(bare) >= 0.25, most


def test_in_a_crunch_ours_misses_far_fewer_deadlines_at_the_same_cost(policy):
    trace = WORKLOADS["crunch"](0)
    mine = replay(trace, "ours", ours(policy), CLOUD)
    bare = replay(trace, "threshold", threshold(20), CLOUD)
    assert mine.cost.amount < bare.cost.amount * Decimal("1.05")
    assert len(mine.missed) < len(bare.missed) / 2


@st.composite
def traces(draw):
    shots = [
        Shot(
            f"shot-{n}",
            draw(st.integers(0, 5000)),
            tuple(draw(st.lists(st.integers(1, 4000).map(float), min_size=1, max_size=12))),
            draw(st.integers(0, 100)),
            draw(st.one_of(st.none(), st.integers(1, 20_000).map(float))),
        )
        for n in range(draw(st.integers(1, 6)))
    ]
    return Trace("drawn", draw(st.integers(1, 4)), tuple(shots))


@settings(max_examples=60, deadline=None)
@given(traces(), st.sampled_from([0, 0.5, 3]), st.sampled_from([None, "0.2", "1.5"]))
@pytest.mark.heavy
def test_every_task_is_rendered_once_and_no_budget_is_exceeded(policy, trace, tasks, budget):
    money = None if budget is None else Money(Decimal(budget), "USD")
    rules = replace(policy, backlog_tasks_per_worker=tasks, cloud_wait_seconds=600)
    for ask in (nothing, threshold(tasks), ours(rules)):
        outcome = replay(trace, "drawn", ask, replace(CLOUD, wait_seconds=600), money)
        assert len(outcome.spans) == len(trace.shots)
        assert all(span >= wait >= 0 for wait, span in zip(outcome.waits, outcome.spans,
                                                            strict=True))  # fmt: skip
        whole = sum(sum(shot.seconds) for shot in trace.shots) / 3600
        assert outcome.cloud_hours <= whole + 1e-9
