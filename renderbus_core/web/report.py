"""The report a run ends with: one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from renderbus_core.errors import InputError, MissingDependencyError
from renderbus_core.jobs import LocalState
from renderbus_core.web.pictures import Thumbnail, thumbnail
from renderbus_core.web.timeline import SPAN_WORDS, clock, duration, frames_label, lay_out
from renderbus_core.web.values import FrameRow, JobRow, Place, Report, SpanKind

if TYPE_CHECKING:
    from jinja2 import Environment

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

# Control characters, those that turn the writing direction (they can make a name read as another),
# and lone surrogates, which names of files may hold and UTF-8 does not.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST_TEXT = 1000


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
    page = render(report).encode("utf-8")
    try:
        _write_whole(page, target)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"the report cannot be written to {str(target)!r} ({why}); "
            "name a file in an existing folder that you may write to"
        ) from error


def _write_whole(page: bytes, target: Path) -> None:
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def render(report: Report) -> str:
    """Return the page as text; reads the pictures it shows.

    Raises:
        MissingDependencyError: jinja2 is not installed.
    """
    template = _environment().get_template("report.html.j2")
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


def _environment() -> Environment:
    try:
        import jinja2  # noqa: PLC0415 - optional, and not needed before a report is written
    except ImportError as error:
        raise MissingDependencyError("the HTML report needs jinja2", "web") from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters |= {
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
    environment.tests |= {
        "complete": lambda row: row.state == LocalState.COMPLETED,
        "waiting": lambda kind: kind in _WAITING,
    }
    return environment


def _printable(value: Any) -> Any:
    """Make any text that enters the page harmless to read; jinja2 escapes it afterwards."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _money(amount: Decimal, currency: str) -> str:
    """Write an amount; a few frames cost less than a cent, which is not nothing."""
    digits = 4 if 0 < amount < 1 else 2
    return f"{amount:,.{digits}f} {currency}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
