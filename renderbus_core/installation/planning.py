"""Putting the bridge's files where a render manager finds them, and keeping a studio's edits.

What was installed is written down beside the files. A later installation tells by it what the
studio has edited since: settings are carried over, other files are kept aside.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from renderbus_core.errors import InputError

Files = Mapping[PurePosixPath, bytes]
"""What is to be installed, by its place below the folder of a site."""

Merge = Callable[[str, str, str], str]
"""Carries edited settings over: takes a file as it was brought, as it is, and as it is brought now;
returns what it becomes."""

_EDITED = ".edited"
# Python leaves it beside files that it has read.
_CACHE = "__pycache__"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder of a render manager in which files of the bridge lie among others.

    Args:
        folder: that the places of files are below.
        record: place at which it is written down what was installed.
        own: places of folders that hold nothing but files of the bridge.
        settings: how edited settings are carried over, by the ending of their files.
    """

    folder: Path
    record: PurePosixPath
    own: tuple[PurePosixPath, ...]
    settings: Mapping[str, Merge] = field(default_factory=dict)


class Act(StrEnum):
    """What becomes of a file."""

    WRITE = "write"
    KEEP = "keep"
    ASIDE = "keep the edited one aside, write"
    MERGE = "write, with the settings that were edited"
    REMOVE = "remove"
    LEAVE = "leave: it was edited"


@dataclass(frozen=True, slots=True)
class Step:
    """One file and what becomes of it.

    Args:
        act: what.
        place: below the folder of its site.
        content: that it has afterwards; None when it is gone, or stays as it is.
    """

    act: Act
    place: PurePosixPath
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation left.

    Args:
        version: of the bridge.
        files: the SHA-256 of each file as it was written, by its place.
        originals: the text of each settings file as the bridge brings it.
    """

    version: str
    files: Mapping[str, str]
    originals: Mapping[str, str]


def find(site: Site) -> Installed | None:
    """Read what was installed; None when nothing was.

    Args:
        site: where.

    Raises:
        InputError: what is written down there cannot be read.
    """
    file = site.folder / site.record
    try:
        document = json.loads(file.read_bytes())
        found = Installed(
            str(document["version"]), _texts(document["files"]), _texts(document["originals"])
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file} cannot be read ({error}); delete it to install as if for the first time"
        ) from error
    for name in found.files:
        if not _stays_below(name):
            raise InputError(
                f"{file} names {name!r}, which is no place below {site.folder}; "
                "delete it to install as if for the first time"
            )
    return found


def plan_install(site: Site, files: Files, before: Installed | None) -> tuple[Step, ...]:
    """Say what an installation does; changes nothing.

    Args:
        site: where.
        files: to be installed.
        before: what was installed last.

    Raises:
        InputError: something of that name is there which is not ours, or a link leads out of the
            folder to what would be removed.
    """
    known = before.files if before else {}
    _refuse_others(site, [*files, *map(PurePosixPath, known)])
    steps = [_step(site, place, content, before) for place, content in files.items()]
    gone = [PurePosixPath(name) for name in known if PurePosixPath(name) not in files]
    return (*steps, *(_removals(site.folder, gone, before) if before else ()))


def plan_removal(site: Site, before: Installed) -> tuple[Step, ...]:
    """Say what is removed; what was edited stays.

    Args:
        site: where.
        before: what was installed.

    Raises:
        InputError: a link leads out of the folder.
    """
    places = [PurePosixPath(name) for name in before.files]
    return tuple(_removals(site.folder, places, before))


def carry_out(site: Site, steps: Sequence[Step], version: str, originals: Files) -> None:
    """Do what was planned; each file is whole at any moment.

    Args:
        site: where.
        steps: of a plan.
        version: that is installed; "" for a removal.
        originals: files as the bridge brings them.

    Raises:
        InputError: a file cannot be written or removed.
    """
    try:
        for step in steps:
            _do(site.folder, step)
        if version:
            _write(site.folder / site.record, _record(site, steps, version, originals))
        else:
            if not any(step.act is Act.LEAVE for step in steps):
                (site.folder / site.record).unlink(missing_ok=True)
            _remove_empty(site)
    except OSError as error:
        raise InputError(
            f"{error.filename or site.folder} cannot be changed ({error.strerror}); run this as "
            f"somebody who may write into {site.folder}"
        ) from error


def _step(site: Site, place: PurePosixPath, content: bytes, before: Installed | None) -> Step:
    file = site.folder / place
    there = file.read_bytes() if file.is_file() else None
    if there == content:
        return Step(Act.KEEP, place, content)
    if there is None or before is None or str(place) not in before.files:
        return Step(Act.WRITE, place, content)
    carried_over = site.settings.get(place.suffix)
    if carried_over is not None:
        # Also what an earlier installation has carried over.
        original = before.originals.get(str(place), "")
        merged = carried_over(original, there.decode("utf-8", "replace"), content.decode())
        act = Act.KEEP if merged.encode() == there else Act.MERGE
        return Step(act if merged.encode() != content else Act.WRITE, place, merged.encode())
    edited = _is_edited(file, place, before)
    return Step(Act.ASIDE if edited else Act.WRITE, place, content)


def _removals(folder: Path, places: Sequence[PurePosixPath], before: Installed) -> Iterator[Step]:
    for place in places:
        file = folder / place
        if file.is_file():
            _refuse_links_out(folder, file)
            yield Step(Act.LEAVE if _is_edited(file, place, before) else Act.REMOVE, place)


def _refuse_links_out(folder: Path, file: Path) -> None:
    if not file.parent.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{file} would be removed, and a link leads from there out of {folder}, to "
            f"{file.parent.resolve()}; remove what is to go there by hand"
        )


def _stays_below(name: str) -> bool:
    # As any system reads it: one with drives knows both slashes.
    place = PureWindowsPath(name)
    return bool(place.parts) and not place.anchor and ".." not in place.parts


def _texts(document: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(text) for name, text in document.items()}


def _is_edited(file: Path, place: PurePosixPath, before: Installed) -> bool:
    content = file.read_bytes()
    original = before.originals.get(str(place))
    if original is not None:
        # What was carried over from one installation to the next is the studio's too.
        return content != original.encode()
    return _digest(content) != before.files[str(place)]


def _refuse_others(site: Site, places: Iterable[PurePosixPath]) -> None:
    """Refuse what bears our names and is not ours, in whatever case it is written.

    A folder in which nothing lies but files of ours is what an earlier attempt left.
    """
    ours = {str(place) for place in places} | {str(site.record)}
    for place in site.own:
        folder = site.folder / place.parent
        for there in sorted(folder.iterdir()) if folder.is_dir() else ():
            if there.name.casefold() != place.name.casefold():
                continue
            names = [each.name for each in there.iterdir() if each.name != _CACHE]
            others = [n for n in names if str(place / n).removesuffix(_EDITED) not in ours]
            if there.name != place.name or others or not names:
                raise InputError(
                    f"{there} is there and was not installed by this command; rename or remove it"
                )


def _do(folder: Path, step: Step) -> None:
    file = folder / step.place
    if step.act is Act.ASIDE:
        file.replace(file.with_name(file.name + _EDITED))
    if step.act in {Act.WRITE, Act.MERGE, Act.ASIDE} and step.content is not None:
        _write(file, step.content)
    elif step.act is Act.REMOVE:
        file.unlink()


def _write(file: Path, content: bytes) -> None:
    """Write a file whole; workers may be reading it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        # Everybody's workers read it, and only its owner changes it.
        part.chmod(0o644)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _record(site: Site, steps: Sequence[Step], version: str, originals: Files) -> bytes:
    files = {str(step.place): _digest(step.content) for step in steps if step.content is not None}
    texts = {
        str(place): content.decode()
        for place, content in originals.items()
        if place.suffix in site.settings
    }
    document = {"version": version, "files": files, "originals": texts}
    return json.dumps(document, indent=1, sort_keys=True).encode()


def _remove_empty(site: Site) -> None:
    for place in site.own:
        folder = site.folder / place
        shutil.rmtree(folder / _CACHE, ignore_errors=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
