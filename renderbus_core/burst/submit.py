"""From claimed tasks to running ones: reserve an id, send the files, submit exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from renderbus_core import package
from renderbus_core.burst import urgency
from renderbus_core.burst.context import Context
from renderbus_core.burst.model import Burst, BurstState, TaskState, WakeAt
from renderbus_core.burst.orphans import NOTED_BURST, NOTED_JOB, NOTED_TASK
from renderbus_core.burst.prepare import build, profile, stage_anew
from renderbus_core.errors import CloudError, TransientError, UnknownOutcomeError

# An id that is unknown twice, apart in time, was never submitted; and one id is sent twice at
# most before a person is asked.
CONFIRMATIONS = 2
SUBMITS = 2
NOTED_REASON = "renderbus.reason"
"""Name of the note that tells people on the job why its tasks left."""
# Values of a burst whose remote task is known, or not looked for yet.
PRESENT: Mapping[str, object] = MappingProxyType({"absences": 0, "absent_at": None})
_PERSON_LOOKS_EVERY = 300.0


def reserve(ctx: Context, burst: Burst) -> WakeAt:
    """Reserve a remote id and put it on the job before anything is submitted under it.

    An id whose reply is lost stays unused, which is harmless: the next attempt takes another.
    """
    rank = urgency.level(ctx, burst)
    created = ctx.effects.perform(
        "create_task",
        lambda: ctx.client.task.create_task(task_user_level=rank, labels=[burst.id]),
    )
    remote_id = created.task_id_list[0]
    # Stored first: a stamp that cannot be written now is written by the next step.
    burst = ctx.move(burst, BurstState.ID_RESERVED, f"remote task {remote_id}", remote_id=remote_id)
    return ctx.at_once()


def submit(ctx: Context, burst: Burst) -> WakeAt:
    """Stamp the job, send the four files, then submit."""
    assert burst.remote_id is not None  # noqa: S101 - the state says that it is reserved
    # Also a look whether there still is such a job.
    built, _ = build(ctx, burst)
    stamp(ctx, burst)
    stage_anew(ctx, burst, built)
    final = package.with_identity(built, task_id=burst.remote_id, user_id=profile(ctx).user_id)
    ctx.effects.perform("write_package", lambda: package.write(final, ctx.folder(burst.id)))
    _send_configuration(ctx, burst.remote_id, final)
    return _submit_once(ctx, burst)


def stamp(ctx: Context, burst: Burst) -> None:
    """Write burst and remote id on the job, with the job's own id: copies of it carry it too.

    Why it left is told there as well, in the words of the log.
    """
    claim = burst.claim(burst.refs(TaskState.HELD), ctx.effects.lease.epoch)
    facts = {
        NOTED_BURST: burst.id,
        NOTED_JOB: burst.job,
        NOTED_TASK: str(burst.remote_id),
        NOTED_REASON: ctx.store.events(burst.id)[0].reason,
    }
    ctx.effects.perform("annotate", lambda: ctx.farm.annotate(claim, facts))


def _send_configuration(ctx: Context, remote_id: int, final: package.TaskPackage) -> None:
    def send() -> None:
        for name, content in package.texts(final).items():
            ctx.client.transmit.upload_json_content(remote_id, content, name)

    ctx.effects.perform("upload_configuration", send, task=remote_id)


def _submit_once(ctx: Context, burst: Burst) -> WakeAt:
    """Send submitTask; the count is written first, so that no crash can hide an attempt."""
    remote_id = burst.remote_id
    assert remote_id is not None  # noqa: S101 - the state says that it is reserved
    first = burst.submits == 0
    burst = ctx.move(
        burst, BurstState.SUBMITTING, f"remote task {remote_id}", submits=burst.submits + 1
    )
    try:
        ctx.effects.perform(
            "submit_task", lambda: ctx.client.task.submit_task(remote_id), task=remote_id
        )
    except UnknownOutcomeError as error:
        return _uncertain(ctx, burst, str(error))
    except TransientError as error:
        # Nothing reached the cloud: this attempt does not count.
        before = burst.submits - 1
        if not first:
            return _uncertain(ctx, burst, str(error), submits=before)
        ctx.move(burst, BurstState.ID_RESERVED, str(error), submits=before)
        return ctx.after(ctx.config.burst.poll_seconds)
    except CloudError as error:
        # A refusal may say that the task is submitted already: by the first of two attempts, or
        # by a request that the network brought twice.
        if first and not is_known(ctx, remote_id):
            raise
        return _uncertain(ctx, burst, str(error))
    started(ctx, burst)
    return ctx.at_once()


def _uncertain(ctx: Context, burst: Burst, why: str, **values: object) -> WakeAt:
    ctx.move(burst, BurstState.SUBMIT_UNCERTAIN, why, **PRESENT, **values)
    return ctx.after(ctx.config.burst.submit_settle_seconds)


def interrupted(ctx: Context, burst: Burst) -> WakeAt:
    """Take over a burst whose runner died around submitTask: whether it arrived is not known."""
    return _uncertain(ctx, burst, "the runner ended while it submitted")


def resolve_uncertain(ctx: Context, burst: Burst) -> WakeAt:
    """Find out whether a submit arrived: by id and by list, twice, apart in time."""
    assert burst.remote_id is not None  # noqa: S101 - it was submitted under it
    settle = timedelta(seconds=ctx.config.burst.submit_settle_seconds)
    if ctx.now() < burst.since + settle:
        return WakeAt(burst.since + settle)
    if is_known(ctx, burst.remote_id):
        started(ctx, burst)
        return ctx.at_once()
    if count_absence(ctx, burst) < CONFIRMATIONS:
        return ctx.after(settle.total_seconds())
    if burst.submits < SUBMITS:
        if len(ctx.held_back(burst)) == len(burst.open_tasks):
            # A person wants nothing of it begun now: it is not sent once more.
            return ctx.after(settle.total_seconds())
        return _submit_once(ctx, burst)
    ctx.move(
        burst,
        BurstState.SUBMIT_UNCERTAIN,
        f"remote task {burst.remote_id} was submitted {burst.submits} times and is not listed; "
        "look at the vendor's page, then recall the burst",
    )
    return ctx.after(_PERSON_LOOKS_EVERY)


def is_known(ctx: Context, remote_id: int) -> bool:
    """Tell whether the cloud has a task as submitted, asking by id and by list."""
    found = ctx.gateway.watch.remote(ctx.client, remote_id)
    if found is not None and found.is_submitted:
        return True
    listed = ctx.client.query.iter_tasks(str(remote_id))
    return any(task.id == remote_id and task.is_submitted for task in listed)


def count_absence(ctx: Context, burst: Burst) -> int:
    """Note that the cloud does not know the burst's id now, and return how often it was so.

    Only absences count that are the settle time apart, whoever saw them.
    """
    now, settle = ctx.now(), timedelta(seconds=ctx.config.burst.submit_settle_seconds)
    if burst.absent_at is not None and now < burst.absent_at + settle:
        return burst.absences
    absences = burst.absences + 1
    ctx.store.note(ctx.effects.lease, burst.id, absences=absences, absent_at=now)
    return absences


def started(ctx: Context, burst: Burst) -> None:
    """Record that the cloud has the work."""
    ctx.move_tasks(burst, burst.refs(TaskState.HELD), TaskState.SENT, "submitted")
    ctx.move(burst, BurstState.RUNNING, f"remote task {burst.remote_id} is at work", **PRESENT)
