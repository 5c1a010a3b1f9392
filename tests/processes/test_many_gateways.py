"""Four gateways, forty bursts, one PostgreSQL, a cloud with faults: each burst once."""

from __future__ import annotations

import pytest

from renderbus_core.jobs import LocalState

pytestmark = pytest.mark.heavy

GATEWAYS, BURSTS, FRAMES = 4, 40, 2
FAULTS = (
    "submit_task:reset_after:5",
    "create_task:reset_after:3",
    "query_task_info:reset_before:20",
    "query_task_frames:reset_before:20",
)


def test_many_gateways_carry_many_bursts_each_once(make_studio, postgres, run_cloud, root):
    faults = [part for rule in FAULTS for part in ("--fault", rule)]
    studio = make_studio(postgres.new_schema(), run_cloud("--nodes", "40", *faults))
    names = [f"shot{n}" for n in range(BURSTS)]
    scene = root / "examples/spin/spin.blend"
    jobs = {name: studio.submit(scene, FRAMES, name) for name in names}
    bursts = {name: studio.burst(job) for name, job in jobs.items()}
    studio.serve_to_the_end(GATEWAYS)
    for name in names:
        studio.check(jobs[name], bursts[name], name=name)
        assert studio.pictures(name) == FRAMES
    shown = studio.farm.tasks(list(jobs.values())).values()
    assert {task.state for tasks in shown for task in tasks} == {LocalState.COMPLETED}
    carriers = {event.who for b in bursts.values() for event in studio.store.events(b.id)}
    assert len(carriers) > 2, "a person, and more than one gateway"
