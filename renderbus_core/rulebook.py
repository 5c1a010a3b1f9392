"""Every rule that a finding can name, as people meet it; the table is `schemas/rules.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from renderbus_core import schema


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `schemas/rules.json`.

    Args:
        id: stable name, for waivers.
        severities: how bad it can be, the worst first.
        guards: what must hold, in a sentence.
        fix: what to do about it, usually; a finding may say it more exactly.
    """

    id: str
    severities: tuple[str, ...]
    guards: str
    fix: str


@cache
def chapters() -> Mapping[str, tuple[Entry, ...]]:
    """Return all entries by what they are about: `documents`, `fields`, `scene` and so on."""
    return MappingProxyType(
        {
            name: tuple(
                Entry(row["id"], tuple(row["severities"]), row["guards"], row["fix"])
                for row in rows
            )
            for name, rows in schema.load("rules.json").items()
        }
    )


@cache
def entries() -> Mapping[str, Entry]:
    """Return all entries by the name of the rule."""
    return MappingProxyType({each.id: each for rows in chapters().values() for each in rows})
