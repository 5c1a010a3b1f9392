"""From a Deadline job to one that the bridge can send; fail-closed.

The tables (`deadline_plugin.tables`) say of every key what it is: mapped, harmless, a trait of the
job that the overflow policy knows, or something that must have its default because the cloud would
render otherwise. A key that is in none of these keeps the job here, by name. Whether the bridge can
read the scene is known to `renderbus_core.scene` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deadline_plugin import tables
from deadline_plugin.judging import refusals, says_nothing, traits
from deadline_plugin.outputs import declared
from deadline_plugin.submission import Dump
from deadline_plugin.tables import Plugin
from renderbus_core.errors import InputError
from renderbus_core.farm import (
    CLOUD_KEY,
    DEADLINE_KEY,
    Conversion,
    Refusal,
    read_cloud_options,
    read_deadline,
    read_wish,
    same_value,
)
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.scene import why_unread

_OWN_PLUGIN, _ROLE, _NATIVE = "Renderbus", "Role", "NativePlugin"
_EXTRA = re.compile(r"ExtraInfoKeyValue\d+")
_LAST_NUMBER = re.compile(r"\d+(?=[^\d/\\]*$)")
_NO_NAME = frozenset({"", "none"})
# Where a job says `File`, it renders with what the scene says.
_AS_IN_THE_SCENE = frozenset({"", "file"})
_SCENE_SAYS_TOO = ("version", "renderer", "camera", "width", "height")
# What is told of a job that cannot be sent; studios have options by the hundred.
_MOST_TOLD = 10


def convert(dump: Dump, now: datetime) -> Conversion:
    """Turn a Deadline job into one that the bridge can send.

    Args:
        dump: the job as plain texts.
        now: when it was submitted, UTC.
    """
    dump = _meant(dump)
    name = dump.job_info.get("Plugin", "")
    if name not in tables.plugins():
        return Conversion(None, refusals=(Refusal("Plugin", name, _why_not(name)),))
    plugin, keys = tables.plugin(name), tables.job_info()
    against = [*refusals(dump.job_info, keys), *refusals(dump.plugin_info, plugin.keys)]
    try:
        job = _job(dump, plugin, now)
        frames_per_task = _whole(dump.job_info, "ChunkSize", 1)
    except InputError as error:
        return Conversion(None, refusals=(*against, Refusal("", "", str(error))))
    found = [*traits(dump.job_info, keys), *traits(dump.plugin_info, plugin.keys)]
    if job.frame_offset:
        found.append("frame_offset")
    return Conversion(
        None if against else replace(job, refusal=why_unread(job.dcc, job.scene)),
        frames_per_task,
        tuple(dict.fromkeys(found)),
        tuple(against),
    )


def _meant(dump: Dump) -> Dump:
    """Return what a job for the cloud alone would be on a worker, which it says itself."""
    if dump.job_info.get("Plugin") != _OWN_PLUGIN or _NATIVE not in dump.plugin_info:
        return dump
    own = {key: value for key, value in dump.plugin_info.items() if key not in {_ROLE, _NATIVE}}
    info = {**dump.job_info, "Plugin": dump.plugin_info[_NATIVE]}
    return replace(dump, job_info=info, plugin_info=own)


def _why_not(plugin: str) -> str:
    """Say why jobs of a plug-in stay here."""
    known = tables.not_rendered().get(plugin)
    able = f"jobs of {', '.join(tables.plugins())} can be converted"
    return known or f"the bridge does not know what jobs of this plug-in render; {able}"


# The job itself.


def stays(dump: Dump, submitted_at: datetime, refusals: Sequence[Refusal]) -> LocalJob:
    """Return a job that cannot be sent, as far as people and the order of the queue need it.

    Args:
        dump: the job as plain texts.
        submitted_at: UTC.
        refusals: why it cannot.
    """
    info = dump.job_info
    told, more = refusals[:_MOST_TOLD], len(refusals) - _MOST_TOLD
    also = [f"and {more} more reasons"] if more > 0 else []
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
        refusal="; ".join([*map(str, told), *also]),
    )


def _job(dump: Dump, plugin: Plugin, now: datetime) -> LocalJob:
    info, own, extra = dump.job_info, dump.plugin_info, _extra(dump.job_info)
    frames, offset = _frames(info), _offset(own, plugin)
    only = frames.first + offset if len(frames) == 1 else None
    return LocalJob(
        id=JobId(dump.id),
        name=info.get("Name") or "unnamed",
        dcc=plugin.dcc,
        scene=_scene(dump, plugin),
        outputs=declared(info, plugin.said(own, "output"), only),
        frames=frames,
        user=info.get("UserName", ""),
        priority=_whole(info, "Priority", 50),
        submitted_at=now,
        project=extra.get("project", ""),
        layer=_layer(own, plugin),
        deadline=read_deadline(extra.get(DEADLINE_KEY, ""), f"the extra info key {DEADLINE_KEY}"),
        department=info.get("Department", ""),
        pools=_names(info, "Pool", "SecondaryPool"),
        groups=_names(info, "Group"),
        cloud=read_wish(extra.get(CLOUD_KEY, ""), f"the extra info key {CLOUD_KEY}"),
        expects=dict(_expected(own, plugin)),
        frame_offset=offset,
        options=read_cloud_options(extra),
    )


def _scene(dump: Dump, plugin: Plugin) -> str:
    scene = plugin.said(dump.plugin_info, "scene") or next(iter(dump.auxiliary), "")
    if not scene:
        key = plugin.mapped["scene"][0]
        raise InputError(f"the job names no scene: neither {key} nor a file submitted with it")
    sequence = plugin.sequence
    if sequence is None:
        return scene
    is_one = same_value(dump.plugin_info.get(sequence.key) or sequence.usual, sequence.when)
    return _LAST_NUMBER.sub(lambda run: "#" * len(run[0]), scene) if is_one else scene


def _frames(info: Mapping[str, str]) -> FrameSet:
    text = info.get("Frames", "")
    if not text:
        raise InputError("the job has no frames (Frames)")
    return FrameSet.parse(text, Dialect.DEADLINE)


def _offset(info: Mapping[str, str], plugin: Plugin) -> int:
    text = plugin.said(info, "frame_offset") or "0"
    if not re.fullmatch(r"-?\d{1,9}(\.0*)?", text):
        raise InputError(f"{plugin.mapped['frame_offset'][0]}={text} is no whole number")
    return int(float(text))


def _layer(info: Mapping[str, str], plugin: Plugin) -> str:
    if plugin.layer_switch and says_nothing(info.get(plugin.layer_switch, "")):
        return ""
    layer = plugin.said(info, "layer")
    if any(sign in layer for sign in plugin.layer_separators):
        key = plugin.mapped["layer"][0]
        raise InputError(f"{key}={layer} names several, and a job of the bridge has one or all")
    return layer


def _expected(info: Mapping[str, str], plugin: Plugin) -> Iterator[tuple[str, str]]:
    """Yield what the job says beside the scene, in the scene's words."""
    for part in _SCENE_SAYS_TOO:
        value = plugin.said(info, part)
        if value.casefold() not in _AS_IN_THE_SCENE and (part == "version" or value != "0"):
            yield part, value


def _extra(info: Mapping[str, str]) -> dict[str, str]:
    """Return the extra info keys of a job: `ExtraInfoKeyValue0=key=value`."""
    pairs = (value.partition("=") for key, value in info.items() if _EXTRA.fullmatch(key))
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
