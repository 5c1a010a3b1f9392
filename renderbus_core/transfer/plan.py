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


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch.

    Args:
        remote: path below the output storage, with a leading slash.
        local: where it belongs.
        size: bytes, as listed.
    """

    remote: str
    local: Path
    size: int


class Progress(Protocol):
    """Hears of each file; the default hears nothing."""

    def file_done(self, name: str, size: int, *, skipped: bool) -> None:
        """Hear that a file is where it belongs.

        Args:
            name: server path of the file.
            size: bytes.
            skipped: it was there already.
        """


class Silent:
    """Progress that nobody watches."""

    def file_done(self, name: str, size: int, *, skipped: bool) -> None:
        """Ignore it."""


class TransferEngine(Protocol):
    """Moves files between this host and the account's storages; every call may be repeated."""

    def upload(self, plan: Sequence[Upload], progress: Progress) -> None:
        """Send files to the input storage, leaving out what is there already.

        Raises:
            TransferError: names what did not arrive.
        """

    def close(self) -> None:
        """Let go of connections; the engine is not used afterwards."""

    def download(self, plan: Sequence[Download], progress: Progress) -> None:
        """Fetch files from the output storage; each appears whole or not at all.

        Raises:
            TransferError: names what did not arrive.
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
