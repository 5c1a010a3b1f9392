"""Side effects: an intent before, the effect, its result after, and only under the lease."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from renderbus_core.burst.effects import DONE, Effects, EndingError, Moment, Switch
from renderbus_core.burst.leases import Held
from renderbus_core.burst.store import BurstStore, Effect
from renderbus_core.clock import ManualClock
from renderbus_core.errors import FarmError, LeaseLostError, TransferError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TTL = 60.0
NAME = "burst b1"


class Bench:
    """Effects of one runner on a real store, with what can be seen of them from outside."""

    def __init__(self, file):
        self.file = file
        self.clock = ManualClock(NOW)
        self.store = BurstStore(f"sqlite:///{file}")
        self.switch = Switch()
        self.effects = self.runner("gateway-1")

    def runner(self, owner):
        lease = self.store.lease(NAME, owner, TTL, self.clock.now())
        return Effects(self.store, lease, TTL, self.clock, self.switch)

    def open(self):
        return self.store.open_effects(self.effects.lease)

    def rows(self):
        """Return name, details, epoch and result of every effect, as the table holds them."""
        db = sqlite3.connect(self.file)
        rows = db.execute("SELECT name, details, epoch, result FROM effects ORDER BY id").fetchall()
        db.close()
        return [(name, json.loads(details), epoch, result) for name, details, epoch, result in rows]


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "bursts.db")
    yield made
    made.store.close()


def test_the_intent_is_on_record_while_the_effect_happens_and_its_result_after(bench):
    seen = []

    def claim():
        other = BurstStore(f"sqlite:///{bench.file}")
        seen.extend(other.open_effects(bench.effects.lease))
        other.close()
        return "outcome"

    assert bench.effects.perform("claim", claim, tasks=["1", "2"]) == "outcome"
    assert seen == [Effect("claim", {"tasks": ["1", "2"]})]
    assert bench.open() == ()
    assert bench.rows() == [("claim", {"tasks": ["1", "2"]}, 1, DONE)]


def test_effects_are_recorded_one_by_one(bench):
    bench.effects.perform("claim", lambda: bench.effects.perform("annotate", lambda: None))
    names = [(name, result) for name, _, _, result in bench.rows()]
    assert names == [("claim", DONE), ("annotate", DONE)]


@pytest.mark.parametrize("error", [FarmError("the farm is away"), TransferError("no line", ["a"])])
def test_an_effect_that_fails_is_settled_with_its_sentence_and_raised(bench, error):
    def fail():
        raise error

    with pytest.raises(type(error)) as caught:
        bench.effects.perform("release", fail)
    assert caught.value is error
    assert bench.open() == ()
    assert bench.rows() == [("release", {}, 1, str(error))]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_what_ends_by_something_else_stays_open_for_the_next_runner(bench, error):
    def die():
        raise error

    with pytest.raises(error):
        bench.effects.perform("submit_task", die, task=7)
    bench.clock.advance(TTL)
    successor = bench.runner("gateway-2")
    assert bench.store.open_effects(successor.lease) == (Effect("submit_task", {"task": 7}),)


def test_what_is_open_of_one_burst_does_not_concern_another(bench):
    bench.store.intent(bench.effects.lease, Effect("claim", {}), NOW)
    other = bench.store.lease("burst b2", "gateway-1", TTL, NOW)
    assert bench.store.open_effects(other) == ()


@pytest.mark.parametrize("seconds", [TTL, TTL * 100])
def test_after_a_takeover_the_effect_does_not_happen(bench, seconds):
    happened = []
    bench.clock.advance(seconds)
    bench.runner("gateway-2")
    with pytest.raises(LeaseLostError, match="gateway-2"):
        bench.effects.perform("claim", lambda: happened.append(1))
    assert happened == []
    assert bench.rows() == []


def test_a_takeover_is_noticed_even_by_a_runner_whose_own_clock_says_there_is_time(bench):
    slow = Effects(bench.store, bench.effects.lease, TTL, ManualClock(NOW), Switch())
    bench.clock.advance(TTL)
    bench.runner("gateway-2")
    happened = []
    with pytest.raises(LeaseLostError):
        slow.perform("claim", lambda: happened.append(1))
    assert happened == []


def test_a_takeover_during_the_effect_leaves_its_result_open(bench):
    def slow():
        bench.clock.advance(TTL)
        bench.runner("gateway-2")

    with pytest.raises(LeaseLostError):
        bench.effects.perform("upload_assets", slow)
    assert [effect.name for effect in bench.open()] == ["upload_assets"]


def test_details_that_cannot_be_recorded_prevent_the_effect(bench):
    happened = []
    with pytest.raises(TypeError):
        bench.effects.perform("claim", lambda: happened.append(1), what=object())
    assert happened == []
    assert bench.rows() == []


@pytest.mark.parametrize(
    ("passed", "renewed"), [(0, False), (30, False), (30.001, True), (90, True)]
)
def test_the_lease_is_renewed_when_less_than_half_of_it_is_left(bench, passed, renewed):
    before = bench.effects.lease.expires_at
    now = bench.clock.advance(passed)
    bench.effects.perform("poll", lambda: None)
    after = bench.effects.lease.expires_at
    assert after == (now + timedelta(seconds=TTL) if renewed else before)
    assert bench.effects.lease.epoch == 1


def test_a_long_effect_can_keep_its_lease_as_it_goes(bench):
    def long():
        for _ in range(10):
            bench.clock.advance(40)
            bench.effects.keep_lease()
            rival = bench.store.lease(NAME, "gateway-2", TTL, bench.clock.now())
            assert isinstance(rival, Held)

    bench.effects.perform("upload_assets", long)
    assert [result for *_, result in bench.rows()] == [DONE]


def test_a_process_that_is_asked_to_end_begins_nothing_more(bench):
    bench.switch.turn_off()
    with pytest.raises(EndingError, match="so claim is left to the next one"):
        bench.effects.perform("claim", lambda: pytest.fail("it was begun"))
    assert bench.rows() == []


def test_an_effect_that_is_under_way_is_finished_when_the_process_is_asked_to_end(bench):
    assert bench.effects.perform("claim", lambda: bench.switch.turn_off() or 7) == 7
    assert [result for *_, result in bench.rows()] == [DONE]


def test_whoever_watches_hears_of_each_place(bench):
    heard = []
    bench.switch.passing = lambda effect, moment: heard.append((effect, moment, bench.rows()[0][3]))
    bench.effects.perform("claim", lambda: None)
    assert heard == [
        ("claim", Moment.INTENDED, None),
        ("claim", Moment.DONE, None),
        ("claim", Moment.SETTLED, DONE),
    ]
