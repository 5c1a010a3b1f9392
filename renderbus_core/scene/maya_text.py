"""The text of Maya ASCII files: header, statements, words; memory is bounded whatever the file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, NamedTuple

from renderbus_core.errors import InputError

LONGEST = 1 << 20
"""Bytes of a statement that are kept; the rest of a longer one (meshes, scripts) is passed by."""

MAGIC = re.compile(rb"(?:\xef\xbb\xbf)?//Maya ASCII(?: (?P<version>\S+))? scene")

_CHUNK = 1 << 20
_HEADER = 4096
_CODESET = re.compile(rb"^//Codeset:[ \t]*([\w-]+)", re.MULTILINE)
_WORD = re.compile(r'"((?:[^"\\]++|\\.)*+)"|([^\s";()]++)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_DOUBLE_BYTE = frozenset({"gbk", "gb18030", "cp932", "cp949", "cp950"})
_SINGLE_BYTE = frozenset(
    {"utf-8", "iso8859-1", "cp874", *(f"cp{page}" for page in range(1250, 1259))}
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the comments at the top of a file say.

    Args:
        version: of Maya, "" when the line gives none.
        codec: Python's name of the text encoding.
    """

    version: str
    codec: str


class Word(NamedTuple):
    """One word of a statement, unescaped, and whether it stood between quotes."""

    text: str
    quoted: bool


def read_header(stream: BinaryIO, name: str) -> Header:
    """Read the first lines and return to the start.

    Raises:
        InputError: the file does not begin like Maya ASCII.
    """
    top = stream.read(_HEADER)
    stream.seek(0)
    found = MAGIC.match(top)
    if found is None:
        raise InputError(
            f"{name} is not a Maya ASCII scene: its first line is not "
            "'//Maya ASCII <version> scene'; save it again as Maya ASCII"
        )
    codeset = _CODESET.search(top)
    return Header(
        version=(found["version"] or b"").decode("ascii", "replace"),
        codec=_codec(codeset[1].decode("ascii")) if codeset else "utf-8",
    )


def statements(stream: BinaryIO, name: str, codec: str) -> Iterator[tuple[int, bytes]]:
    """Give each statement with the 1-based line it begins in, without comments.

    A statement longer than `LONGEST` comes cut off, without its closing semicolon.

    Raises:
        InputError: the file ends inside a statement.
    """
    patterns = _patterns(codec in _DOUBLE_BYTE)
    buffer, line, whole = b"", 1, False
    while True:
        counted = end = 0
        for start, statement in _cut(buffer, patterns.statement):
            line += buffer.count(b"\n", counted, start)
            counted, end = start, start + len(statement)
            yield line, statement
        line += buffer.count(b"\n", counted, end)
        buffer = buffer[end:]
        if len(buffer) > LONGEST:
            if start := patterns.start_of_statement(buffer):
                line += buffer.count(b"\n", 0, start)
                buffer = buffer[start:]
                continue
            yield line, buffer[:LONGEST]
            buffer, passed = _behind(stream, buffer, patterns)
            if not buffer:
                raise _cut_off(name, line)
            line += passed
        elif chunk := stream.read(_CHUNK):
            buffer += chunk
        elif whole:
            break
        else:
            # A comment in the last line may lack its end.
            buffer, whole = buffer + b"\n", True
    start = patterns.start_of_statement(buffer)
    if start < len(buffer):
        raise _cut_off(name, line + buffer.count(b"\n", 0, start))


def words(statement: bytes, codec: str) -> list[Word]:
    """Split a statement into words; strings joined by `+` become one."""
    result: list[Word] = []
    joined = False
    for found in _WORD.finditer(statement.decode(codec, "replace")):
        string, bare = found.groups()
        if bare == "+":
            joined = bool(result) and result[-1].quoted
        elif bare is not None:
            result.append(Word(bare, quoted=False))
        elif joined:
            result[-1] = Word(result[-1].text + _unescaped(string), quoted=True)
            joined = False
        else:
            result.append(Word(_unescaped(string), quoted=True))
    return result


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How statements are cut out of bytes.

    Args:
        gap: blanks and comments before a statement.
        statement: a gap and a whole statement, which is group 1.
        part: a statement up to its semicolon, to an open string, or to the end of the bytes.
        string: the inside of a string up to its closing quote or to the end of the bytes.
    """

    gap: re.Pattern[bytes]
    statement: re.Pattern[bytes]
    part: re.Pattern[bytes]
    string: re.Pattern[bytes]

    def start_of_statement(self, text: bytes) -> int:
        found = self.gap.match(text)
        return found.end() if found else 0

    def advance(self, text: bytes, *, in_string: bool) -> tuple[int, bool, bool]:
        """Go on in a statement: how far it was read, whether a string is open, whether it ended."""
        position = 0
        if in_string:
            position = self._end(self.string, text, 0)
            if text[position : position + 1] != b'"':
                return position, True, False
            position += 1
        position = self._end(self.part, text, position)
        if position == len(text):
            return position, False, False
        if text[position : position + 1] == b";":
            return position + 1, False, True
        return self._end(self.string, text, position + 1), True, False

    @staticmethod
    def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
        found = pattern.match(text, position)
        return found.end() if found else position


@cache
def _patterns(double_byte: bool) -> _Patterns:
    # Possessive and atomic groups: bytes that do not match fail in linear time.
    gap = rb"(?>\s++|//[^\r\n]*+[\r\n]|/\*(?>[^*]++|\*(?!/))*+\*/)*+"
    string = rb'(?>[^"\\]++|\\.)*+'
    if double_byte:
        # The second byte of a character may be that of a backslash.
        character = rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff](?=.)"
        string = rb'(?>[^"\\\x80-\xff]++|' + character + rb"|\\.)*+"
    part = rb'(?>[^";]++|"' + string + rb'")*+'
    return _Patterns(
        gap=re.compile(gap, re.DOTALL),
        statement=re.compile(gap + rb"((?!/[/*])" + part + rb";)", re.DOTALL),
        part=re.compile(part, re.DOTALL),
        string=re.compile(string, re.DOTALL),
    )


def _cut(buffer: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give the whole statements of some bytes, each with its place."""
    position = 0
    while end := buffer.find(b";", position) + 1:
        statement = buffer[position:end].lstrip()
        # Three quick looks settle most statements; the pattern is ten times slower.
        if statement.count(b'"') & 1 or b"\\" in statement or statement.startswith(b"/"):
            found = pattern.match(buffer, position)
            if found is None:
                return
            statement, end = found[1], found.end()
        yield end - len(statement), statement
        position = end


def _behind(stream: BinaryIO, buffer: bytes, patterns: _Patterns) -> tuple[bytes, int]:
    """Pass by the statement that `buffer` begins with.

    Returns:
        What was read behind it, b"" when the file ends inside it; and the line ends passed.
    """
    passed, in_string, ended = 0, False, False
    while True:
        position, in_string, ended = patterns.advance(buffer, in_string=in_string)
        passed += buffer.count(b"\n", 0, position)
        if ended:
            # One blank keeps "ended exactly here" apart from "never ended".
            return buffer[position:] or b" ", passed
        chunk = stream.read(_CHUNK)
        if not chunk:
            return b"", passed
        buffer = buffer[position:] + chunk


def _cut_off(name: str, line: int) -> InputError:
    return InputError(
        f"{name} is damaged: it ends inside the statement that begins in line {line}; "
        "copy or save the scene again"
    )


def _codec(codeset: str) -> str:
    """Turn Maya's name of an encoding into Python's; code pages are bare numbers."""
    try:
        name = codecs.lookup(f"cp{codeset}" if codeset.isdigit() else codeset).name
    except LookupError:
        return "utf-8"
    # Python knows codecs that are no text or that quotes cannot be found in.
    return name if name in _SINGLE_BYTE | _DOUBLE_BYTE else "utf-8"


def _unescaped(string: str) -> str:
    if "\\" not in string:
        return string
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), string)
