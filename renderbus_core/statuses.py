"""The cloud's status codes and what each means for us; the tables are `schemas/statuses.json`.

A code that no source lists is a status like any other: not over, not a success, and something a
person should look at. So a new code of the cloud never stops a burst.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from renderbus_core import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_CODE = -1
"""Stands for a code that is absent or is no number."""

_UNKNOWN_NAME = "UNKNOWN"
_UNKNOWN_MEANING = "not listed by any source"
_DIGITS = re.compile(r"-?[0-9]{1,9}")


class TaskCode(IntEnum):
    """`taskStatus` of a cloud task."""

    WAITING = 0
    RENDERING = 5
    PRE_RENDERING = 8
    STOP = 10
    USER_STOP = 15
    ARREARAGE_STOP = 20
    TIME_OUT_STOP = 23
    FINISHED = 25
    FINISHED_HAS_FAILED = 30
    ABANDON = 35
    FINISHED_TEST = 40
    FAILED = 45
    ANALYSE = 50
    RENDERING_TASK_SUBMITTING = 60
    RENDERING_TASK_SUBMIT_FAIL = 65
    FINISHED_HAS_STOPPED = 70
    UPDATING = 100


class FrameCode(IntEnum):
    """`frameStatus` of a cloud frame."""

    WAITING = 1
    STARTED = 2
    ABORTED = 3
    DONE = 4
    ERROR = 5
    PREDONEWAITING = 6
    PHOTONDONEWAITING = 7
    PRIORITYDONEWAITING = 8
    PREDONEJOBWAITING = 9
    GOPJOBWAITING = 10
    TIMEOUT = 11
    SUBFRAMEWAITING = 12


@dataclass(frozen=True, slots=True)
class Status:
    """Where a cloud task or frame stands.

    Args:
        code: number on the wire, `NO_CODE` when there was none.
        name: the vendor's constant; ours where no source names it.
        meaning: what it says, in English.
        is_terminal: it stays so until somebody restarts it; polling may stop.
        is_success: everything is rendered.
        needs_person: it waits for a person's decision (pay, start, let go on, look).
    """

    code: int
    name: str
    meaning: str
    is_terminal: bool
    is_success: bool
    needs_person: bool


@dataclass(frozen=True, slots=True)
class FrameType:
    """What a cloud frame renders.

    Args:
        code: `frameType` on the wire, `NO_CODE` when there was none.
        name: our word; the sources name none.
        meaning: what it says, in English.
    """

    code: int
    name: str
    meaning: str


def task_status(code: object) -> Status:
    """Return the status of a task.

    Args:
        code: `taskStatus` as it came: a number, digits, or anything else.
    """
    number = _number(code)
    return _statuses("task_statuses").get(number) or _unknown(number)


def frame_status(code: object) -> Status:
    """Return the status of a frame.

    Args:
        code: `frameStatus` as it came: a number, digits, or anything else.
    """
    number = _number(code)
    return _statuses("frame_statuses").get(number) or _unknown(number)


def frame_type(code: object) -> FrameType:
    """Return what a frame renders.

    Args:
        code: `frameType` as it came: a number, digits, or anything else.
    """
    number = _number(code)
    return _frame_types().get(number) or FrameType(number, _UNKNOWN_NAME, _UNKNOWN_MEANING)


def _number(code: object) -> int:
    if isinstance(code, int) and not isinstance(code, bool):
        return int(code)
    if isinstance(code, str) and _DIGITS.fullmatch(code):
        return int(code)
    return NO_CODE


def _unknown(code: int) -> Status:
    return Status(
        code=code,
        name=_UNKNOWN_NAME,
        meaning=_UNKNOWN_MEANING,
        is_terminal=False,
        is_success=False,
        needs_person=True,
    )


@cache
def _statuses(table: str) -> Mapping[int, Status]:
    rows = schema.load("statuses.json")[table]
    return MappingProxyType({row["code"]: Status(**row) for row in rows})


@cache
def _frame_types() -> Mapping[int, FrameType]:
    rows = schema.load("statuses.json")["frame_types"]
    return MappingProxyType({row["code"]: FrameType(**row) for row in rows})
