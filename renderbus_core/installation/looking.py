"""Whether files, credentials and the store of a gateway are as they should be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from renderbus_core import __version__
from renderbus_core import config as configuration
from renderbus_core.config import Config
from renderbus_core.database import network_share
from renderbus_core.errors import RenderbusError
from renderbus_core.installation.planning import Files, Site, find


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at.

    Args:
        what: was looked at.
        is_fine: whether nothing must be mended.
        found: what, and what to do where something must be.
    """

    what: str
    is_fine: bool
    found: str


def look_at_files(site: Site, files: Files, command: str) -> Iterator[Diagnosis]:
    """Look whether what is installed is what this version brings; settings may be edited.

    Args:
        site: where.
        files: of this version.
        command: that installs them.

    Raises:
        InputError: what is written down there cannot be read.
    """
    found = find(site)
    if found is None:
        yield Diagnosis("files", False, f"nothing is installed; run: {command}")
        return
    if found.version != __version__:
        why = f"version {found.version} is installed and this is {__version__}; install again"
        yield Diagnosis("version", False, why)
    others = [
        str(place)
        for place, content in files.items()
        if not _is_as_brought(
            site.folder / place, content, is_setting=place.suffix in site.settings
        )
    ]
    if others:
        why = f"{', '.join(others)} differ from what this version brings; install again"
        yield Diagnosis("files", False, why)
    else:
        yield Diagnosis("files", True, f"those of version {__version__}")


def look_at_credentials(config: Config) -> Diagnosis:
    """Look whether this user has credentials of the cloud.

    Args:
        config: of the bridge on this host.
    """
    try:
        configuration.credentials(config)
    except RenderbusError as error:
        return Diagnosis("credentials", False, str(error))
    return Diagnosis("credentials", True, "they are there for this user")


def look_at_store(config: Config) -> Diagnosis:
    """Look whether the burst store can be used by gateways; changes nothing.

    Args:
        config: of the bridge on this host.
    """
    url = make_url(config.store.url)
    if url.get_backend_name() != "sqlite":
        return _server(url)
    file = Path(url.database or "")
    folder = next(each for each in (file, *file.parents) if each.exists())
    share = network_share(folder)
    if share:
        why = (
            f"{file} lies on a share ({share}), where SQLite loses data; put it on a disk of this "
            "host, or name a PostgreSQL server in store.url"
        )
        return Diagnosis("store", False, why)
    if not os.access(folder, os.W_OK):
        return Diagnosis("store", False, f"{folder} cannot be written by this user")
    return Diagnosis("store", True, f"{file}, for gateways of this host alone")


def _is_as_brought(file: Path, content: bytes, *, is_setting: bool) -> bool:
    return file.is_file() and (is_setting or file.read_bytes() == content)


def _server(url: URL) -> Diagnosis:
    engine = create_engine(url, poolclass=NullPool)
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        return Diagnosis("store", False, f"{url.render_as_string()} does not answer: {error}")
    return Diagnosis("store", True, f"{url.render_as_string()} answers")
