"""A page as a file: one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderbus_core.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from jinja2 import Environment

# Control characters, those that turn the writing direction (they can make a name read as another),
# and lone surrogates, which names of files may hold and UTF-8 does not.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST_TEXT = 1000


def write_page(text: str, target: Path, what: str) -> None:
    """Write a page; a reader sees the old file or the whole new one, never a part.

    Args:
        text: of the page.
        target: the HTML file; its folder exists.
        what: it is, for people.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        _write_whole(text.encode("utf-8"), target)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{what} cannot be written to {str(target)!r} ({why}); "
            "name a file in an existing folder that you may write to"
        ) from error


def _write_whole(page: bytes, target: Path) -> None:
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        # What cannot even be looked for must not hide why the page was not written.
        with suppress(OSError):
            temporary.unlink()


def environment() -> Environment:
    """Return what turns templates into pages; whatever a text holds is harmless there.

    Raises:
        MissingDependencyError: jinja2 is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 - optional, and not needed before a report is written
    except ImportError as error:
        raise MissingDependencyError("the HTML report needs jinja2", "web") from error
    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )


def _printable(value: Any) -> Any:
    """Make any text that enters the page harmless to read; jinja2 escapes it afterwards."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
