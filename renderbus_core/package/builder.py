"""Building the four documents of a task out of what is known about its scene and its burst.

Pure: files were inspected, resolved and hashed before. Every call returns dictionaries of its own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import gcd
from types import MappingProxyType
from typing import Any, TypeVar

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.facts import Fact, Layer, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.package.dcc import Program, program
from renderbus_core.package.documents import Documents, TaskPackage
from renderbus_core.package.limits import time_limits
from renderbus_core.package.outputs import output_map
from renderbus_core.package.overrides import overridden
from renderbus_core.package.pictures import Spelling, cloud_pictures
from renderbus_core.package.request import OS_CODES, BurstRequest
from renderbus_core.package.rules import Machine
from renderbus_core.paths import Asset, server_path

T = TypeVar("T")

# The layer that holds everything: Maya shows the first name, files and task.json the second.
_MASTER = "masterLayer"
_MASTER_ON_THE_WIRE = "defaultRenderLayer"
# Maya's own layer behind one of Render Setup has its name with this in front.
_RENDER_SETUP = "rs_"
# Keys that an older generation of the protocol does not know yet (settings pages of their time),
# and its limits in seconds.
_NEWER_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "v1": ("enable_layered", "graphics_cards_num", "hardwareConfigId", "hardwareConfigIds"),
        "seed003": ("graphics_cards_num", "hardwareConfigId", "hardwareConfigIds"),
    }
)
_OLDER_LIMITS: Mapping[str, str] = MappingProxyType(
    {"job_stop_time": "86400", "task_stop_time": "259200"}
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What one program contributes: top-level sections, and keys of task_info."""

    sections: dict[str, Any]
    settings: dict[str, str] = field(default_factory=dict)


def build(
    facts: SceneFacts,
    assets: Sequence[Asset],
    request: BurstRequest,
    *,
    scene_md5: str,
    machines: Sequence[Machine] = (),
) -> TaskPackage:
    """Build the task package of a burst.

    Args:
        facts: of the scene.
        assets: every file the scene needs; the scene itself may be among them.
        request: what to render and under which limits.
        scene_md5: hexadecimal MD5 of the scene file, see `md5_of`.
        machines: those to ask for, of one size; the platform chooses when there are none.

    Raises:
        InputError: something the cloud must know is unknown, or the pictures cannot be tied to
            the job's outputs.
    """
    known = program(facts.dcc)
    if request.job.dcc != facts.dcc:
        raise InputError(
            f"{facts.path} is a {facts.dcc} scene and job {request.job.name!r} is of "
            f"{request.job.dcc}; correct the job"
        )
    if not request.frames:
        raise InputError(f"job {request.job.name!r}: the burst names no frames; name at least one")
    scene = _SCENES[facts.dcc](known, facts, request)
    task = {
        "software_config": _software(known, facts),
        "task_info": _defaults(request.profile)
        | _settings(known, facts, request)
        | _hardware(machines)
        | scene.settings,
    } | scene.sections
    task["task_info"] |= _stop_times(task, request)
    for key in _NEWER_KEYS.get(request.profile, ()):
        task["task_info"].pop(key, None)
    made = Documents(
        task=task,
        upload=_upload(facts, assets, request, scene_md5),
        asset={"asset": list(dict.fromkeys(asset.local.as_posix() for asset in assets))},
        tips={},
    )
    final = overridden(made, request)
    return TaskPackage(
        final.task,
        final.upload,
        final.asset,
        final.tips,
        output_map(final.task, request.job.outputs, _spelling(facts), request.job.frame_offset),
    )


def _stop_times(task: Mapping[str, Any], request: BurstRequest) -> dict[str, str]:
    """Return the time limits; where the vendor's shall stand, only those that somebody asks for."""
    if not request.vendor_time_limits:
        limits = time_limits(request, pictures_of(task, request))
        run = limits.run_seconds(request.frames_per_machine)
        found = {"job_stop_time": run, "task_stop_time": limits.task_seconds}
    else:
        asked = {"job_stop_time": request.frame_limit, "task_stop_time": request.task_limit}
        found = {key: math.ceil(limit) for key, limit in asked.items() if limit is not None}
    return {key: str(seconds) for key, seconds in found.items()}


def pictures_of(task: Mapping[str, Any], request: BurstRequest) -> int:
    """Return how many pictures a burst renders: of each frame one per layer and camera.

    Elements are rendered along with them.

    Args:
        task: task.json of the burst.
        request: the burst.
    """
    return len(request.frames) * max(1, len(cloud_pictures(task)))


def _defaults(profile: str) -> dict[str, Any]:
    """Return a new task_info with the defaults of a generation of the protocol.

    The vendor's packages change one shared template in place, and values leak between tasks.
    """
    rules = schema.load("task/base.json")["properties"]["task_info"]["properties"]
    today = {
        key: copy.deepcopy(rule["default"]) for key, rule in rules.items() if "default" in rule
    }
    return today | dict(_OLDER_LIMITS) if profile in _NEWER_KEYS else today


def _software(known: Program, facts: SceneFacts) -> dict[str, Any]:
    return {
        "cg_name": known.cg_name,
        "cg_version": _required(facts, "version", facts.version),
        # Those that come with the program are part of its version.
        "plugins": {
            name: release for name, release in facts.plugins.items() if not known.is_bundled(name)
        },
    }


def _hardware(machines: Sequence[Machine]) -> dict[str, Any]:
    """Return the keys that ask for machines; a size that the list does not tell stays as it is."""
    if not machines:
        return {}
    sizes = {
        "ram": machines[0].ram_gigabytes,
        "graphics_cards_num": machines[0].gpu_count,
    }
    return {"hardwareConfigIds": [str(machine.id) for machine in machines]} | {
        key: str(size) for key, size in sizes.items() if size
    }


def _settings(known: Program, facts: SceneFacts, request: BurstRequest) -> dict[str, str]:
    return {
        "cg_id": known.cg_id,
        "platform": str(request.platform),
        "input_cg_file": _slashed(request.job.scene),
        "input_project_path": project_folder(facts, request),
        "project_name": request.project_name,
        "project_id": _project(request),
        "os_name": OS_CODES[request.render_system],
        "enable_layered": "0",
        "is_layer_rendering": "0",
        "tiles": str(request.tiles),
        "tiles_type": request.tiles_type,
        "frames_per_task": str(request.frames_per_machine),
        "pre_frames": str(request.priority),
        "stop_after_test": "1" if request.priority.pauses else "2",
    }


def project_folder(facts: SceneFacts, request: BurstRequest) -> str:
    """Return the scene's project folder as the farm stores it; "" where that cannot be told.

    The scene lies as many steps below it as it does on this host.
    """
    if request.project_path:
        return _slashed(request.project_path)
    if facts.project is None:
        return ""
    steps = facts.path.absolute().relative_to(facts.project.absolute()).parts
    stored = _slashed(request.job.scene).split("/")
    root, below = stored[: -len(steps)], stored[-len(steps) :]
    if list(map(str.casefold, below)) != list(map(str.casefold, steps)):
        return ""
    # What is left of a drive or a root alone is one sign short.
    return "/".join(root) if len(root) > 1 else f"{root[0]}/" if root else ""


def _spelling(facts: SceneFacts) -> Spelling:
    """Return what the scene says of its pictures' names and task.json does not."""
    own = {_wire_name(layer): (layer.elements or facts.elements).value for layer in _layers(facts)}
    return Spelling(facts.frame_digits.value, own)


def _project(request: BurstRequest) -> str:
    """Return the number of the project; 0 stands for none, "" for one that is not known yet."""
    if request.project_name and not request.project_id:
        return ""
    return str(request.project_id)


def _maya(known: Program, facts: SceneFacts, request: BurstRequest) -> _Scene:
    layers = _layers(facts)
    rendered = _rendered(layers, request)
    # Maya cuts frames into tiles only when layers are rendered apart.
    layered = "1" if len(rendered) > 1 or request.tiles > 1 else "0"
    return _Scene(
        sections={
            "scene_info_render": {
                _wire_name(layer): _maya_layer(known, facts, layer, request, layer in rendered)
                for layer in layers
            },
            "layers": [_wire_name(layer) for layer in rendered],
        },
        settings={"enable_layered": layered, "is_layer_rendering": layered},
    )


def _layers(facts: SceneFacts) -> Sequence[Layer]:
    return facts.layers or (Layer(_MASTER, renderable=True),)


def _rendered(layers: Sequence[Layer], request: BurstRequest) -> list[Layer]:
    """Return the layers that the burst renders: the job's one, else all that are renderable."""
    wanted = request.job.layer
    if not wanted:
        return [layer for layer in layers if layer.renderable]
    named = [layer for layer in layers if _shown_name(layer.name) == _shown_name(wanted)]
    if not named:
        raise InputError(
            f"job {request.job.name!r} renders layer {wanted!r}, which the scene does not have; "
            f"choose one of {', '.join(layer.name for layer in layers)}"
        )
    return named


def _shown_name(name: str) -> str:
    return _MASTER if name == _MASTER_ON_THE_WIRE else name.removeprefix(_RENDER_SETUP)


def _wire_name(layer: Layer) -> str:
    return _MASTER_ON_THE_WIRE if layer.name == _MASTER else layer.name


def _maya_layer(
    known: Program, facts: SceneFacts, layer: Layer, request: BurstRequest, rendered: bool
) -> dict[str, Any]:
    frames = _ascending(request.frames)
    width, height = layer.resolution or _required(facts, "resolution", facts.resolution)
    cameras = layer.cameras
    if cameras is None:
        cameras = tuple(camera.name for camera in facts.cameras if camera.renderable)
    return {
        "renderable": "1" if rendered else "0",
        "env": {},
        "is_default_camera": "1",
        "option": "",
        "common": {
            "frames": str(frames),
            "start": str(frames.first),
            "end": str(frames.last),
            "by_frame": str(_step(frames)),
            "width": str(width),
            "height": str(height),
            "image_format": known.format_named_by(
                _required(facts, "image format", facts.image_format)
            ),
            "image_file_prefix": layer.output or facts.output.value or "",
            "all_camera": [camera.name for camera in facts.cameras],
            "render_camera": list(cameras),
            "renderer": layer.renderer or _required(facts, "renderer", facts.renderer),
        },
    }


def _blender(known: Program, facts: SceneFacts, request: BurstRequest) -> _Scene:
    width, height = _required(facts, "resolution", facts.resolution)
    common: dict[str, Any] = {
        "frames": str(_ascending(request.frames)),
        "Output_path": facts.output.value or "",
        "width": str(width),
        "height": str(height),
        "Render_Format": known.format_named_by(
            _required(facts, "image format", facts.image_format)
        ),
    }
    camera = next((camera.name for camera in facts.cameras if camera.renderable), None)
    if camera is not None:
        common["camera_name"] = camera
    scene_info = {"common": common}
    return _Scene(
        {"scene_info": scene_info, "scene_info_render": copy.deepcopy(scene_info)},
    )


_SCENES = {"maya": _maya, "blender": _blender}


def _upload(
    facts: SceneFacts, assets: Sequence[Asset], request: BurstRequest, scene_md5: str
) -> dict[str, Any]:
    """List every file once, the scene first and with its checksum besides.

    Engines and split lists know `asset` alone, so the scene stands there too.
    """
    scene = Asset(request.job.scene, facts.path.absolute(), server_path(request.job.scene))
    by_server: dict[str, Asset] = {}
    for asset in (scene, *assets):
        twin = by_server.setdefault(asset.server, asset)
        if twin.local != asset.local:
            raise InputError(
                f"{twin.local} and {asset.local} would both become {asset.server} in the cloud; "
                "rename one of them"
            )
    return {
        "scene": [_pair(scene) | {"hash": scene_md5}],
        "asset": [_pair(asset) for asset in by_server.values()],
    }


def _pair(asset: Asset) -> dict[str, str]:
    return {"local": asset.local.as_posix(), "server": asset.server}


def _required(facts: SceneFacts, name: str, fact: Fact[T | None]) -> T:
    if fact.value is None:
        raise InputError(
            f"{facts.path}: the {name} cannot be read from the scene; set it there and save"
        )
    return fact.value


def _slashed(path: str) -> str:
    return path.replace("\\", "/")


def _ascending(frames: FrameSet) -> FrameSet:
    # Sources show remote lists only in ascending order; a burst's own order means nothing there.
    return FrameSet.of(sorted(frames))


def _step(frames: FrameSet) -> int:
    """Return the widest step on which every frame lies."""
    return gcd(*(after - before for before, after in pairwise(frames))) or 1
