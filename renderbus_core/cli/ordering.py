"""Ordering bursts of a job: which of its tasks wait, and which burst carries them."""

from __future__ import annotations

from renderbus_core.burst import Gateway, Order, refuse_when_spent
from renderbus_core.cli.waiving import person
from renderbus_core.errors import InputError, TaskTakenError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Gone, JobId, LocalJob, LocalState, TaskRef
from renderbus_core.overflow import Payer


def local_job(gateway: Gateway, job: JobId) -> LocalJob:
    """Read a job.

    Args:
        gateway: the shared parts.
        job: on the farm.

    Raises:
        InputError: there is none.
    """
    found = gateway.farm.job(job)
    if isinstance(found, Gone):
        raise InputError(f"there is no job {job} on the farm; see: renderbus farm jobs")
    return found


def waiting(gateway: Gateway, job: JobId, frames: FrameSet | None = None) -> tuple[TaskRef, ...]:
    """Return the tasks of a job that wait in the queue.

    Args:
        gateway: the shared parts.
        job: on the farm.
        frames: only tasks of which all frames are in it; None for any.
    """
    return tuple(
        task.ref
        for task in gateway.farm.tasks([job]).get(job, ())
        if task.state is LocalState.QUEUED and (frames is None or task.ref.frames.issubset(frames))
    )


def burst_of(gateway: Gateway, job: JobId, why: str) -> BurstId | None:
    """Return the burst of a job that is at work; one is planned of what waits when there is none.

    However often this is asked, and by how many at once, a task is in one burst.

    Args:
        gateway: the shared parts.
        job: on the farm.
        why: it is sent, for people.

    Returns:
        None when nothing waits.

    Raises:
        InputError: there is no such job.
        LimitReachedError: a budget is used up.
    """
    if (found := at_work(gateway, job)) is not None:
        return found
    local, tasks = local_job(gateway, job), waiting(gateway, job)
    if not tasks:
        return None
    refuse_when_spent(gateway.store, gateway.config, gateway.clock.now(), Payer.of(local))
    order = Order(
        gateway.config.farm.kind,
        job,
        tasks,
        why,
        user=local.user,
        project=local.project,
        options=local.options,
    )
    try:
        (burst,) = gateway.store.plan([order], gateway.clock.now(), who=person())
    except TaskTakenError:
        # Another process was faster.
        return at_work(gateway, job)
    return burst.id


def at_work(gateway: Gateway, job: JobId) -> BurstId | None:
    """Return the burst of a job that is at work; None when there is none.

    Args:
        gateway: the shared parts.
        job: on the farm.
    """
    farm = gateway.config.farm.kind
    return next((one.id for one in gateway.store.live(farm) if one.job == job), None)
