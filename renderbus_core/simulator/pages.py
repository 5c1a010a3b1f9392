"""What the simulated cloud answers over HTTP: the API, its storages, and a page for people."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import errno
import hmac
import math
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route

from renderbus_core.clock import Clock
from renderbus_core.errors import InputError
from renderbus_core.simulator import protocol
from renderbus_core.simulator.accounts import inputs_of, storages_of
from renderbus_core.simulator.admin import Admin
from renderbus_core.simulator.cloud import SimulatedCloud
from renderbus_core.simulator.delivery import Delivery
from renderbus_core.simulator.faults import plain
from renderbus_core.simulator.settings import Account
from renderbus_core.simulator.state import INPUT_BID, OUTPUT_BID, storage_name
from renderbus_core.simulator.storage import DiskStorage
from renderbus_core.simulator.transfer_line import TransferLine

LARGEST_BODY = 64 << 20
"""Most bytes of an API request: configuration files of huge scenes travel in one."""

_MTIME = "X-Mtime"
# What file systems agree on.
_OLDEST, _NEWEST = -(2.0**31), 2.0**33
_TOO_LARGE = 413
_CLASHES = (FileExistsError, IsADirectoryError, NotADirectoryError)
_HOSTS = ["127.0.0.1", "localhost"]


@dataclass(frozen=True, slots=True)
class Pages:
    """The answers.

    Args:
        cloud: the API.
        storage: the files.
        line: who may move them.
        clock: the server's time.
        wake: called when something in the cloud may have changed.
        admin: who may change the cloud itself.
        ending: set when the server ends.
    """

    cloud: SimulatedCloud
    storage: DiskStorage
    line: TransferLine
    clock: Clock
    wake: Callable[[], None]
    admin: Admin
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def application(self) -> Starlette:
        """Return the routes."""
        return Starlette(
            routes=[
                Mount("/simulator", routes=self.admin.routes()),
                Route("/storage/{bid}/{path:path}", self.fetch, methods=["GET"]),
                Route("/storage/{bid}/{path:path}", self.store, methods=["PUT"]),
                Route("/{path:path}", self.call, methods=["POST"]),
            ],
            # No web page shall reach the simulator through a name that resolves to this host.
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)],
        )

    async def call(self, request: Request) -> Response:
        """Answer the API."""
        try:
            posted = protocol.Request(
                domain=request.headers["host"],
                path=request.url.path,
                headers=request.headers,
                body=await _limited_body(request),
            )
            answer = self.cloud.receive(posted, self.clock.now())
        except protocol.Refusal as refusal:
            answer = plain(self.cloud.refuse(refusal, self.clock.now()))
        except ClientDisconnect:
            # Half a request is none, and nobody waits for a reply.
            return Response(status_code=400)
        self.wake()
        return Delivery(answer, self.ending)

    async def fetch(self, request: Request) -> Response:
        """Send a file, its head, or a range of it."""
        with _refusing():
            path = self.storage.path(self._storage_name(request), request.path_params["path"])
            if not path.is_file():
                raise HTTPException(404, "there is no such file")
            status = path.stat()
            headers = {_MTIME: str(int(status.st_mtime)), "ETag": _tag(status)}
            # With a part of a file it would have to be the sum of that part.
            if self.cloud.settings.checksums and "range" not in request.headers:
                digest = await asyncio.to_thread(self.storage.md5, path)
                headers["Content-MD5"] = base64.b64encode(digest).decode()
        return FileResponse(
            path,
            media_type="application/octet-stream",
            headers=headers,
            stat_result=status,
        )

    async def store(self, request: Request) -> Response:
        """Take a file; it appears when all of it is there."""
        with _refusing():
            name = self._storage_name(request)
            _check_length(request, self.storage.root)
            taking = self.storage.receive(name, request.path_params["path"], _mtime(request))
            with taking as file:
                async for block in request.stream():
                    file.write(block)
        return Response(status_code=201)

    def _storage_name(self, request: Request) -> str:
        """Return the storage that is meant, when the caller may use it so."""
        account, settings = self._account(request), self.cloud.settings
        own = {
            INPUT_BID: inputs_of(account, settings),
            OUTPUT_BID: storage_name(OUTPUT_BID, account),
        }
        bid: str = request.path_params["bid"]
        name = own.get(bid, bid)
        storages = storages_of(account, settings)
        if name not in (storages.writable if request.method == "PUT" else storages.readable):
            raise HTTPException(403, f"{request.method} is not allowed in storage {bid!r:.40}")
        return name

    def _account(self, request: Request) -> Account:
        name, password = _basic(request.headers.get("authorization", ""))
        for account in self.cloud.settings.accounts:
            ours = self.line.passwords[account.user_id].reveal()
            if name == str(account.user_id) and hmac.compare_digest(
                ours.encode(), password.encode()
            ):
                return account
        raise HTTPException(
            401, "name or password is wrong", {"WWW-Authenticate": 'Basic realm="storage"'}
        )


async def _limited_body(request: Request) -> bytes:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > LARGEST_BODY:
            raise protocol.Refusal(
                protocol.INVALID, f"body: is longer than {LARGEST_BODY} bytes", status=_TOO_LARGE
            )
    return bytes(body)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turn what cannot be stored or found into an HTTP answer."""
    try:
        yield
    except InputError as error:
        raise HTTPException(400, str(error)) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the file did not come whole") from error
    except _CLASHES as error:
        raise HTTPException(
            409, "a file stands where a folder belongs, or a folder where a file does"
        ) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise HTTPException(400, "the path is too long for this host") from error
        raise HTTPException(507, f"the file cannot be kept here ({error.strerror})") from error


def _tag(status: os.stat_result) -> str:
    """Return what changes with each file that takes this place, however soon after another."""
    return f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'


def _check_length(request: Request, root: Path) -> None:
    """Refuse what cannot fit before it is sent."""
    declared = request.headers.get("content-length", "0")
    free = shutil.disk_usage(root).free
    if int(declared) > free:
        raise HTTPException(_TOO_LARGE, f"{declared} bytes do not fit: {free} are free")


def _mtime(request: Request) -> float | None:
    text = request.headers.get(_MTIME)
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not _OLDEST <= seconds <= _NEWEST:
        raise HTTPException(400, f"{_MTIME}: must be seconds since 1970")
    return seconds


def _basic(header: str) -> tuple[str, str]:
    scheme, _, code = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(code, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    name, _, password = text.partition(":")
    return name, password
