"""The simulated storages on disk: one folder per account and storage, private to its owner.

A file lies below `<root>/<storage>` under its server path, so that what a scene names relative to
itself is found as on the artist's disk. Files appear whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from renderbus_core.errors import InputError
from renderbus_core.paths import safe_relative

_WORK = ".work"
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700


class DiskStorage:
    """All storages of a simulated cloud.

    Args:
        root: folder that holds them; made when it is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        self._work = self.root / _WORK
        self._work.mkdir(mode=_FOLDER_MODE, exist_ok=True)

    def path(self, storage: str, path: str) -> Path:
        """Return where a file lies or would lie.

        Args:
            storage: for example `10201-10000001`.
            path: server path; a leading slash is allowed.

        Raises:
            InputError: it could lead out of the storage, or some system cannot store it.
        """
        relative = safe_relative(path.removeprefix("/"))
        target = self.root / storage / relative
        if not target.resolve().is_relative_to(self.root / storage):
            raise InputError(f"{str(relative)!r:.80} leads out of its storage through a link")
        return target

    def exists(self, storage: str, path: str) -> bool:
        """Tell whether a file is there; what cannot be stored is not."""
        try:
            return self.path(storage, path).is_file()
        except (InputError, OSError):
            return False

    def md5(self, path: Path) -> bytes:
        """Return the MD5 of a file, which protects against accidents only.

        Args:
            path: from `path`.
        """
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()

    @contextmanager
    def receive(self, storage: str, path: str, mtime: float | None = None) -> Iterator[BinaryIO]:
        """Open a new file that takes its place when the block ends without an error.

        Args:
            storage: as for `path`.
            path: as for `path`.
            mtime: seconds since the epoch to give it; None for now.

        Raises:
            InputError: as for `path`.
            OSError: a folder stands where the file belongs, or a file where a folder does.
        """
        target = self.path(storage, path)
        temporary = self._work / secrets.token_hex(16)
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor, not a path
                yield file
            if mtime is not None:
                os.utime(temporary, (mtime, mtime))
            self._make_folders(target.parent)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def adopt(self, source: Path, storage: str, path: str) -> int:
        """Move a finished file of this disk into a storage and return its size in bytes.

        Args:
            source: below a folder of `work_folder`.
            storage: as for `path`.
            path: as for `path`.
        """
        target = self.path(storage, path)
        source.chmod(_FILE_MODE)
        size = source.stat().st_size
        self._make_folders(target.parent)
        source.replace(target)
        return size

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """Lend an empty folder on the storages' disk; it is removed afterwards."""
        with tempfile.TemporaryDirectory(dir=self._work, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _make_folders(self, folder: Path) -> None:
        # `parents=True` would give the parents the mode of the process instead of ours.
        for parent in [*reversed(folder.relative_to(self.root).parents), folder]:
            (self.root / parent).mkdir(mode=_FOLDER_MODE, exist_ok=True)
