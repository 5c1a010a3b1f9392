"""Looking at a picture that has arrived: is it there, and does it open?"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from renderbus_core.errors import MissingDependencyError

# OpenEXR files begin with this; Pillow does not read them.
_EXR = b"\x76\x2f\x31\x01"


def picture_problem(path: Path) -> str | None:
    """Say why a file is not a whole picture; None when it is one.

    Args:
        path: the file; its content, not its name, says what it is.

    Raises:
        MissingDependencyError: no library to look with.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if not head:
        return f"{path} is empty"
    return _exr_problem(path) if head == _EXR else _pillow_problem(path)


def _pillow_problem(path: Path) -> str | None:
    try:
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise MissingDependencyError("looking at pictures needs Pillow", "simulator") from error
    try:
        with Image.open(path) as image:
            image.load()
    except UnidentifiedImageError:
        return f"{path} is no picture"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"{path} does not open as a picture ({error})"
    return None


def _exr_problem(path: Path) -> str | None:
    try:
        import OpenEXR  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise MissingDependencyError("looking at EXR files needs OpenEXR", "simulator") from error
    try:
        # Its warnings about damaged files would end up between our own lines.
        with contextlib.redirect_stdout(io.StringIO()), OpenEXR.File(str(path)) as file:
            # Asked while it is open: closing empties what it gave.
            empty = not file.channels()
    except (RuntimeError, OSError, ValueError) as error:
        return f"{path} does not open as a picture ({error})"
    return f"{path} has no channels" if empty else None
