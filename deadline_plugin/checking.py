"""Whether a repository and this host are ready for a gateway job."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from deadline_plugin.bundle import PLUGIN, bundle
from deadline_plugin.installing import find
from deadline_plugin.settings_file import defaults
from renderbus_core import __version__
from renderbus_core import config as configuration
from renderbus_core.config import Config
from renderbus_core.errors import RenderbusError

# File systems of other hosts, as Linux calls them.
_SHARES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre", "beegfs", "ceph", "afs"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: was looked at.
        is_fine: whether nothing must be mended.
        found: what, and what to do where something must be.
    """

    what: str
    is_fine: bool
    found: str


def examine(repository: Path, config: Config) -> tuple[Finding, ...]:
    """Look at everything that a gateway job needs; changes nothing.

    Args:
        repository: of Deadline.
        config: of the bridge on this host.
    """
    return (
        *_files(repository),
        _program(repository),
        _preload(repository),
        _credentials(config),
        _store(config),
    )


def _files(repository: Path) -> Iterator[Finding]:
    found = find(repository)
    if found is None:
        why = "nothing is installed; run: renderbus install deadline"
        yield Finding("files", False, why)
        return
    if found.version != __version__:
        why = f"version {found.version} is installed and this is {__version__}; install again"
        yield Finding("version", False, why)
    custom = repository / "custom"
    others = [
        str(place)
        for place, content in bundle().items()
        if place.suffix != ".param"
        and not ((custom / place).is_file() and (custom / place).read_bytes() == content)
    ]
    if others:
        why = f"{', '.join(others)} differ from what this version brings; install again"
        yield Finding("files", False, why)
    else:
        yield Finding("files", True, f"those of version {__version__}")


def _program(repository: Path) -> Finding:
    file = repository / "custom" / PLUGIN / "Renderbus.param"
    if not file.is_file():
        return Finding("program", False, "there are no settings of the plug-in yet")
    named = defaults(file.read_text("utf-8")).get("Executable", "").split(";")
    there = [name for name in named if Path(name).is_file()]
    if there:
        return Finding("program", True, f"{there[0]}, unless the Monitor's settings say otherwise")
    return Finding(
        "program",
        True,
        "none of the usual places has it on this host; name it in Tools > Configure Plugins",
    )


def _preload(repository: Path) -> Finding:
    """Find a script that every job of the farm runs, which the cloud does not."""
    if (repository / "custom" / "plugins" / "GlobalJobPreLoad.py").is_file():
        return Finding(
            "GlobalJobPreLoad",
            True,
            "it is there: what it changes for jobs, the cloud does not do; see docs/deadline.md",
        )
    return Finding("GlobalJobPreLoad", True, "there is none")


def _credentials(config: Config) -> Finding:
    try:
        configuration.credentials(config)
    except RenderbusError as error:
        return Finding("credentials", False, str(error))
    return Finding("credentials", True, "they are there for this user")


def _store(config: Config) -> Finding:
    url = make_url(config.store.url)
    if url.get_backend_name() != "sqlite":
        return _server(url)
    file = Path(url.database or "")
    folder = next(each for each in (file, *file.parents) if each.exists())
    share = share_of(folder.resolve(), _mounts())
    if share:
        why = (
            f"{file} lies on a share ({share}), where SQLite loses data; put it on a disk of this "
            "host, or name a PostgreSQL server in store.url"
        )
        return Finding("store", False, why)
    if not os.access(folder, os.W_OK):
        return Finding("store", False, f"{folder} cannot be written by this user")
    return Finding("store", True, f"{file}, for gateways of this host alone")


def _server(url: URL) -> Finding:
    engine = create_engine(url, poolclass=NullPool)
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        return Finding("store", False, f"{url.render_as_string()} does not answer: {error}")
    return Finding("store", True, f"{url.render_as_string()} answers")


def share_of(folder: Path, mounts: str) -> str:
    """Return the kind of share that a folder lies on; "" for a disk of this host.

    Args:
        folder: absolute.
        mounts: as Linux tells them; "" where a system does not.
    """
    found = ""
    longest = -1
    for line in mounts.splitlines():
        _, place, kind, *_ = [*line.split(), "", "", ""]
        mounted = Path(place.replace("\\040", " "))
        if folder.is_relative_to(mounted) and len(mounted.parts) > longest:
            longest, found = len(mounted.parts), kind
    return found if found in _SHARES else ""


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
