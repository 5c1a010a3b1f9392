"""What is known of the keys of jobs and of plug-ins: `conversion/*.json`, read once.

Each plug-in that Renderbus can render has a table of its own; of others `not_rendered.json` says
why not. Where a name in a table has `#` it stands for a number, and `<Day>` for a day of the week.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

_FOLDER = files("deadline_plugin") / "conversion"
_JOB_INFO, _NOT_RENDERED = "job_info", "not_rendered"
_NUMBER = re.compile(r"\d+")
_DAY = re.compile(r"^Scheduled(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(Start|Stop)Time$")


@dataclass(frozen=True, slots=True)
class Family:
    """Keys that nobody can list, known by how they are written.

    Args:
        keys: fits the whole key.
        why: they keep a job here when they have a value.
    """

    keys: re.Pattern[str]
    why: str


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys of a job, or of a plug-in, mean for the cloud; each is in one of these.

    Args:
        mapped: what becomes a part of the job that is sent.
        traits: what may speak against the cloud, in the words of `renderbus_core.overflow.TRAITS`.
        refused: what keeps a job here when it says anything, and why.
        defaults: values of what the cloud would render without; any other keeps a job here.
        harmless: what concerns local workers alone.
        families: keys that nobody can list.
    """

    mapped: frozenset[str]
    traits: Mapping[str, str]
    refused: Mapping[str, str]
    defaults: Mapping[str, tuple[str, ...]]
    harmless: frozenset[str]
    families: tuple[Family, ...]

    def name_of(self, key: str) -> str | None:
        """Return the name in the tables that a key goes by; None when it is in none of them."""
        tables = (self.mapped, self.traits, self.refused, self.defaults, self.harmless)
        names = (name for name in _spellings(key) for table in tables if name in table)
        return next(names, None)

    def family_of(self, key: str) -> Family | None:
        """Return the family of a key; None when it has none."""
        return next((each for each in self.families if each.keys.fullmatch(key)), None)


@dataclass(frozen=True, slots=True)
class SceneSequence:
    """When a scene is one file of a sequence, each of which has one frame.

    Args:
        key: that says so.
        usual: its value where it is absent.
        when: the value that says so.
    """

    key: str
    usual: str
    when: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plug-in whose jobs Renderbus can render.

    Args:
        dcc: the program.
        keys: all of them.
        mapped: keys by what they are of a job: `scene`, `layer`, `version`, `renderer`, `camera`,
            `width`, `height`, `output`, `frame_offset`; the first that says anything counts.
        layer_switch: key without which the layer is not looked at; "" for none.
        layer_separators: signs between several layers in one value.
        sequence: when its scene is one file of a sequence; None for never.
        usual: what a job means that leaves a part out.
        spellings: the scene's name for what a job calls otherwise, in lower case, by part.
    """

    dcc: str
    keys: Keys
    mapped: Mapping[str, tuple[str, ...]]
    layer_switch: str
    layer_separators: str
    sequence: SceneSequence | None
    usual: Mapping[str, str]
    spellings: Mapping[str, Mapping[str, str]]

    def said(self, info: Mapping[str, str], part: str) -> str:
        """Return what a job says of a part, or means by leaving it out; "" for nothing.

        Args:
            info: keys of the plug-in.
            part: see `mapped`.
        """
        values = (info.get(key, "") for key in self.mapped.get(part, ()))
        value = next(filter(None, values), self.usual.get(part, ""))
        return self.spellings.get(part, {}).get(value.casefold(), value)


@cache
def plugins() -> tuple[str, ...]:
    """Return the plug-ins whose jobs Renderbus can render."""
    names = (each.name.removesuffix(".json") for each in _FOLDER.iterdir())
    return tuple(sorted(name for name in names if name not in {_JOB_INFO, _NOT_RENDERED}))


@cache
def plugin(name: str) -> Plugin:
    """Return a plug-in of `plugins`."""
    table = _read(name)
    mapped = {part: _several(keys) for part, keys in table["mapped"].items()}
    switch, sequence = table.get("layer_switch", ""), table.get("sequence")
    own = {key for keys in mapped.values() for key in keys}
    own |= {switch} if switch else set()
    own |= {sequence["key"]} if sequence else set()
    return Plugin(
        table["dcc"],
        _keys(table, own),
        MappingProxyType(mapped),
        switch,
        table.get("layer_separators", ""),
        SceneSequence(**sequence) if sequence else None,
        table.get("usual", {}),
        table.get("spellings", {}),
    )


@cache
def job_info() -> Keys:
    """Return what is known of the keys of jobs."""
    table = _read(_JOB_INFO)
    return _keys(table, table["mapped"])


@cache
def not_rendered() -> Mapping[str, str]:
    """Return why Renderbus does not render the jobs of some plug-ins."""
    return MappingProxyType(_read(_NOT_RENDERED))


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


def _keys(table: Mapping[str, Any], mapped: Iterable[str]) -> Keys:
    return Keys(
        frozenset(mapped),
        {key: trait for trait, keys in table.get("traits", {}).items() for key in keys},
        table.get("refused", {}),
        {key: _several(usual) for key, usual in table.get("defaults", {}).items()},
        frozenset(table["harmless"]),
        tuple(Family(re.compile(row["keys"]), row["why"]) for row in table.get("families", ())),
    )


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _spellings(key: str) -> tuple[str, ...]:
    """Return a key as a table may have it: as it is, numbers as #, days as <Day>."""
    day = _DAY.match(key)
    return (key, f"Scheduled<Day>{day[1]}Time" if day else _NUMBER.sub("#", key))
