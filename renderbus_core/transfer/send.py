"""Sending one file to an HTTP storage, unless size and time say that it is there already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import BufferedReader
from typing import Protocol

import requests

from renderbus_core.errors import TransferError
from renderbus_core.transfer.parallel import Tell
from renderbus_core.transfer.plan import Upload

MTIME = "X-Mtime"
"""Header of the simulator's storages: seconds since 1970 that the file keeps."""


class Ask(Protocol):
    """Sends a request about the file."""

    def __call__(
        self, method: str, headers: Mapping[str, str], content: Content | bytes = b""
    ) -> requests.Response:
        """Send it and return the whole reply."""


class Content:
    """A file as the body of a request: tells bytes as they go, and ends when it changes."""

    def __init__(self, file: BufferedReader, item: Upload, tell: Tell) -> None:
        self._file = file
        self._item = item
        self._tell = tell
        self._left = item.size

    def __len__(self) -> int:
        return self._item.size

    def read(self, size: int = -1) -> bytes:
        """Return the next block; the last one only of a file that is still the same.

        Raises:
            TransferError: it cannot be read, or was changed meanwhile.
        """
        try:
            block = self._file.read(self._left if size < 0 else min(size, self._left))
            status = os.fstat(self._file.fileno())
        except OSError as error:
            raise TransferError(f"cannot be read: {error.strerror}") from error
        same = (status.st_size, int(status.st_mtime)) == (self._item.size, self._item.mtime)
        if not same or (self._left and not block):
            raise TransferError("was changed while it was sent")
        self._left -= len(block)
        self._tell(len(block))
        return block


def send(ask: Ask, item: Upload, tell: Tell) -> bool:
    """Send a file and return whether it was there already.

    Args:
        ask: asks the storage about it.
        item: what and where to.
        tell: hears of bytes.

    Raises:
        TransferError: it cannot be read or changes while it is sent.
        OSError: the storage failed.
    """
    head = ask("HEAD", {})
    if head.ok and _same(head.headers, item):
        return True
    try:
        file = item.local.open("rb")
    except OSError as error:
        raise TransferError(f"cannot be read: {error.strerror}") from error
    with file:
        content = Content(file, item, tell) if item.size else b""
        ask("PUT", {MTIME: str(item.mtime)}, content).raise_for_status()
    return False


def _same(headers: Mapping[str, str], item: Upload) -> bool:
    there = headers.get("Content-Length"), headers.get(MTIME)
    return there == (str(item.size), str(item.mtime))
