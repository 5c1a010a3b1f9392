"""Opening what commands work with: configuration, farm, store and cloud."""

from __future__ import annotations

import dataclasses
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import click

from renderbus_core import config as configuration
from renderbus_core.api import Client, Endpoint
from renderbus_core.burst import BurstStore, Farm, Gateway, Moment, Switch
from renderbus_core.cli.farms import LINK, LOCAL, kinds, opener
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config, Credentials
from renderbus_core.errors import FarmError, InputError
from renderbus_core.farm import LocalFarm, open_stdio_farm
from renderbus_core.transfer import Progress, Silent

CRASH_AT = "RENDERBUS_CRASH_AT"
"""Variable by which a test of crashes says where the process is to die."""

farm_option = click.option(
    "--farm",
    "farm_kind",
    type=click.Choice(kinds()),
    help="Which farm the jobs are on; else farm.kind of the configuration.",
)


def read_config(ctx: click.Context, farm_kind: str | None = None) -> Config:
    """Read the configuration that the command line names.

    Args:
        ctx: of the command.
        farm_kind: from `farm_option`; None keeps the configured one.
    """
    file: Path | None = ctx.find_root().params["config_file"]
    config = configuration.load(file)
    if farm_kind is None:
        return config
    return dataclasses.replace(config, farm=dataclasses.replace(config.farm, kind=farm_kind))


def open_farm(config: Config) -> AbstractContextManager[Farm]:
    """Open the farm that the configuration names.

    A farm agent that wants us to stop, or is gone, has the same effect as SIGTERM.
    """
    kind = config.farm.kind
    if kind == LOCAL:
        return open_local_farm(config)
    if kind == LINK:
        return open_stdio_farm(on_stop=_terminate)
    return opener(kind)(config, _terminate)


@contextmanager
def open_local_farm(config: Config) -> Iterator[LocalFarm]:
    """Open the embedded farm."""
    database = config.farm.database
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise FarmError(
            f"the folder {database.parent} of the farm database cannot be made "
            f"({error.strerror}); name another in farm.database"
        ) from error
    with LocalFarm(database, SystemClock()) as farm:
        yield farm


@contextmanager
def open_store(config: Config) -> Iterator[BurstStore]:
    """Open the record of bursts."""
    store = BurstStore(config.store.url)
    try:
        yield store
    finally:
        store.close()


def open_client(config: Config, account: Credentials | None = None) -> Client:
    """Return a client of the cloud that the configuration names; nothing is sent by this.

    Args:
        config: settings.
        account: of the cloud; None reads it from the environment or the credentials file.
    """
    return Client(endpoint(config), account or configuration.credentials(config))


@contextmanager
def open_gateway(
    config: Config, progress: Progress | None = None, account: Credentials | None = None
) -> Iterator[Gateway]:
    """Open everything a burst needs; nothing is sent by this.

    Args:
        config: settings.
        progress: hears of moved files.
        account: of the cloud; None reads it from the environment or the credentials file.
    """
    with ExitStack() as stack:
        yield Gateway(
            client=stack.enter_context(open_client(config, account)),
            farm=stack.enter_context(open_farm(config)),
            store=stack.enter_context(open_store(config)),
            config=config,
            clock=SystemClock(),
            owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
            progress=progress or Silent(),
            switch=_switch(os.environ.get(CRASH_AT, "")),
        )


def _terminate(_why: str) -> None:
    if hasattr(signal, "pthread_kill"):
        # To the main thread, which may be waiting and must wake up.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)


class _Crashing(Switch):
    """Ends the process, as a power cut would, where an effect comes to a place."""

    def __init__(self, effect: str, moment: Moment, count: int) -> None:
        super().__init__()
        self._place = effect, moment
        self._left = count

    def passing(self, effect: str, moment: Moment) -> None:
        """Die here when it is the place, for the last of the times that are waited for."""
        if (effect, moment) == self._place:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def _switch(crash_at: str) -> Switch:
    """Return the process' switch.

    Args:
        crash_at: for trying out what a crash does: `EFFECT:MOMENT` or `EFFECT:MOMENT:COUNT`, for
            example `submit_task:done`; "" for none.
    """
    if not crash_at:
        return Switch()
    effect, _, rest = crash_at.partition(":")
    name, _, count = rest.partition(":")
    try:
        return _Crashing(effect, Moment(name), int(count or 1))
    except ValueError as error:
        raise InputError(
            f"{CRASH_AT}={crash_at!r} names no place to crash at; write an effect and one of "
            f"{', '.join(Moment)}, for example submit_task:done"
        ) from error


def endpoint(config: Config) -> Endpoint:
    """Return where the cloud is, as the configuration says."""
    cloud = config.cloud
    return Endpoint(
        domain=cloud.domain,
        scheme=cloud.scheme,
        platform=cloud.platform,
        language=cloud.language,
        connect_timeout=cloud.connect_timeout,
        read_timeout=cloud.read_timeout,
        attempts=cloud.attempts,
        proxy=cloud.proxy,
        ca_bundle=str(cloud.ca_bundle or ""),
        requests_per_second=cloud.requests_per_second,
        burst=cloud.burst,
        wire_log=cloud.wire_log,
    )
