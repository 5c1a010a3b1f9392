"""The looks at the disk that preflight needs: a file's state, and whether a folder takes files."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from renderbus_core.facts import Stamp

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Disks can hold times that no calendar has.
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


class Kind(StrEnum):
    """What stands at a path."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "neither file nor folder"
    LOOP = "behind links that lead in a circle"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class FileState:
    """A path as it is on the disk now.

    Args:
        path: as given.
        kind: what stands there, links followed.
        size: bytes.
        modified: last change, UTC.
        readable: whether this process may read it.
        stamp: tells this state from the next; None of what is absent.
    """

    path: Path
    kind: Kind
    size: int = 0
    modified: datetime = _NEVER
    readable: bool = False
    stamp: Stamp | None = None


def state_of(path: Path) -> FileState:
    """Look at one path; what cannot be looked at counts as absent."""
    try:
        found = path.stat()
    except OSError as error:
        return FileState(path, Kind.LOOP if error.errno == errno.ELOOP else Kind.ABSENT)
    except ValueError:  # a NUL in the name
        return FileState(path, Kind.ABSENT)
    kind = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER}.get(stat.S_IFMT(found.st_mode))
    return FileState(
        path,
        kind or Kind.OTHER,
        found.st_size,
        datetime.fromtimestamp(min(max(found.st_mtime, 0), _LATEST), UTC),
        os.access(path, os.R_OK),
        Stamp(found.st_size, found.st_mtime_ns),
    )


def is_below(path: Path, roots: tuple[Path, ...]) -> bool:
    """Tell whether a path lies below one of some folders after links are followed."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(os.path.realpath(root)) for root in roots)


def why_not_writable(folder: Path) -> str | None:
    """Say what keeps files out of a folder, which may still have to be made; None if nothing."""
    existing = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not existing.is_dir():
        return f"{existing} is not a folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{existing} may not be written to"
    return None


class Listings:
    """Names as their folders spell them; each folder is listed once."""

    def __init__(self) -> None:
        self._names: dict[Path, frozenset[str]] = {}

    def spelling(self, path: Path) -> str | None:
        """Return a file's name as its folder spells it; None when no case of it is there."""
        names = self._in(path.parent)
        if path.name in names:
            return path.name
        folded = path.name.casefold()
        return next((name for name in sorted(names) if name.casefold() == folded), None)

    def _in(self, folder: Path) -> frozenset[str]:
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names alone
            except (OSError, ValueError):  # ValueError: a NUL in the name
                self._names[folder] = frozenset()
        return self._names[folder]
