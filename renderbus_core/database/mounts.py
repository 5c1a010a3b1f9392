"""Telling whether a path lies on a network share."""

from __future__ import annotations

import re
from pathlib import Path

LINUX_TABLE = Path("/proc/self/mounts")
"""What is mounted where, as Linux lists it."""

# File systems behind which there is always another host. Those that may be a host's own disk seen
# from a virtual machine (9p, virtiofs) are left out: only what is certain counts.
_NETWORK = frozenset(
    {"afs", "auristorfs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre"}
    | {"ncpfs", "nfs", "nfs4", "orangefs", "panfs", "pvfs2", "smb3", "smbfs", "wekafs"}
    | {f"fuse.{name}" for name in ("beegfs", "ceph", "cephfs", "glusterfs", "s3fs", "sshfs")}
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def network_share(path: Path) -> str | None:
    """Return the kind of network file system a path lies on; None when none is known.

    Only Linux tells; elsewhere the answer is always None.

    Args:
        path: need not exist yet.
    """
    place = path.resolve()
    try:
        text = LINUX_TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind, deepest = "", -1
    for line in text.splitlines():
        fields = line.split(" ")
        point = Path(_ESCAPE.sub(_character, fields[1]))
        # What was mounted last on the same place hides what was there before.
        if place.is_relative_to(point) and len(point.parts) >= deepest:
            kind, deepest = fields[2], len(point.parts)
    return kind if kind in _NETWORK else None


def _character(escape: re.Match[str]) -> str:
    """Read an octal escape: the table writes spaces and the like as bytes, all below 128."""
    return chr(int(escape[1], 8))
