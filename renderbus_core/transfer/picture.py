"""Looking at a picture that has arrived: is it there, is it whole, and does it open?"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from renderbus_core.errors import MissingDependencyError
from renderbus_core.transfer.headers import BrokenPictureError, Header, read_header

# OpenEXR files begin with this; Pillow does not read them.
_EXR = b"\x76\x2f\x31\x01"


class Check(StrEnum):
    """How closely pictures are looked at."""

    OFF = "off"
    HEADER = "header"
    PIXELS = "pixels"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Args:
        problem: why it is not taken for a whole picture; None when it is one, or of a kind that
            is not known.
        warning: what is odd about a whole one.
        header: what it says of itself; None for a kind that is not known.
    """

    problem: str | None = None
    warning: str | None = None
    header: Header | None = None


def look_at(
    path: Path, check: Check, size: tuple[int, int] | None = None, ending: str | None = None
) -> Look:
    """Look at a picture whose kind its name says.

    Args:
        path: the file.
        check: how closely.
        size: width and height that it must have; None for any.
        ending: of its proper name while it has another, for example `.exr`.
    """
    if check is Check.OFF:
        return Look()
    try:
        header = read_header(path, path.suffix if ending is None else ending)
        flat = check is Check.PIXELS and header is not None and _is_known_flat(path)
    except BrokenPictureError as error:
        return Look(str(error))
    except OSError as error:
        return Look(f"cannot be read ({error.strerror})")
    if header and size and (header.width, header.height) != size:
        return Look(
            f"is {header.width} x {header.height} pixels where {size[0]} x {size[1]} were declared",
            header=header,
        )
    return Look(None, "all of its pixels are the same" if flat else None, header)


def picture_problem(path: Path) -> str | None:
    """Say why a file is not a whole picture, decoding it; None when it is one.

    Args:
        path: the file; its content, not its name, says what it is.

    Raises:
        MissingDependencyError: no library to look with.
    """
    try:
        empty = not path.stat().st_size
        library = _library(path)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if empty:
        return f"{path} is empty"
    if find_spec(library) is None:
        raise MissingDependencyError(f"looking at {path.suffix} files needs {library}", "simulator")
    try:
        _is_flat(path)
    except _UnknownKindError:
        return f"{path} is no picture"
    except BrokenPictureError as error:
        return f"{path} {error}"
    return None


class _UnknownKindError(Exception):
    """The library does not know what the file is."""


def _library(path: Path) -> str:
    with path.open("rb") as file:
        return "OpenEXR" if file.read(len(_EXR)) == _EXR else "PIL"


def _is_known_flat(path: Path) -> bool:
    """As `_is_flat`; False where no library reads the file: renderers write more than they know."""
    try:
        return find_spec(_library(path)) is not None and _is_flat(path)
    except _UnknownKindError:
        return False


def _is_flat(path: Path) -> bool:
    """Decode a picture and tell whether all of its pixels are the same.

    Raises:
        BrokenPictureError: it does not open.
    """
    return _is_flat_exr(path) if _library(path) == "OpenEXR" else _is_flat_other(path)


def _is_flat_other(path: Path) -> bool:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - an optional part

    try:
        with Image.open(path) as image:
            image.load()
            bands = [band.getextrema() for band in image.split()]
    except UnidentifiedImageError as error:
        raise _UnknownKindError from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BrokenPictureError(f"does not open as a picture ({error})") from error
    return all(low == high for low, high in bands)


def _is_flat_exr(path: Path) -> bool:
    import OpenEXR  # noqa: PLC0415 - an optional part

    try:
        # Its warnings about damaged files would end up between our own lines.
        with contextlib.redirect_stdout(io.StringIO()), OpenEXR.File(str(path)) as file:
            # Asked while it is open: closing empties what it gave.
            bands = [channel.pixels for channel in file.channels().values()]
            flat = all(pixels.min() == pixels.max() for pixels in bands)
    except (RuntimeError, OSError, ValueError) as error:
        raise BrokenPictureError(f"does not open as a picture ({error})") from error
    if not bands:
        raise BrokenPictureError("has no channels")
    return flat
