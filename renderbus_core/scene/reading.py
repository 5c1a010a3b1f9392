"""What every format's reader hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from renderbus_core.facts import ExternalFile, SceneFacts


@dataclass(frozen=True, slots=True)
class Reading:
    """A scene's own facts, before the scenes it names are opened.

    Args:
        facts: as read.
        doubts: what only the program can tell about files; a part of `facts.unknowable` that
            matters to whoever references the scene, too.
        namespaces: path of a referenced scene, as stored, to the prefixes its names get.
    """

    facts: SceneFacts
    doubts: tuple[str, ...] = ()
    namespaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """A scene format that is read natively.

    Args:
        name: for people.
        dcc: program whose scenes they are.
        begins: whether a file with these first bytes may be of this format.
        read: reads such a file; raises InputError for anything else.
    """

    name: str
    dcc: str
    begins: Callable[[bytes], bool]
    read: Callable[[Path], Reading]


def distinct(files: Iterable[ExternalFile]) -> tuple[ExternalFile, ...]:
    """Keep each stored path once, with the pattern that one of its owners may give it."""
    found: dict[tuple[str, Path | None], ExternalFile] = {}
    for file in files:
        key = (file.stored, file.within)
        known = found.get(key)
        if known is None or (known.pattern is None and file.pattern is not None):
            found[key] = file
    return tuple(found.values())
