"""Programs whose documents list what is rendered: Clarisse, Katana, Nuke, Unreal Engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.simulator.documents.fields import Fields, plain_picture, section
from renderbus_core.simulator.documents.plan import Layer

_FRAME_BY_FRAME = "-1"


def clarisse_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the images and the layers of images that are switched on."""
    scene = section(document, "scene_info_render", "scene_info")
    for image in scene.blocks("image_node"):
        for node in (image, *image.blocks("layers")):
            if node.is_on("renderable"):
                yield _layer(document, node, node.text("name"), [node.text("format", "")])


def katana_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the render nodes that are switched on."""
    scene = section(document, "scene_info_render", "scene_info")
    for name, node in scene.block("rendernodes").members():
        if node.is_on("renderable"):
            yield _layer(document, node, name, [""])


def nuke_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the write nodes that are switched on."""
    scene = section(document, "scene_info_render", "scene_info")
    for node in scene.blocks("write_nodes"):
        if node.is_on("renderable"):
            if node.text("option") != _FRAME_BY_FRAME:
                raise InputError(
                    f"task.json: {node.place}.option {node.text('option')!r:.20} writes a video, "
                    f"which is not simulated; use {_FRAME_BY_FRAME}"
                )
            yield _layer(document, node, node.text("node"), [node.text("file_type", "")])


def unreal_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the jobs that are switched on, of the queues that are."""
    scene = section(document, "scene_info_render", "scene_info")
    for queue in scene.blocks("all_movie_pipline_queue"):
        if queue.is_on("renderable"):
            for job in queue.blocks("render_job"):
                if job.is_on("is_enable") and job.is_on("job_valid"):
                    formats = job.texts("format_type") or [""]
                    yield _layer(document, job, job.text("job_name"), formats)


def _layer(document: Mapping[str, Any], node: Fields, name: str, formats: list[str]) -> Layer:
    pictures = {(picture := plain_picture(document, f)).template: picture for f in formats}
    return Layer(
        name=name,
        camera="",
        frames=node.frames(),
        size=node.size(),
        picture_format=formats[0],
        pictures=tuple(pictures.values()),
    )
