"""What command lines of the known programs say, by the grammar in `programs.json`; pure.

An argument that the grammar does not have keeps the job on the farm, by name. What stands in it
says `schemas/qube_programs.json`, and a test holds that it does: nothing is asked twice here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from qube_jobtype.command_words import Command, Word, without_conversion
from qube_jobtype.said import OTHERWISE, UNKNOWN, Said
from renderbus_core.errors import InputError
from renderbus_core.farm import same_value

_NUMBER = re.compile(r"-?[0-9.]+")
_FRAME = re.compile(r"-?[0-9]+|QB_FRAME_\w+")
_TRUTH: Mapping[str, str] = {"on": "1", "yes": "1", "off": "0", "no": "0"}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that jobs run by a command line; see `schemas/qube_programs.json`.

    Args:
        key: its name there.
        label: for people.
        dcc: as in `schemas/task/`.
        row: its grammar.
    """

    key: str
    label: str
    dcc: str
    row: Mapping[str, Any] = field(repr=False)


@cache
def programs() -> Mapping[str, Program]:
    """Return every program by its key."""
    table = json.loads((files("qube_jobtype") / "programs.json").read_text("utf-8"))
    return {key: Program(key, row["label"], row["dcc"], row) for key, row in table.items()}


def program_of(command: Command) -> Program:
    """Return the program that a command runs.

    Args:
        command: cut into words.

    Raises:
        InputError: it is none of those whose command lines are known.
    """
    for program in programs().values():
        if _where(program, command) is not None:
            return program
    able = ", ".join(program.label for program in programs().values())
    name = _name(command.words[0].text)
    raise InputError(f"command lines of {name!r} are not known; those of {able} are")


def read_arguments(program: Program, command: Command) -> Said:
    """Return what a command says.

    Args:
        program: that it runs.
        command: that runs it, cut into words.
    """
    given = Said(program.dcc)
    at = _where(program, command) or 0
    version = re.search(program.row["version"], command.words[at].text, re.IGNORECASE)
    if version:
        given.say("version", "version", version[1])
    _Reader(program, given).read(command.words[at + 1 :])
    if command.is_prepared:
        given.traits.insert(0, "environment")
    return given


def ranges_of(dcc: str) -> tuple[str, ...]:
    """Return how the command line of a program writes several frames in one argument.

    Args:
        dcc: as in `schemas/task/`.
    """
    rows = (program.row for program in programs().values() if program.dcc == dcc)
    return tuple(spelled for row in rows for spelled in row.get("ranges", ()))


def is_argument(program: Program, name: str) -> bool:
    """Tell whether a program's grammar has an argument.

    Args:
        program: one of `programs`.
        name: with its dashes.
    """
    return any(name in program.row[part] for part in ("is", "harmless", "traits", "must_be"))


def _where(program: Program, command: Command) -> int | None:
    """Return which word of a command names a program; None where it runs another one."""
    case = re.IGNORECASE if command.is_windows else re.NOFLAG
    names, interpreters = program.row["names"], program.row.get("interpreters")
    first, *rest = command.words
    if first.text in program.row["finders"] or re.fullmatch(names, _name(first.text), case):
        return 0
    if interpreters and re.fullmatch(interpreters, _name(first.text), case):
        return 1 if rest and re.fullmatch(names, _name(rest[0].text), case) else None
    return None


def _name(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


class _Reader:
    """Goes through the words of one command.

    Args:
        program: that it runs.
        said: what is written to.
    """

    def __init__(self, program: Program, said: Said) -> None:
        self._row = program.row
        self._said = said
        self._seen: set[str] = set()
        self._words: list[Word] = []
        self._places = list(program.row["places"])

    def read(self, words: tuple[Word, ...]) -> None:
        """Read all words, and say what is missing."""
        self._words = list(words)
        while self._words:
            word = self._words.pop(0)
            if word.text == self._row.get("end"):
                self._rest()
            elif word.text.startswith("-") and not _NUMBER.fullmatch(word.text):
                self._argument(word.text)
            else:
                self._place(word)
        needs = self._row.get("needs", ())
        if needs and not self._seen.intersection(needs):
            self._said.refuse("cmdline", "", f"it renders nothing: one of {', '.join(needs)} does")

    def _argument(self, name: str) -> None:
        row, said = self._row, self._said
        self._once(name)
        self._seen.add(name)
        if name in row["is"]:
            self._fields(name, row["is"][name])
        elif name in row["harmless"]:
            self._taken(name, row["harmless"][name])
            if name in row.get("optional", ()) and self._next_is(_NUMBER):
                self._words.pop(0)
        elif name in row["traits"]:
            trait, count = row["traits"][name]
            self._taken(name, count)
            said.traits.append(trait)
        elif name in row["must_be"]:
            self._default(name, row["must_be"][name])
        else:
            self._leave(name, UNKNOWN)

    def _leave(self, name: str, why: str) -> None:
        """Refuse an argument; whatever belongs to it is no argument of the others."""
        self._said.refuse(name, self._words[0].text if self._words else "", why)
        while self._words and not self._words[0].text.startswith("-"):
            self._words.pop(0)

    def _once(self, name: str) -> None:
        """Refuse an argument that renders at once, where it renders another scene, or again."""
        if not self._renders(name):
            return
        if "scene" in self._places:
            self._said.refuse(name, "", "it stands before the scene, so it renders another one")
        for other in sorted(filter(self._renders, self._seen)):
            self._said.refuse(name, "", f"it renders once more, behind {other}")

    def _renders(self, name: str) -> bool:
        return bool(self._row.get("in_order")) and name in self._row["needs"]

    def _fields(self, name: str, meant: str | list[str]) -> None:
        names = [meant] if isinstance(meant, str) else meant
        for at, each in enumerate(names):
            if at and not self._next_is(_FRAME):
                return
            for value in self._taken(name, 1):
                self._field(each, name, value)

    def _field(self, field_: str, name: str, word: Word) -> None:
        if not word.is_certain:
            why = "what it stands for only a worker knows; write it out"
            self._said.refuse(name, word.text, why)
        if self._row.get("in_order") and not self._renders(name) and not self._counts_here():
            why = "it stands where it does nothing: before the scene, or behind what renders"
            self._said.refuse(name, word.text, why)
        self._said.say(field_, name, without_conversion(word.text))

    def _counts_here(self) -> bool:
        return "scene" not in self._places and not any(map(self._renders, self._seen))

    def _default(self, name: str, usual: str | None) -> None:
        if usual is None:
            self._leave(name, f"{OTHERWISE}; leave it out")
            return
        for word in self._taken(name, 1):
            value = _TRUTH.get(word.text.casefold(), word.text)
            if not same_value(value, usual):
                self._said.must_be(name, word.text, usual)

    def _place(self, word: Word) -> None:
        if not self._places:
            self._said.refuse("cmdline", word.text, UNKNOWN)
            return
        name = self._places[0]
        if name == "frames":
            # A program may take a frame range in words of its own.
            more = "".join(f" {each.text}" for each in self._while(_FRAME))
            self._said.say("frames", "cmdline", word.text + more)
        else:
            self._places.pop(0)
            if not word.is_certain:
                why = "what it stands for only a worker knows; write it out"
                self._said.refuse(name, word.text, why)
            self._said.say(name, "cmdline", without_conversion(word.text))

    def _rest(self) -> None:
        """Leave what is for scripts to scripts, where there is one."""
        after: Mapping[str, int] = self._row["after"]
        while self._words:
            word = self._words.pop(0)
            if word.text in after:
                self._taken(word.text, after[word.text])
            elif "startup_script" not in self._said.traits:
                self._said.refuse(self._row["end"], word.text, UNKNOWN)

    def _taken(self, name: str, count: int) -> list[Word]:
        taken, self._words = self._words[:count], self._words[count:]
        if len(taken) < count:
            self._said.refuse(name, "", "its value is missing")
        return taken

    def _while(self, pattern: re.Pattern[str]) -> Iterator[Word]:
        while self._next_is(pattern):
            yield self._words.pop(0)

    def _next_is(self, pattern: re.Pattern[str]) -> bool:
        return bool(self._words) and bool(pattern.fullmatch(self._words[0].text))
