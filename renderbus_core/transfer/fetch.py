"""Fetching one file from an HTTP storage: carried on where it ended, whole or not at all.

A part is carried on only when the storage still has the version that it began with: its strong
ETag, else its time of change, is asked for before (HEAD) and named with the range (If-Range, RFC
9110 section 13.1.5), so a file that has changed comes anew.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests

from renderbus_core.errors import TransferError
from renderbus_core.transfer.disk import local_disk
from renderbus_core.transfer.parallel import Tell
from renderbus_core.transfer.parts import Part
from renderbus_core.transfer.plan import Download

# What is lost at most when a connection breaks.
_BLOCK = 1 << 17
_PARTIAL, _NO_SUCH_RANGE = 206, 416


class Ask(Protocol):
    """Sends a request about the file and gives the reply, which is closed afterwards."""

    def __call__(
        self, method: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[requests.Response]:
        """Send it."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells one version of a remote file from another.

    Args:
        tag: changes with the content; "" when the storage does not tell.
        md5: hexadecimal; None when the storage does not tell.
    """

    tag: str = ""
    md5: str | None = None


def fetch(ask: Ask, item: Download, begun: Sequence[Path], tell: Tell) -> None:
    """Fetch a file.

    Args:
        ask: asks the storage for it.
        item: what and where to.
        begun: parts of it that earlier transfers left; afterwards they are gone.
        tell: hears of bytes.

    Raises:
        LocalDiskError: this host's disk is in the way; nothing of the file is left.
        TransferError: it is not what was listed; what can be carried on stays beside the target.
        OSError: the storage failed.
    """
    _make_folder(item)
    version = _Version()
    if begun:
        with ask("HEAD", {}) as reply:
            # A storage that does not tell is asked for the whole file.
            version = _version(reply.headers) if reply.ok else version
    part = Part(item, version.tag)
    if not (item.size and part.held() == item.size):
        part, version = _receive(ask, item, part, version, tell)
    _check(part, item, version)
    part.take_place()
    for old in begun:
        with suppress(OSError):
            old.unlink()


def _make_folder(item: Download) -> None:
    folder = item.local.parent
    if item.within is not None:
        with local_disk(item.local):
            inside = folder.resolve().is_relative_to(item.within.resolve())
        if not inside:
            raise TransferError(f"a link leads out of {item.within}; remove it")
    with local_disk(item.local):
        folder.mkdir(parents=True, exist_ok=True)


def _receive(
    ask: Ask, item: Download, part: Part, version: _Version, tell: Tell
) -> tuple[Part, _Version]:
    """Fetch what is missing and return the whole part and the version that it is of."""
    offset = part.held()
    wanted = {"Range": f"bytes={offset}-", "If-Range": version.tag} if offset else {}
    with ask("GET", wanted) as reply:
        if offset and reply.status_code == _NO_SUCH_RANGE:
            part.discard()
            return _receive(ask, item, part, version, tell)
        reply.raise_for_status()
        if reply.status_code == _PARTIAL:
            _check_range(reply.headers, offset, item, version)
        else:
            _check_length(reply.headers, item)
            offset, version = 0, _version(reply.headers)
            part = Part(item, version.tag)
        with part.writing(offset) as write:
            for block in reply.iter_content(_BLOCK):
                write(block)
                tell(len(block))
    return part, version


def _check_range(
    headers: Mapping[str, str], offset: int, item: Download, version: _Version
) -> None:
    """Refuse a range that is not the one that was asked for."""
    sent = headers.get("Content-Range", "none")
    if sent != f"bytes {offset}-{item.size - 1}/{item.size}":
        raise TransferError(f"the storage sent {sent!r:.80} where bytes from {offset} were asked")
    if _version(headers).tag not in {"", version.tag}:
        raise TransferError("it changed in the cloud while it was fetched")


def _check_length(headers: Mapping[str, str], item: Download) -> None:
    length = headers.get("Content-Length")
    if length is not None and length != str(item.size):
        raise TransferError(f"it has {length!r:.20} bytes where {item.size} were listed")


def _check(part: Part, item: Download, version: _Version) -> None:
    """Refuse a part that is not the file that was listed; a wrong one is not carried on."""
    size = part.size()
    if size < item.size:
        raise TransferError(f"the connection ended after {size} of {item.size} bytes")
    if size > item.size:
        part.discard()
        raise TransferError(f"more than the {item.size} bytes came that were listed")
    if version.md5 is not None and part.md5() != version.md5:
        part.discard()
        raise TransferError("its content is not what the storage has (MD5)")


def _version(headers: Mapping[str, str]) -> _Version:
    tag = headers.get("ETag", "")
    # A weak tag may stay the same while bytes change.
    tag = tag if tag.startswith('"') else headers.get("Last-Modified", "")
    return _Version(tag, _md5(headers.get("Content-MD5", "")))


def _md5(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).hex() or None
    except (binascii.Error, ValueError):
        return None
