"""Paths of other machines as plain text: their style, their mapping, and their name in the cloud.

Nothing here looks at a disk. A scene may have been saved on Windows and be handled on Linux, so
`pathlib`'s idea of this host never decides. Blender's `//` (relative to the scene) must be
resolved before a path comes here: in this module a leading `//` is a network share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from renderbus_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST_PART = 255
_LONGEST_PATH = 4096
_LONGEST_SHOWN = 80

# Control characters, lone surrogates (bytes that are no Unicode) and separators of lines: none
# of them survives JSON, a log line or a foreign file system unharmed.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_UNC = re.compile(r"(//|\\\\)(?![\\/])")
_SLASHES = re.compile(r"[\\/]+")

_RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [device + digit for device in ("COM", "LPT") for digit in "0123456789¹²³"]
)


# The compared parts of a path, and pairs of such a prefix with the folder that replaces it.
_Key = tuple[str, ...]
_Prefixes = tuple[tuple[_Key, str], ...]


class Style(StrEnum):
    """How the system that stored a path writes paths."""

    WINDOWS = "windows"
    POSIX = "posix"


def style_of(path: str) -> Style | None:
    """Tell which kind of system stored a path.

    A drive, a share or a backslash means Windows; one leading slash means POSIX, even when a
    backslash follows, because POSIX names may hold one.

    Returns:
        The style; None for a relative path that could be of either.
    """
    if _DRIVE.match(path) or _UNC.match(path):
        return Style.WINDOWS
    if path.startswith("/"):
        return Style.POSIX
    return Style.WINDOWS if "\\" in path else None


def foreign_root(path: str) -> str | None:
    r"""Name the Windows drive or share of a path, for people: `drive X:`, `the share \\srv\tex`.

    Returns:
        None for a path that is on neither.
    """
    if _DRIVE.match(path):
        return f"drive {path[0].upper()}:"
    if _UNC.match(path):
        _, server, share, *_ = [*_SLASHES.split(path), ""]
        return rf"the share \\{server}\{share}".rstrip("\\")
    return None


def is_absolute(path: str) -> bool:
    """Tell whether a path of some system is absolute.

    Args:
        path: as it is stored.

    Raises:
        InputError: it climbs above its root, or holds a control character.
    """
    return _parse(path) is not None


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path is a folder, or lies anywhere below it; never of two systems.

    Args:
        path: as it is stored; a relative one is below nothing.
        folder: as it is stored.

    Raises:
        InputError: one climbs above its root, or holds a control character.
    """
    place, root = _parse(path), _parse(folder)
    return place is not None and root is not None and place.key[: len(root.key)] == root.key


def is_reserved_on_windows(name: str) -> bool:
    """Tell whether Windows keeps a name for itself: a device, or an ending in a dot or a space."""
    return name.endswith((".", " ")) or name.partition(".")[0].rstrip(" ").upper() in _RESERVED


def server_path(stored: str) -> str:
    r"""Return the path that a stored absolute path has on the Renderbus servers.

    `X:\p` becomes `/X/p`, `\\server\share\p` becomes `/server/share/p`, `/home/p` stays. The
    vendor's packages cut the first character of a path without a drive, which turns `/home/p`
    into a relative path; here every server path begins with exactly one slash. Backslashes count
    as slashes in every style, since the servers know no other separator.

    Args:
        stored: absolute path as the scene names it.

    Raises:
        InputError: it is relative, climbs above its root, or holds a control character.
    """
    path = _parse(stored)
    if path is None:
        raise InputError(
            f"{_shown(stored)} is a relative path and has no place on the servers; "
            "resolve it against its scene first"
        )
    root = path.root.rstrip(":").strip("/")
    parts = [part for name in path.parts for part in name.split("\\")]
    return "/" + "/".join(filter(None, [root, *_collapsed(parts, stored)]))


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a scene under its three names.

    Args:
        stored: absolute path as the scene names it, or would if it were not relative.
        local: where this host finds the file.
        server: where the cloud keeps it; see `server_path`.
    """

    stored: str
    local: Path
    server: str


@dataclass(frozen=True, slots=True)
class PathRule:
    """A folder as scenes name it, and the same folder on this host; both absolute."""

    stored: str
    local: str


@dataclass(frozen=True, slots=True)
class PathMapping:
    """Where this host finds what scenes name, by prefix.

    The rule with the longest prefix wins wherever it stands; of equally long ones the first,
    which decides `to_stored` when two stored folders are one local folder. Prefixes match whole
    parts of a path, after `.` and `..` are worked out; Windows prefixes match in any case and
    with either slash.

    Args:
        rules: the pairs of folders.

    Raises:
        InputError: a prefix is not absolute, or one stored prefix stands in two rules.
    """

    rules: tuple[PathRule, ...] = ()
    _to_local: _Prefixes = field(init=False, repr=False, compare=False)
    _to_stored: _Prefixes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        stored = [_folder_key(rule.stored) for rule in self.rules]
        for rule, key in zip(self.rules, stored, strict=True):
            if stored.count(key) > 1:
                raise InputError(
                    f"path mapping: {_shown(rule.stored)} is mapped twice; keep one of the rules"
                )
        local = [_folder_key(rule.local) for rule in self.rules]
        to_local = zip(stored, (rule.local for rule in self.rules), strict=True)
        to_stored = zip(local, (rule.stored for rule in self.rules), strict=True)
        object.__setattr__(self, "_to_local", _longest_first(to_local))
        object.__setattr__(self, "_to_stored", _longest_first(to_stored))

    def to_local(self, stored: str) -> str:
        """Return where this host finds a stored path; unchanged when no rule matches.

        Raises:
            InputError: it climbs above its root or holds a control character.
        """
        return _mapped(stored, self._to_local)

    def to_stored(self, local: str) -> str:
        """Return how a scene would name a local path; unchanged when no rule matches.

        Raises:
            InputError: it climbs above its root or holds a control character.
        """
        return _mapped(local, self._to_stored)


def isolation_path(number: int) -> str:
    """Return the folder that keeps one task's or one customer's assets apart on the servers.

    Renderbus manual of 2020, "asset isolation": two groups of three digits from the right, the
    rest in front, filled with zeros to three digits: 12345 is `000/012/345`.

    Args:
        number: task id or customer id.
    """
    if number < 0:
        raise InputError(f"an id for asset isolation is not negative; {number} is")
    digits = f"{number:09d}"
    return f"{digits[:-6]}/{digits[-6:-3]}/{digits[-3:]}"


def safe_relative(name: str) -> PurePosixPath:
    """Judge a file name that came from the cloud, before it is joined to a local folder.

    What passes stays below that folder on every system, whatever system that is; backslashes
    count as slashes.

    Raises:
        InputError: it could lead elsewhere, or some system cannot store it.
    """
    parts = name.replace("\\", "/").split("/")
    fault = _name_fault(name) or next(filter(None, map(_part_fault, parts)), None)
    if fault:
        raise InputError(
            f"the cloud sent the file name {_shown(name)}, which {fault}; it is not stored"
        )
    return PurePosixPath(*parts)


def _name_fault(name: str) -> str | None:
    return _first_fault(
        (not name, "is empty"),
        (_FORBIDDEN.search(name), "holds a control character or is not valid Unicode"),
        (name.startswith(("/", "\\")) or _DRIVE.match(name), "is not relative"),
        (_size(name) > _LONGEST_PATH, f"is longer than {_LONGEST_PATH} bytes"),
    )


def _part_fault(part: str) -> str | None:
    return _first_fault(
        (not part, "has an empty part"),
        (part == "..", "leads out of its folder"),
        (part.endswith((".", " ")), "has a part that ends in a dot or a space"),
        (":" in part, "holds a colon, which opens a hidden stream on Windows"),
        (part.partition(".")[0].rstrip(" ").upper() in _RESERVED, "names a device on Windows"),
        (_size(part) > _LONGEST_PART, f"has a part of more than {_LONGEST_PART} bytes"),
    )


def _first_fault(*rules: tuple[object, str]) -> str | None:
    return next((fault for broken, fault in rules if broken), None)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class _Absolute:
    """An absolute path taken apart; `root` is `X:`, `//server/share` or `/`."""

    style: Style
    root: str
    parts: tuple[str, ...]

    @property
    def key(self) -> _Key:
        """What is compared: Windows does not tell upper from lower case."""
        whole = (self.root, *self.parts)
        return tuple(map(str.lower, whole)) if self.style is Style.WINDOWS else whole


def _parse(path: str) -> _Absolute | None:
    """Take an absolute path apart; None when it is relative."""
    if _FORBIDDEN.search(path):
        raise InputError(
            f"the path {_shown(path)} holds a control character or is not valid Unicode; "
            "rename the file"
        )
    style = style_of(path)
    if style is Style.POSIX:
        return _Absolute(style, "/", _collapsed(path.split("/"), path))
    parts = _SLASHES.split(path)
    if _UNC.match(path):
        _, server, *rest = parts
        if not rest or not rest[0] or {server, rest[0]} & {".", "..", "?"}:
            raise InputError(
                f"{_shown(path)} is not a network path; it needs a server and a share, "
                r"for example \\server\share\file"
            )
        return _Absolute(Style.WINDOWS, f"//{server}/{rest[0]}", _collapsed(rest[1:], path))
    if _DRIVE.fullmatch(parts[0]):
        return _Absolute(Style.WINDOWS, parts[0], _collapsed(parts[1:], path))
    return None


def _collapsed(parts: Iterable[str], path: str) -> tuple[str, ...]:
    """Work out `.` and `..`, and drop what stands between two slashes."""
    kept: list[str] = []
    for part in parts:
        if part == ".." and not kept:
            raise InputError(f"the path {_shown(path)} climbs above its root; correct its '..'")
        if part == "..":
            kept.pop()
        elif part not in {"", "."}:
            kept.append(part)
    return tuple(kept)


def _folder_key(folder: str) -> _Key:
    path = _parse(folder)
    if path is None:
        raise InputError(
            f"path mapping: {_shown(folder)} is not an absolute folder; "
            r"write it like X:/show, \\server\share or /mnt/show"
        )
    return path.key


def _longest_first(prefixes: Iterable[tuple[_Key, str]]) -> _Prefixes:
    return tuple(sorted(prefixes, key=lambda prefix: -len(prefix[0])))


def _mapped(path: str, prefixes: _Prefixes) -> str:
    parsed = _parse(path)
    if parsed is None:
        return path
    key = parsed.key
    for prefix, replacement in prefixes:
        if key[: len(prefix)] == prefix:
            return _joined(replacement, parsed.parts[len(prefix) - 1 :])
    return path


def _joined(folder: str, parts: tuple[str, ...]) -> str:
    slash = "\\" if style_of(folder) is Style.WINDOWS and "\\" in folder else "/"
    return slash.join([folder.rstrip("\\/") if parts else folder, *parts])


def _shown(text: str) -> str:
    shown = repr(text[:_LONGEST_SHOWN])
    return shown if len(text) <= _LONGEST_SHOWN else f"{shown}..."
