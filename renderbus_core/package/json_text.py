"""Reading the JSON text of a document that somebody wrote: strictly, within bounds, with places.

What `json.loads` lets pass in silence is refused here: a key that stands twice, NaN and Infinity.
Where a value stands in the text is looked up afterwards, and only for those that are complained
about.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from renderbus_core.errors import InputError

MAX_BYTES = 256 * 1024 * 1024
"""Largest document that is read; one that lists a million files stays below."""

JsonPath = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t\n\r]*")
_TRAILING_COMMA = re.compile(r",[ \t\n\r]*$")
_DECODER = json.JSONDecoder()
_SHOWN = 40


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text, both counted from 1; columns are characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class JsonText:
    """A document with the text it was read from.

    Args:
        name: how to call it to a person, for example its path.
        text: without a byte order mark.
        document: the decoded object.
    """

    name: str
    text: str
    document: dict[str, Any]

    def positions(self, paths: Iterable[JsonPath]) -> Mapping[JsonPath, Position]:
        """Return where values stand; for one that is missing, where its nearest parent stands."""
        return locate(self.text, paths)


class _RefusedError(Exception):
    """A constant or a key that JSON readers differ about."""


def read(path: Path) -> JsonText:
    """Read one JSON object from a file.

    Raises:
        InputError: it cannot be read, is too long, not UTF-8, not JSON, not an object, nested
            without end, or says the same key twice; the sentence names line and column.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # Not more than that even so: a file may grow, and a pipe has no size.
            raw = file.read(MAX_BYTES + 1) if size <= MAX_BYTES else b""
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}); check its name and your rights"
        ) from error
    if max(size, len(raw)) > MAX_BYTES:
        raise InputError(f"{path} has more than the {MAX_BYTES:,} bytes that are read; split it")
    return parse(str(path), raw)


def parse(name: str, raw: bytes) -> JsonText:
    """Read one JSON object from bytes.

    Args:
        name: how to call it in a message.
        raw: UTF-8, with or without a byte order mark.

    Raises:
        InputError: as for `read`.
    """
    text = _decoded(name, raw)
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError(_syntax(name, text, error)) from error
    except RecursionError as error:
        raise InputError(f"{name} is nested too deeply to be a task's; correct it") from error
    except _RefusedError as error:
        raise InputError(f"{name}: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{name} holds no JSON object; it must begin and end with a brace")
    return JsonText(name, text, document)


def locate(text: str, paths: Iterable[JsonPath]) -> Mapping[JsonPath, Position]:
    """Return where values stand in a JSON text.

    What lies between them is skipped at the speed of the decoder.

    Args:
        text: of a valid document.
        paths: keys and indexes from the root; () is the root. A path that leads nowhere gets the
            position of the deepest part of it that is there.
    """
    wanted = tuple(dict.fromkeys(paths))
    offsets = dict(_offsets(text, _blank(text, 0), wanted, 0))
    return dict(zip(offsets, _positions(text, list(offsets.values())), strict=True))


def _decoded(name: str, raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw[:4]:
        raise InputError(f"{name} is not UTF-8 but UTF-16 or UTF-32 text; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: not UTF-8 text; save it as UTF-8") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _RefusedError(f"the key {twice!r:.{_SHOWN}} stands twice in one object; keep one")
    return found


def _no_constant(word: str) -> NoReturn:
    raise _RefusedError(f"{word} is no JSON number; write a finite one or null")


def _syntax(name: str, text: str, error: json.JSONDecodeError) -> str:
    """Say where JSON ends and, for the commonest slips, what to do."""
    before, after = text[: error.pos], text[error.pos : error.pos + 1]
    if _TRAILING_COMMA.search(before) and after in {"}", "]", ""}:
        what = "a comma stands before the end; take it away"
    elif not before.strip():
        what = "the file is empty; a document begins with a brace" if not text.strip() else ""
    elif error.pos >= len(text.rstrip()):
        what = "the text ends too early; a brace or bracket is missing"
    elif error.msg.startswith("Extra data"):
        what = "something follows the end of the document; take it away"
    else:
        what = ""
    what = what or f"{error.msg[0].lower()}{error.msg[1:]}; correct it"
    return f"{name}, line {error.lineno}, column {error.colno}: not valid JSON: {what}"


def _offsets(
    text: str, start: int, paths: tuple[JsonPath, ...], depth: int
) -> Iterator[tuple[JsonPath, int]]:
    """Yield the offset of each path below the value that begins at `start`."""
    deeper: dict[str | int, list[JsonPath]] = {}
    for path in paths:
        if len(path) == depth:
            yield path, start
        else:
            deeper.setdefault(path[depth], []).append(path)
    if not deeper:
        return
    for key, value_start in _members(text, start):
        if key in deeper:
            yield from _offsets(text, value_start, tuple(deeper.pop(key)), depth + 1)
            if not deeper:
                return
    for lost in deeper.values():
        yield from ((path, start) for path in lost)


def _members(text: str, start: int) -> Iterator[tuple[str | int, int]]:
    """Yield key or index of each member of an object or array, and where its value begins."""
    opening = text[start]
    if opening not in "{[":
        return
    index, at = 0, _blank(text, start + 1)
    while text[at] not in "}]":
        key: str | int = index
        if opening == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _blank(text, _blank(text, at) + 1)
        yield key, at
        _, at = _DECODER.raw_decode(text, at)
        at = _blank(text, at)
        if text[at] == ",":
            at = _blank(text, at + 1)
        index += 1


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _positions(text: str, offsets: list[int]) -> list[Position]:
    """Turn offsets into positions, reading the text once however many there are."""
    found: dict[int, Position] = {}
    line, counted = 1, 0
    for offset in sorted(set(offsets)):
        line += text.count("\n", counted, offset)
        counted = offset
        found[offset] = Position(line, offset - text.rfind("\n", 0, offset))
    return [found[offset] for offset in offsets]
