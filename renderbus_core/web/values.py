"""What a report says, as plain values; every text in them may come from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from renderbus_core.money import Money


class Place(StrEnum):
    """Where a task was rendered."""

    LOCAL = "local"
    CLOUD = "cloud"
    RETURNED = "returned"
    """Sent to the cloud, came back, rendered on the farm."""


class SpanKind(StrEnum):
    """What happened to a task during a stretch of time."""

    QUEUED = "queued"
    LOCAL = "local"
    CLOUD_WAITING = "cloud_waiting"
    CLOUD_RENDERING = "cloud_rendering"
    CLOUD = "cloud"
    """In the cloud, when waiting and rendering there cannot be told apart."""
    COLLECTING = "collecting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a task's life; both ends are aware datetimes."""

    kind: SpanKind
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One local task.

    Args:
        job: name of its job; tasks of the same name are shown together.
        task: the farm's id of the task.
        frames: as text, for example `12` or `1-5`.
        place: where it was rendered, or is to be.
        spans: in any order; they may touch.
        worker: who rendered it; "" when unknown.
        state: `completed` as in `LocalState`, or what else the farm says.
        picture: a rendered file for the contact sheet; None when there is none.
    """

    job: str
    task: str
    frames: str
    place: Place
    spans: tuple[Span, ...]
    worker: str
    state: str
    picture: Path | None


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job in numbers.

    Args:
        name: shown to people.
        dcc: `maya`, `blender`, ...
        scene: path of the scene file.
        tasks: how many tasks it has.
        local: complete tasks that never left the farm.
        cloud: complete tasks that the cloud rendered.
        returned: complete tasks that were sent to the cloud and came back.
        complete: all complete tasks.
    """

    name: str
    dcc: str
    scene: str
    tasks: int
    local: int
    cloud: int
    returned: int
    complete: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """One change in the life of a burst.

    Args:
        at: aware datetime.
        subject: what changed, for example a task id, or `burst`.
        change: for example `staged -> claimed`.
        reason: a sentence for people.
    """

    at: datetime
    subject: str
    change: str
    reason: str


@dataclass(frozen=True, slots=True)
class BurstRow:
    """One burst.

    Args:
        id: our id.
        job: name of its job.
        remote_id: the cloud's task id; None when it got none.
        state: where it stands.
        reason: of the last change, for people.
        tasks: how many tasks it holds or held.
        home: how many of them the cloud rendered and the bridge brought home.
        spent: in the report's currency.
        estimate: what it was expected to cost; None when unknown.
        log: what happened, oldest first.
    """

    id: str
    job: str
    remote_id: int | None
    state: str
    reason: str
    tasks: int
    home: int
    spent: Decimal
    estimate: Money | None
    log: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page says.

    Args:
        title: heading of the page.
        started: aware datetime.
        finished: aware datetime.
        jobs: in the order they are shown.
        frames: every task of every job, in the order they are shown.
        bursts: in the order they are shown; empty when nothing left the farm.
        currency: of everything spent, ISO 4217.
        spent: total.
        estimate_all_local_seconds: how long the farm alone would have taken; None when unknown.
        notes: sentences, for example which renderer drew the pictures.
    """

    title: str
    started: datetime
    finished: datetime
    jobs: tuple[JobRow, ...]
    frames: tuple[FrameRow, ...]
    bursts: tuple[BurstRow, ...]
    currency: str
    spent: Decimal
    estimate_all_local_seconds: float | None
    notes: tuple[str, ...]
