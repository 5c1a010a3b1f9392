"""3ds Max: pictures per camera, and photons before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents.fields import Fields, plain_picture, section
from renderbus_core.simulator.documents.plan import Layer, Work


def max_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield each camera's photons, where the renderer computes them, and its pictures."""
    scene = section(document, "scene_info_render", "scene_info")
    common, renderer = scene.block("common"), scene.block("renderer")
    place = 0
    for camera in common.texts("renderable_camera") or [""]:
        needs: tuple[int, ...] = ()
        if has_photons(document):
            yield _photons(common, renderer, camera)
            needs, place = (place,), place + 1
        yield _pictures(document, common, renderer, camera, needs)
        place += 1


def has_photons(document: Mapping[str, Any]) -> bool:
    """Tell whether global illumination is on.

    ASSUMPTION: the documents' table leaves the renderer's members open; `gi` and its companions
    are named only in a packed text of the oldest replies.
    """
    return section(document, "scene_info_render", "scene_info").block("renderer").is_on("gi", "0")


def _photons(common: Fields, renderer: Fields, camera: str) -> Layer:
    listed = renderer.text("gi_frames", "")
    return Layer(
        name="",
        camera=camera,
        frames=renderer.frames("gi_frames")
        if listed
        else FrameSet.of(common.frames().ranges[0][:1]),
        size=renderer.size("gi_width", "gi_height"),
        picture_format="",
        pictures=(),
        work=Work.PHOTONS,
    )


def _pictures(
    document: Mapping[str, Any],
    common: Fields,
    renderer: Fields,
    camera: str,
    needs: tuple[int, ...],
) -> Layer:
    ending = (
        common.text("output_file_type", "") or common.text("output_file", "").rpartition(".")[2]
    )
    return Layer(
        name="",
        camera=camera,
        frames=common.frames(),
        size=common.size(),
        picture_format=ending,
        pictures=(plain_picture(document, ending),),
        has_channels=renderer.is_on("channel", "0"),
        needs=needs,
    )
