"""Where values stand in a JSON text; it is looked up only for those that are complained about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

JsonPath = tuple[str | int, ...]

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
# All from behind one bracket to the next one that is not part of a string.
_TO_BRACKET = re.compile(r'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text, both counted from 1; columns are characters."""

    line: int
    column: int


def locate(text: str, paths: Iterable[JsonPath]) -> Mapping[JsonPath, Position]:
    """Return where values stand in a JSON text.

    What lies between them is skipped, not decoded: a document takes its memory once.

    Args:
        text: of a valid document.
        paths: keys and indexes from the root; () is the root. A path that leads nowhere gets the
            position of the deepest part of it that is there.
    """
    found = _offsets(text, tuple(dict.fromkeys(paths)))
    return dict(zip(found, _positions(text, list(found.values())), strict=True))


def locate_second(text: str, path: JsonPath, key: str) -> Position:
    """Return where the second value of a key begins that stands twice in one object.

    Args:
        text: of a document that is valid but for that.
        path: of the object.
        key: that stands twice in it.
    """
    (start,) = _offsets(text, (path,)).values()
    _, second, *_ = [at for each, at in _members(text, start) if each == key]
    return _positions(text, [second])[0]


def _offsets(text: str, wanted: Sequence[JsonPath]) -> Mapping[JsonPath, int]:
    """Return the offset of each path, or of the deepest part of it that is there."""
    found: dict[JsonPath, int] = {}
    # Without recursion: a document may be nested as deeply as the decoder can recurse.
    waiting = [(_blank(text, 0), 0, wanted)]
    for start, depth, paths in waiting:
        found |= dict.fromkeys(paths, start)
        deeper: dict[str | int, list[JsonPath]] = {}
        for path in paths:
            if len(path) > depth:
                deeper.setdefault(path[depth], []).append(path)
        for key, member_start in _members(text, start) if deeper else ():
            if key in deeper:
                waiting.append((member_start, depth + 1, deeper.pop(key)))
                if not deeper:
                    break
    return found


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
        at = _blank(text, _end(text, at))
        if text[at] == ",":
            at = _blank(text, at + 1)
        index += 1


def _end(text: str, start: int) -> int:
    """Return where the value that begins at `start` has ended."""
    if text[start] not in "{[":
        return _DECODER.raw_decode(text, start)[1]
    depth, at = 0, start
    while True:
        depth += 1 if text[at] in "{[" else -1
        at += 1
        if not depth:
            return at
        at = _next_bracket(text, at)


def _next_bracket(text: str, at: int) -> int:
    match = _TO_BRACKET.match(text, at)
    return match.end() if match else at


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
