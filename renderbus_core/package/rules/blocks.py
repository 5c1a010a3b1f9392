"""What a task.json renders: layers, nodes and jobs of all programs in one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.package.json_places import JsonPath
from renderbus_core.package.rules.rule import Subject

_RENDER, _SCENE = "scene_info_render", "scene_info"


@dataclass(frozen=True, slots=True)
class Block:
    """Something with frames of its own.

    Args:
        path: in task.json.
        fields: its members.
        is_on: whether it is rendered.
    """

    path: JsonPath
    fields: Mapping[str, Any]
    is_on: bool = True

    @property
    def frames(self) -> FrameSet | None:
        """Its frames; None when the list cannot be read, which a rule of its own says."""
        try:
            return FrameSet.parse(self.fields["frames"], Dialect.RENDERBUS)
        except InputError:
            return None


def blocks(subject: Subject) -> Iterator[Block]:
    """Yield everything that a task can render, switched on or not."""
    name = subject.program.name
    form = _SWITCHED.get(name) or _WHOLE.get(name)
    if form is not None:
        yield from form(subject.task)


def has_switches(subject: Subject) -> bool:
    """Tell whether the program's documents switch single layers, nodes or jobs on."""
    return subject.program.name in _SWITCHED


def _maya(task: Mapping[str, Any]) -> Iterator[Block]:
    for name, layer in task[_RENDER].items():
        yield Block((_RENDER, name, "common"), layer["common"], layer["renderable"] == "1")


def _houdini(task: Mapping[str, Any]) -> Iterator[Block]:
    for kind in ("rop_node", "geo_node", "distributedsim_node"):
        for path, node in _rows((_RENDER, kind), task[_RENDER][kind]):
            yield Block(path, node, node["render"] == "1")


def _clarisse(task: Mapping[str, Any]) -> Iterator[Block]:
    for path, image in _rows((_RENDER, "image_node"), task[_RENDER]["image_node"]):
        yield Block(path, image, image["renderable"] == "1")
        for inner, layer in _rows((*path, "layers"), image["layers"]):
            yield Block(inner, layer, layer["renderable"] == "1")


def _katana(task: Mapping[str, Any]) -> Iterator[Block]:
    for name, node in task[_RENDER]["rendernodes"].items():
        yield Block((_RENDER, "rendernodes", name), node, node["renderable"] == "1")


def _nuke(task: Mapping[str, Any]) -> Iterator[Block]:
    section = _RENDER if "write_nodes" in task.get(_RENDER, {}) else _SCENE
    for path, node in _rows((section, "write_nodes"), task[section]["write_nodes"]):
        yield Block(path, node, node["renderable"] == "1")


def _unreal(task: Mapping[str, Any]) -> Iterator[Block]:
    key = "all_movie_pipline_queue"
    for path, queue in _rows((_RENDER, key), task[_RENDER][key]):
        for inner, job in _rows((*path, "render_job"), queue["render_job"]):
            flags = (queue["renderable"], job["is_enable"], job["job_valid"])
            yield Block(inner, job, set(flags) == {"1"})


def _whole_scene(task: Mapping[str, Any]) -> Iterator[Block]:
    yield Block((_RENDER, "common"), task[_RENDER]["common"])


def _whole_scene_twice(task: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the scene and its copy: no source says which of them the cloud reads."""
    for section in (_SCENE, _RENDER):
        if "common" in task.get(section, {}):
            yield Block((section, "common"), task[section]["common"])


def _rows(path: JsonPath, rows: list[dict[str, Any]]) -> Iterator[tuple[JsonPath, dict[str, Any]]]:
    for number, row in enumerate(rows):
        yield (*path, number), row


_Form = Callable[[Mapping[str, Any]], Iterator[Block]]
_SWITCHED: Mapping[str, _Form] = MappingProxyType(
    {
        "clarisse": _clarisse,
        "houdini": _houdini,
        "katana": _katana,
        "maya": _maya,
        "nuke": _nuke,
        "unreal": _unreal,
    }
)
_WHOLE: Mapping[str, _Form] = MappingProxyType(
    {
        "3ds_max": _whole_scene,
        "arnold_standalone": _whole_scene,
        "blender": _whole_scene_twice,
        "cinema4d": _whole_scene_twice,
    }
)
