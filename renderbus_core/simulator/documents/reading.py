"""Reading the two files that say what to render, and refusing what cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.package import Program, Tiles, programs
from renderbus_core.paths import server_path
from renderbus_core.simulator.documents.blocks import block_layers, vray_layers
from renderbus_core.simulator.documents.first_frames import first_frames
from renderbus_core.simulator.documents.houdini import houdini_layers
from renderbus_core.simulator.documents.max_scene import has_photons, max_layers
from renderbus_core.simulator.documents.nodes import (
    clarisse_layers,
    katana_layers,
    nuke_layers,
    unreal_layers,
)
from renderbus_core.simulator.documents.plan import MOST_FRAMES, Layer, Plan, Work
from renderbus_core.simulator.documents.sent import blender_layers, maya_layers

_LAYERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Layer]]] = MappingProxyType(
    {
        "maya": maya_layers,
        "blender": blender_layers,
        "3ds_max": max_layers,
        "arnold_standalone": block_layers,
        "cinema4d": block_layers,
        "clarisse": clarisse_layers,
        "houdini": houdini_layers,
        "katana": katana_layers,
        "nuke": nuke_layers,
        "unreal": unreal_layers,
        "vray_standalone": vray_layers,
    }
)

RENDERED = tuple(_LAYERS)
"""Programs whose scenes are rendered; no source shows the others' documents."""

_BASE = "task/base.json"
# 3ds Max scenes are sent packed.
_ARCHIVE = ".7z"
# Their readers take the document as it is, so its own schema judges it first. The others' readers
# are tolerant: samples of the vendor contradict each other.
_TRUSTED = frozenset({"maya", "blender"})
# Its documents set the flag for simulations, which are shared by their own slices.
_MAY_DISTRIBUTE = frozenset({"houdini"})


def read_plan(task_json: str, upload_json: str) -> Plan:
    """Read what a task asks for.

    Args:
        task_json: text of the file.
        upload_json: text of the file.

    Raises:
        InputError: says which field cannot be rendered, and why.
    """
    document = _decoded("task.json", _BASE, task_json)
    info = _Settings(document["task_info"])
    program = _program(info["cg_id"])
    if program.name in _TRUSTED:
        schema.check(program.schema or _BASE, document, title="task.json")
    _refuse_what_excludes_itself(program, document, info)
    layers = tuple(_LAYERS[program.name](document))
    upload = _decoded("upload.json", "upload.json", upload_json)
    scene = server_path(info["input_cg_file"])
    plan = Plan(
        dcc=program.name,
        cg_id=int(program.cg_id),
        scene=scene,
        files=_files(scene, upload),
        layers=layers,
        frames_per_entry=int(info["frames_per_task"]),
        tiles=int(info["tiles"]),
        pre_frames=info.get("pre_frames", info.get("test_frames", "000")),
        stops_after_test=info["stop_after_test"] == "1",
        frame_limit=int(info["job_stop_time"]),
        task_limit=int(info["task_stop_time"]),
        reminder=int(info["time_out"]) if "time_out" in document["task_info"] else None,
        project_name=info.get("project_name") or "",
        document=MappingProxyType(document),
    )
    _check_layers(plan)
    return plan


class _Settings(dict[str, Any]):
    """`task_info`, with the defaults of the vendor's template for what a document leaves out."""

    def __missing__(self, name: str) -> Any:
        return schema.load(_BASE)["properties"]["task_info"]["properties"][name]["default"]


def _decoded(title: str, schema_name: str, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{title} is not valid JSON") from error
    schema.check(schema_name, document, title=title)
    checked: dict[str, Any] = document
    return checked


def _program(cg_id: str) -> Program:
    rendered = [programs()[name] for name in RENDERED]
    for program in rendered:
        if program.cg_id == cg_id:
            return program
    known = ", ".join(f"{program.cg_id} ({program.cg_name})" for program in rendered)
    raise InputError(f"task.json: task_info.cg_id {cg_id} is not rendered here; known are {known}")


def _files(scene: str, upload: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what has to be in the input storage: the scene first, or the archive it is in."""
    uploaded = list(_uploaded(upload))
    packed = PurePosixPath(scene).name + _ARCHIVE
    archive = next((path for path in uploaded if PurePosixPath(path).name == packed), scene)
    return tuple(dict.fromkeys([archive, *uploaded]))


def _uploaded(upload: Mapping[str, Any]) -> Iterator[str]:
    scenes = upload.get("scene", [])
    for pair in [*upload["asset"], *([scenes] if isinstance(scenes, dict) else scenes)]:
        yield "/" + pair["server"].lstrip("/")


def _refuse_what_excludes_itself(
    program: Program, document: Mapping[str, Any], info: _Settings
) -> None:
    if info["is_distribute_render"] != "0" and program.name not in _MAY_DISTRIBUTE:
        raise InputError("task.json: is_distribute_render 1 is not simulated; use 0")
    if info["tiles"] == "1":
        return
    if info["frames_per_task"] != "1":
        raise InputError(
            f"task.json: tiles {info['tiles']} and frames_per_task {info['frames_per_task']} "
            "exclude each other; set one of them to 1"
        )
    if program.tiles is Tiles.NONE:
        raise InputError(f"task.json: {program.cg_name} frames have no tiles; set tiles to 1")
    if program.name == "maya" and info.get("enable_layered", info.get("is_layer_rendering")) != "1":
        raise InputError("task.json: Maya frames have tiles only with enable_layered 1")
    if program.name == "3ds_max" and not has_photons(document):
        raise InputError(
            "task.json: 3ds Max frames have tiles only with global illumination; "
            "set scene_info_render.renderer.gi to 1 or tiles to 1"
        )


def _check_layers(plan: Plan) -> None:
    if not plan.layers:
        raise InputError("task.json: nothing is renderable; set renderable to 1 in at least one")
    total = sum(len(layer.frames) * _entries(plan, layer) for layer in plan.layers)
    if total > MOST_FRAMES:
        raise InputError(
            f"task.json: {total} frames are more than the {MOST_FRAMES} simulated here"
        )
    for layer in plan.layers:
        first_frames(plan.pre_frames, layer.frames)


def _entries(plan: Plan, layer: Layer) -> int:
    """Return how many entries a frame of a layer becomes at most."""
    pieces = plan.tiles + 1 if layer.work is Work.PICTURES and plan.tiles > 1 else layer.slices
    return pieces + layer.has_channels
