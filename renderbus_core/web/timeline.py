"""Layout of the timeline: spans become bars, and the axis gets ticks, in percent of its width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from renderbus_core.web.values import FrameRow, Report, Span, SpanKind

SPAN_WORDS: Mapping[SpanKind, str] = MappingProxyType(
    {
        SpanKind.QUEUED: "waiting on the farm",
        SpanKind.LOCAL: "rendering on the farm",
        SpanKind.CLOUD_WAITING: "waiting in the cloud",
        SpanKind.CLOUD_RENDERING: "rendering in the cloud",
        SpanKind.CLOUD: "in the cloud",
        SpanKind.COLLECTING: "bringing the picture home",
        SpanKind.FAILED: "failed attempt",
    }
)

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * count for count in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * count for count in (1, 2, 3, 6, 12)),
)
_MOST_STEPS = 8
# Up to here seconds alone read well: "90 s" is clearer than "1:30".
_SECONDS_ALONE = 2 * _MINUTE
_TENTHS_BELOW = 10
# A span too short to see is still drawn, as a sliver.
_LEAST_WIDTH = 0.3


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis.

    Args:
        at: percent of the width.
        label: time since the origin.
        minor: whether a narrow page may leave its label out.
    """

    at: float
    label: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A span as drawn; `left` and `width` in percent of the axis."""

    kind: SpanKind
    left: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One task's line; `summary` says in words what the bars show."""

    frame: FrameRow
    bars: tuple[Bar, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All rows by job, on one common axis.

    Args:
        origin: the moment at the left end.
        ticks: marks of the axis.
        groups: rows by job name.
        kinds: span kinds that occur, for the legend.
    """

    origin: datetime
    ticks: tuple[Tick, ...]
    groups: Mapping[str, tuple[Row, ...]]
    kinds: tuple[SpanKind, ...]


@dataclass(frozen=True, slots=True)
class _Axis:
    origin: datetime
    seconds: float

    def percent(self, moment: datetime) -> float:
        return 100 * (moment - self.origin).total_seconds() / self.seconds


def lay_out(report: Report) -> Timeline:
    """Place every span of a report on one axis, which covers the run and all spans."""
    spans = [span for frame in report.frames for span in frame.spans]
    origin = min([report.started, *(span.start for span in spans)])
    end = max([report.finished, *(max(span.start, span.end) for span in spans)])
    axis = _Axis(origin, max((end - origin).total_seconds(), 1.0))
    groups: dict[str, list[Row]] = {}
    for frame in report.frames:
        groups.setdefault(frame.job, []).append(_row(frame, axis))
    used = {span.kind for span in spans}
    return Timeline(
        origin=origin,
        ticks=ticks(axis.seconds),
        groups={job: tuple(rows) for job, rows in groups.items()},
        kinds=tuple(kind for kind in SpanKind if kind in used),
    )


def _row(frame: FrameRow, axis: _Axis) -> Row:
    spans = sorted(frame.spans, key=lambda span: span.start)
    parts = [f"{SPAN_WORDS[span.kind]} {_length(span)}" for span in spans]
    return Row(
        frame=frame,
        bars=tuple(_bar(span, axis) for span in spans),
        summary=f"{frames_label(frame.frames)}: {', '.join(parts) or 'nothing is known'}",
    )


def _bar(span: Span, axis: _Axis) -> Bar:
    left = axis.percent(span.start)
    width = max(axis.percent(span.end) - left, _LEAST_WIDTH)
    return Bar(
        kind=span.kind,
        left=round(min(left, 100 - width), 3),
        width=round(width, 3),
        title=f"{SPAN_WORDS[span.kind]}, {_length(span)} from {clock(span.start)}",
    )


def clock(moment: datetime) -> str:
    """Write the time of day in UTC, for example `14:02:11`."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def _length(span: Span) -> str:
    return duration((span.end - span.start).total_seconds())


def ticks(seconds: float) -> tuple[Tick, ...]:
    """Return marks at round times, at most nine, the first at zero.

    Args:
        seconds: length of the axis; above zero.
    """
    step = _step(seconds)
    return tuple(
        Tick(
            at=round(100 * count * step / seconds, 3),
            label=_tick_label(count * step, step, seconds),
            minor=bool(count % 2),
        )
        for count in range(int(seconds / step) + 1)
    )


def _step(seconds: float) -> int:
    for step in _STEPS:
        if seconds / step <= _MOST_STEPS:
            return step
    days = 1
    while seconds / (days * _DAY) > _MOST_STEPS:
        days *= 2
    return days * _DAY


def _tick_label(at: int, step: int, seconds: float) -> str:
    if at == 0:
        return "0"
    if seconds <= _SECONDS_ALONE:
        return f"{at} s"
    if step < _MINUTE:
        return f"{at // _MINUTE}:{at % _MINUTE:02}"
    if seconds <= _SECONDS_ALONE * _MINUTE:
        return f"{at // _MINUTE} min"
    if step < _HOUR:
        return f"{at // _HOUR}:{at % _HOUR // _MINUTE:02} h"
    return f"{at // _HOUR} h" if step < _DAY else f"{at // _DAY} d"


def duration(seconds: float) -> str:
    """Write a length of time for people: `3.2 s`, `27 s`, `4 min 12 s`, `1 h 05 min`.

    Args:
        seconds: below zero counts as zero: a clock that was set back is no reason to fail.
    """
    if seconds < _TENTHS_BELOW:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def frames_label(frames: str) -> str:
    """Put the right word before a frame list: `Frame 12`, `Frames 1-5`."""
    return f"Frame {frames}" if frames.lstrip("-").isdigit() else f"Frames {frames}"
