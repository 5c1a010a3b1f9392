"""A drawing in place of a render: it says what it stands for, and moves from frame to frame."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from renderbus_core.errors import MissingDependencyError
from renderbus_core.simulator.renderers import FrameWork, RendererKind, RenderError

try:
    from PIL import Image, ImageDraw, ImageFont, ImageOps
except ImportError as error:
    raise MissingDependencyError("drawing stand-in pictures needs Pillow", "simulator") from error

MOST_PIXELS = 64_000_000
"""A larger picture would not be drawn in a few hundred MB."""

_HUES_PER_CYCLE = 48
_TURN_PER_FRAME = math.radians(7.5)
_EXR = "exr"

# How Pillow writes each kind of file; quick rather than small.
_PILLOW: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "bmp": ("BMP", {}),
        # Maya's default, which no library writes: a PNG stands in for it as the drawing does for
        # the render.
        "iff": ("PNG", {"compress_level": 1}),
        "jpeg": ("JPEG", {"quality": 88}),
        "jpg": ("JPEG", {"quality": 88}),
        "png": ("PNG", {"compress_level": 1}),
        "tga": ("TGA", {"compression": "tga_rle"}),
        "tif": ("TIFF", {"compression": "raw"}),
        "tiff": ("TIFF", {"compression": "raw"}),
    }
)


class StandIn:
    """Draws labelled pictures; takes no notice of what is in the scene."""

    @property
    def name(self) -> str:
        """See `Renderer.name`."""
        return RendererKind.STAND_IN.value

    def render(
        self, work: FrameWork, target: Path, cancelled: Callable[[], bool]
    ) -> tuple[Path, ...]:
        """Draw one picture; see `Renderer.render`."""
        del cancelled  # A drawing is done before anybody could change their mind.
        ending = work.name.rpartition(".")[2].lower()
        if ending != _EXR and ending not in _PILLOW:
            known = ", ".join(sorted([*_PILLOW, _EXR]))
            raise RenderError(f"stand-in pictures cannot be .{ending} files; use one of {known}")
        if math.prod(work.size) > MOST_PIXELS:
            raise RenderError(
                f"a stand-in of {work.size[0]} x {work.size[1]} is too large to draw; "
                f"at most {MOST_PIXELS} pixels are drawn"
            )
        picture = target / work.name
        picture.parent.mkdir(parents=True, exist_ok=True)
        image = _draw(work)
        if ending == _EXR:
            _write_exr(image, picture)
        else:
            kind, options = _PILLOW[ending]
            image.save(picture, kind, **options)
        return (picture,)


def _draw(work: FrameWork) -> Image.Image:
    width, height = work.size
    unit = max(1, min(width, height))
    image = _background(work)
    draw = ImageDraw.Draw(image)
    _draw_motion(draw, work, unit)
    number = ImageFont.load_default(max(6, unit // 3))
    draw.text((width / 2, height / 2), str(work.frame), "white", number, anchor="mm")
    small = ImageFont.load_default(max(5, unit // 18))
    lines = [work.title, work.scene.name, " / ".join(filter(None, [work.layer, work.camera]))]
    draw.multiline_text((unit // 20, unit // 20), "\n".join(filter(None, lines)), "white", small)
    draw.text((width - unit // 20, height - unit // 20), work.node, "white", small, anchor="rs")
    return image


def _background(work: FrameWork) -> Image.Image:
    """Return a gradient whose hue goes round as the frames go on."""
    hue = (work.frame % _HUES_PER_CYCLE) / _HUES_PER_CYCLE
    grey = Image.linear_gradient("L").resize(work.size)
    return ImageOps.colorize(grey, _rgb(hue, 0.75, 0.30), _rgb(hue + 0.08, 0.65, 0.75))


def _draw_motion(draw: ImageDraw.ImageDraw, work: FrameWork, unit: int) -> None:
    """Draw a square that turns and a dot that goes round it."""
    width, height = work.size
    angle = work.frame * _TURN_PER_FRAME
    line = max(1, unit // 100)
    corners = [_on_circle(work.size, unit * 0.42, angle + k * math.pi / 2) for k in range(4)]
    draw.line([*corners, corners[0]], fill=(255, 255, 255), width=line, joint="curve")
    x, y = _on_circle((width, height), unit * 0.42, -2 * angle)
    radius = unit * 0.035
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 255, 255))


def _on_circle(size: tuple[int, int], radius: float, angle: float) -> tuple[float, float]:
    return size[0] / 2 + radius * math.cos(angle), size[1] / 2 + radius * math.sin(angle)


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _write_exr(image: Image.Image, path: Path) -> None:
    try:
        import numpy as np  # noqa: PLC0415 - an optional part
        import OpenEXR  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise MissingDependencyError("EXR stand-ins need OpenEXR", "simulator") from error
    pixels = (np.asarray(image, dtype=np.float32) / 255) ** 2.2
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    channels = {"RGB": pixels.astype(np.float16)}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))
