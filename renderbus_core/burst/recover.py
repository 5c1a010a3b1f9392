"""Bringing farm, cloud and store together again after one of them was lost.

Rules are in `orphans`; here the three are read, and what was agreed on is carried out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from renderbus_core import package
from renderbus_core.api import RemoteTask
from renderbus_core.burst import examine
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.model import BURST_ID
from renderbus_core.burst.orphans import Finding, Found, Release, StopRemote, disagreements
from renderbus_core.burst.store import Adopted
from renderbus_core.errors import FarmError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, Gone, JobId, LocalTask, Outcome

_log = logging.getLogger(__name__)


def look(gateway: Gateway) -> tuple[Finding, ...]:
    """Read farm, cloud and store, and say where they disagree; changes nothing.

    Args:
        gateway: the shared parts.

    Raises:
        RenderbusError: one of the three cannot be read.
    """
    farm = gateway.config.farm.kind
    tasks = _tasks_with_stamps(gateway)
    submitted = [task for task in gateway.client.query.iter_tasks() if task.is_submitted]
    at_work = [task for task in submitted if not task.is_over]
    bursts = {burst.id: burst for burst in gateway.store.bursts()}
    here = {id_: burst for id_, burst in bursts.items() if burst.farm == farm}
    return disagreements(
        Found(
            farm=farm,
            tasks=tasks,
            notes={job: gateway.farm.annotations(job) for job in tasks},
            # Those of other farms in the same store are nothing to this one.
            remote={
                burst: task.id
                for task in at_work
                for burst in burst_labels(task)
                if burst in here or burst not in bursts
            },
            known=frozenset(task.id for task in submitted),
            bursts=here,
        )
    )


def free_left_behind(gateway: Gateway) -> int:
    """Give tasks back that bear the stamp of a burst of this store which has let them go.

    A process that stood still for longer than its lease in the middle of a claim makes it when
    somebody else has already ended the burst: the farm cannot know. Stamps of bursts that the
    store does not know are left for `look`.

    Args:
        gateway: the shared parts.

    Returns:
        How many tasks were given back.

    Raises:
        RenderbusError: farm or store cannot be read, or the farm does not take them back.
    """
    # The farm first: what is claimed after this look is not in it.
    tasks = _tasks_with_stamps(gateway)
    stamped = {task.claim.burst for rows in tasks.values() for task in rows if task.claim}
    farm = gateway.config.farm.kind
    bursts = {b.id: b for b in gateway.store.bursts() if b.id in stamped and b.farm == farm}
    freed = 0
    for finding in disagreements(Found(farm, tasks, {}, bursts=bursts)):
        if isinstance(finding, Release) and finding.burst in bursts:
            outcome = _release(gateway, finding)
            freed += len(outcome.taken)
            _log.warning("job %s: %d tasks: %s", finding.job, len(outcome.taken), finding.why)
    return freed


def _tasks_with_stamps(gateway: Gateway) -> Mapping[JobId, tuple[LocalTask, ...]]:
    jobs = [row.job.id for row in gateway.farm.snapshot().jobs if row.claimed]
    return gateway.farm.tasks(jobs) if jobs else {}


def _release(gateway: Gateway, finding: Release) -> Outcome:
    claim = Claim(finding.burst, finding.claim_epoch, 0, finding.job, finding.tasks)
    return gateway.farm.release(claim, finding.tasks, finding.why)


def carry_out(gateway: Gateway, finding: Finding, who: str) -> str:
    """Do what follows from one finding, and return what was done, for people.

    Args:
        gateway: the shared parts.
        finding: of two looks, apart in time, that agree.
        who: asks for it.

    Raises:
        RenderbusError: it cannot be done; nothing was.
    """
    match finding:
        case Adopted():
            _rebuild_package(gateway, finding)
            gateway.store.adopt(_paid_for(gateway, finding), gateway.clock.now(), who)
            return f"burst {finding.burst} is known again; carry it: renderbus serve"
        case Release():
            outcome = _release(gateway, finding)
            return f"{len(outcome.taken)} of {len(finding.tasks)} tasks are back on the farm"
        case StopRemote():
            gateway.client.task.stop_task([finding.remote_id])
            return f"remote task {finding.remote_id} is stopped"


def _paid_for(gateway: Gateway, found: Adopted) -> Adopted:
    """Say whose budgets a burst counts against, and on which machines."""
    job = gateway.farm.job(found.job)
    if isinstance(job, Gone):
        return found
    return replace(found, user=job.user, project=job.project, options=job.options)


def burst_labels(task: RemoteTask) -> Iterable[BurstId]:
    """Return the texts on a task of the cloud, one of which may be a burst's id."""
    try:
        labels = json.loads(task.labels or "{}")
    except ValueError:
        return ()
    texts = labels.values() if isinstance(labels, Mapping) else labels
    return tuple(
        BurstId(text) for text in texts if isinstance(text, str) and BURST_ID.fullmatch(text)
    )


def _rebuild_package(gateway: Gateway, found: Adopted) -> None:
    """Write the burst's task package anew where it was lost: it says where pictures belong."""
    folder = gateway.config.burst.work_folder / found.burst
    if (folder / "task.json").exists():
        return
    job = gateway.farm.job(found.job)
    if isinstance(job, Gone):
        raise FarmError(f"job {found.job} no longer exists on the farm, so nothing can come home")
    frames = FrameSet.of(frame for ref in found.tasks for frame in ref.frames)
    facts = examine.inspect(gateway.config, job)
    built, findings = examine.examine(gateway.config, job, frames, facts, examine.Known())
    examine.refuse_errors(findings)
    assert built is not None  # noqa: S101 - without an error there is a package
    package.write(built, folder)
