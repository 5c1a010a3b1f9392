"""From a Qube job to one that the bridge can send; fail-closed.

What a job is, its prototype and its dialog say; what is rendered, its package says, and its
command line where it runs one. Everything that is not understood keeps the job here, by name.
Whether the bridge can read the scene is known to `renderbus_core.scene` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from qube_jobtype.declared import declared_outputs
from qube_jobtype.items import Items, check_reach, reach_of, read_items
from qube_jobtype.packages import Native, read_job_fields, read_package, tables
from qube_jobtype.programs import ranges_of
from qube_jobtype.renderbus_submit import JOB_TYPE, OUTPUTS_KEY
from qube_jobtype.said import Said, says_nothing
from renderbus_core.errors import InputError
from renderbus_core.farm import (
    CLOUD_KEY,
    DEADLINE_KEY,
    Conversion,
    Refusal,
    read_deadline,
    read_wish,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.package import check_output
from renderbus_core.package import programs as cloud_programs
from renderbus_core.paths import is_absolute, is_below
from renderbus_core.scene import why_unread

PROJECT_KEY = "renderbus_project"
"""Key of a package that names the project whose budget pays; else the show, else the account."""

# Qube's default; 1 is the highest.
_USUAL_PRIORITY = 9999
# Fields of a job that is for the cloud alone, where its package brings a whole job along.
_OF_THE_OUTER = frozenset(
    {"name", "user", "priority", "groups", "account", "prod_show", "prod_dept"}
)
# What is told of a job that cannot be sent; a package may have keys by the hundred.
_MOST_TOLD = 10
_EXPECTED = ("version", "renderer", "camera", "width", "height")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def convert(native: Native, submitted_at: datetime) -> Conversion:
    """Turn a Qube job into one that the bridge can send.

    Args:
        native: the job.
        submitted_at: UTC.
    """
    try:
        inner = _unwrapped(native)
        of_job, said = read_job_fields(inner), read_package(inner)
    except InputError as error:
        return Conversion(None, refusals=(Refusal("", "", str(error)),))
    refusals = [*of_job.refusals, *said.refusals]
    job, items = None, None
    try:
        items = _items(inner, said)
        job = _job(inner, said, items, submitted_at)
    except InputError as error:
        refusals.append(Refusal("", "", str(error)))
    if job is not None:
        job = replace(job, refusal=why_unread(job.dcc, job.scene))
    return Conversion(
        None if refusals else job,
        items.most if items else 1,
        tuple(dict.fromkeys([*of_job.traits, *said.traits])),
        tuple(refusals),
    )


def stays(native: Native, submitted_at: datetime, refusals: Sequence[Refusal]) -> LocalJob:
    """Return a job that cannot be sent, as far as people and the order of the queue need it.

    Args:
        native: the job.
        submitted_at: UTC.
        refusals: why it cannot.
    """
    told, more = refusals[:_MOST_TOLD], len(refusals) - _MOST_TOLD
    also = [f"and {more} more reasons"] if more > 0 else []
    return LocalJob(
        id=JobId(native.id),
        name=native.job.get("name") or "unnamed",
        dcc=native.job.get("prototype", ""),
        scene="",
        outputs=(),
        frames=FrameSet(),
        user=native.job.get("user", ""),
        priority=-_USUAL_PRIORITY,
        submitted_at=submitted_at,
        department=_said(native.job, "prod_dept"),
        groups=_names(native.job.get("groups", "")),
        refusal="; ".join([*map(str, told), *also]),
    )


def _unwrapped(native: Native) -> Native:
    """Return the job that is rendered: a job for the cloud alone may bring a whole one along."""
    text = native.package.get(CLOUD_KEY, "")
    if native.job.get("prototype") != JOB_TYPE:
        return native
    if not native.agenda:
        raise InputError("it has no items, so Qube calls it complete; submit it with an agenda")
    if not text:
        return native
    try:
        source = json.loads(text).get("source")
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"the package key {CLOUD_KEY} is no JSON of a job ({error})") from error
    if source is None:
        return native
    fields, package, env = (_texts(source, part) for part in ("job", "package", "env"))
    if fields.get("prototype") == JOB_TYPE:
        raise InputError("a job of this type stands in a job of this type")
    outer = {key: value for key, value in native.job.items() if key in _OF_THE_OUTER and value}
    own = {key: native.package[key] for key in tables()["own"] if key in native.package}
    del own[CLOUD_KEY]
    return replace(native, job=fields | outer, package=package | own, env=env)


def _texts(source: Any, part: str) -> dict[str, str]:
    found = source.get(part, {}) if isinstance(source, dict) else None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise InputError(f"the job in the package key {CLOUD_KEY} has no texts for {part}")
    return found


def _items(native: Native, said: Said) -> Items:
    items = read_items(native.agenda, said.fields)
    if "line" in said.fields:
        check_reach(items, reach_of(said.fields, ranges_of(said.dcc)))
    return items


def _job(native: Native, said: Said, items: Items, submitted_at: datetime) -> LocalJob:
    fields, package = said.fields, native.package
    dcc = said.dcc or _program(fields)
    layer = _one("layer", fields)
    wish = "" if native.job.get("prototype") == JOB_TYPE else _said(package, CLOUD_KEY)
    return LocalJob(
        id=JobId(native.id),
        name=native.job.get("name") or "unnamed",
        dcc=dcc,
        scene=_scene(dcc, fields),
        outputs=_outputs(dcc, fields, layer, package.get(OUTPUTS_KEY, "")),
        frames=items.frames,
        user=native.job.get("user", ""),
        priority=-_priority(native.job),
        submitted_at=submitted_at,
        project=_first(package.get(PROJECT_KEY), _said(native.job, "prod_show", "account")),
        layer=layer,
        deadline=read_deadline(_said(package, DEADLINE_KEY), f"the package key {DEADLINE_KEY}"),
        department=_said(native.job, "prod_dept"),
        groups=_names(native.job.get("groups", "")),
        cloud=read_wish(wish, f"the package key {CLOUD_KEY}"),
        expects=_expected(dcc, fields),
    )


def _program(fields: Mapping[str, str]) -> str:
    dcc = fields.get("program", "")
    if dcc not in cloud_programs():
        able = ", ".join(name for name, row in cloud_programs().items() if row.reader)
        raise InputError(f"the package key program is {dcc!r}; write one of {able}")
    return dcc


def _scene(dcc: str, fields: Mapping[str, str]) -> str:
    scene = fields.get("scene", "")
    if not scene:
        raise InputError("the job names no scene")
    if "QB_FRAME_" in scene:
        raise InputError(f"it renders another scene for each item ({scene})")
    if not is_absolute(scene):
        raise InputError(f"the scene {scene} is no absolute path, so only a worker finds it")
    endings = cloud_programs()[dcc].extensions
    if not scene.casefold().endswith(tuple(f".{ending}" for ending in endings)):
        raise InputError(f"{scene} is no scene of {cloud_programs()[dcc].cg_name}")
    return scene


def _outputs(dcc: str, fields: Mapping[str, str], layer: str, by_hand: str) -> tuple[str, ...]:
    outputs = declared_outputs(dcc, fields, layer, by_hand)
    for output in outputs:
        check_output(output, tuple(cloud_programs()[dcc].formats.values()))
    return outputs


def _one(name: str, fields: Mapping[str, str]) -> str:
    """Return the one layer or camera that a job names; "" for all of the scene."""
    value = fields.get(name, "").strip()
    if value.casefold() in tables()["everything"]:
        return ""
    if re.search(r"[\s,]", value):
        raise InputError(f"it renders several: {name}={value}; one can be sent, or all")
    return value


def _expected(dcc: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what the job says beside the scene, in the scene's words."""
    said = {name: fields.get(name, "") for name in _EXPECTED}
    said["camera"] = _one("camera", fields)
    said["project"] = _project(fields)
    said["version"] = _version(said["version"] or fields.get("finder_version", ""))
    if dcc == "maya":
        said["renderer"] = tables()["renderers"].get(said["renderer"].casefold(), said["renderer"])
    return {name: value for name, value in said.items() if not says_nothing(value, {"-1"})}


def _project(fields: Mapping[str, str]) -> str:
    """Return the project folder that a job names; "" for none.

    Whether another one lies between it and the scene only a look at the disk tells.
    """
    project = fields.get("project", "")
    if project and not is_below(fields["scene"], project):
        raise InputError(
            f"the project {project} (-proj, project) is no folder above the scene "
            f"{fields['scene']}, and the cloud has files of the project that the scene lies in"
        )
    return project


def _version(text: str) -> str:
    """Return a version in one text: `2024` of `(2024, 'x64')`."""
    return ".".join(_NUMBER.findall(text.replace("x64", "")))


def _priority(job: Mapping[str, str]) -> int:
    text = job.get("priority", "")
    if not text:
        return _USUAL_PRIORITY
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InputError(f"priority={text} is no whole number")
    return int(text)


def _said(values: Mapping[str, str], *keys: str) -> str:
    """Return the first value that says something."""
    return _first(*(values.get(key) for key in keys))


def _first(*values: str | None) -> str:
    return next((value for value in values if value and value.casefold() != "none"), "")


def _names(text: str) -> tuple[str, ...]:
    found = (name.strip() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in found if not says_nothing(name)))
