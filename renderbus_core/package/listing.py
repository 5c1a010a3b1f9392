"""Files and folders that a person names, as the files to send: never one from outside them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.package.disk import Kind, state_of
from renderbus_core.paths import Asset, PathMapping, server_path

MAX_ENTRIES = 1_000_000
"""Most files and folders below one folder; links among folders can make any number of them."""

_UNMAPPED = PathMapping()


def assets_at(paths: Iterable[Path], mapping: PathMapping = _UNMAPPED) -> tuple[Asset, ...]:
    """Return files, and all files below folders, under their three names.

    Args:
        paths: on this host.
        mapping: from this host's folders to those that scenes name.

    Raises:
        InputError: a path is not there or has no place on the servers, or a folder cannot be
            listed as `files_below` says.
    """
    return tuple(
        Asset(stored, file, server_path(stored))
        for path in paths
        for file in _files_at(path)
        for stored in [mapping.to_stored(file.as_posix())]
    )


def files_below(folder: Path) -> tuple[Path, ...]:
    """Return all files below a folder, sorted.

    Links are followed as long as they stay inside; a link to a folder that it lies in is passed
    over, for its files are listed there.

    Raises:
        InputError: a link leads out or nowhere, something cannot be read or is no file, or there
            is more than any folder has.
    """
    root = Path(os.path.realpath(folder))
    pending: list[tuple[Path, tuple[Path, ...]]] = [(folder, (root,))]
    found: list[Path] = []
    count = 0
    while pending:
        here, above = pending.pop()
        for entry in _entries(here):
            count += 1
            if count > MAX_ENTRIES:
                raise InputError(
                    f"{folder} holds more than {MAX_ENTRIES:,} files and folders, counted through "
                    "its links; name the ones that are needed"
                )
            path = Path(entry.path)
            if entry.is_symlink() or entry.is_dir():
                real = _inside(path, root)
                if real.is_dir() and real not in above:
                    pending.append((path, (*above, real)))
            if entry.is_file():
                found.append(path)
            elif not entry.is_dir():
                raise InputError(f"{path} is neither a file nor a folder; take it away")
    return tuple(sorted(found))


def _files_at(path: Path) -> tuple[Path, ...]:
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - works out `..` as server paths do
    kind = state_of(whole).kind
    if kind is Kind.FOLDER:
        return files_below(whole)
    if kind is not Kind.FILE:
        what = "is not there" if kind is Kind.ABSENT else f"is {kind}"
        raise InputError(f"{str(whole)!r:.200} {what}; name a file or a folder of this host")
    return (whole,)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        raise InputError(
            f"{folder} cannot be listed ({error.strerror or error}); check your rights"
        ) from error


def _inside(path: Path, root: Path) -> Path:
    """Return where a path leads."""
    try:
        # Also of folders that are no links: Windows has junctions.
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, before 3.13
        raise InputError(f"{path} is a link that leads nowhere; mend it or take it away") from error
    if not real.is_relative_to(root):
        raise InputError(
            f"{path} leads out of {root}, to {real}; put a copy there, or name {real} itself"
        )
    return real
