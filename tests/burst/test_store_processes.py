"""The burst store under several processes at once, on every kind of database."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from renderbus_core.burst import Order
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, TaskRef

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

RIVAL = """
import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from renderbus_core.burst import BurstStore, LimitReachedError, Limits, Order
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.store import Effect
from renderbus_core.errors import LeaseLostError, TaskTakenError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, TaskRef
from renderbus_core.money import Money
from renderbus_core.overflow import Budget

name, now = sys.argv[1], datetime(2026, 3, 1, 12, tzinfo=UTC)
store = cache(BurstStore)

def create(url, _what):
    BurstStore(url).close()
    return "won"

def order(*tasks):
    refs = tuple(TaskRef(one, FrameSet.span(1, 1)) for one in tasks)
    return Order("local", JobId("job-1"), refs, name, Money(Decimal(6), "CNY"))

def plan(url, task):
    try:
        store(url).plan([order(task, f"{task} of {name}")], now)
    except TaskTakenError:
        return "lost"
    return "won"

def spend(url, budget):
    limits = Limits(budgets=(Budget(Money(Decimal(budget), "CNY")),))
    try:
        store(url).plan([order(f"{budget} of {name}")], now, limits=limits)
    except LimitReachedError:
        return "lost"
    return "won"

def lease(url, what):
    return "won" if isinstance(store(url).lease(what, name, 60, now), Lease) else "lost"

def hammer(url, burst):
    # Takes over, begins and settles again and again; tells which epochs and effects were ours.
    epochs, settled, lost = [], [], 0
    for _ in range(60):
        # It expires at once, so that the other may come between any two calls.
        mine = store(url).lease(f"burst {burst}", name, 0, now)
        epochs.append(mine.epoch)
        try:
            effect = store(url).intent(mine, Effect("claim", {"by": name}), now)
            store(url).settle(mine, effect, f"{name} {mine.epoch}", now)
            settled.append(effect)
        except LeaseLostError:
            lost += 1
    return json.dumps([sorted(set(epochs)), settled, lost])

verbs = {"create": create, "plan": plan, "spend": spend, "lease": lease, "hammer": hammer}
print("ready", flush=True)
for line in sys.stdin:
    verb, url, what = line.split()
    print(verbs[verb](url, what), flush=True)
"""


@pytest.fixture(scope="module")
def rivals():
    """Return two processes that do what they are told with stores of their own."""
    command = [sys.executable, "-c", RIVAL]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([*command, name], **pipes) for name in ("gateway-1", "gateway-2")]
    try:
        assert [process.stdout.readline() for process in both] == ["ready\n", "ready\n"]
        yield both
    finally:
        for process in both:
            process.kill()
            process.communicate()


@pytest.fixture
def race(rivals):
    """Return what lets both do the same at once and tells who won."""

    def race(verb, url, what):
        for process in rivals:
            process.stdin.write(f"{verb} {url} {what}\n")
            process.stdin.flush()
        return [process.stdout.readline().strip() for process in rivals]

    return race


def test_two_processes_may_create_an_sqlite_store_at_once(race, tmp_path):
    results = [race("create", f"sqlite:///{tmp_path}/{n}.db", "-") for n in range(40)]
    assert results == [["won", "won"]] * 40


@pytest.mark.heavy
def test_two_processes_may_create_a_store_on_a_server_at_once(race, postgres):
    results = [race("create", postgres.new_schema(), "-") for _ in range(20)]
    assert results == [["won", "won"]] * 20


def test_of_two_processes_that_plan_the_same_task_exactly_one_wins(race, store_bench):
    store = store_bench.open()
    results = [race("plan", store_bench.url, f"task-{n}") for n in range(20)]
    assert [sorted(result) for result in results] == [["lost", "won"]] * 20
    winners = [f"gateway-{result.index('won') + 1}" for result in results]
    tasks = [[task.ref.id for task in burst.tasks] for burst in store.bursts()]
    expected = [[f"task-{n}", f"task-{n} of {who}"] for n, who in enumerate(winners)]
    assert sorted(tasks) == sorted(expected), "and nothing of the loser was kept"


def test_two_deciders_never_overspend(race, store_bench):
    store = store_bench.open()
    for spent in range(0, 120, 6):
        budget = spent + 11
        results = race("spend", store_bench.url, str(budget))
        assert sorted(results) == ["lost", "won"], "there was money for one of two"
        assert store.committed() == spent + 6


def test_of_two_processes_that_ask_for_a_lease_exactly_one_has_it(race, store_bench):
    store_bench.open()
    results = [race("lease", store_bench.url, f"burst-{n}") for n in range(20)]
    assert [sorted(result) for result in results] == [["lost", "won"]] * 20


def test_however_two_runners_take_over_from_each_other_their_effects_stay_apart(race, store_bench):
    refs = (TaskRef("1", FrameSet.span(1, 1)),)
    (burst,) = store_bench.open().plan([Order("local", JobId("job-1"), refs, "")], NOW)
    first, second = map(json.loads, race("hammer", store_bench.url, burst.id))
    assert not set(first[0]) & set(second[0]), "an epoch has one owner"
    rows = store_bench.sql("SELECT id, epoch, details, result FROM effects ORDER BY id")
    for key, epoch, details, result in rows:
        owner = json.loads(details)["by"]
        is_settled = key in (first if owner == "gateway-1" else second)[1]
        assert result == (f"{owner} {epoch}" if is_settled else None)
    assert len(rows) >= 2
