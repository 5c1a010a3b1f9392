"""The programs the cloud knows, from the table `schemas/dcc.json`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import InputError


class Tiles(StrEnum):
    """On which condition a program's frames can be cut into tiles."""

    ALWAYS = "always"
    LAYERS = "layers"
    """Only when layers are rendered apart."""
    GI = "gi"
    """Only with global illumination."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the table; the parts about building are empty where we only judge.

    Args:
        name: as in `SceneFacts.dcc`.
        cg_id: number on the wire, as text.
        cg_name: name on the wire.
        extensions: of its scenes, without the dot.
        schema: of its task.json.
        systems: of the machines that render it.
        tiles: when frames can be cut.
        merges_tiles: whether some source says that the cloud makes one picture of them again.
        distributed: whether one frame can be rendered on several machines; None when no source
            says.
        distributed_machines: how many they may be; any number when there are none.
        packed: ending of the archive that its scene is sent in; "" when it is sent as it is.
        lists_assets: whether its analyser writes a list into asset.json.
        documented: whether any source shows its task.json.
        formats: wire name of a picture format to the ending of its files.
        cloud_output: templates of the cloud's picture names (assumption), by `single` and
            `layered`.
        elements: by renderer, how elements with files of their own are told apart: `main` is what
            the main picture is called among them, `folder` goes before a name without their token.
        bundled: plug-ins that come with the program, so that nobody offers them apart.
        renderers: the plug-ins of renderers that do not come with the program; several names are
            names of one.
        reader: module that reads its scenes; None when there is none, and nothing can be built.
    """

    name: str
    cg_id: str
    cg_name: str
    extensions: tuple[str, ...]
    schema: str
    systems: tuple[str, ...] = ("linux", "windows")
    tiles: Tiles = Tiles.ALWAYS
    merges_tiles: bool = False
    distributed: bool | None = None
    distributed_machines: tuple[int, ...] = ()
    packed: str = ""
    lists_assets: bool = True
    documented: bool = True
    formats: Mapping[str, str] = field(default_factory=dict)
    cloud_output: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bundled: tuple[str, ...] = ()
    renderers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reader: str | None = None

    def is_bundled(self, plugin: str) -> bool:
        """Tell whether a plug-in, in any case, comes with the program."""
        return plugin.casefold() in map(str.casefold, self.bundled)

    def names_of(self, plugin: str) -> frozenset[str]:
        """Return every name under which a plug-in is known, in lower case."""
        own = plugin.casefold()
        groups = (frozenset(map(str.casefold, names)) for names in self.renderers.values())
        return next((group for group in groups if own in group), frozenset({own}))

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
    return MappingProxyType({name: _program(name, row) for name, row in rows.items()})


def row_of(cg_id: object) -> Program | None:
    """Return the program with a number on the wire, a text; None when there is none."""
    return next((row for row in programs().values() if row.cg_id == cg_id), None)


def program(name: str) -> Program:
    """Return a program whose tasks can be built.

    Raises:
        InputError: it is unknown, or its scenes cannot be read.
    """
    found = programs().get(name)
    supported = ", ".join(known.name for known in programs().values() if known.reader)
    if found is not None and found.reader:
        return found
    if found is not None:
        raise InputError(f"{found.cg_name} tasks cannot be built; supported are {supported}")
    close = difflib.get_close_matches(name, programs(), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"supported are {supported}"
    raise InputError(f"there is no program {name!r}; {hint}")


def _program(name: str, row: Mapping[str, Any]) -> Program:
    # JSON knows lists alone, and no words of a closed set.
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Program(name, **(dict(row) | lists | {"tiles": Tiles(row.get("tiles", Tiles.ALWAYS))}))
