"""What is to be moved, as values, and how progress is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from renderbus_core.errors import TransferError


@dataclass(frozen=True, slots=True)
class Upload:
    """One file to send.

    Args:
        local: on this host.
        server: absolute path below the input storage.
        size: bytes.
        mtime: seconds since the epoch, whole; with the size it tells what was sent before.
    """

    local: Path
    server: str
    size: int
    mtime: int

    @property
    def server_name(self) -> str:
        """What the storage calls it."""
        return self.server


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch.

    Args:
        remote: path below the output storage, with a leading slash.
        local: where it belongs; what stands there is replaced.
        size: bytes, as listed.
        within: folder that links on the way to `local` must not lead out of; None where the path
            is a person's own.
    """

    remote: str
    local: Path
    size: int
    within: Path | None = None

    @property
    def server_name(self) -> str:
        """What the storage calls it."""
        return self.remote


class Progress(Protocol):
    """Hears how a transfer goes, always on the thread that asked for it.

    An error that it raises ends the transfer; what has begun is carried on by the next one.
    """

    def bytes_moved(self, count: int) -> None:
        """Hear that bytes have moved; at least once a second, also when none have.

        Args:
            count: bytes since the last time, of all files together.
        """

    def file_done(self, name: str, size: int, *, skipped: bool) -> None:
        """Hear that a file is where it belongs.

        Args:
            name: server path of the file.
            size: bytes.
            skipped: it was there already.
        """


class Silent:
    """Progress that nobody watches."""

    def bytes_moved(self, count: int) -> None:
        """Ignore it."""

    def file_done(self, name: str, size: int, *, skipped: bool) -> None:
        """Ignore it."""


class TransferEngine(Protocol):
    """Moves files between this host and the account's storages; every call may be repeated."""

    def upload(self, plan: Sequence[Upload], progress: Progress) -> None:
        """Send files to the input storage, leaving out what is there already.

        Raises:
            TransferError: names what did not arrive; everything else did.
        """

    def close(self) -> None:
        """Let go of connections; the engine is not used afterwards."""

    def download(self, plan: Sequence[Download], progress: Progress) -> None:
        """Fetch files from the output storage; each appears whole or not at all.

        What was cut off is carried on where it ended, by this process or another.

        Raises:
            LocalDiskError: a disk of this host is in the way; names what did not arrive.
            TransferError: names what did not arrive; everything else did.
        """


def upload_plan(document: Mapping[str, Any]) -> tuple[Upload, ...]:
    """Turn upload.json into what is to be sent, each server path once.

    Args:
        document: upload.json.

    Raises:
        TransferError: a file is no longer there.
    """
    pairs = [*document.get("scene", ()), *document.get("asset", ())]
    by_server = {pair["server"]: Path(pair["local"]) for pair in pairs}
    return tuple(_uploads(by_server.items()))


def _uploads(pairs: Iterable[tuple[str, Path]]) -> Iterable[Upload]:
    for server, local in pairs:
        try:
            status = local.stat()
        except OSError as error:
            raise TransferError(
                f"{local} cannot be read ({error.strerror}); it was there at the check",
                [str(local)],
            ) from error
        yield Upload(local, server, status.st_size, int(status.st_mtime))
