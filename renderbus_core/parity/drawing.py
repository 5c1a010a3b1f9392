"""A picture that shows where two others differ."""

from __future__ import annotations

import math
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from renderbus_core.errors import InputError
from renderbus_core.parity.library import need_library
from renderbus_core.parity.parts import UnreadablePictureError, mismatch

if TYPE_CHECKING:
    from renderbus_core.parity.reading import Picture, Pixels

_GAIN = 20.0
_WHITE = 255


def difference_picture(local: Path, cloud: Path, target: Path, gain: float = _GAIN) -> None:
    """Write a grey PNG of 8 bits: black where two pictures are equal, brighter where they differ.

    Each pixel shows the largest difference of its channels in all parts.

    Args:
        local: the farm's picture.
        cloud: the cloud's picture.
        target: the PNG; an older one is replaced once the new one is complete.
        gain: what differences are multiplied by; with 20, those of 0.05 and more are white.

    Raises:
        InputError: the pictures cannot be compared pixel by pixel, the target is one of them or no
            PNG or cannot be written, or the gain is no positive number.
        MissingDependencyError: OpenImageIO is not installed.
    """
    if not 0 < gain < math.inf:
        raise InputError(f"differences cannot be shown {gain} times as large; give more than 0")
    if target.suffix.lower() != ".png":
        raise InputError(f"{target} is no name of a PNG; let it end with .png")
    if any(_is_same_file(target, picture) for picture in (local, cloud)):
        raise InputError(f"{target} is one of the compared pictures; name another file")
    need_library()
    from renderbus_core.parity.reading import opened  # noqa: PLC0415 - an optional part

    try:
        with opened(local) as ours, opened(cloud) as theirs:
            problem = mismatch(ours.parts, theirs.parts)
            if problem:
                raise InputError(f"where the pictures differ cannot be shown: {problem}")
            drawn = _drawn(ours, theirs, gain)
    except UnreadablePictureError as error:
        raise InputError(f"where the pictures differ cannot be shown: {error}") from error
    _write(drawn, target)


def _drawn(local: Picture, cloud: Picture, gain: float) -> Pixels:
    import numpy as np  # noqa: PLC0415 - an optional part

    from renderbus_core.parity.measuring import bands  # noqa: PLC0415 - an optional part

    width = max(part.size[0] for part in local.parts)
    height = max(part.size[1] for part in local.parts)
    canvas = np.zeros((height, width), np.uint8)
    for part in range(len(local.parts)):
        for top, pieces in bands(local, cloud, part):
            for piece in pieces:
                # Rounded up: what differs is never quite black.
                shade = np.ceil(piece.difference.max(axis=2) * gain * _WHITE)
                there = canvas[top : top + shade.shape[0], : shade.shape[1]]
                np.maximum(there, np.minimum(shade, _WHITE).astype(np.uint8), out=there)
    return canvas


def _write(canvas: Pixels, target: Path) -> None:
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        _write_png(canvas, temporary)
        temporary.replace(target)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"the difference cannot be written to {str(target)!r} ({why}); "
            "name a file in an existing folder that you may write to"
        ) from error
    finally:
        # Where it could not be made there is nothing to remove.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write_png(canvas: Pixels, path: Path) -> None:
    import OpenImageIO  # noqa: PLC0415 - an optional part

    height, width = canvas.shape
    # Asked of the system first: its refusals are clearer than those of the library.
    path.open("xb").close()
    output = OpenImageIO.ImageOutput.create("png")
    if output is None:
        raise ValueError(OpenImageIO.geterror())
    spec = OpenImageIO.ImageSpec(width, height, 1, "uint8")
    whole = output.open(str(path), spec) and output.write_image(canvas.reshape(height, width, 1))
    # Closing writes the end of the file.
    if not (output.close() and whole):
        raise ValueError(output.geterror())


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
