"""The programs the cloud knows, from the table `schemas/dcc.json`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from renderbus_core import schema
from renderbus_core.errors import InputError


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the table; the empty parts belong to programs that cannot be sent yet.

    Args:
        name: as in `SceneFacts.dcc`.
        cg_id: number on the wire, as text.
        cg_name: name on the wire.
        extensions: of its scenes, without the dot.
        schema: of its task.json; None when there is none.
        formats: wire name of a picture format to the ending of its files.
        cloud_output: templates of the cloud's picture names (assumption), by `single` and
            `layered`.
        reader: module that reads its scenes; None when there is none.
    """

    name: str
    cg_id: str
    cg_name: str
    extensions: tuple[str, ...]
    schema: str | None = None
    formats: Mapping[str, str] = field(default_factory=dict)
    cloud_output: Mapping[str, str] = field(default_factory=dict)
    reader: str | None = None

    def format_named_by(self, ending: str) -> str:
        """Return the wire name of the picture format whose files have an ending.

        Args:
            ending: without the dot, in lower case.

        Raises:
            InputError: the program writes no pictures with that ending.
        """
        for name, known in self.formats.items():
            if known == plain_ending(ending):
                return name
        known_endings = ", ".join(sorted(set(self.formats.values())))
        raise InputError(
            f"{self.cg_name} pictures do not end in {ending!r}; choose one of {known_endings}"
        )


def plain_ending(ending: str) -> str:
    """Return the usual spelling of a file ending: `tif` for `TIFF`.

    Args:
        ending: with or without the dot.
    """
    lower = ending.lower().removeprefix(".")
    aliases: Mapping[str, str] = schema.load("dcc.json")["aliases"]
    return aliases.get(lower, lower)


@cache
def programs() -> Mapping[str, Program]:
    """Return every program by name."""
    rows = schema.load("dcc.json")["programs"]
    return MappingProxyType(
        {
            name: Program(name, **(row | {"extensions": tuple(row["extensions"])}))
            for name, row in rows.items()
        }
    )


def program(name: str) -> Program:
    """Return a program whose tasks can be built.

    Raises:
        InputError: it is unknown, or there is no description of its tasks yet.
    """
    found = programs().get(name)
    sendable = [known.name for known in programs().values() if known.schema]
    if found is not None and found.schema:
        return found
    if found is not None:
        raise InputError(
            f"{found.cg_name} tasks cannot be built; supported are {', '.join(sendable)}"
        )
    close = difflib.get_close_matches(name, programs(), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"supported are {', '.join(sendable)}"
    raise InputError(f"there is no program {name!r}; {hint}")
