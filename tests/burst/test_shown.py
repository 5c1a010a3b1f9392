"""What a farm that can shows on single tasks: a word each time it changes, and no more."""

from __future__ import annotations

import pytest

from renderbus_core.burst import Asked, BurstState, TaskState, notices
from renderbus_core.errors import FarmError
from renderbus_core.farm import LocalFarm

RENDERS, DONE, HOME = "cloud: rendering", "cloud: done, on its way", "cloud: home"


@pytest.fixture
def shown(monkeypatch):
    """Let embedded farms show on tasks, and return what each of them was told, in order."""
    told = []
    parts = property(lambda _: frozenset({"annotate", "complete", "fail", "intents", "show"}))
    monkeypatch.setattr(LocalFarm, "capabilities", parts)
    monkeypatch.setattr(LocalFarm, "show", lambda _farm, _claim, said: told.append(dict(said)))
    return told


def of(shown, task):
    return [said[task] for said in shown if task in said]


def test_a_task_shows_each_change_once(make_world, shown):
    world = make_world(nodes=1)
    burst = world.order()
    world.carry(world.runner(burst), burst)
    for number in range(10):
        words = of(shown, str(number))
        assert len(set(words)) == len(words) <= 3
        assert words[-1] == HOME


def test_nothing_is_shown_that_waits(make_world, shown):
    world = make_world(nodes=1)
    burst = world.order()
    world.carry(world.runner(burst), burst, lambda _: bool(shown))
    assert [word for said in shown for word in said.values()] == [RENDERS]


def test_what_goes_back_shows_nothing_any_more(make_world, shown):
    world = make_world(nodes=1)
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda _: bool(shown))
    ((first, _),) = shown[0].items()
    world.store.ask(burst, Asked.RECALL_ALL, "wanted here", world.clock.now(), tasks=[first])
    world.carry(runner, burst)
    assert of(shown, first) == [RENDERS, ""]


def test_whoever_goes_on_shows_anew_what_has_ended(make_world, shown):
    world = make_world(nodes=1)
    burst = world.order()
    first = world.runner(burst)
    world.carry(first, burst, lambda b: len(b.refs(TaskState.COMPLETED)) == 2)
    first.detach()
    shown.clear()
    world.carry(world.runner(burst, "gateway-2"), burst)
    assert {of(shown, str(number))[-1] for number in range(10)} == {HOME}


def test_a_mass_of_changes_is_shown_in_parts(world, shown, monkeypatch):
    monkeypatch.setattr(notices, "_MOST_AT_ONCE", 3)
    burst = world.order()
    world.carry(world.runner(burst), burst)
    assert max(map(len, shown)) == 3
    assert {of(shown, str(number))[-1] for number in range(10)} == {HOME}


def test_a_farm_that_cannot_show_it_now_does_not_hold_the_burst_up(world, shown, monkeypatch):
    tries = []

    def refuse(_farm, _claim, said):
        tries.append(said)
        if len(tries) < 3:
            raise FarmError("the farm does not answer")
        shown.append(said)

    monkeypatch.setattr(LocalFarm, "show", refuse)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    assert {of(shown, str(number))[-1] for number in range(10)} == {HOME}


def test_a_farm_that_can_show_nothing_is_not_asked(world, monkeypatch):
    monkeypatch.setattr(LocalFarm, "show", None)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
