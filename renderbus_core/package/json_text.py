"""Reading the JSON text of a document that somebody wrote: strictly, within bounds, with places.

What `json.loads` lets pass in silence is refused here: a key that stands twice, NaN, Infinity, and
numbers that it would make Infinity of.
Where a value stands in the text is looked up afterwards, and only for those that are complained
about.
"""

from __future__ import annotations

import codecs
import json
import math
import os
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.package.json_places import JsonPath, Position, locate, locate_second

MAX_BYTES = 96 * 1024 * 1024
"""Largest document that is read: 500 bytes for each of 200,000 files.

Together with `MAX_MEMBERS` it keeps reading and judging below 1.5 GB of memory. A single
sign outside the basic plane makes Python keep its text in four times as many bytes.
"""

MAX_MEMBERS = 2_500_000
"""Most commas and opening brackets, and with them values: twelve for each of 200,000 files.

A value of two or three bytes takes a hundred in memory, so it is their number that counts.
"""

_MOST_REFUSED = 1_000

_BLANK = " \t\n\r"
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class JsonText:
    """A document with the text it was read from.

    Args:
        name: how to call it to a person, for example its path.
        raw: as UTF-8, which often takes a quarter of what the decoded text does.
        document: the decoded object.
    """

    name: str
    raw: bytes
    document: dict[str, Any]

    @property
    def marked(self) -> bool:
        """Whether a byte order mark stands in front."""
        return self.raw.startswith(codecs.BOM_UTF8)

    def positions(self, paths: Iterable[JsonPath]) -> Mapping[JsonPath, Position]:
        """Return where values stand; for one that is missing, where its nearest parent stands."""
        return locate(_decoded(self.name, self.raw), paths)


class UnreadableError(InputError):
    """A file holds no document that could be judged.

    Args:
        name: how to call it to a person.
        message: what is wrong.
        fix: what to do about it.
        position: where in it; None for the whole of it.
        absent: whether there is no such file.
    """

    def __init__(
        self,
        name: str,
        message: str,
        fix: str,
        position: Position | None = None,
        *,
        absent: bool = False,
    ) -> None:
        self.name = name
        self.message = message
        self.fix = fix
        self.position = position
        self.absent = absent
        place = f", line {position.line}, column {position.column}:" if position else ""
        super().__init__(f"{name}{place} {message}; {fix}")


@dataclass(frozen=True, slots=True, eq=False)
class _Refused:
    """What stands in a document for a value that JSON readers differ about."""

    message: str
    fix: str
    key: str | None = None


def read(path: Path) -> JsonText:
    """Read one JSON object from a file.

    Raises:
        UnreadableError: it is no file, cannot be read, is too long, not UTF-8, not JSON, not an
            object, nested without end, or says the same key twice.
    """
    name = str(path)
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError(name, "is no file", "name the document itself")
            if status.st_size > MAX_BYTES:
                raise _too_long(name)
            # Not more than that even so: it may grow meanwhile.
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        absent = isinstance(error, FileNotFoundError)
        message = f"cannot be read ({error.strerror or error})"
        raise UnreadableError(
            name, message, "check its name and your rights", absent=absent
        ) from error
    if len(raw) > MAX_BYTES:
        raise _too_long(name)
    return parse(name, raw)


def parse(name: str, raw: bytes) -> JsonText:
    """Read one JSON object from bytes.

    Args:
        name: how to call it in a message.
        raw: UTF-8, with or without a byte order mark.

    Raises:
        UnreadableError: as for `read`.
    """
    members = sum(map(raw.count, (b",", b"[", b"{")))
    if members > MAX_MEMBERS:
        raise UnreadableError(
            name,
            f"has {members:,} commas and opening brackets, more than the {MAX_MEMBERS:,} "
            "that are read",
            "split the task",
        )
    text = _decoded(name, raw)
    document, refused = _loaded(name, text)
    if refused:
        raise _first_refused(name, text, document)
    if not isinstance(document, dict):
        raise UnreadableError(
            name, "holds no JSON object", "write one that begins and ends with a brace"
        )
    return JsonText(name, raw, document)


def _without_waiting(path: str, flags: int) -> int:
    # Opening a pipe that nobody writes to would wait for ever. Windows has no such flag.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _too_long(name: str) -> UnreadableError:
    return UnreadableError(
        name, f"has more than the {MAX_BYTES:,} bytes that are read", "split the task"
    )


def _decoded(name: str, raw: bytes) -> str:
    if raw and not raw.strip(b"\x00"):
        raise UnreadableError(name, "holds nothing but zero bytes", "copy or save it again")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in raw[:4]:
        raise UnreadableError(name, "is not UTF-8 but UTF-16 or UTF-32 text", "save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8-sig")) + 1
        place = Position(before.count(b"\n") + 1, column)
        raise UnreadableError(name, "not UTF-8 text", "save it as UTF-8", place) from error


def _loaded(name: str, text: str) -> tuple[Any, list[_Refused]]:
    """Return what a text says, and what stands in it for the first values that are refused."""
    refused: list[_Refused] = []

    def unique(pairs: list[tuple[str, Any]]) -> Any:
        found = dict(pairs)
        if len(found) == len(pairs) or len(refused) >= _MOST_REFUSED:
            return found
        key = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        message = f"the key {key[:_SHOWN]!r} stands twice in one object"
        refused.append(_Refused(message, "keep one", key))
        return refused[-1]

    def constant(word: str) -> Any:
        if len(refused) >= _MOST_REFUSED:
            return None
        message = f"{word[:_SHOWN]} is no JSON number that programs can hold"
        refused.append(_Refused(message, "write a finite one or null"))
        return refused[-1]

    def number(word: str) -> Any:
        value = float(word)
        return value if math.isfinite(value) else constant(word)

    try:
        document = json.loads(
            text, object_pairs_hook=unique, parse_constant=constant, parse_float=number
        )
    except json.JSONDecodeError as error:
        raise _syntax(name, text, error) from error
    except RecursionError as error:
        raise UnreadableError(
            name, "is nested too deeply to be a task's document", "correct it"
        ) from error
    except ValueError as error:  # Python's own limit, against numbers that take hours to read
        raise UnreadableError(
            name, "holds a number of thousands of digits", "correct it"
        ) from error
    return document, refused


def _first_refused(name: str, text: str, document: Any) -> UnreadableError:
    """Return the complaint about the outermost refused value, which comes first."""
    waiting: list[tuple[JsonPath, Any]] = [((), document)]
    for path, value in waiting:
        if isinstance(value, _Refused):
            return UnreadableError(name, value.message, value.fix, _position(text, path, value))
        members = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [
            ((*path, key), member)
            for key, member in members
            if isinstance(member, dict | list | _Refused)
        ]
    raise AssertionError("what was refused is in the document")


def _position(text: str, path: JsonPath, refused: _Refused) -> Position:
    """Return where a refused value stands; of a key that stands twice, its second value."""
    if refused.key is not None:
        return locate_second(text, path, refused.key)
    return locate(text, [path])[path]


def _syntax(name: str, text: str, error: json.JSONDecodeError) -> UnreadableError:
    """Say where JSON ends and, for the commonest slips, what to do."""
    before, after = text[: error.pos].rstrip(_BLANK), text[error.pos : error.pos + 1]
    if not text.strip():
        what, fix = "the file is empty", "a document begins with a brace"
    elif after == "\ufeff":
        what, fix = "a byte order mark stands here", "save it as UTF-8 without one"
    elif before.endswith(",") and after in {"}", "]", ""}:
        what, fix = "a comma stands before the end", "take it away"
    elif error.pos >= len(text.rstrip()):
        what, fix = "the text ends too early", "a brace or bracket is missing"
    elif error.msg.startswith("Extra data"):
        what, fix = "something follows the end of the document", "take it away"
    else:
        # Some of the decoder's sentences lead to the place that we name in front.
        told = error.msg.removesuffix(" at")
        what, fix = f"{told[0].lower()}{told[1:]}", "correct it"
    place = Position(error.lineno, error.colno)
    return UnreadableError(name, f"not valid JSON: {what}", fix, place)
