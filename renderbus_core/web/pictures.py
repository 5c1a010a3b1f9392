"""Thumbnails: a small JPEG of each rendered picture, or one short sentence why there is none.

Pictures come from anywhere, so nothing here fails a report: what cannot be read is said.
"""

from __future__ import annotations

import base64
import contextlib
import io
import stat
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SIDE = 160
"""Longest side of a thumbnail in pixels."""

MAX_PIXELS = 150_000_000
"""Larger pictures are not decoded: 16K frames pass, decompression bombs do not."""

# Behind transparent pixels: neither black nor white objects vanish on it.
_BACKDROP = (110, 110, 110)
_QUALITY = 82
_GAMMA = 1 / 2.2
# What the decoders of Pillow and OpenEXR raise for files that are not what they seem.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)


class _TooLargeError(Exception):
    """A picture has more pixels than are decoded for a thumbnail."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture for the contact sheet.

    Args:
        jpeg: base64 of the file; "" when there is no picture.
        missing: why there is none; "" when there is one.
    """

    jpeg: str = ""
    missing: str = ""


def thumbnail(path: Path | None) -> Thumbnail:
    """Read a picture and make it small; whatever is wrong with it becomes the reason.

    Args:
        path: the file; formats of Pillow, and EXR where the package OpenEXR is installed.
    """
    if path is None:
        return Thumbnail(missing="no picture")
    try:
        # What decoders grumble about is no news to whoever asked for a report, and OpenEXR does it
        # on the standard output, where `--json` writes its lines.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return Thumbnail(jpeg=_jpeg(_opened(path)))
    except ImportError:
        return Thumbnail(missing="no reader installed")
    except FileNotFoundError:
        return Thumbnail(missing="file is missing")
    except _TooLargeError:
        return Thumbnail(missing="too large to show")
    except _UNREADABLE:
        return Thumbnail(missing="cannot be read")


def _opened(path: Path) -> Picture:
    if not stat.S_ISREG(path.stat().st_mode):
        # A pipe or a device would be waited for without end.
        raise OSError("not a regular file")
    return _exr(path) if path.suffix.lower() == ".exr" else _pillow(path)


def _pillow(path: Path) -> Picture:
    from PIL import Image  # noqa: PLC0415 - optional, and slow to import

    try:
        # Reads the header only.
        source = Image.open(path)
    except Image.DecompressionBombError as error:
        raise _TooLargeError from error
    with source:
        if source.width * source.height > MAX_PIXELS:
            raise _TooLargeError
        source.draft("RGB", (2 * SIDE, 2 * SIDE))
        return _flat(source)


def _flat(source: Picture) -> Picture:
    """Return 8-bit RGB over the backdrop, small already: the rest works on few pixels."""
    from PIL import Image  # noqa: PLC0415 - optional, and slow to import

    if source.mode == "F":
        raise ValueError("floating point pixels have no agreed white")
    if source.mode.startswith("I"):
        # 16 bits of grey, which `convert` would clip at 255.
        source = source.convert("I").point(lambda value: value / 257).convert("L")
    if not source.has_transparency_data:
        source = source.convert("RGB")
        source.thumbnail((SIDE, SIDE))
        return source
    source = source.convert("RGBA")
    source.thumbnail((SIDE, SIDE))
    flat = Image.new("RGB", source.size, _BACKDROP)
    flat.paste(source, mask=source.getchannel("A"))
    return flat


def _exr(path: Path) -> Picture:
    import numpy as np  # noqa: PLC0415 - comes with OpenEXR
    import OpenEXR  # noqa: PLC0415 - optional, and slow to import
    from PIL import Image  # noqa: PLC0415 - optional, and slow to import

    with OpenEXR.File(str(path), header_only=True) as file:
        low, high = file.header()["dataWindow"]
        channels = len(file.header()["channels"])
    width, height = (int(last) - int(first) + 1 for first, last in zip(low, high, strict=True))
    # Every channel is decoded.
    if width * height * channels > MAX_PIXELS:
        raise _TooLargeError
    with OpenEXR.File(str(path)) as file:
        pixels = _colour({name: one.pixels for name, one in file.channels().items()})
        # Every n-th pixel is enough to shrink from, and keeps the rest quick.
        step = max(max(width, height) // (2 * SIDE), 1)
        linear = np.nan_to_num(pixels[::step, ::step].astype(np.float32), posinf=1.0)
    shown = np.clip(linear, 0.0, 1.0) ** _GAMMA * 255 + 0.5
    picture = Image.fromarray(shown.astype(np.uint8)).convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    return picture


def _colour(channels: dict[str, Any]) -> Any:
    """Return the picture among the channels of an EXR file, as an array of 2 or 3 dimensions."""
    for name in ("RGBA", "RGB", "Y"):
        if name in channels:
            return channels[name][..., :3] if name != "Y" else channels[name]
    # Multi-layer files: the first layer that has colours is the beauty.
    for pixels in channels.values():
        if pixels.ndim == 3:  # noqa: PLR2004 - height, width, colours
            return pixels[..., :3]
    return next(iter(channels.values()))


def _jpeg(picture: Picture) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
