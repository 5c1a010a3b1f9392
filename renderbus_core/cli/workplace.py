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
from renderbus_core.burst import BurstStore, Farm, Gateway
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config, Credentials
from renderbus_core.farm import LocalFarm, open_stdio_farm
from renderbus_core.transfer import Progress, Silent

farm_option = click.option(
    "--farm",
    "farm_kind",
    type=click.Choice(["local", "link"]),
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
    if config.farm.kind == "link":
        return open_stdio_farm(on_stop=_terminate)
    return open_local_farm(config)


@contextmanager
def open_local_farm(config: Config) -> Iterator[LocalFarm]:
    """Open the embedded farm."""
    database = config.farm.database
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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
    who = account or configuration.credentials(config)
    with ExitStack() as stack:
        yield Gateway(
            farm=stack.enter_context(open_farm(config)),
            client=stack.enter_context(Client(endpoint(config), who)),
            store=stack.enter_context(open_store(config)),
            config=config,
            clock=SystemClock(),
            owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
            progress=progress or Silent(),
        )


def _terminate(_why: str) -> None:
    if hasattr(signal, "pthread_kill"):
        # To the main thread, which may be waiting and must wake up.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)


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
