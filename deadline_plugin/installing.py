"""Putting the files that Deadline runs into a repository, keeping what a studio changed in them.

What was installed is written down beside the files. A later installation tells by it what the
studio has edited since: defaults in `.param` files are carried over, other files are kept aside.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from deadline_plugin.bundle import EVENT, PLUGIN
from deadline_plugin.settings_file import carried_over
from renderbus_core.errors import InputError

RECORD = PLUGIN / "renderbus-installed.json"
"""Where it is written down what was installed."""

_EDITED = ".edited"
# Python leaves it beside files that it has read.
_CACHE = "__pycache__"
# Folders that every repository has, and nothing else has together.
_REPOSITORY = ("plugins", "events", "scripts")


class Act(StrEnum):
    """What becomes of a file."""

    WRITE = "write"
    KEEP = "keep"
    ASIDE = "keep the edited one aside, write"
    MERGE = "write, with the defaults that were edited"
    REMOVE = "remove"
    LEAVE = "leave: it was edited"


@dataclass(frozen=True, slots=True)
class Step:
    """One file and what becomes of it.

    Args:
        act: what.
        place: below `custom`.
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


def find(repository: Path) -> Installed | None:
    """Read what was installed in a repository; None when nothing was.

    Args:
        repository: its folder.

    Raises:
        InputError: it is no Deadline repository, or what is written down there cannot be read.
    """
    missing = [name for name in _REPOSITORY if not (repository / name).is_dir()]
    if missing:
        raise InputError(
            f"{repository} is no Deadline repository: it has no folder {missing[0]}; name the "
            "folder that holds plugins, events and scripts"
        )
    file = repository / "custom" / RECORD
    try:
        document = json.loads(file.read_bytes())
        return Installed(document["version"], document["files"], document["originals"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} cannot be read ({error}); delete it to install as if for the first time"
        ) from error


def plan_install(
    repository: Path, files: Mapping[PurePosixPath, bytes], before: Installed | None
) -> tuple[Step, ...]:
    """Say what an installation does; changes nothing.

    Args:
        repository: of Deadline.
        files: to be installed, by their place below `custom`.
        before: what was installed last.

    Raises:
        InputError: something of that name is there which is not ours.
    """
    custom = repository / "custom"
    known = before.files if before else {}
    _refuse_others(custom, [*files, *map(PurePosixPath, known)])
    steps = [_step(custom, place, content, before) for place, content in files.items()]
    gone = [PurePosixPath(name) for name in known if PurePosixPath(name) not in files]
    return (*steps, *(_removals(custom, gone, before) if before else ()))


def plan_removal(repository: Path, before: Installed) -> tuple[Step, ...]:
    """Say what is removed; what was edited stays.

    Args:
        repository: of Deadline.
        before: what was installed.
    """
    places = [PurePosixPath(name) for name in before.files]
    return tuple(_removals(repository / "custom", places, before))


def carry_out(
    repository: Path,
    steps: Sequence[Step],
    version: str,
    originals: Mapping[PurePosixPath, bytes],
) -> None:
    """Do what was planned; each file is whole at any moment.

    Args:
        repository: of Deadline.
        steps: of a plan.
        version: that is installed; "" for a removal.
        originals: files as the bridge brings them.

    Raises:
        InputError: a file cannot be written or removed.
    """
    custom = repository / "custom"
    try:
        for step in steps:
            _do(custom, step)
        if version:
            _write(custom / RECORD, _record(steps, version, originals))
        else:
            if not any(step.act is Act.LEAVE for step in steps):
                (custom / RECORD).unlink(missing_ok=True)
            _remove_empty(custom)
    except OSError as error:
        raise InputError(
            f"{error.filename or custom} cannot be changed ({error.strerror}); run this as "
            "somebody who may write into the repository"
        ) from error


def _step(custom: Path, place: PurePosixPath, content: bytes, before: Installed | None) -> Step:
    file = custom / place
    there = file.read_bytes() if file.is_file() else None
    if there == content:
        return Step(Act.KEEP, place, content)
    if there is None or before is None or str(place) not in before.files:
        return Step(Act.WRITE, place, content)
    if place.suffix == ".param":
        # Also what an earlier installation has carried over.
        original = before.originals.get(str(place), "")
        merged = carried_over(original, there.decode("utf-8", "replace"), content.decode())
        act = Act.KEEP if merged.encode() == there else Act.MERGE
        return Step(act if merged.encode() != content else Act.WRITE, place, merged.encode())
    edited = _is_edited(file, place, before)
    return Step(Act.ASIDE if edited else Act.WRITE, place, content)


def _removals(custom: Path, places: Sequence[PurePosixPath], before: Installed) -> Iterator[Step]:
    for place in places:
        file = custom / place
        if file.is_file():
            yield Step(Act.LEAVE if _is_edited(file, place, before) else Act.REMOVE, place)


def _is_edited(file: Path, place: PurePosixPath, before: Installed) -> bool:
    content = file.read_bytes()
    original = before.originals.get(str(place))
    if original is not None:
        # What was carried over from one installation to the next is the studio's too.
        return content != original.encode()
    return _digest(content) != before.files[str(place)]


def _refuse_others(custom: Path, places: Iterable[PurePosixPath]) -> None:
    """Refuse what bears our names and is not ours, in whatever case it is written.

    A folder in which nothing lies but files of ours is what an earlier attempt left.
    """
    ours = {str(place) for place in places} | {str(RECORD)}
    for place in (PLUGIN, EVENT):
        folder = custom / place.parent
        for there in sorted(folder.iterdir()) if folder.is_dir() else ():
            if there.name.casefold() != place.name.casefold():
                continue
            names = [each.name for each in there.iterdir() if each.name != _CACHE]
            others = [n for n in names if str(place / n).removesuffix(_EDITED) not in ours]
            if there.name != place.name or others or not names:
                raise InputError(
                    f"{there} is there and was not installed by this command; rename or remove it"
                )


def _do(custom: Path, step: Step) -> None:
    file = custom / step.place
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


def _record(steps: Sequence[Step], version: str, originals: Mapping[PurePosixPath, bytes]) -> bytes:
    files = {str(step.place): _digest(step.content) for step in steps if step.content is not None}
    texts = {
        str(place): content.decode()
        for place, content in originals.items()
        if place.suffix == ".param"
    }
    document = {"version": version, "files": files, "originals": texts}
    return json.dumps(document, indent=1, sort_keys=True).encode()


def _remove_empty(custom: Path) -> None:
    for place in (PLUGIN, EVENT):
        folder = custom / place
        shutil.rmtree(folder / _CACHE, ignore_errors=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
