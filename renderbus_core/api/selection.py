"""Which frame entries a person means: by id, by frame number, by status, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from renderbus_core.api.group import as_list
from renderbus_core.api.model import RemoteFrame
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet

Numbers = FrameSet | str | Iterable[int]
"""Frame numbers: a set, a list like `1-10[2],20`, or integers."""

_SHOWN = 5


def frame_set(numbers: Numbers) -> FrameSet:
    """Return frame numbers as a set, however they were given."""
    if isinstance(numbers, FrameSet):
        return numbers
    if isinstance(numbers, str):
        return FrameSet.parse(numbers)
    given = as_list(numbers)
    wrong = [each for each in given if not isinstance(each, int)]
    if wrong:
        raise InputError(f"frame numbers are whole numbers, or one text; not {wrong[0]!r:.80}")
    return FrameSet.of(given)


def filtered(
    entries: Iterator[RemoteFrame], numbers: Numbers | None, statuses: Collection[int]
) -> Iterator[RemoteFrame]:
    """Keep the entries that hold any of the numbers and have any of the statuses.

    Args:
        entries: of a leaf.
        numbers: None keeps all, and what is no picture's too.
        statuses: codes; empty keeps all.
    """
    if statuses:
        codes = frozenset(as_list(statuses))
        entries = (entry for entry in entries if entry.frame_status in codes)
    if numbers is not None:
        asked = frozenset(frame_set(numbers))
        entries = (e for e in entries if not e.is_preparation and not asked.isdisjoint(e.frames))
    return entries


def ids_of(numbers: Numbers, entries: Iterable[RemoteFrame], task_id: int) -> list[int]:
    """Return the ids of the picture entries that render some frames; all tiles of each.

    Args:
        numbers: of the frames.
        entries: of the leaf.
        task_id: of the leaf, for messages.

    Raises:
        InputError: an entry also renders frames that were not asked for, or none renders one
            that was.
    """
    asked = frame_set(numbers)
    missing = set(asked)
    ids = []
    for entry in filtered(iter(entries), asked, ()):
        others = entry.frames - asked
        if others:
            raise InputError(
                f"task {task_id}: entry {entry.frame_index} renders frames {others} too, which "
                "were not asked for; name all of its frames or none"
            )
        missing.difference_update(entry.frames)
        ids.append(entry.id)
    if missing or not ids:
        shown = ", ".join(map(str, sorted(missing)[:_SHOWN])) or "none"
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise InputError(f"task {task_id} has no entry for the asked frames: {shown}{more}")
    return ids


def selection(
    task_id: int,
    entries: Callable[[], Iterable[RemoteFrame]],
    *,
    ids: Iterable[int] | None,
    numbers: Numbers | None,
    statuses: Collection[int] | None,
    everything: bool,
) -> dict[str, Any]:
    """Return the arguments of a request that acts on frame entries.

    Args:
        task_id: of the leaf, for messages.
        entries: reads the leaf's entries, when numbers must be looked up.
        ids: of entries.
        numbers: of frames.
        statuses: codes; entries with any of them.
        everything: all entries.

    Raises:
        InputError: not exactly one of the four was given, or an empty one.
    """
    # Only True itself means everything: a text like "no" does not.
    given = sum(each is not None for each in (ids, numbers, statuses)) + (everything is True)
    if given != 1:
        raise InputError(
            f"task {task_id}: say which frames by exactly one of ids, numbers, statuses or "
            f"everything=True, not by {given} of them"
        )
    if everything is True:
        return {"select_all": 1}
    if statuses is not None:
        return {"select_all": 1, "status": _named(as_list(statuses), task_id, "statuses")}
    if ids is None:
        assert numbers is not None  # noqa: S101 - exactly one was given
        # Frame numbers first: what is none is told before anything is read.
        ids = ids_of(frame_set(numbers), entries(), task_id)
    return {"select_all": 0, "ids": _named(as_list(ids), task_id, "ids")}


def _named(values: list[int], task_id: int, what: str) -> list[int]:
    """Refuse an empty list: the cloud takes it for "all of them"."""
    if not values:
        raise InputError(f"task {task_id}: {what} names nothing; name at least one")
    return values
