"""What a burst that was carried to its end leaves in the store."""

from __future__ import annotations

from itertools import pairwise

from renderbus_core.burst import BurstState
from renderbus_core.burst.leases import Lease, lease_name
from renderbus_core.burst.model import Remote


def test_a_burst_that_came_home_is_on_record_from_its_first_step_to_its_last(world):
    id_ = world.order("1", "2", "3")
    end = world.carry(world.runner(id_), id_)
    assert end.state is BurstState.DONE
    (leaf,) = world.store.remote(id_)
    assert (leaf.id, len(leaf.entries)) == (end.remote_id, 3)
    assert {entry.situation for entry in leaf.entries} == {Remote.DONE}
    log = world.store.events(id_)
    assert [line.who for line in log if line.before is None] == ["a person"]
    assert {line.who for line in log if line.before} == {"gateway-1"}
    assert all(line.reason for line in log)
    for subject in ("burst", "task 1", "task 2", "task 3"):
        own = [line for line in log if line.subject == subject]
        assert all(before.after == after.before for before, after in pairwise(own))
    assert [line.after for line in log if line.subject == "task 1"][-1] == "completed"
    assert world.store.open_effects(Lease(lease_name(id_), "", 0, world.clock.now())) == ()
    assert world.store.committed() == end.spent
