"""`job.conf` of the job type, as far as an upgrade and a look at it must understand it."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOPIC = "renderbus"
"""Topic of the bridge's own settings."""

_HEADER = re.compile(r"\[([^\]]+)\]\s*$")
_SETTING = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*)$")

_Key = tuple[str, str]


def settings(text: str) -> dict[str, str]:
    """Return the bridge's own settings of a file.

    Args:
        text: of the file.
    """
    return {key: value for (topic, key), value in _values(text).items() if topic == TOPIC}


def carried_over(original: str, edited: str, new: str) -> str:
    """Return a new file with what a studio has changed in the old one, or added to it.

    Args:
        original: text of the file as it was brought.
        edited: as it is now.
        new: as it is brought now.
    """
    before = _values(original)
    changed = {key: value for key, value in _values(edited).items() if before.get(key) != value}
    coming = _values(new)
    found: list[str] = []
    for line, place in _lines(new):
        if place is not None and place in changed:
            found.append(_line(place[1], changed[place]))
        else:
            found.append(line)
    added = {key: value for key, value in changed.items() if key not in {*coming, *before}}
    for (topic, key), value in added.items():
        found.insert(_end_of(topic, found), _line(key, value))
    return "\n".join(found) + "\n"


def _values(text: str) -> dict[_Key, str]:
    found = {}
    for line, place in _lines(text):
        if place is not None:
            found[place] = line.partition("=")[2].strip()
    return found


def _lines(text: str) -> Iterator[tuple[str, _Key | None]]:
    """Give each line with the topic and key that it sets; None where it sets nothing."""
    topic = ""
    for line in text.splitlines():
        header = _HEADER.match(line)
        topic = header[1].strip() if header else topic
        setting = None if header else _SETTING.match(line)
        yield line, (topic, setting[1]) if setting else None


def _line(key: str, value: str) -> str:
    return f"{key} = {value}".rstrip()


def _end_of(topic: str, lines: list[str]) -> int:
    """Return where a topic ends; one that is not there yet is begun at the end."""
    header = f"[{topic}]"
    if header not in lines:
        lines += ["", header]
    start = lines.index(header) + 1
    ends = (at for at in range(start, len(lines)) if _HEADER.match(lines[at]))
    end = next(ends, len(lines))
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end
