"""Paths that stand for many files: tiles and frames, in one notation.

`<UDIM>` is a tile number, `<UVTILE>` a pair like `u1_v1`, a run of `#` a frame with that many
digits or more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKENS = re.compile(
    r"(?P<udim><udim>|_MAPID_)"
    r"|(?P<uv><uvtile>|<tile>|u<u>_v<v>)"
    r"|(?P<width><f(?P<f>\d?)>|\$F(?P<dollar>\d?)(?![A-Za-z_]))"
    r"|(?P<frame><frame>)"
    # A single one is more likely part of a name.
    r"|(?P<hashes>\#{2,})",
    re.IGNORECASE | re.ASCII,
)
_TILE = re.compile(r"(?<![0-9])1[0-9]{3}(?![0-9])")
_UV_TILE = re.compile(r"u[0-9]+_v[0-9]+", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")
_PLACES = re.compile(r"<UDIM>|<UVTILE>|#+")
# More than real names have, few enough to match fast.
_MOST_PLACES = 3


def from_tokens(stored: str) -> str | None:
    """Rewrite a program's own tokens; None when the path holds none."""
    pattern, places = _TOKENS.subn(_place, stored)
    return pattern if places else None


def from_tile(stored: str) -> str | None:
    """Make a pattern from the path of one UDIM tile: `a_1001.png` gives `a_<UDIM>.png`."""
    return _replace_last(_TILE, stored, lambda _: "<UDIM>")


def from_uv_tile(stored: str) -> str | None:
    """Make a pattern from the path of one tile with u and v: `a_u1_v1.png`."""
    return _replace_last(_UV_TILE, stored, lambda _: "<UVTILE>")


def from_frame(stored: str) -> str | None:
    """Make a pattern from the path of one frame: `a.0001.png` gives `a.####.png`."""
    return _replace_last(_DIGITS, stored, lambda digits: "#" * len(digits))


def has_place(part: str) -> bool:
    """Tell whether one part (between slashes) of a pattern stands for many names."""
    return 0 < len(_PLACES.findall(part)) <= _MOST_PLACES


def matcher(part: str) -> re.Pattern[str]:
    """Compile one part (between slashes) of a pattern into what matches its names."""
    pieces: list[str] = []
    end = 0
    for place in _PLACES.finditer(part):
        pieces += [re.escape(part[end : place.start()]), _names_at(place[0])]
        end = place.end()
    pieces.append(re.escape(part[end:]))
    return re.compile("".join(pieces))


def _place(token: re.Match[str]) -> str:
    if token["udim"]:
        return "<UDIM>"
    if token["uv"]:
        return "<UVTILE>"
    if token["width"]:
        return "#" * max(1, int(token["f"] or token["dollar"] or 1))
    return token["hashes"] or "#"


def _names_at(place: str) -> str:
    if place == "<UDIM>":
        return r"1[0-9]{3}"
    if place == "<UVTILE>":
        return r"[uU][0-9]+_[vV][0-9]+"
    return rf"-?[0-9]{{{len(place)},}}"


def _replace_last(what: re.Pattern[str], stored: str, by: Callable[[str], str]) -> str | None:
    """Replace the last match in the file name, its extension left out."""
    name_at = max(stored.rfind("/"), stored.rfind("\\")) + 1
    dot = stored.rfind(".", name_at + 1)
    stem, extension = (stored[name_at:], "") if dot < 0 else (stored[name_at:dot], stored[dot:])
    found = list(what.finditer(stem))
    if not found:
        return None
    last = found[-1]
    return f"{stored[:name_at]}{stem[: last.start()]}{by(last[0])}{stem[last.end() :]}{extension}"
