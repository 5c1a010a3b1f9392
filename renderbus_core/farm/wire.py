"""How the values of a farm travel over the link: `schemas/snapshot.json` and `link_calls.json`.

Each form is a pair of functions, to JSON and back; forms of records are put together from those of
their fields, and a field without one travels as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from renderbus_core.errors import InputError
from renderbus_core.farm.protocol import LinkDataError
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.jobs import (
    Claim,
    ClaimStamp,
    CloudWish,
    FarmLimit,
    Intent,
    IntentKind,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    Outcome,
    QueueSnapshot,
    Reason,
    TaskRef,
    WorkerKind,
)
from renderbus_core.options import read_options, write_options

T = TypeVar("T")
K = TypeVar("K", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How one kind of value is written for the link and read from it."""

    write: Callable[[T], Any]
    decode: Callable[[Any], T]

    def read(self, value: Any) -> T:
        """Read what came over the link and matched its schema.

        Raises:
            LinkDataError: it names frames or a time that cannot be.
        """
        try:
            return self.decode(value)
        except (InputError, ValueError) as error:
            raise LinkDataError(
                f"the other side of the link sent a value that cannot be: {error}"
            ) from error


def _record(kind: type[T], /, **forms: Form[Any]) -> Form[T]:
    """Make the form of a dataclass from those of its fields."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]

    def write(value: T) -> dict[str, Any]:
        return {name: forms.get(name, _PLAIN).write(getattr(value, name)) for name in names}

    def decode(document: Mapping[str, Any]) -> T:
        present = (name for name in names if name in document)
        return kind(**{name: forms.get(name, _PLAIN).decode(document[name]) for name in present})

    return Form(write, decode)


def _optional(form: Form[T]) -> Form[T | None]:
    return Form(
        lambda value: None if value is None else form.write(value),
        lambda value: None if value is None else form.decode(value),
    )


def _many(form: Form[T]) -> Form[tuple[T, ...]]:
    return Form(
        lambda values: [form.write(one) for one in values],
        lambda values: tuple(form.decode(one) for one in values),
    )


def _word(kind: type[K]) -> Form[K]:
    return Form(str, kind)


_PLAIN: Form[Any] = Form(lambda value: value, lambda value: value)
MOMENT = Form(lambda value: value.astimezone(UTC).isoformat(), datetime.fromisoformat)
_FRAMES = Form(
    lambda value: value.format(Dialect.DEADLINE),
    lambda text: FrameSet.parse(text) if text else FrameSet(),
)
_STATE = _word(LocalState)
_REASON: Form[Reason] = Form(lambda value: value.name.lower(), lambda name: Reason[name.upper()])
_COUNTS: Form[Mapping[LocalState, int]] = Form(
    dict, lambda counts: {_STATE.decode(state): number for state, number in counts.items()}
)

REF = _record(TaskRef, frames=_FRAMES)
REFS = _many(REF)
_NAMES: Form[tuple[str, ...]] = _many(_PLAIN)
_JOB = _record(
    LocalJob,
    outputs=_NAMES,
    frames=_FRAMES,
    submitted_at=MOMENT,
    deadline=_optional(MOMENT),
    pools=_NAMES,
    groups=_NAMES,
    cloud=_word(CloudWish),
    options=Form(write_options, read_options),
)


def _job(document: Mapping[str, Any]) -> LocalJob:
    """Read a job; what is wrong with its options keeps it from the cloud, and nothing else."""
    texts = document.get("options")
    if not texts:
        return _JOB.decode(document)
    job = _JOB.decode({**document, "options": {}})
    try:
        return replace(job, options=read_options(texts))
    except InputError as error:
        return replace(job, refusal="; ".join(filter(None, [job.refusal, str(error)])))


JOB = Form(_JOB.write, _job)
ROW = _record(JobRow, job=JOB, counts=_COUNTS, limits=_NAMES, traits=_NAMES)
KINDS = _many(_record(WorkerKind, pools=_NAMES, groups=_NAMES))
LIMITS = _many(_record(FarmLimit))
TASK = _record(
    LocalTask,
    ref=REF,
    state=_STATE,
    claim=_optional(_record(ClaimStamp)),
    started_at=_optional(MOMENT),
    finished_at=_optional(MOMENT),
)
INTENT = _record(Intent, kind=_word(IntentKind), at=MOMENT, frames=_optional(_FRAMES))


@dataclass(frozen=True, slots=True)
class _Refusal:
    ref: TaskRef
    reason: Reason


_REFUSALS = _many(_record(_Refusal, ref=REF, reason=_REASON))
OUTCOME = _record(
    Outcome,
    taken=REFS,
    refused=Form(
        lambda refused: _REFUSALS.write(tuple(_Refusal(*pair) for pair in refused.items())),
        lambda rows: {one.ref: one.reason for one in _REFUSALS.decode(rows)},
    ),
    unknown=REFS,
)

_OF_A_CLAIM = [one.name for one in fields(Claim) if one.name != "tasks"]


def write_claim(claim: Claim) -> dict[str, Any]:
    """Write a claim without its tasks: calls name those they are about."""
    return {name: getattr(claim, name) for name in _OF_A_CLAIM}


def read_claim(document: Mapping[str, Any], tasks: tuple[TaskRef, ...]) -> Claim:
    """Read a claim on the tasks that a call is about."""
    return Claim(**{name: document[name] for name in _OF_A_CLAIM}, tasks=tasks)


def write_job(job: LocalJob) -> dict[str, Any]:
    """Write a job of `schemas/snapshot.json`."""
    document: dict[str, Any] = JOB.write(job)
    return document


def write_tasks(tasks: Mapping[JobId, Iterable[LocalTask]]) -> Iterable[dict[str, Any]]:
    """Yield tasks as rows that name their job."""
    return ({"job": job, **TASK.write(one)} for job, some in tasks.items() for one in some)


def read_tasks(rows: Iterable[Mapping[str, Any]]) -> dict[JobId, tuple[LocalTask, ...]]:
    """Gather tasks by the job that their rows name; raises as `Form.read`."""
    found: dict[JobId, list[LocalTask]] = {}
    for row in rows:
        found.setdefault(row["job"], []).append(TASK.read(row))
    return {job: tuple(some) for job, some in found.items()}


def write_snapshot(snapshot: QueueSnapshot) -> dict[str, Any]:
    """Write the queue as one document of `schemas/snapshot.json`."""
    return {
        "taken_at": MOMENT.write(snapshot.taken_at),
        "workers": snapshot.workers,
        "idle_workers": snapshot.idle_workers,
        "jobs": [ROW.write(row) for row in snapshot.jobs],
        "tasks": list(write_tasks(snapshot.tasks)),
        "kinds": KINDS.write(snapshot.kinds),
        "limits": LIMITS.write(snapshot.limits),
    }


def read_snapshot(document: Mapping[str, Any]) -> QueueSnapshot:
    """Read the queue, all pages of it together; raises as `Form.read`."""
    return QueueSnapshot(
        taken_at=MOMENT.read(document["taken_at"]),
        workers=document["workers"],
        idle_workers=document["idle_workers"],
        jobs=tuple(ROW.read(row) for row in document["jobs"]),
        tasks=read_tasks(document["tasks"]),
        kinds=KINDS.read(document.get("kinds", ())),
        limits=LIMITS.read(document.get("limits", ())),
    )
