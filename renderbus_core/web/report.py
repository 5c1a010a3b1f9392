"""The report a run ends with: one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from renderbus_core.jobs import LocalState
from renderbus_core.web.page import environment, write_page
from renderbus_core.web.pictures import Thumbnail, thumbnail
from renderbus_core.web.timeline import SPAN_WORDS, clock, duration, frames_label, lay_out
from renderbus_core.web.values import FrameRow, JobRow, Place, Report, SpanKind

MAX_THUMBNAILS = 200
"""Most pictures on the contact sheet: more would make a page that mail and browsers dislike."""

PLACE_WORDS: Mapping[Place, str] = MappingProxyType(
    {
        Place.LOCAL: "Farm",
        Place.CLOUD: "Cloud",
        Place.RETURNED: "Returned",
    }
)

# Drawn as thin lines, so that work stands out.
_WAITING = frozenset({SpanKind.QUEUED, SpanKind.CLOUD_WAITING})


@dataclass(frozen=True, slots=True)
class _Share:
    """A piece of the bar that shows where the tasks were rendered; in percent of its width."""

    place: Place
    tasks: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class _Shot:
    """One picture of the contact sheet."""

    frame: FrameRow
    thumbnail: Thumbnail


def write_report(report: Report, target: Path) -> None:
    """Write the page; a reader sees the old file or the whole new one, never a part.

    Args:
        report: what to say.
        target: the HTML file; its folder exists.

    Raises:
        MissingDependencyError: jinja2 is not installed.
        InputError: the file cannot be written.
    """
    write_page(render(report), target, "the report")


def render(report: Report) -> str:
    """Return the page as text; reads the pictures it shows.

    Raises:
        MissingDependencyError: jinja2 is not installed.
    """
    pages = environment()
    pages.filters |= {
        "clock": clock,
        "counted": _counted,
        "day_and_time": lambda moment: f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "duration": duration,
        "frames": frames_label,
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds"),
        "money": _money,
        "place": PLACE_WORDS.__getitem__,
        "span": SPAN_WORDS.__getitem__,
    }
    pages.tests |= {
        "complete": lambda row: row.state == LocalState.COMPLETED,
        "waiting": lambda kind: kind in _WAITING,
    }
    template = pages.get_template("report.html.j2")
    return template.render(
        report=report,
        outcome=outcome(report.jobs),
        complete=sum(job.complete for job in report.jobs),
        tasks=sum(job.tasks for job in report.jobs),
        took=(report.finished - report.started).total_seconds(),
        shares=_shares(report.jobs),
        timeline=lay_out(report),
        scenes={job.name: job.scene for job in report.jobs},
        shots=[_Shot(row, thumbnail(row.picture)) for row in report.frames[:MAX_THUMBNAILS]],
        shots_left_out=max(len(report.frames) - MAX_THUMBNAILS, 0),
    )


def outcome(jobs: Sequence[JobRow]) -> str:
    """Say in one sentence what became of all tasks."""
    tasks, complete = sum(job.tasks for job in jobs), sum(job.complete for job in jobs)
    if not tasks:
        return "There was nothing to render."
    counts = _counts(jobs)
    parts = [
        f"{counts[Place.LOCAL]} rendered on the farm",
        f"{counts[Place.CLOUD]} {'' if counts[Place.LOCAL] else 'rendered '}in the cloud",
        f"{counts[Place.RETURNED]} came back from the cloud",
    ]
    told = [part for part, count in zip(parts, counts.values(), strict=True) if count]
    text = f"{complete} of {_counted(tasks, 'task')} complete"
    if told:
        text += f": {', '.join(told)}"
    missing = tasks - complete
    if missing > 0:
        text += f"; {missing} {'is' if missing == 1 else 'are'} not complete"
    return f"{text}."


def _counts(jobs: Sequence[JobRow]) -> dict[Place, int]:
    return {
        Place.LOCAL: sum(job.local for job in jobs),
        Place.CLOUD: sum(job.cloud for job in jobs),
        Place.RETURNED: sum(job.returned for job in jobs),
    }


def _shares(jobs: Sequence[JobRow]) -> list[_Share]:
    counts = _counts(jobs)
    # What is in no place yet stays an empty end of the bar.
    whole = max(sum(job.tasks for job in jobs), sum(counts.values()), 1)
    shares, left = [], 0.0
    for place, count in counts.items():
        if count:
            width = 100 * count / whole
            shares.append(_Share(place, count, round(left, 3), round(width, 3)))
            left += width
    return shares


def _money(amount: Decimal, currency: str) -> str:
    """Write an amount; a few frames cost less than a cent, which is not nothing."""
    digits = 4 if 0 < amount < 1 else 2
    return f"{amount:,.{digits}f} {currency}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
