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

_ENDING = re.compile(r"\.(?:exe|bat|cmd|sh|py)$", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9.]+")
_FRAME = re.compile(r"-?[0-9]+|QB_FRAME_\w+")
# Programs that run a script: what it is, the script's name says.
_INTERPRETERS = re.compile(r"hython[0-9.]*|python[0-9.]*")
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
    path, _ = _program_and_rest(command)
    stem = _stem(path)
    for program in programs().values():
        if path in program.row["finders"] or re.fullmatch(program.row["names"], stem):
            return program
    able = ", ".join(program.label for program in programs().values())
    raise InputError(f"command lines of {stem!r} are not known; those of {able} are")


def read_arguments(program: Program, command: Command) -> Said:
    """Return what a command says.

    Args:
        program: that it runs.
        command: cut into words.
    """
    said = Said(program.dcc, dict(program.row.get("usual", {})))
    given = Said()
    path, words = _program_and_rest(command)
    version = re.search(program.row["version"], path, re.IGNORECASE)
    if version:
        given.say("version", "version", version[1])
    _Reader(program, given).read(words)
    return Said(
        said.dcc,
        said.fields | given.fields,
        [*(["environment"] if command.is_prepared else []), *given.traits],
        given.refusals,
    )


def is_argument(program: Program, name: str) -> bool:
    """Tell whether a program's grammar has an argument.

    Args:
        program: one of `programs`.
        name: with its dashes.
    """
    return any(name in program.row[part] for part in ("is", "harmless", "traits", "must_be"))


def _program_and_rest(command: Command) -> tuple[str, tuple[Word, ...]]:
    first, *rest = command.words
    if rest and _INTERPRETERS.fullmatch(_stem(first.text)):
        return rest[0].text, tuple(rest[1:])
    return first.text, tuple(rest)


def _stem(path: str) -> str:
    return _ENDING.sub("", re.split(r"[\\/]", path)[-1]).casefold()


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
            said.refuse(name, self._words[0].text if self._words else "", UNKNOWN)
            # Whatever belongs to it is no argument of the others.
            while self._words and not self._words[0].text.startswith("-"):
                self._words.pop(0)

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
        if self._row.get("in_order") and not self._counts_here(name):
            why = "it stands where it does nothing: before the scene, or behind what renders"
            self._said.refuse(name, word.text, why)
        self._said.say(field_, name, without_conversion(word.text))

    def _counts_here(self, name: str) -> bool:
        if "scene" in self._places:
            return False
        return not (self._seen - {name}).intersection(self._row["needs"])

    def _default(self, name: str, usual: str | None) -> None:
        if usual is None:
            value = self._words[0].text if self._words else ""
            self._said.refuse(name, value, f"{OTHERWISE}; leave it out")
            while self._words and not self._words[0].text.startswith("-"):
                self._words.pop(0)
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
