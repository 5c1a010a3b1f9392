"""Files on their way: each lies beside its target under a hidden name until it is whole.

The name says which version of which remote file it is, so whoever comes next - another process
too - carries it on or leaves it alone. Bytes are written at their own places and nothing is ever
cut short: two processes that write one part write the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from renderbus_core.errors import LocalDiskError
from renderbus_core.transfer.disk import local_disk, move_into_place
from renderbus_core.transfer.plan import Download

_PART = re.compile(r"\..*\.([0-9a-f]{12})-[0-9a-f]{12}\.part", re.DOTALL)
# Characters of the target's name that are kept: with four bytes each the whole still fits.
_SHOWN = 50
_OPENED = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class Part:
    """One version of a remote file, as far as it has come.

    Args:
        item: what is fetched.
        version: what the storage calls this version of it; "" when it does not tell, and then
            nothing can be carried on.
    """

    def __init__(self, item: Download, version: str) -> None:
        self._item = item
        self.version = version
        name = f".{item.local.name[:_SHOWN]}.{_key(item.remote)}-{_key(version, item.size)}.part"
        self.path = item.local.with_name(name)

    def size(self) -> int:
        """Return how many bytes are here."""
        try:
            return self.path.lstat().st_size
        except FileNotFoundError:
            return 0

    def held(self) -> int:
        """Return how many bytes are here that can be carried on."""
        return self.size() if self.version else 0

    @contextmanager
    def writing(self, offset: int) -> Iterator[Callable[[bytes], None]]:
        """Write from an offset on; all of it is on the disk when the block ends.

        Raises:
            LocalDiskError: the disk refuses; the part is gone, so that it takes no space.
        """
        try:
            with local_disk(self._item.local):
                descriptor = os.open(self.path, _OPENED, 0o666)
            # Without a buffer: what the disk refuses must not be tried again while it is closed.
            with open(descriptor, "r+b", buffering=0) as file:  # noqa: PTH123 - of a descriptor
                file.seek(offset)
                yield lambda block: self._write(file, block)
                with local_disk(self._item.local):
                    os.fsync(file.fileno())
        except BaseException as error:
            if isinstance(error, LocalDiskError) or not self.version:
                self.discard()
            raise

    def _write(self, file: FileIO, block: bytes) -> None:
        rest = memoryview(block)
        with local_disk(self._item.local):
            while rest:
                rest = rest[file.write(rest) :]

    def md5(self) -> str:
        """Return the MD5 of what is here, hexadecimal; it protects against accidents only."""
        with local_disk(self.path), self.path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        return digest.hexdigest()

    def take_place(self) -> None:
        """Become the target.

        Raises:
            LocalDiskError: the disk refuses; the part is gone.
        """
        try:
            with local_disk(self._item.local):
                move_into_place(self.path, self._item.local)
        except LocalDiskError:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self.path.unlink()


def begun(plan: Sequence[Download]) -> Mapping[str, list[Path]]:
    """Find what earlier transfers left of some files; each folder is read once.

    Returns:
        The parts by remote name.
    """
    items = {_key(item.remote): item.remote for item in plan}
    found: dict[str, list[Path]] = {}
    for folder in {item.local.parent for item in plan}:
        for path in _parts(folder):
            match = _PART.fullmatch(path.name)
            if match and match[1] in items:
                found.setdefault(items[match[1]], []).append(path)
    return found


def _parts(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".part"):
                yield Path(entry.path)


def _key(*of: object) -> str:
    return hashlib.blake2b("\0".join(map(str, of)).encode(), digest_size=6).hexdigest()
