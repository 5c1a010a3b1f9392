"""Looks in which nothing has changed: one question to the cloud, none to the store's bursts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from renderbus_core.burst import Asked, Crew, TaskState
from renderbus_core.burst.leases import Held, lease_name
from renderbus_core.burst.still import _fingerprint
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, LocalState, LocalTask, TaskRef

SLOW = {"nodes": 1, "frame_seconds": 36000}


def look(world, crew):
    """Step the crew when it wants to be."""
    at = crew.step() or world.clock.now()
    world.clock.advance(max((at - world.clock.now()).total_seconds(), 0.0))


@pytest.fixture
def quiet(make_world):
    """Return a world in which one frame renders for hours, its burst, and a crew that knows."""
    world = make_world(config="sweep_seconds = 86400", **SLOW)
    burst, crew = world.order(), Crew(world.gateway)
    for _ in range(30):
        look(world, crew)
    yield world, burst, crew
    crew.detach()


def statements(act):
    """Return what is sent to databases meanwhile, by the first word."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement.split()[0])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return seen


def test_a_look_at_which_nothing_changed_reads_no_burst_and_writes_nothing(quiet):
    world, _burst, crew = quiet
    farm = len(statements(lambda: world.farm.tasks([world.job])))
    seen = statements(lambda: look(world, crew))
    assert set(seen) == {"BEGIN", "SELECT"}
    assert len(seen) - farm == 3


def test_what_is_asked_between_two_looks_is_done_at_the_next(quiet):
    world, burst, crew = quiet
    world.store.ask(burst, Asked.RECALL_ALL, "I need it", world.clock.now(), tasks=["9"])
    for _ in range(3):
        look(world, crew)
    back = world.store.burst(burst).refs(TaskState.RELEASED)
    assert [ref.id for ref in back] == ["9"]


def test_a_recall_of_the_burst_between_two_looks_is_begun_at_the_next(quiet):
    world, burst, crew = quiet
    world.store.ask_recall(burst, "enough", world.clock.now())
    for _ in range(10):
        look(world, crew)
    assert world.store.state(burst).is_over


def test_a_person_who_resumes_a_task_is_seen_at_the_next_look(quiet):
    world, burst, crew = quiet
    before = world.store.burst(burst)
    (last,) = [task.ref for task in before.tasks if task.ref.id == "9"]
    world.farm.release(before.claim((last,), 1), (last,), "somebody else")
    look(world, crew)
    shown = {task.ref.id: task for task in world.tasks()}["9"]
    assert (shown.state, shown.claim.burst) == (LocalState.SUSPENDED, burst)


def test_a_burst_in_which_nothing_moves_stays_with_its_gateway(quiet):
    world, burst, crew = quiet
    ttl = world.gateway.config.burst.lease_seconds
    end = world.clock.now() + timedelta(seconds=3 * ttl)
    while world.clock.now() < end:
        look(world, crew)
    other = world.store.lease(lease_name(burst), "gateway-2", ttl, world.clock.now())
    assert isinstance(other, Held)


def test_tasks_that_differ_in_a_frame_alone_differ():
    stamp = BurstId("b1")
    one, other = (
        _fingerprint([LocalTask(TaskRef("0", FrameSet.span(n, n)), LocalState.QUEUED, None, stamp)])
        for n in (-1, -2)
    )
    assert one != other
