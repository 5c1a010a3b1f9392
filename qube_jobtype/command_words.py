"""Command lines of jobs, cut into words as the shell of their system would; nothing is run.

Workers hand the line of a cmdrange job to a shell. What a shell would put in its place (variables,
patterns, the output of another command) only the worker knows, so a word says whether it is
certain. Commands before the last one may only prepare its surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from renderbus_core.errors import InputError

# Commands that render nothing themselves, but may change what the program sees.
_SETUP = frozenset({".", "call", "cd", "export", "module", "pushd", "set", "setenv", "source"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WINDOWS_PATH = re.compile(
    r"(?:^|[\s\"'(=])(?:[A-Za-z]:[\\/]|\\\\)|\.(?:exe|bat|cmd)\b", re.IGNORECASE
)
_WINDOWS_SHELL = re.compile(r"\bcmd(?:\.exe)?\b|powershell", re.IGNORECASE)
_POSIX_SHELL = re.compile(r"\b(?:ba|z|k|t?c|da)?sh\b")
_CONVERT = "QB_CONVERT_PATH("

# Pieces that words are put together from, by how they are written. A quote that is not closed is
# no piece.
_POSIX_PIECE = re.compile(
    r"""
    (?P<sign>&&|\|\||[;&|<>()\n]|(?<![^\ \t\r\n])\#)
    | (?P<blank>[\ \t\r])
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^\ \t\r\n'"\\;&|<>()]+)
    """,
    re.VERBOSE | re.DOTALL,
)
# Backslashes mean something before a quote only: an even number of them is half as many, an odd
# one takes the quote's meaning away.
_WINDOWS_PIECE = re.compile(
    r"""
    (?P<sign>&&|\|\||[&|<>^\n])
    | (?P<blank>[\ \t\r])
    | "(?P<double>(?:[^"\\]|\\++(?!")|(?:\\\\)*+\\")*+)(?P<tail>\\*+)"
    | (?P<plain>(?:[^\ \t\r\n"\\&|<>^]|\\++(?!")|(?:\\\\)*+\\")++)
    | (?P<slashes>\\++)(?=")
    """,
    re.VERBOSE,
)
_QUOTE = re.compile(r'(?<!\\)(\\*+)"')
_POSIX_ESCAPE = re.compile(r'\\(["\\$`\n])')
_POSIX_VARIABLE = re.compile(r"[$`]")
_POSIX_PATTERN = re.compile(r"[$`*?\[{]|^~")
_WINDOWS_VARIABLE = re.compile(r"%[^%\s]+%")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command.

    Args:
        text: without quotes.
        is_certain: whether it is the same on every host.
    """

    text: str
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands between two commands, as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """The one command of a line that renders.

    Args:
        words: the program and its arguments.
        is_prepared: whether something before it may change what it sees.
        is_windows: whether Windows runs it, which does not tell upper from lower case.
    """

    words: tuple[Word, ...]
    is_prepared: bool = False
    is_windows: bool = False


def read_command(line: str, shell: str = "") -> Command:
    """Cut a command line into the words of its last command.

    Args:
        line: as the job has it.
        shell: that the job asks for; "" for the system's own.

    Raises:
        InputError: a quote is not closed, or the line is more than preparations and one command.
    """
    text = _without_conversions(line.strip(" \t\r\n"))
    commands: list[list[Word]] = [[]]
    on_windows = is_windows(text, shell)
    rules = _WINDOWS if on_windows else _POSIX
    for part in _parts(text, rules):
        if isinstance(part, Word):
            commands[-1].append(part)
        elif part.text in rules.ends:
            commands.append([])
        else:
            raise InputError(
                f"the command line has {part.text!r} in it; only one command that renders can be "
                "read, with preparations before it"
            )
    *before, last = [words for words in commands if words] or [[]]
    for words in before:
        if words[0].text.lower() not in _SETUP and not _is_assignment(words[0]):
            raise InputError(
                f"the command line runs {words[0].text} before anything else; only one command "
                "that renders can be read"
            )
    assigned = 0
    while assigned < len(last) and _is_assignment(last[assigned]):
        assigned += 1
    if not last[assigned:]:
        raise InputError("the command line names no program")
    return Command(tuple(last[assigned:]), bool(before or assigned), on_windows)


def is_windows(line: str, shell: str = "") -> bool:
    """Tell whether a command line is meant for Windows.

    Args:
        line: as the job has it.
        shell: that the job asks for; "" for the system's own.
    """
    if _WINDOWS_SHELL.search(shell):
        return True
    return not _POSIX_SHELL.search(shell) and bool(_WINDOWS_PATH.search(line))


def without_conversion(text: str) -> str:
    """Return a path without the wish that workers convert it, whatever it was written in.

    Args:
        text: for example `QB_CONVERT_PATH(P:/show/a.ma)`.
    """
    if text.startswith(_CONVERT) and text.endswith(")"):
        return text.removeprefix(_CONVERT).removesuffix(")").strip("\"' ")
    return text


def _is_assignment(word: Word) -> bool:
    return bool(_ASSIGNMENT.match(word.text))


def _without_conversions(line: str) -> str:
    """Replace wishes to convert a path by the path, which then is one word."""
    found, rest = "", line
    while _CONVERT in rest:
        before, _, after = rest.partition(_CONVERT)
        end = _closing(after)
        inner = after[:end].strip("\"' ")
        is_quoted = before.endswith(('"', "'"))
        found += before + (inner if is_quoted else f'"{inner}"')
        rest = after[end + 1 :]
    return found + rest


def _closing(text: str) -> int:
    depth = 1
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return at
    raise InputError(f"the command line has {_CONVERT} without its closing bracket")


@dataclass(frozen=True, slots=True)
class _Rules:
    """How one kind of shell cuts a line.

    Args:
        piece: finds the next piece, in a group that says how it is written.
        read: what each way of writing means.
        ends: signs that end a command, so that the next one follows it.
    """

    piece: re.Pattern[str]
    read: Mapping[str, Callable[[re.Match[str]], Word]]
    ends: frozenset[str]


def _parts(line: str, rules: _Rules) -> Iterator[Word | Sign]:
    """Give words and signs of a line in order."""
    pieces: list[Word] = []
    at = 0
    while at < len(line):
        found = rules.piece.match(line, at)
        if found is None:
            raise InputError(f"the command line has a quote that is not closed: {line[at:][:40]}")
        kind = found.lastgroup or ""
        if kind in {"sign", "blank"}:
            if pieces:
                yield _joined(pieces)
            pieces = []
            if kind == "sign":
                yield Sign(found[0])
        else:
            pieces.append(rules.read[kind](found))
        at = found.end()
    if pieces:
        yield _joined(pieces)


def _joined(pieces: Sequence[Word]) -> Word:
    return Word("".join(piece.text for piece in pieces), all(piece.is_certain for piece in pieces))


def _posix_double(found: re.Match[str]) -> Word:
    inner = found["double"]
    return Word(
        _POSIX_ESCAPE.sub(r"\1", inner), not _POSIX_VARIABLE.search(re.sub(r"\\.", "", inner))
    )


def _posix_plain(found: re.Match[str]) -> Word:
    return Word(found["plain"], not _POSIX_PATTERN.search(found["plain"]))


def _windows_text(text: str, tail: str = "") -> Word:
    whole = _QUOTE.sub(lambda quote: "\\" * (len(quote[1]) // 2) + '"', text)
    return Word(whole + "\\" * (len(tail) // 2), not _WINDOWS_VARIABLE.search(text))


_POSIX = _Rules(
    _POSIX_PIECE,
    {
        "single": lambda found: Word(found["single"]),
        "double": _posix_double,
        "escaped": lambda found: Word(found["escaped"].replace("\n", "")),
        "plain": _posix_plain,
    },
    frozenset({";", "&&", "\n"}),
)
_WINDOWS = _Rules(
    _WINDOWS_PIECE,
    {
        "tail": lambda found: _windows_text(found["double"], found["tail"]),
        "plain": lambda found: _windows_text(found["plain"]),
        "slashes": lambda found: Word("\\" * (len(found["slashes"]) // 2)),
    },
    frozenset({"&", "&&", "\n"}),
)
