"""Queues on file: one snapshot a line, to ask the policy about them again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.farm import wire
from renderbus_core.jobs import QueueSnapshot

_SCHEMA = "snapshot.json"
# A line of a queue of 100,000 tasks has some 30 MB.
_LONGEST = 200_000_000


def record_snapshot(file: Path, snapshot: QueueSnapshot) -> None:
    """Add a snapshot at the end of a file.

    Args:
        file: is made when it is not there.
        snapshot: of the queue.

    Raises:
        InputError: it cannot be written.
    """
    line = json.dumps(wire.write_snapshot(snapshot), separators=(",", ":"))
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror})") from error


def recorded_snapshots(file: Path) -> Iterator[QueueSnapshot]:
    """Yield the snapshots of a file in their order.

    Args:
        file: that `record_snapshot` wrote, or one snapshot as one JSON document.

    Raises:
        InputError: it cannot be read, or a line is no snapshot; the text says which and why.
    """
    try:
        text = file.read_text(encoding="utf-8") if file.stat().st_size <= _LONGEST else None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read ({error})") from error
    if text is None:
        raise InputError(f"{file} has more than {_LONGEST // 1_000_000} MB; split it by lines")
    if not text.strip():
        raise InputError(f"{file} is empty; record a queue with: renderbus overflow record {file}")
    whole = _decoded(text)
    if isinstance(whole, dict):
        yield _snapshot(whole, str(file))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _snapshot(_decoded(line), f"{file} line {number}")


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _snapshot(document: object, place: str) -> QueueSnapshot:
    if not isinstance(document, dict):
        raise InputError(f"{place} is no JSON object; record one with: renderbus overflow record")
    problems = schema.problems(_SCHEMA, document)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise InputError(f"{place}: {problems[0]}{more}")
    return wire.read_snapshot(document)
