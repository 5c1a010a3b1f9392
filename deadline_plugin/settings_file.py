"""Files that a studio edits, as far as an upgrade must understand them: `.param` files, presets."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"\[(\w+)\]\s*$")
_DEFAULT = "Default="


def defaults(text: str) -> dict[str, str]:
    """Return the default of each setting of a file.

    Args:
        text: of the file.
    """
    return {name: line.removeprefix(_DEFAULT) for name, line in _lines(text)}


def carried_over(original: str, edited: str, new: str) -> str:
    """Return a new file with the defaults that a studio has changed in the old one.

    Args:
        original: text of the file as it was brought.
        edited: as it is now.
        new: as it is brought now.
    """
    before, now = defaults(original), defaults(edited)
    changed = {name: value for name, value in now.items() if before.get(name, value) != value}
    found, section = [], ""
    for line in new.splitlines():
        header = _SECTION.match(line)
        section = header[1] if header else section
        is_ours = line.startswith(_DEFAULT) and section in changed
        found.append(_DEFAULT + changed[section] if is_ours else line)
    return "\n".join(found) + "\n"


def as_edited(original: str, edited: str, new: str) -> str:
    """Return a file as a studio edited it; as it is brought now where nobody did.

    Args:
        original: text of the file as it was brought.
        edited: as it is now.
        new: as it is brought now.
    """
    return new if edited == original else edited


def _lines(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in text.splitlines():
        header = _SECTION.match(line)
        section = header[1] if header else section
        if section and line.startswith(_DEFAULT):
            yield section, line
