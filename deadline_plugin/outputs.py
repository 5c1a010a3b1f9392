"""Where a job wants its pictures: its declared outputs, with `#` for the digits of the frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from renderbus_core.errors import InputError

_KEY = re.compile(r"OutputFilename(\d+)")
_LAST_SLASH = re.compile(r"(?s)(.*[/\\])?(.*)")
_ROOTED = re.compile(r"[/\\]|[A-Za-z]:")
# The frame as programs write it: ???? or ####, [####] (After Effects), %04d (Nuke), $F4 (Houdini).
_FRAME = re.compile(
    r"(?P<signs>[#?]+)|\[(?P<framed>#+)\]|%(?P<printed>0\d|)d|\$F(?P<padded>\d?)(?![A-Za-z_])"
)
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


def declared(info: Mapping[str, str], own: str, only: int | None) -> tuple[str, ...]:
    """Return the outputs that a job declares, each once.

    Args:
        info: keys of the job.
        own: what its plug-in says where the job says nothing; "" for nothing.
        only: number of the one picture that the job makes; None when it makes several.

    Raises:
        InputError: it declares none, or one that cannot be told from the next frame's.
    """
    named = tuple(_named(info))
    if not named and not own:
        raise InputError(
            "the job declares no outputs (OutputDirectory0 and OutputFilename0), so nothing could "
            "be brought home"
        )
    return tuple(dict.fromkeys(_template(path, only) for path in named or (own,)))


def _named(info: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that the job names, in the order of their numbers."""
    numbers = sorted(int(found[1]) for found in map(_KEY.fullmatch, info) if found)
    for number in numbers:
        name, folder = info[f"OutputFilename{number}"], info.get(f"OutputDirectory{number}", "")
        if not name:
            continue
        if not folder and not _ROOTED.match(name):
            raise InputError(
                f"OutputFilename{number}={name} has no folder (OutputDirectory{number}), so nobody "
                "knows where it belongs"
            )
        yield _joined(folder, name)


def _joined(folder: str, name: str) -> str:
    if _ROOTED.match(name):
        return name
    if folder.endswith(("/", "\\")):
        return folder + name
    return folder + ("\\" if "\\" in folder and "/" not in folder else "/") + name


def _template(path: str, only: int | None) -> str:
    """Return a path with `#` in the place of the frame."""
    found = _LAST_SLASH.fullmatch(path)
    folder, name = (found[1] or "", found[2]) if found else ("", path)
    if _FRAME.search(folder):
        raise InputError(
            f"the output {path} has a folder for each frame; the bridge finds frames in names of "
            "files alone"
        )
    padded = _FRAME.sub(_signs, name)
    return folder + (padded if "#" in padded else _numbered(name, only))


def _signs(found: re.Match[str]) -> str:
    digits = found["printed"] or found["padded"]
    return "#" * (len(found["signs"] or found["framed"] or "") or int(digits or 1))


def _numbered(name: str, only: int | None) -> str:
    """Return the name of a single picture, which may bear its number instead of a place for it."""
    found = _LAST_NUMBER.search(name.rpartition(".")[0])
    if found is None or only is None or int(found[0]) != only:
        return name
    return name[: found.start()] + "#" * len(found[0]) + name[found.end() :]
