"""A file that has come whole: it takes its place, unless somebody's newer one stands there."""

from __future__ import annotations

import filecmp
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from stat import S_ISREG

from renderbus_core.jobs import BurstId
from renderbus_core.transfer import local_disk, move_into_place

# Characters of the name that hidden names keep: with four bytes each the whole still fits.
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a file came to lie.

    Args:
        stamp: of the file at its place, when it is the burst's; see `stamp`.
        beside: where it lies instead, when a newer file of somebody else has its place.
    """

    stamp: str | None = None
    beside: Path | None = None


def waiting_room(local: Path, burst: BurstId) -> Path:
    """Return where a file lies, on the same disk, between its arrival and taking its place."""
    return local.with_name(f".{local.name[:_SHOWN]}.{burst}.new")


def take_place(
    new: Path, local: Path, burst: BurstId, *, ours: str | None, since: datetime | None
) -> Arrival:
    """Move a file to its place.

    A file that stands there is replaced when it is empty, the burst's own, or older than the
    burst. One with the same content stays: it was put there by a process that died before it
    could say so.

    Args:
        new: has come, on the same disk.
        local: its place.
        burst: it came for.
        ours: stamp of the file that the burst put there last; None before.
        since: what is changed later than this is somebody's newer file; None replaces any.

    Raises:
        LocalDiskError: the disk refuses.
    """
    with local_disk(local):
        if not is_kept(local, ours, since):
            move_into_place(new, local)
            return Arrival(stamp(local))
        if filecmp.cmp(new, local, shallow=False):
            new.unlink()
            return Arrival(stamp(local))
        beside = local.with_name(f"{local.stem}.renderbus-{burst}{local.suffix}")
        move_into_place(new, beside)
        return Arrival(None, beside)


def stamp(path: Path) -> str | None:
    """Return what tells a file from another that takes its place; None when there is none."""
    with suppress(FileNotFoundError):
        status = path.stat()
        return f"{status.st_mtime_ns}-{status.st_size}"
    return None


def is_kept(local: Path, ours: str | None, since: datetime | None) -> bool:
    """Tell whether a file stands there that is not replaced; see `take_place`."""
    if since is None:
        return False
    try:
        status = local.stat()
    except FileNotFoundError:
        return False
    # A folder in its place is no file: moving says so.
    a_file = S_ISREG(status.st_mode) and status.st_size > 0
    return a_file and status.st_mtime >= since.timestamp() and stamp(local) != ours
