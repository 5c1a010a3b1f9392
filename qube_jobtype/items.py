"""Frames of a job's items, and whether its command renders just these; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from renderbus_core.errors import InputError
from renderbus_core.farm import same_value
from renderbus_core.frames import Dialect, FrameSet

_CHUNKS = re.compile(r"chunks:([0-9]{1,6})")
_SIZE = re.compile(r"[0-9]{1,6}")


class Reach(IntEnum):
    """Which frames of an item a command renders, and which frames items need rendered."""

    ONE = 1
    """One frame of it."""
    RUN = 2
    """All from its first to its last."""
    ALL = 3
    """Just its frames, whatever their step."""


# Of the first and the last frame, and perhaps a step.
_SPANS: Mapping[str, Reach] = {
    "NUMBER NUMBER": Reach.ONE,
    "START START": Reach.ONE,
    "START END": Reach.RUN,
    "START END STEP": Reach.ALL,
}
# Of frames in one argument; what more a program understands there, `programs.json` says.
_FRAMES: Mapping[str, Reach] = {"NUMBER": Reach.ONE, "START": Reach.ONE}


@dataclass(frozen=True, slots=True)
class Items:
    """The frames of a job.

    Args:
        frames: of all items, in order.
        most: frames of its largest item.
        needs: which frames of an item must be rendered.
    """

    frames: FrameSet
    most: int
    needs: Reach


def read_items(agenda: tuple[str, ...] | None, fields: Mapping[str, str]) -> Items:
    """Return the frames of a job's items.

    Args:
        agenda: names of the items; None where they are not known.
        fields: what its package says: `range`, `chunks`, `chunk_size`.

    Raises:
        InputError: it has no items, or one that is no frames.
    """
    if agenda:
        items = [_frames(name) for name in agenda]
        return Items(
            FrameSet.of(frame for item in items for frame in item),
            max(map(len, items)),
            max(map(_needed, items)),
        )
    if not fields.get("range"):
        raise InputError("the job has neither items nor a range, so it has no frames")
    every = FrameSet.parse(fields["range"], Dialect.QUBE)
    size = _chunk_size(fields)
    if size == 1:
        return Items(every, 1, Reach.ONE)
    return Items(every, size or 1, max(_needed(every), Reach.RUN))


def reach_of(fields: Mapping[str, str], ranges: Iterable[str] = ()) -> Reach:
    """Return which frames of an item a command renders.

    Args:
        fields: what its arguments say: `frames`, or `first`, `last` and `step`.
        ranges: how its program writes several frames in one argument, in words of Qube without
            their `QB_FRAME_`: `START-ENDxSTEP`.

    Raises:
        InputError: they say other frames than those of the item.
    """
    step = fields.get("step", "1")
    first, last = fields.get("first", ""), fields.get("last", "")
    span = list(filter(None, [first, last, "" if same_value(step, "1") else step]))
    frames = fields.get("frames", "")
    text = " ".join(filter(None, [frames, *span]))
    if not text:
        raise InputError(
            "the command line does not say which frames of an item it renders; QB_FRAME_START "
            "and QB_FRAME_END would"
        )
    if not frames and not (first and last):
        raise InputError(
            f"the command line says {text!r} alone, so it renders to where the frames of the scene "
            "begin or end; give both the first and the last frame"
        )
    known = {**_FRAMES, **{one: _reach(one) for one in ranges}} if frames else _SPANS
    reach = known.get(text.replace("QB_FRAME_", ""))
    if reach is None:
        raise InputError(
            f"the command line renders the frames {text!r} whatever its item is; only frames of "
            "the item can be sent"
        )
    return reach


def check_reach(items: Items, reach: Reach) -> None:
    """Hold that a command renders just the frames of each item.

    Args:
        items: of the job.
        reach: of its command.

    Raises:
        InputError: it renders fewer, or more.
    """
    if items.needs > reach:
        what = "one frame" if reach is Reach.ONE else "every frame from the first to the last"
        more = " and QB_FRAME_STEP" if items.needs is Reach.ALL else ""
        raise InputError(
            f"the command line renders {what} of an item, which is not what its items say; use "
            f"QB_FRAME_START, QB_FRAME_END{more}"
        )


def _reach(spelled: str) -> Reach:
    return Reach.ALL if "STEP" in spelled or spelled == "RANGE" else Reach.RUN


def _frames(name: str) -> FrameSet:
    try:
        return FrameSet.parse(name, Dialect.QUBE)
    except InputError as error:
        raise InputError(f"the item {name!r} is no frames: {error}") from error


def _needed(frames: FrameSet) -> Reach:
    if len(frames) == 1:
        return Reach.ONE
    (run, *more) = frames.ranges
    return Reach.RUN if not more and run.step == 1 else Reach.ALL


def _chunk_size(fields: Mapping[str, str]) -> int | None:
    """Return how many frames an item has; None where it cannot be told."""
    how = fields.get("chunks", "individual")
    found = _CHUNKS.fullmatch(how)
    if found:
        return int(found[1])
    size = fields.get("chunk_size", "1")
    return int(size) if how == "individual" and _SIZE.fullmatch(size) else None
