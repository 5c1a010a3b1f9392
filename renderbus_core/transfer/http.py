"""A transfer engine over plain HTTP, as the simulator's storages speak it.

The service itself moves files with a closed program; an engine for that one is a part of its own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import requests

from renderbus_core.config import Secret
from renderbus_core.errors import TransferError
from renderbus_core.http import new_session
from renderbus_core.transfer.plan import Download, Progress, Upload

T = TypeVar("T")
_BLOCK = 1 << 20
_TIMEOUT = (10.0, 60.0)
_MTIME = "X-Mtime"


@dataclass(frozen=True, slots=True)
class Storage:
    """One storage and who may use it.

    Args:
        bid: its id.
        name: user.
        password: of the user.
    """

    bid: str
    name: str
    password: Secret


class HttpStorageEngine:
    """Moves files one by one with PUT and GET.

    Args:
        url: address of the storages, without the storage's id.
        inputs: storage that receives assets.
        outputs: storage that holds pictures.
    """

    def __init__(self, url: str, inputs: Storage, outputs: Storage) -> None:
        self._url = url.rstrip("/")
        self._inputs = inputs
        self._outputs = outputs
        self._http = new_session(url)

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()

    def upload(self, plan: Sequence[Upload], progress: Progress) -> None:
        """Send files to the input storage; size and time tell which are there already."""
        self._each(plan, lambda item: self._send(item, progress), lambda item: str(item.local))

    def download(self, plan: Sequence[Download], progress: Progress) -> None:
        """Fetch files through a temporary name beside the target, so none is ever seen half."""
        self._each(plan, lambda item: self._fetch(item, progress), lambda item: item.remote)

    def _each(self, plan: Sequence[T], move: Callable[[T], None], name: Callable[[T], str]) -> None:
        for index, item in enumerate(plan):
            try:
                move(item)
            except OSError as error:  # of requests too
                left = [name(rest) for rest in plan[index:]]
                raise TransferError(
                    f"{left[0]} did not move ({_cause(error)}); {len(left)} of {len(plan)} files "
                    "are left and will be tried again",
                    left,
                ) from error

    def _send(self, item: Upload, progress: Progress) -> None:
        address = self._address(self._inputs, item.server)
        auth = _auth(self._inputs)
        head = self._http.head(address, auth=auth, timeout=_TIMEOUT)
        same = head.ok and _same(head.headers, item)
        if not same:
            with item.local.open("rb") as content:
                reply = self._http.put(
                    address,
                    data=content if item.size else b"",
                    headers={_MTIME: str(item.mtime)},
                    auth=auth,
                    timeout=_TIMEOUT,
                )
            reply.raise_for_status()
        progress.file_done(item.server, item.size, skipped=same)

    def _fetch(self, item: Download, progress: Progress) -> None:
        item.local.parent.mkdir(parents=True, exist_ok=True)
        with self._http.get(
            self._address(self._outputs, item.remote),
            auth=_auth(self._outputs),
            timeout=_TIMEOUT,
            stream=True,
        ) as reply:
            reply.raise_for_status()
            _write_whole(reply, item)
        progress.file_done(item.remote, item.size, skipped=False)

    def _address(self, storage: Storage, path: str) -> str:
        return f"{self._url}/{storage.bid}/{quote(path.lstrip('/'))}"


def _write_whole(reply: requests.Response, item: Download) -> None:
    temporary = item.local.with_name(f".{item.local.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            size = sum(file.write(block) for block in reply.iter_content(_BLOCK))
            file.flush()
            os.fsync(file.fileno())
        if size != item.size:
            raise OSError(f"{size} bytes came where {item.size} were listed")
        temporary.replace(item.local)
    finally:
        temporary.unlink(missing_ok=True)


def _same(headers: Mapping[str, str], item: Upload) -> bool:
    return headers.get("Content-Length") == str(item.size) and headers.get(_MTIME) == str(
        item.mtime
    )


def _auth(storage: Storage) -> tuple[str, str]:
    return storage.name, storage.password.reveal()


def _cause(error: OSError) -> str:
    match error:
        case requests.HTTPError():
            return f"HTTP {error.response.status_code}"
        case requests.Timeout():
            return "no answer in time"
        case requests.RequestException():
            return "the storage cannot be reached"
        case _:
            return error.strerror or str(error)
