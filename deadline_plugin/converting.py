"""From a Deadline job to one that the bridge can send; fail-closed.

`conversion.json` says of every key what it is: mapped, harmless, a trait of the job that the
overflow policy knows, or something that must have its default because the cloud would render
otherwise. A key that is in none of these keeps the job here, by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from deadline_plugin.submission import Dump
from renderbus_core.errors import InputError
from renderbus_core.farm import (
    CLOUD_KEY,
    DEADLINE_KEY,
    Conversion,
    Refusal,
    read_deadline,
    read_wish,
    same_value,
)
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.jobs import JobId, LocalJob

_NUMBER = re.compile(r"\d+")
_DAY = re.compile(r"^Scheduled(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(Start|Stop)Time$")
_NO_NAME = frozenset({"", "none"})
# Where a job says `File`, it renders with what the scene says.
_AS_IN_THE_SCENE = frozenset({"", "file"})


def convert(dump: Dump, now: datetime) -> Conversion:
    """Turn a Deadline job into one that the bridge can send.

    Args:
        dump: the job as plain texts.
        now: when it was submitted, UTC.
    """
    plugin = dump.job_info.get("Plugin", "")
    known = _table()["plugins"].get(plugin)
    if known is None:
        able = ", ".join(sorted(_table()["plugins"]))
        why = f"jobs of this plug-in cannot be sent; those of {able} can"
        return Conversion(None, refusals=(Refusal("Plugin", plugin, why),))
    refusals = [*_of_job_info(dump.job_info), *_of_plugin_info(dump.plugin_info, known)]
    try:
        job = _job(dump, known, now)
        frames_per_task = _whole(dump.job_info, "ChunkSize", 1)
    except InputError as error:
        return Conversion(None, refusals=(*refusals, Refusal("", "", str(error))))
    traits = dict.fromkeys([*_traits(dump.job_info), *_plugin_traits(dump.plugin_info, known)])
    return Conversion(
        None if refusals else job,
        frames_per_task,
        tuple(traits),
        tuple(refusals),
    )


@cache
def _table() -> Any:
    return json.loads((files("deadline_plugin") / "conversion.json").read_text("utf-8"))


# Every key is looked at.


def _of_job_info(info: Mapping[str, str]) -> Iterator[Refusal]:
    table = _table()["job_info"]
    known = {*table["mapped"], *table["traits"], *table["harmless"]}
    for key, value in info.items():
        if not value or _general(key) in known:
            continue
        if key in table["refused"] and _says_nothing(value):
            continue
        if key in table["refused"]:
            yield Refusal(key, value, "the cloud does not have what it points to")
        else:
            yield Refusal(key, value, "nobody knows what it means for the cloud")


def _of_plugin_info(info: Mapping[str, str], known: Mapping[str, Any]) -> Iterator[Refusal]:
    mapped = {*known["mapped"].values(), known.get("output"), known.get("layer_switch")}
    for key, value in info.items():
        general = _NUMBER.sub("", key)
        if key in mapped or key in known["traits"] or key in known["harmless"]:
            continue
        if general != key and general in known.get("numbered", ()):
            continue
        default = known["defaults"].get(key)
        if default is None and value:
            yield Refusal(key, value, "nobody knows what it means for the cloud")
        elif default is not None and not same_value(value, default):
            usual = f"it must be {default!r}" if default else "it must be empty"
            yield Refusal(key, value, f"the cloud would render without it, so {usual}")


def _general(key: str) -> str:
    """Return a key as the table has it: numbers as #, days as <Day>."""
    day = _DAY.match(key)
    if day:
        return f"Scheduled<Day>{day[1]}Time"
    general = _NUMBER.sub("#", key)
    return general if general in _generals() else key


@cache
def _generals() -> frozenset[str]:
    table = _table()["job_info"]
    every = {*table["mapped"], *table["traits"], *table["harmless"]}
    return frozenset(name for name in every if "#" in name)


def _says_nothing(value: str) -> bool:
    return value.casefold() in {word.casefold() for word in _table()["job_info"]["nothing"]}


# What may speak against the cloud.


def _traits(info: Mapping[str, str]) -> Iterator[str]:
    traits = _table()["job_info"]["traits"]
    for key, value in info.items():
        trait = traits.get(_general(key))
        if trait is not None and not _says_nothing(value):
            yield trait


def _plugin_traits(info: Mapping[str, str], known: Mapping[str, Any]) -> Iterator[str]:
    for key, trait in known["traits"].items():
        if not _says_nothing(info.get(key, "")):
            yield trait


# The job itself.


def stays(dump: Dump, submitted_at: datetime, refusals: Sequence[Refusal]) -> LocalJob:
    """Return a job that cannot be sent, as far as people and the order of the queue need it.

    Args:
        dump: the job as plain texts.
        submitted_at: UTC.
        refusals: why it cannot.
    """
    info = dump.job_info
    return LocalJob(
        id=JobId(dump.id),
        name=info.get("Name") or "unnamed",
        dcc=info.get("Plugin", ""),
        scene="",
        outputs=(),
        frames=FrameSet(),
        user=info.get("UserName", ""),
        priority=0,
        submitted_at=submitted_at,
        department=info.get("Department", ""),
        pools=_names(info, "Pool", "SecondaryPool"),
        groups=_names(info, "Group"),
        refusal="; ".join(map(str, refusals)),
    )


def _job(dump: Dump, known: Mapping[str, Any], now: datetime) -> LocalJob:
    info, extra = dump.job_info, _extra(dump.job_info)
    return LocalJob(
        id=JobId(dump.id),
        name=info.get("Name") or "unnamed",
        dcc=known["dcc"],
        scene=_scene(dump, known),
        outputs=_outputs(dump, known),
        frames=_frames(info),
        user=info.get("UserName", ""),
        priority=_whole(info, "Priority", 50),
        submitted_at=now,
        project=extra.get("project", ""),
        layer=_layer(dump.plugin_info, known),
        deadline=read_deadline(extra.get(DEADLINE_KEY, ""), f"the extra info key {DEADLINE_KEY}"),
        department=info.get("Department", ""),
        pools=_names(info, "Pool", "SecondaryPool"),
        groups=_names(info, "Group"),
        cloud=read_wish(extra.get(CLOUD_KEY, ""), f"the extra info key {CLOUD_KEY}"),
        expects=_expected(dump.plugin_info, known),
    )


def _scene(dump: Dump, known: Mapping[str, Any]) -> str:
    scene = dump.plugin_info.get(known["mapped"]["scene"], "") or next(iter(dump.auxiliary), "")
    if not scene:
        key = known["mapped"]["scene"]
        raise InputError(f"the job names no scene: neither {key} nor a file submitted with it")
    return scene


def _outputs(dump: Dump, known: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the declared outputs; `?` pads like `#`."""
    found = []
    info = dump.job_info
    for number in range(len(info)):
        folder, name = info.get(f"OutputDirectory{number}"), info.get(f"OutputFilename{number}")
        if folder and name:
            found.append(f"{folder.rstrip('/')}/{name}".replace("?", "#"))
        elif name and ("/" in name or "\\" in name):
            found.append(name.replace("?", "#"))
    own = dump.plugin_info.get(known.get("output", ""), "")
    if not found and own:
        found.append(own)
    if not found:
        raise InputError(
            "the job declares no outputs (OutputDirectory0 and OutputFilename0), so nothing could "
            "be brought home"
        )
    return tuple(found)


def _frames(info: Mapping[str, str]) -> FrameSet:
    text = info.get("Frames", "")
    if not text:
        raise InputError("the job has no frames (Frames)")
    return FrameSet.parse(text, Dialect.DEADLINE)


def _layer(info: Mapping[str, str], known: Mapping[str, Any]) -> str:
    switch = known.get("layer_switch")
    if switch is None or _says_nothing(info.get(switch, "")):
        return ""
    return info.get(known["mapped"]["layer"], "")


def _expected(info: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    """Return what the job says beside the scene, in the scene's words."""
    names = ("version", "renderer", "camera", "width", "height")
    usual = known.get("usual", {})
    said = {
        name: info.get(known["mapped"].get(name, ""), "") or usual.get(name, "") for name in names
    }
    return {
        name: value
        for name, value in said.items()
        if value.casefold() not in _AS_IN_THE_SCENE and not (name != "version" and value == "0")
    }


def _extra(info: Mapping[str, str]) -> dict[str, str]:
    """Return the extra info keys of a job: `ExtraInfoKeyValue0=key=value`."""
    pairs = (
        value.partition("=")
        for key, value in info.items()
        if _NUMBER.sub("", key) == "ExtraInfoKeyValue"
    )
    return {key.strip(): value.strip() for key, sign, value in pairs if sign}


def _names(info: Mapping[str, str], *keys: str) -> tuple[str, ...]:
    found = (info.get(key, "") for key in keys)
    return tuple(dict.fromkeys(name for name in found if name.casefold() not in _NO_NAME))


def _whole(info: Mapping[str, str], key: str, usual: int) -> int:
    text = info.get(key, "")
    if not text:
        return usual
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InputError(f"{key}={text} is no whole number")
    return int(text)
