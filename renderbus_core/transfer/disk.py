"""This host's disks, where they refuse a file: what is wrong, where, and what a person can do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from renderbus_core.errors import LocalDiskError

_FULL = "the disk is full; free space there"
_FORBIDDEN = "nothing may be written there; give this user the right to"
_IN_THE_WAY = "a file stands where a folder belongs, or a folder where a file does; move it away"
_CAUSES: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: _FULL,
        errno.EDQUOT: "the quota of this user is used up; free space there or raise it",
        errno.EFBIG: "the file is larger than the system lets it become; raise that limit",
        errno.EACCES: _FORBIDDEN,
        errno.EPERM: _FORBIDDEN,
        errno.EROFS: "the disk is read-only; mount it for writing",
        errno.ENAMETOOLONG: "the name is too long for the disk; use a shorter output path",
        errno.ENOTDIR: _IN_THE_WAY,
        errno.EISDIR: _IN_THE_WAY,
        errno.EEXIST: _IN_THE_WAY,
        errno.ELOOP: "links lead in a circle; correct them",
    }
)
# No other file can be written there either.
_EVERYWHERE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


@contextmanager
def local_disk(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence.

    Args:
        path: the file that is written, for the sentence.

    Raises:
        LocalDiskError: the block raised an `OSError`.
    """
    try:
        yield
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0) or f"{error.strerror or error}; look at the disk"
        raise LocalDiskError(
            f"{path} cannot be written: {cause}", everywhere=error.errno in _EVERYWHERE
        ) from error


def move_into_place(source: Path, target: Path) -> None:
    """Rename a finished file on its own disk so that it is there after a power failure too.

    Raises:
        OSError: the disk refuses.
    """
    source.replace(target)
    # Windows neither can nor needs to; some network shares refuse.
    with suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
