"""Maya and Blender, which the bridge sends and whose documents their own schemas have judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from renderbus_core.frames import FrameSet
from renderbus_core.package import cloud_pictures
from renderbus_core.simulator.documents.plan import Layer

_SIZE = ("1920", "1080")


def maya_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the render layers that are switched on."""
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
                pictures=tuple(p for p in pictures if p.layer == name),
            )


def blender_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the one thing that a Blender task renders."""
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
