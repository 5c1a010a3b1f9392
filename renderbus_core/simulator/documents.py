"""Reading task.json and upload.json the way the cloud's analysis does: what to render, from what.

How pictures are named is an assumption that bridge and simulator share: `package.cloud_pictures`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.package import CloudPicture, Program, cloud_pictures, programs
from renderbus_core.paths import server_path

MOST_FRAMES = 100_000
_SIZE = ("1920", "1080")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one leaf renders.

    Args:
        name: of the render layer; "" when the program has none.
        camera: the camera, or several with a comma; "" when the document names none.
        frames: in the order they are rendered.
        size: width and height in pixels.
        picture_format: name on the wire (`exr`, `OPEN_EXR`).
        pictures: what each frame makes, one per camera.
    """

    name: str
    camera: str
    frames: FrameSet
    size: tuple[int, int]
    picture_format: str
    pictures: tuple[CloudPicture, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the configuration files of a task ask for.

    Args:
        dcc: `maya` or `blender`.
        scene: server path of the scene.
        files: server paths of everything that has to be in the input storage.
        frames_per_entry: frames that a node renders in a row.
        frame_limit: seconds after which a frame is stopped; 0 is never.
        task_limit: seconds after which the task is stopped; 0 is never.
        document: task.json.
    """

    dcc: str
    cg_id: int
    scene: str
    files: tuple[str, ...]
    layers: tuple[Layer, ...]
    frames_per_entry: int
    frame_limit: int
    task_limit: int
    project_name: str
    document: Mapping[str, Any]

    @property
    def scene_name(self) -> str:
        """File name of the scene."""
        return PurePosixPath(self.scene).name

    @property
    def stem(self) -> str:
        """File name of the scene without its ending."""
        return PurePosixPath(self.scene).stem


def read_plan(task_json: str, upload_json: str) -> Plan:
    """Read what a task asks for.

    Args:
        task_json: text of the file.
        upload_json: text of the file.

    Raises:
        InputError: says which field cannot be rendered, and why.
    """
    document = _decoded("task.json", "task/base.json", task_json)
    info = document["task_info"]
    program = _program(info["cg_id"])
    schema.check(f"task/{program.name}.json", document, title="task.json")
    _refuse_what_is_not_simulated(info)
    layers = tuple(_LAYERS[program.name](document))
    _check_layers(layers)
    upload = _decoded("upload.json", "upload.json", upload_json)
    scene = server_path(info["input_cg_file"])
    return Plan(
        dcc=program.name,
        cg_id=int(program.cg_id),
        scene=scene,
        files=tuple(dict.fromkeys([scene, *_uploaded(upload)])),
        layers=layers,
        frames_per_entry=int(info["frames_per_task"]),
        frame_limit=int(info["job_stop_time"]),
        task_limit=int(info["task_stop_time"]),
        project_name=info["project_name"] or "",
        document=MappingProxyType(document),
    )


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


def _uploaded(upload: Mapping[str, Any]) -> Iterator[str]:
    scenes = upload.get("scene", [])
    for pair in [*upload["asset"], *([scenes] if isinstance(scenes, dict) else scenes)]:
        yield "/" + pair["server"].lstrip("/")


def _refuse_what_is_not_simulated(info: Mapping[str, Any]) -> None:
    for name, only in (("tiles", "1"), ("is_distribute_render", "0"), ("stop_after_test", "2")):
        if info.get(name, only) != only:
            raise InputError(f"task.json: {name} {info[name]} is not simulated; use {only}")


def _check_layers(layers: tuple[Layer, ...]) -> None:
    if not layers:
        raise InputError("task.json: no layer is renderable; set renderable to 1 in at least one")
    total = sum(len(layer.frames) for layer in layers)
    if total > MOST_FRAMES:
        raise InputError(
            f"task.json: {total} frames are more than the {MOST_FRAMES} simulated here"
        )


def _maya_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    pictures = cloud_pictures(document)
    for name, layer in document["scene_info_render"].items():
        if layer["renderable"] == "1":
            common = layer["common"]
            yield Layer(
                name=name,
                camera=",".join(common["render_camera"]),
                frames=FrameSet.parse(common["frames"]),
                size=(int(common["width"]), int(common["height"])),
                picture_format=common["image_format"],
                pictures=tuple(p for p in pictures if p.tokens["renderlayer"] == name),
            )


def _blender_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    common = document["scene_info"]["common"]
    width, height = common.get("width", _SIZE[0]), common.get("height", _SIZE[1])
    yield Layer(
        name="",
        camera=common.get("camera_name", ""),
        frames=FrameSet.parse(common["frames"]),
        size=(int(width), int(height)),
        picture_format=common.get("Render_Format", ""),
        pictures=cloud_pictures(document),
    )


_LAYERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Layer]]] = MappingProxyType(
    {"maya": _maya_layers, "blender": _blender_layers}
)

RENDERED = tuple(_LAYERS)
"""Programs whose scenes are rendered, as in `schemas/task/`."""
