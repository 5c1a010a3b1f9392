"""Rules that no schema can hold: what must agree between fields and between documents.

Each rule takes documents that their schemas accept and yields findings; `check` runs them all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from math import gcd
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.package.dcc import Program, programs
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Severity
from renderbus_core.paths import server_path

_SUSPICIOUS_SECONDS = 1000
_DAYS = 3 * 24 * 3600


def program_agrees(task: Mapping[str, Any]) -> Iterator[Finding]:
    """The number and the name of the program are of one row of the table."""
    cg_id, cg_name = task["task_info"]["cg_id"], task["software_config"]["cg_name"]
    row = row_of(cg_id)
    if row is None:
        yield _error(
            "program",
            "task_info.cg_id",
            f"no program has the number {cg_id}",
            "use one of " + ", ".join(f"{p.cg_id} ({p.cg_name})" for p in programs().values()),
        )
    elif row.cg_name != cg_name:
        yield _error(
            "program",
            "software_config.cg_name",
            f"{cg_name!r} does not belong to the number {cg_id}, which is {row.cg_name}",
            "correct the name or the number",
        )


def row_of(cg_id: str) -> Program | None:
    """Return the program with a number on the wire; None when there is none."""
    return next((row for row in programs().values() if row.cg_id == cg_id), None)


def scene_fits_program(documents: Documents) -> Iterator[Finding]:
    """The scene's ending is one of the program's."""
    info = documents.task["task_info"]
    row = row_of(info["cg_id"])
    ending = info["input_cg_file"].rpartition(".")[2].lower()
    if row is not None and ending not in row.extensions:
        yield _error(
            "scene_extension",
            "task_info.input_cg_file",
            f"{info['input_cg_file']!r} is no {row.cg_name} scene",
            f"name a file that ends in .{' or .'.join(row.extensions)}",
        )


def frames_agree(documents: Documents) -> Iterator[Finding]:
    """Every frame list can be read, and start, end and step describe it."""
    for where, common in _commons(documents.task):
        try:
            frames = FrameSet.parse(common["frames"])
        except InputError as error:
            yield _error("frames", f"{where}.frames", str(error), "correct the list")
            continue
        if not {"start", "end", "by_frame"} <= common.keys():
            continue
        start, end, by = (int(common[key]) for key in ("start", "end", "by_frame"))
        if (start, end) != (frames.min, frames.max):
            yield _error(
                "frames",
                f"{where}.frames",
                f"{common['frames']} runs from {frames.min} to {frames.max}, "
                f"but start and end are {start} and {end}",
                "make them agree",
            )
        elif gcd(*(frame - start for frame in frames)) % by:
            yield _error(
                "frames",
                f"{where}.by_frame",
                f"not every frame of {common['frames']} lies on the step {by}",
                "correct the step, 1 always fits",
            )


def tiles_stand_alone(documents: Documents) -> Iterator[Finding]:
    """Tiles and several frames per machine exclude each other; Maya tiles need layers."""
    info = documents.task["task_info"]
    if int(info.get("tiles", "1")) == 1:
        return
    if int(info.get("frames_per_task", "1")) > 1:
        yield _error(
            "tiles",
            "task_info.tiles",
            f"tiles is {info['tiles']} and frames_per_task is {info['frames_per_task']}, "
            "which exclude each other",
            "set one of them to 1",
        )
    if _is_maya(info) and info.get("enable_layered", info.get("is_layer_rendering")) != "1":
        yield _error(
            "tiles",
            "task_info.tiles",
            "Maya cuts frames into tiles only when layers are rendered apart",
            "set enable_layered to 1 or tiles to 1",
        )


def layers_have_cameras(documents: Documents) -> Iterator[Finding]:
    """Some Maya layer is rendered, and each that is has a camera that exists."""
    if not _is_maya(documents.task["task_info"]):
        return
    layers = {
        name: layer
        for name, layer in documents.task["scene_info_render"].items()
        if layer["renderable"] == "1"
    }
    if not layers:
        yield _error(
            "layers", "scene_info_render", "no layer is rendered", "set renderable of one to 1"
        )
    for name, layer in layers.items():
        where = f"scene_info_render.{name}.common.render_camera"
        cameras, known = layer["common"]["render_camera"], layer["common"]["all_camera"]
        if not cameras:
            yield _error("camera", where, "the layer has no camera to render", "name one")
        for camera in sorted(set(cameras) - set(known)):
            yield _error(
                "camera", where, f"{camera!r} is not in all_camera", "name a camera of the scene"
            )


def times_are_bounded(documents: Documents) -> Iterator[Finding]:
    """No limit is left at the protocol's days or at never, and none was meant as hours."""
    info = documents.task["task_info"]
    for key in ("job_stop_time", "task_stop_time"):
        seconds = int(info.get(key, "0"))
        if seconds == 0 or seconds >= _DAYS:
            what = "never stops" if seconds == 0 else f"stops after {seconds / 86400:.0f} days"
            yield _warning(
                "time_limits",
                f"task_info.{key}",
                f"a task that hangs {what}",
                "set seconds that its budget allows",
            )
    time_out = int(info.get("time_out", _SUSPICIOUS_SECONDS))
    if time_out < _SUSPICIOUS_SECONDS:
        yield _warning(
            "time_out",
            "task_info.time_out",
            f"{time_out} seconds are so short that hours may be meant",
            "write seconds, 43200 for twelve hours",
        )


def keys_are_known(documents: Documents) -> Iterator[Finding]:
    """Every key of task_info is a known one: the cloud says nothing about a slip of the pen."""
    rules = schema.load("task/base.json")["properties"]["task_info"]["properties"]
    for key in documents.task["task_info"]:
        if key not in rules:
            close = difflib.get_close_matches(key, rules, n=1)
            yield _warning(
                "unknown_key",
                f"task_info.{key}",
                "no known version of the protocol has this key",
                f"did you mean {close[0]!r}?" if close else "leave it out",
            )


def scene_is_uploaded(documents: Documents) -> Iterator[Finding]:
    """upload.json sends the scene that task.json names."""
    scene = documents.task["task_info"]["input_cg_file"]
    try:
        wanted = server_path(scene)
    except InputError as error:
        yield _error("scene_upload", "task_info.input_cg_file", str(error), "write it in full")
        return
    # The vendor's packages lose the first slash of some server paths.
    if all(_slashed(server) != wanted for server in _servers(documents.upload)):
        yield Finding(
            "scene_upload",
            Severity.ERROR,
            "upload.json",
            f"the scene {scene} is not among the files, its server path would be {wanted}",
            "add it",
        )


RULES = (
    scene_fits_program,
    frames_agree,
    tiles_stand_alone,
    layers_have_cameras,
    times_are_bounded,
    keys_are_known,
    scene_is_uploaded,
)


def _commons(task: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each block that holds a frame list, with its place."""
    if _is_maya(task["task_info"]):
        for name, layer in task["scene_info_render"].items():
            yield f"scene_info_render.{name}.common", layer["common"]
        return
    for section in ("scene_info", "scene_info_render"):
        if "common" in task.get(section, {}):
            yield f"{section}.common", task[section]["common"]


def _servers(upload: Mapping[str, Any]) -> Iterator[str]:
    scene = upload.get("scene", [])
    for pair in [*upload["asset"], *([scene] if isinstance(scene, dict) else scene)]:
        yield pair["server"]


def _slashed(server: str) -> str:
    return "/" + server.lstrip("/")


def _is_maya(info: Mapping[str, Any]) -> bool:
    return bool(info["cg_id"] == programs()["maya"].cg_id)


def _error(rule: str, place: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.ERROR, f"task.json: {place}", message, fix)


def _warning(rule: str, place: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.WARNING, f"task.json: {place}", message, fix)
