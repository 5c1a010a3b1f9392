"""The log of a frame entry: made from what happened to it, the same at every look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from renderbus_core.simulator.replies import date_text, frame_index
from renderbus_core.simulator.state import Frame, Run

PAGE_BYTES = 16384
"""What the samples call the size of a page."""

_BEGINS = "begins on "
_STEPS = 100


def log_page(frame: Frame, run: Run | None, number: int, now: datetime) -> dict[str, Any]:
    """Read one page of a log; a line stands on the page on which it begins.

    Args:
        frame: whose log.
        run: what a node does with it now; None when none has it.
        number: of the page, from 1; 0, which a sample shows, is the first too.
        now: what has not happened by then is not in it.
    """
    pages: dict[int, list[str]] = {}
    size = 0
    for line in _lines(frame, run, now):
        pages.setdefault(size // PAGE_BYTES, []).append(line)
        size += len(f"{line}\n".encode())
    return {
        "pageCount": -(-size // PAGE_BYTES),
        "pageNum": number,
        "total": size,
        "size": PAGE_BYTES,
        "items": pages.get(max(number, 1) - 1, []),
    }


def _lines(frame: Frame, run: Run | None, now: datetime) -> Iterator[str]:
    name = f"frame {frame_index(frame)}"
    for (at, what), (until, _) in pairwise([*frame.history, (now, "")]):
        yield _line(at, f"{name} {what}")
        if what.startswith(_BEGINS):
            yield from _progress(frame, run, at, until)


def _progress(frame: Frame, run: Run | None, begun: datetime, until: datetime) -> Iterator[str]:
    """Write a line for each hundredth of a render; of one that goes on, what is planned of it."""
    yield _line(begun, f"scene {frame.plan.scene}")
    renders = run is not None and run.started_at == begun
    whole = run.moment(run.planned) - begun if run and renders else until - begun
    for step in range(1, _STEPS):
        at = begun + whole * step / _STEPS
        if at <= until:
            yield _line(at, f"{step} % rendered")


def _line(at: datetime, text: str) -> str:
    # A path may hold what would look like a line of its own.
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return f"{date_text(at)} [INFO] {shown}"
