"""A transfer engine over plain HTTP, as the simulator's storages speak it.

The service itself moves files with a closed program; an engine for that one is a part of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

from renderbus_core.config import Secret
from renderbus_core.errors import TransferError
from renderbus_core.http import new_session
from renderbus_core.transfer.fetch import fetch
from renderbus_core.transfer.parallel import Tell, move_all
from renderbus_core.transfer.parts import begun
from renderbus_core.transfer.plan import Download, Progress, Upload
from renderbus_core.transfer.send import Content, send

_TIMEOUT = (10.0, 60.0)
# Sizes and ranges are those of the file, not of something packed.
_AS_IT_IS: Mapping[str, str] = {"Accept-Encoding": "identity"}


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
    """Moves several files at a time with PUT and GET.

    Args:
        url: address of the storages, without the storage's id.
        inputs: storage that receives assets.
        outputs: storage that holds pictures.
        parallel: most files at the same time.
    """

    def __init__(self, url: str, inputs: Storage, outputs: Storage, parallel: int = 4) -> None:
        self._url = url.rstrip("/")
        self._inputs = inputs
        self._outputs = outputs
        self._parallel = parallel
        self._http = new_session(url)
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=parallel))

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()

    def upload(self, plan: Sequence[Upload], progress: Progress) -> None:
        """Send files to the input storage; size and time tell which are there already."""
        move_all(plan, self._send, progress, self._parallel, lambda item: str(item.local))

    def download(self, plan: Sequence[Download], progress: Progress) -> None:
        """Fetch files from the output storage; what was cut off is carried on."""
        parts = begun(plan)

        def move(item: Download, tell: Tell) -> bool:
            ask = partial(self._ask, self._outputs, item.remote)
            with _storage_errors():
                fetch(ask, item, parts.get(item.remote, ()), tell)
            return False

        move_all(plan, move, progress, self._parallel, lambda item: item.remote)

    def _send(self, item: Upload, tell: Tell) -> bool:
        with _storage_errors():
            return send(partial(self._ask, self._inputs, item.server), item, tell)

    def _ask(
        self,
        storage: Storage,
        path: str,
        method: str,
        headers: Mapping[str, str],
        content: Content | bytes = b"",
    ) -> requests.Response:
        return self._http.request(
            method,
            f"{self._url}/{storage.bid}/{quote(path.lstrip('/'))}",
            data=content,
            headers={**_AS_IT_IS, **headers},
            auth=(storage.name, storage.password.reveal()),
            timeout=_TIMEOUT,
            stream=method == "GET",
        )


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Say what went wrong on the way; what is wrong here has been said already."""
    try:
        yield
    except OSError as error:  # of requests too
        raise TransferError(_cause(error)) from error


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
