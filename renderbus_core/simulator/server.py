"""The simulated cloud as a server on this machine: the API, the storages and the nodes."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from renderbus_core.clock import SystemClock
from renderbus_core.config import Secret
from renderbus_core.errors import InputError, MissingDependencyError
from renderbus_core.simulator.cloud import SimulatedCloud
from renderbus_core.simulator.driver import Driver
from renderbus_core.simulator.faults import Fault
from renderbus_core.simulator.renderers import RendererKind
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.simulator.storage import DiskStorage
from renderbus_core.simulator.studio import Studio
from renderbus_core.simulator.transfer_line import TransferLine

HOST = "127.0.0.1"
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Ready:
    """How a running simulator is reached.

    Args:
        url: address of the API.
        domain: the same without the scheme, as it is signed.
        access_id: of the first account.
        access_key: of the first account.
        storage: address of the storages, without a storage's id.
        renderer: what makes the pictures, for people.
        admin: address of the admin endpoint.
        admin_token: has to be shown there.
    """

    url: str
    domain: str
    access_id: str
    access_key: Secret
    storage: str
    renderer: str
    admin: str
    admin_token: Secret


def serve(
    settings: Settings,
    storage_folder: Path,
    port: int = 0,
    on_ready: Callable[[Ready], None] | None = None,
    *,
    faults: Iterable[Fault] = (),
    renderer: RendererKind = RendererKind.AUTO,
    blender: str | None = None,
    exit_with_stdin: bool = False,
) -> None:
    """Run a simulated cloud on the loopback address until SIGTERM, SIGINT or the end of stdin.

    Args:
        settings: how it behaves; without accounts, one with random credentials is made.
        storage_folder: where uploaded files and pictures are kept; made when absent.
        port: to listen on; 0 takes a free one.
        on_ready: told once, when requests are answered; an `OSError` of it ends the server.
        faults: what goes wrong between it and its callers.
        renderer: what makes the pictures.
        blender: Blender's program; None looks for it on PATH.
        exit_with_stdin: whether the end of standard input ends the server too.

    Raises:
        InputError: the port is taken, the folder cannot be used, or Blender is not found.
        MissingDependencyError: the extra `simulator` is not installed.
    """
    try:
        from renderbus_core.simulator import admin, loop, pages  # noqa: PLC0415 - an optional part
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"starlette", "uvicorn"}:
            raise
        raise MissingDependencyError(
            "the simulator's server needs Starlette and uvicorn", "simulator"
        ) from error
    if not settings.accounts:
        settings = replace(settings, accounts=(Account.fresh(),))
    storage = _storage(storage_folder)
    studio = Studio(storage, renderer, blender)
    clock = SystemClock()
    with _listening(port) as listener:
        number = listener.getsockname()[1]
        line = _line(number, settings)
        cloud = SimulatedCloud(settings, storage, line, faults)
        driver = Driver(cloud, studio, clock)
        ready = _ready(settings.accounts[0], number, studio)
        orders = admin.Admin(cloud, clock, driver.wake, ready.admin_token)
        loop.run(
            pages.Pages(cloud, storage, line, clock, driver.wake, orders),
            driver,
            listener,
            lambda: on_ready(ready) if on_ready else None,
            exit_with_stdin=exit_with_stdin,
        )


def _line(port: int, settings: Settings) -> TransferLine:
    passwords = {a.user_id: Secret(secrets.token_urlsafe(24)) for a in settings.accounts}
    return TransferLine(HOST, port, passwords)


def _storage(folder: Path) -> DiskStorage:
    try:
        return DiskStorage(folder)
    except OSError as error:
        raise InputError(
            f"the storage folder {folder} cannot be used ({error.strerror}); name another one"
        ) from error


def _listening(port: int) -> socket.socket:
    if not 0 <= port <= _LAST_PORT:
        raise InputError(f"there is no port {port}; use one from 0 to {_LAST_PORT}")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise InputError(
            f"port {port} of {HOST} cannot be listened on ({error}); "
            "use another one, or 0 for any that is free"
        ) from error


def _ready(account: Account, port: int, studio: Studio) -> Ready:
    domain = f"{HOST}:{port}"
    return Ready(
        url=f"http://{domain}",
        domain=domain,
        access_id=account.access_id,
        access_key=account.access_key,
        storage=f"http://{domain}/storage",
        renderer=studio.renderer,
        admin=f"http://{domain}/simulator",
        admin_token=Secret(secrets.token_urlsafe(24)),
    )
