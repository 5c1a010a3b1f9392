"""Rules about task_info: settings that contradict each other, the program, or good sense."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from renderbus_core import schema
from renderbus_core.package.dcc import Tiles
from renderbus_core.package.request import OS_CODES
from renderbus_core.package.rules.blocks import blocks
from renderbus_core.package.rules.rule import Fault, Subject, in_task

_SUSPICIOUS_SECONDS = 1000
_DAY = 24 * 3600
_MANY_DAYS = 3 * _DAY
_MOST_SLIPS = 50


def program_is_documented(subject: Subject) -> Iterator[Fault]:
    """The program is one whose task.json some source shows."""
    if not subject.program.documented:
        yield in_task(
            "task_info.cg_id",
            f"nobody documents {subject.program.cg_name} tasks, "
            "only what all programs share was checked",
        )


def scene_fits_program(subject: Subject) -> Iterator[Fault]:
    """The scene's ending is one of the program's."""
    scene, row = subject.info["input_cg_file"], subject.program
    if scene.rpartition(".")[2].lower() not in row.extensions:
        yield in_task(
            "task_info.input_cg_file",
            f"{scene!r} is no {row.cg_name} scene",
            f"name a file that ends in .{' or .'.join(row.extensions)}",
        )


def sequence_has_frames(subject: Subject) -> Iterator[Fault]:
    """Several frames of Arnold come from a sequence of files, one each."""
    if subject.program.name != "arnold_standalone" or "#" in subject.info["input_cg_file"]:
        return
    for block in blocks(subject):
        frames = block.frames
        if frames is not None and len(frames) > 1:
            yield in_task(
                "task_info.input_cg_file",
                f"one .ass file is one picture, and {block.fields['frames']} are {len(frames)}",
            )


def system_renders_program(subject: Subject) -> Iterator[Fault]:
    """The render machines' system is one that the program runs on."""
    systems = subject.program.systems
    code = subject.info.get("os_name")
    if code is not None and code not in {OS_CODES[system] for system in systems}:
        yield in_task(
            "task_info.os_name",
            f"{subject.program.cg_name} renders on {' and '.join(systems).title()} only",
            "set it to " + " or ".join(OS_CODES[system] for system in systems),
        )


def limits_are_set(subject: Subject) -> Iterator[Fault]:
    """No time limit is left at the protocol's days or at never."""
    for key in ("job_stop_time", "task_stop_time"):
        seconds = int(subject.info.get(key, "0"))
        if seconds == 0 or seconds >= _MANY_DAYS:
            what = "never stops" if seconds == 0 else f"stops after {seconds / _DAY:.0f} days"
            yield in_task(f"task_info.{key}", f"a task that hangs {what}")


def reminder_is_in_seconds(subject: Subject) -> Iterator[Fault]:
    """The reminder is in seconds, not in hours."""
    seconds = int(subject.info.get("time_out", _SUSPICIOUS_SECONDS))
    if seconds < _SUSPICIOUS_SECONDS:
        yield in_task(
            "task_info.time_out", f"{seconds} seconds are so short that hours may be meant"
        )


def keys_are_known(subject: Subject) -> Iterator[Fault]:
    """Every key of task_info is a known one: the cloud says nothing about a slip of the pen."""
    known = _settings("task/base.json") | _settings(subject.program.schema)
    unknown = [key for key in subject.info if key not in known]
    for number, key in enumerate(unknown):
        # Nobody mistypes more of them, and each takes a millisecond.
        close = difflib.get_close_matches(key, known, n=1) if number < _MOST_SLIPS else []
        yield in_task(
            ("task_info", key),
            "no known version of the protocol has this key",
            f"did you mean {close[0]!r}?" if close else "",
        )


def hardware_is_named(subject: Subject) -> Iterator[Fault]:
    """The key hardwareConfigIds is there, be its list empty: the vendor's check wants it."""
    if "hardwareConfigIds" not in subject.info:
        yield in_task("task_info", "'hardwareConfigIds' is missing")


def layering_agrees(subject: Subject) -> Iterator[Fault]:
    """The two names of the flag that renders layers apart say the same."""
    info = subject.info
    new, old = info.get("enable_layered"), info.get("is_layer_rendering")
    if new is not None and old is not None and new != old:
        yield in_task(
            "task_info.is_layer_rendering",
            f"it is {old} and enable_layered, its newer name, is {new}",
        )


def tiles_are_possible(subject: Subject) -> Iterator[Fault]:
    """A frame is cut into tiles only when program and settings allow it."""
    info, row = subject.info, subject.program
    if int(info.get("tiles", "1")) == 1:
        return
    if row.tiles is Tiles.NONE:
        yield _tiles(f"frames of {row.cg_name} cannot be cut into tiles", "set it to 1")
    if row.tiles is Tiles.LAYERS and not _is_layered(info):
        yield _tiles(
            f"{row.cg_name} cuts frames into tiles only when layers are rendered apart",
            "set enable_layered to 1 or tiles to 1",
        )
    if row.tiles is Tiles.GI and subject.task["scene_info_render"]["renderer"].get("gi") != "1":
        yield _tiles(
            f"{row.cg_name} cuts frames into tiles only with global illumination",
            "switch it on in the scene, or set tiles to 1",
        )
    if int(info.get("frames_per_task", "1")) > 1:
        yield _tiles(
            f"tiles is {info['tiles']} and frames_per_task is {info['frames_per_task']}, "
            "which exclude each other",
            "set one of them to 1",
        )
    if "tiles_type" not in info:
        yield _tiles("frames are cut, and tiles_type does not say how", "add block or strip")


def distribution_is_possible(subject: Subject) -> Iterator[Fault]:
    """One frame is rendered on several machines only where the program can, on enough of them."""
    info, row = subject.info, subject.program
    if not _is_distributed(info) or row.distributed is None:
        return
    if not row.distributed:
        yield in_task(
            "task_info.is_distribute_render",
            f"{row.cg_name} does not render one frame on several machines",
            "set it to 0",
        )
        return
    machines = int(info.get("distribute_render_node", "0"))
    if row.distributed_machines and machines not in row.distributed_machines:
        *others, last = map(str, row.distributed_machines)
        numbers = f"{', '.join(others)} or {last}"
        yield _nodes(f"{row.cg_name} renders on {numbers} machines together, not on {machines}")
    elif machines < 2:  # noqa: PLR2004 - several are two or more
        yield _nodes(f"is_distribute_render is 1, and {machines} machines are not several")


def distribution_is_known(subject: Subject) -> Iterator[Fault]:
    """Some source says that the program can render one frame on several machines."""
    if _is_distributed(subject.info) and subject.program.distributed is None:
        yield in_task(
            "task_info.is_distribute_render",
            f"no source says that {subject.program.cg_name} renders one frame on several machines",
        )


def _is_distributed(info: Mapping[str, Any]) -> bool:
    return bool(info.get("is_distribute_render") == "1")


def _is_layered(info: Mapping[str, Any]) -> bool:
    return bool(info.get("enable_layered", info.get("is_layer_rendering")) == "1")


def _settings(schema_name: str) -> dict[str, Any]:
    """Return what a schema says of the keys of task_info."""
    rules: dict[str, Any] = schema.load(schema_name)["properties"]["task_info"]["properties"]
    return rules


def _tiles(message: str, fix: str) -> Fault:
    return in_task("task_info.tiles", message, fix)


def _nodes(message: str) -> Fault:
    return in_task("task_info.distribute_render_node", message)
