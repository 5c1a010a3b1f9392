"""What farm, cloud and store say of the same bursts, and what follows where they disagree; pure.

The farm has stamps on tasks and notes on jobs, the cloud has the burst's id as a label; from both
the record can be rebuilt when the store was lost. Nothing is released or stopped on one side's
silence alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from renderbus_core.burst.model import Burst
from renderbus_core.burst.store import Adopted
from renderbus_core.jobs import BurstId, JobId, LocalState, LocalTask, TaskRef

NOTED_JOB, NOTED_TASK, NOTED_BURST = "renderbus.job", "renderbus.task", "renderbus.burst"
"""Names of the notes that tie a job to its burst; `submit.stamp` writes them."""

# States in which a stamp keeps workers away, or would.
_HELD = frozenset({LocalState.SUSPENDED, LocalState.QUEUED, LocalState.PENDING})


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on all sides.

    Args:
        farm: name of the farm.
        tasks: of jobs that have tasks with stamps.
        notes: what bursts noted on these jobs.
        remote: id of the submitted task in the cloud, by the burst's id on its label.
        known: remote ids that the cloud knows as submitted.
        bursts: of the store, all of this farm.
    """

    farm: str
    tasks: Mapping[JobId, tuple[LocalTask, ...]]
    notes: Mapping[JobId, Mapping[BurstId, Mapping[str, str]]]
    remote: Mapping[BurstId, int] = field(default_factory=dict)
    known: frozenset[int] = frozenset()
    bursts: Mapping[BurstId, Burst] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """Tasks that nobody carries: they bear the stamp of a burst that is over or never was.

    Args:
        burst: whose stamp it is.
        job: local job.
        tasks: them.
        claim_epoch: of the stamp.
        why: for people.
    """

    burst: BurstId
    job: JobId
    tasks: tuple[TaskRef, ...]
    claim_epoch: int
    why: str


@dataclass(frozen=True, slots=True)
class StopRemote:
    """Work in the cloud that bears our label, and that neither farm nor store know of."""

    burst: BurstId
    remote_id: int
    why: str


Finding = Adopted | Release | StopRemote


def disagreements(found: Found) -> tuple[Finding, ...]:
    """Say what would bring farm, cloud and store together again; changes nothing.

    Args:
        found: what the three say.
    """
    stamped = _stamped(found)
    claimed = {burst for burst, _, _ in stamped}
    return (
        *(
            finding
            for (burst, job, epoch), tasks in stamped.items()
            for finding in _of_stamp(found, burst, job, epoch, tasks)
        ),
        *_unclaimed(found, claimed),
    )


def remote_id_of(notes: Mapping[BurstId, Mapping[str, str]], burst: BurstId, job: JobId) -> int:
    """Return the remote id that a burst noted on a job; 0 when it noted none.

    A copy of a job bears the notes of the original, which name that one: they do not count.
    """
    note = notes.get(burst, {})
    text = note.get(NOTED_TASK, "")
    ours = note.get(NOTED_JOB) == job and note.get(NOTED_BURST) == burst
    return int(text) if ours and text.isascii() and text.isdigit() else 0


def _stamped(found: Found) -> dict[tuple[BurstId, JobId, int], tuple[TaskRef, ...]]:
    stamps: dict[tuple[BurstId, JobId, int], list[TaskRef]] = defaultdict(list)
    for job, tasks in found.tasks.items():
        for task in tasks:
            if task.claim is not None and task.state in _HELD:
                stamps[task.claim.burst, job, task.claim.claim_epoch].append(task.ref)
    return {stamp: tuple(refs) for stamp, refs in sorted(stamps.items())}


def _of_stamp(
    found: Found, burst: BurstId, job: JobId, epoch: int, tasks: tuple[TaskRef, ...]
) -> Iterator[Finding]:
    record = found.bursts.get(burst)
    if record is not None:
        open_ = {task.ref.id for task in record.open_tasks}
        left = tuple(ref for ref in tasks if record.state.is_over or ref.id not in open_)
        if left:
            why = f"burst {burst} is {record.state}" if record.state.is_over else "it let them go"
            yield Release(burst, job, left, epoch, f"{why}, but they still bear its stamp")
        return
    noted = remote_id_of(found.notes.get(job, {}), burst, job)
    remote_id = found.remote.get(burst) or (noted if noted in found.known else 0)
    if remote_id:
        why = f"remote task {remote_id} renders them, and the store did not know the burst"
        yield Adopted(burst, found.farm, job, tasks, remote_id, epoch, why)
    else:
        why = "no store and no remote task know the burst whose stamp they bear"
        yield Release(burst, job, tasks, epoch, why)


def _unclaimed(found: Found, claimed: Iterable[BurstId]) -> Iterator[StopRemote]:
    for burst, remote_id in sorted(found.remote.items()):
        if burst not in found.bursts and burst not in set(claimed):
            why = "it bears the label of a burst that neither farm nor store know"
            yield StopRemote(burst, remote_id, why)
