"""Programs whose documents have one description: Cinema 4D, and the renderers without a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents.fields import plain_picture, section
from renderbus_core.simulator.documents.plan import Layer

_SIZE = (1920, 1080)
# A .vrscene is one frame, and its documents name no other.
_ONLY_FRAME = 1


def block_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the one thing that is rendered."""
    common = section(document, "scene_info_render", "scene_info").block("common")
    wire_format = common.text("regular_image_format", "")
    yield Layer(
        name="",
        camera="",
        frames=common.frames(),
        size=common.size(),
        picture_format=wire_format,
        pictures=(plain_picture(document, wire_format),),
    )


def vray_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the one frame of a scene that was written for V-Ray alone."""
    yield Layer(
        name="",
        camera="",
        frames=FrameSet.of([_ONLY_FRAME]),
        size=_SIZE,
        picture_format="",
        pictures=(plain_picture(document, ""),),
    )
