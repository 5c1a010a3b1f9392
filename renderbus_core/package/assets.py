"""From the files a scene names to what is uploaded: each under its three names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Protocol

from renderbus_core.facts import Absence, ExternalFile, SceneFacts
from renderbus_core.jobs import LocalJob
from renderbus_core.paths import Asset, server_path

_ROOTED = re.compile(r"/|\\\\|[A-Za-z]:[\\/]")
_SLASH = re.compile(r"[\\/]")
_LAST_PART = re.compile(r"[\\/][^\\/]*$")
_MANY = re.compile(r"[<#]")


class Resolved(Protocol):
    """What this host found for a file that a scene names."""

    @property
    def file(self) -> ExternalFile:
        """The file as the scene names it."""

    @property
    def local(self) -> tuple[Path, ...]:
        """The files found; several for tiles and sequences."""

    @property
    def missing(self) -> str | None:
        """What was not found and where it was looked for; None when all is there."""

    @property
    def rule(self) -> str:
        """How it was found: `absolute path`, `path mapping`, or a rule of the program."""

    @property
    def absence(self) -> Absence | None:
        """Why nothing was found; None when all is there."""


@dataclass(frozen=True, slots=True)
class Needed:
    """One file on this host and the name under which the scene asks for it.

    Args:
        file: as the scene names it.
        local: where it lies.
        stored: absolute path as the scene would name it.
    """

    file: ExternalFile
    local: Path
    stored: str

    def asset(self) -> Asset:
        """Return it under its three names.

        Raises:
            InputError: the stored path has no place on the servers.
        """
        return Asset(self.stored, self.local, server_path(self.stored))


def needed(facts: SceneFacts, resolved: Sequence[Resolved], job: LocalJob) -> tuple[Needed, ...]:
    """Return every file that was found, each with the absolute path the scene would name.

    A relative path is counted from the scene, wherever the farm stores that; so scene and file
    keep their places to each other in the cloud.

    Args:
        facts: of the scene on this host.
        resolved: the files it names.
        job: whose `scene` is the scene as the farm stores it.
    """
    return tuple(
        Needed(each.file, local, _stored(facts, each.file, local, job))
        for each in resolved
        for local in each.local
    )


def is_rooted(dcc: str, stored: str) -> bool:
    """Tell whether a scene names a file by an absolute path.

    Args:
        dcc: the program that stored it.
        stored: as it stands in the scene.
    """
    # Blender writes // for the folder of the scene, and shares with backslashes.
    from_scene = dcc == "blender" and stored.startswith("//")
    return bool(_ROOTED.match(stored)) and not from_scene


def _stored(facts: SceneFacts, file: ExternalFile, local: Path, job: LocalJob) -> str:
    if is_rooted(facts.dcc, file.stored):
        return _named(file, local)
    folder = _LAST_PART.sub("", job.scene)
    try:
        return f"{folder}/{Path(os.path.relpath(local, facts.path.parent)).as_posix()}"
    except ValueError:  # on another drive than the scene: nothing leads from one to the other
        return local.as_posix()


def _named(file: ExternalFile, local: Path) -> str:
    """Return a stored path; what stands for many names takes the name found here."""
    if file.folder:
        return _inside(file.stored, local)
    if file.pattern is None:
        return file.stored
    parts = _SLASH.split(file.pattern)
    found = local.parts
    for place in range(1, min(len(parts), len(found)) + 1):
        if _MANY.search(parts[-place]):
            parts[-place] = found[-place]
    return "/".join(parts)


def _inside(stored: str, local: Path) -> str:
    """Return how the scene would name a file in a folder that it names."""
    folder = stored.rstrip("\\/")
    names = _SLASH.split(folder.lower())

    def likeness(parent: Path) -> tuple[int, int]:
        pairs = zip(reversed(names), map(str.lower, reversed(parent.parts)), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)), -len(parent.parts)

    here = max(local.parents, key=likeness)
    return "/".join([folder, *local.relative_to(here).parts])
