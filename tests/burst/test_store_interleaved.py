"""Several gateways in any order of calls: leases, claims and effects under exactly their epochs.

A model of a page says for every call whether it must be refused; the store must agree, whatever
was done before, by whom, and with which stale lease, claim or effect.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle as Several
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from renderbus_core.burst import Order, TaskState
from renderbus_core.burst.leases import Held, Lease
from renderbus_core.burst.store import Effect
from renderbus_core.errors import LeaseLostError, StoreError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, Outcome, TaskRef

TTL = 60
OWNERS = ("gateway-1", "gateway-2", "gateway-3")
TASK = TaskRef("1", FrameSet.span(1, 1))
A_MOMENT = timedelta(seconds=30)


class Gateways(RuleBasedStateMachine):
    """Some gateways and one burst; each keeps what it was ever given and may try it again."""

    leases = Several("leases")
    effects = Several("effects")
    claims = Several("claims")

    def __init__(self, bench, stores):
        super().__init__()
        self.bench, self.stores = bench, stores
        bench.sql("UPDATE tasks SET live = ?", False)
        (burst,) = self.stores[0].plan([Order("local", JobId("job"), (TASK,), "")], bench.now)
        self.burst, self.name = burst.id, f"burst {burst.id}"
        # The model: who has the lease until when, the last claim, and what is open or settled.
        self.owner, self.epoch, self.expires = None, 0, bench.now
        self.claim, self.held = 0, False
        self.begun, self.results = {}, {}

    def store(self, owner):
        return self.stores[OWNERS.index(owner)]

    def is_current(self, lease):
        return (lease.owner, lease.epoch) == (self.owner, self.epoch)

    def expect(self, allowed, error, call):
        """Carry out a call that must be allowed or refused; a refused one changes nothing."""
        if allowed:
            return call()
        before = self.bench.content()
        with pytest.raises(error):
            call()
        assert self.bench.content() == before
        return None

    @rule(seconds=st.sampled_from([1, 20, 59, 61, 200]))
    def time_passes(self, seconds):
        self.bench.pass_time(seconds)

    @rule(target=leases, owner=st.sampled_from(OWNERS))
    def take(self, owner):
        now = self.bench.now
        got = self.store(owner).lease(self.name, owner, TTL, now)
        if self.owner not in {None, owner} and self.expires > now:
            assert isinstance(got, Held)
            assert got.owner == self.owner
            assert abs(got.expires_at - self.expires) < A_MOMENT
            return multiple()
        self.epoch += self.owner != owner
        self.owner, self.expires = owner, now + timedelta(seconds=TTL)
        assert got == Lease(self.name, owner, self.epoch, self.expires)
        return got

    @rule(lease=leases)
    def renew(self, lease):
        call = partial(self.store(lease.owner).renew, lease, TTL, self.bench.now)
        if self.expect(self.is_current(lease), LeaseLostError, call):
            self.expires = self.bench.now + timedelta(seconds=TTL)

    @rule(lease=leases)
    def give_up(self, lease):
        call = partial(self.store(lease.owner).give_up, lease)
        self.expect(self.is_current(lease), LeaseLostError, call)
        if self.is_current(lease):
            self.expires = self.bench.now

    @rule(target=effects, lease=leases)
    def begin(self, lease):
        effect = Effect("claim", {"number": len(self.begun)})
        call = partial(self.store(lease.owner).intent, lease, effect, self.bench.now)
        key = self.expect(self.is_current(lease), LeaseLostError, call)
        if key is None:
            return multiple()
        self.begun[key] = (lease.epoch, self.claim, effect)
        return key

    @rule(lease=leases, effect=effects, result=st.sampled_from(["done", "the farm is away"]))
    def settle(self, lease, effect, result):
        epoch, claim, _ = self.begun[effect]
        allowed = (
            self.is_current(lease)
            and (epoch, claim) == (lease.epoch, self.claim)
            and self.results.get(effect, result) == result
        )
        call = partial(self.store(lease.owner).settle, lease, effect, result, self.bench.now)
        self.expect(allowed, StoreError, call)
        if allowed:
            self.results[effect] = result

    @rule(target=claims, lease=leases)
    def claim_again(self, lease):
        epoch = self.claim + 1
        call = partial(self.store(lease.owner).note, lease, self.burst, claim_epoch=epoch)
        self.expect(self.is_current(lease), LeaseLostError, call)
        if not self.is_current(lease):
            return multiple()
        self.claim = epoch
        return self.stores[0].burst(self.burst).claim((TASK,), lease.epoch)

    @rule(lease=leases, claim=claims)
    def confirm(self, lease, claim):
        epochs = claim.lease_epoch, claim.claim_epoch
        allowed = self.is_current(lease) and epochs == (lease.epoch, self.claim)
        outcome = Outcome((TASK,))
        call = partial(self.store(lease.owner).confirm, lease, claim, outcome, self.bench.now)
        self.expect(allowed, StoreError, call)
        self.held = self.held or allowed

    @invariant()
    def the_store_says_what_the_model_says(self):
        burst = self.stores[-1].burst(self.burst)
        assert burst.claim_epoch == self.claim
        assert burst.refs(TaskState.HELD) == ((TASK,) if self.held else ())
        open_ = [effect for key, (*_, effect) in self.begun.items() if key not in self.results]
        anyone = Lease(self.name, "", 0, self.bench.now)
        assert list(self.stores[-1].open_effects(anyone)) == open_

    def teardown(self):
        lines = self.stores[0].events(self.burst)
        for subject in {line.subject for line in lines}:
            own = [line for line in lines if line.subject == subject]
            assert all(a.after == b.before for a, b in pairwise(own)), "no step is missing"


@pytest.mark.parametrize("lives", [4, pytest.param(60, marks=pytest.mark.heavy)])
def test_gateways_never_act_under_an_epoch_that_is_not_theirs(store_bench, lives):
    stores = [store_bench.open() for _ in OWNERS]
    run_state_machine_as_test(
        lambda: Gateways(store_bench, stores),
        settings=settings(
            max_examples=lives,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
