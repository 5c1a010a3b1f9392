"""The end: look at every picture, count, and tell it in a table and a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from renderbus_core.burst import Burst, TaskState
from renderbus_core.burst import Event as BurstEvent
from renderbus_core.cli.demo.play import Moment
from renderbus_core.cli.demo.show import spent
from renderbus_core.cli.demo.stage import WORKERS, Stage
from renderbus_core.farm import CLOUD
from renderbus_core.frames import pad_path
from renderbus_core.jobs import JobId, LocalJob, LocalState, LocalTask
from renderbus_core.transfer import picture_problem
from renderbus_core.web import (
    BurstRow,
    FrameRow,
    JobRow,
    LogLine,
    Place,
    Report,
    Span,
    SpanKind,
    write_report,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended.

    Args:
        report: everything that happened.
        page: the report as a file.
        problems: one sentence for each task or picture that is not as it should be.
    """

    report: Report
    page: Path
    problems: tuple[str, ...]

    @property
    def failed_bursts(self) -> tuple[str, ...]:
        """Why each burst that failed did so; the farm rendered its tasks itself."""
        return tuple(burst.reason for burst in self.report.bursts if burst.state == "failed")

    @property
    def counts(self) -> dict[str, int]:
        """Tasks by where they were rendered."""
        places = [row.place for row in self.report.frames]
        return {place.value: places.count(place) for place in Place}


def conclude(stage: Stage, last: Moment, started: datetime) -> Ending:
    """Check every output, and write the report.

    Args:
        stage: that was played.
        last: the last moment.
        started: when playing began, UTC.
    """
    rows = [_JobEnd(stage, job, last) for job in stage.jobs]
    page = stage.options.out.absolute() / "report.html"
    report = Report(
        title="A burst from a full farm",
        started=started,
        finished=last.now,
        jobs=tuple(end.summary() for end in rows),
        frames=tuple(row for end in rows for row in end.frames()),
        bursts=tuple(_burst_row(stage, burst, rows) for burst in last.bursts),
        currency=stage.currency,
        spent=spent(last.bursts),
        estimate_all_local_seconds=_all_local_seconds(last),
        notes=stage.notes,
    )
    write_report(report, page)
    return Ending(report, page, tuple(_problems(rows)))


class _JobEnd:
    """One job at the end, with everything known about it."""

    def __init__(self, stage: Stage, job: JobId, last: Moment) -> None:
        found = next(row for row in last.rows if row.job.id == job)
        self.job: LocalJob = found.job
        self.tasks: tuple[LocalTask, ...] = last.tasks[job]
        self._history = stage.farm.history(job)
        bursts = [burst for burst in last.bursts if burst.job == job]
        self._log = [event for burst in bursts for event in stage.gateway.store.events(burst.id)]
        self._returned = {ref.id for burst in bursts for ref in burst.refs(TaskState.RELEASED)}

    def summary(self) -> JobRow:
        """Return the job in numbers."""
        done = [task for task in self.tasks if task.state is LocalState.COMPLETED]
        places = [self._place(task) for task in done]
        return JobRow(
            name=self.job.name,
            dcc=self.job.dcc,
            scene=self.job.scene,
            tasks=len(self.tasks),
            local=places.count(Place.LOCAL),
            cloud=places.count(Place.CLOUD),
            returned=places.count(Place.RETURNED),
            complete=len(done),
        )

    def frames(self) -> Iterator[FrameRow]:
        """Yield one row per task."""
        for task in self.tasks:
            yield FrameRow(
                job=self.job.name,
                task=task.ref.id,
                frames=", ".join(map(str, task.ref.frames)),
                place=self._place(task),
                spans=tuple(self._spans(task)),
                worker=task.worker,
                state=task.state,
                picture=next(iter(self.pictures(task)), None),
            )

    def pictures(self, task: LocalTask) -> Iterator[Path]:
        """Yield the files a task must have left."""
        for template in self.job.outputs:
            for frame in task.ref.frames:
                yield Path(pad_path(template, frame))

    def _place(self, task: LocalTask) -> Place:
        if task.worker == CLOUD:
            return Place.CLOUD
        return Place.RETURNED if task.ref.id in self._returned else Place.LOCAL

    def _spans(self, task: LocalTask) -> Iterator[Span]:
        """Yield what happened to a task: the farm's states, refined by the burst's while away."""
        steps = [event for event in self._history if event.task == task.ref.id]
        if steps and steps[0].before is LocalState.QUEUED:
            yield Span(SpanKind.QUEUED, self.job.submitted_at, steps[0].at)
        for step, after in pairwise(steps):
            if step.after is LocalState.SUSPENDED:
                yield from self._away(task, step.at, after.at)
            elif step.after in _LOCAL_SPANS:
                yield Span(_LOCAL_SPANS[step.after], step.at, after.at)

    def _away(self, task: LocalTask, start: datetime, end: datetime) -> Iterator[Span]:
        marks = [(start, SpanKind.CLOUD_WAITING)]
        for event in self._log:
            kind = _AWAY_SPANS.get(event.change.rpartition("-> ")[2])
            if event.subject == f"task {task.ref.id}" and kind and start <= event.at < end:
                marks.append((event.at, kind))
        ends = [at for at, _ in marks[1:]] + [end]
        failed = SpanKind.FAILED in {kind for _, kind in marks}
        for (at, kind), until in zip(marks, ends, strict=True):
            in_vain = failed and kind is SpanKind.CLOUD
            yield Span(SpanKind.FAILED if in_vain else kind, at, until)


_LOCAL_SPANS = {LocalState.QUEUED: SpanKind.QUEUED, LocalState.RENDERING: SpanKind.LOCAL}
_AWAY_SPANS = {
    TaskState.SENT.value: SpanKind.CLOUD,
    TaskState.DONE_REMOTE.value: SpanKind.COLLECTING,
    TaskState.RELEASING.value: SpanKind.FAILED,
}


def _burst_row(stage: Stage, burst: Burst, jobs: Sequence[_JobEnd]) -> BurstRow:
    name = next(end.job.name for end in jobs if end.job.id == burst.job)
    events: Iterable[BurstEvent] = stage.gateway.store.events(burst.id)
    return BurstRow(
        id=burst.id,
        job=name,
        remote_id=burst.remote_id,
        state=burst.state,
        reason=burst.reason,
        tasks=len(burst.tasks),
        home=len(burst.refs(TaskState.COMPLETED)),
        spent=burst.spent,
        estimate=burst.estimate,
        log=tuple(LogLine(e.at, e.subject, e.change, e.reason) for e in events),
    )


def _all_local_seconds(last: Moment) -> float | None:
    """Estimate how long the farm alone would have taken, from what its workers did need."""
    if any(row.mean_seconds is None for row in last.rows):
        return None
    work = sum(len(last.tasks[row.job.id]) * (row.mean_seconds or 0.0) for row in last.rows)
    return work / len(WORKERS)


def _problems(jobs: Iterable[_JobEnd]) -> Iterator[str]:
    for end in jobs:
        for task in end.tasks:
            if task.state is not LocalState.COMPLETED:
                why = f": {task.error}" if task.error else ""
                yield f"task {task.ref.id} of {end.job.name} is {task.state}{why}"
                continue
            for path in end.pictures(task):
                problem = picture_problem(path)
                if problem:
                    yield problem


def total_cost(report: Report) -> str:
    """Return what the cloud charged, for people."""
    return f"{report.spent.quantize(Decimal('0.0001'))} {report.currency}"
