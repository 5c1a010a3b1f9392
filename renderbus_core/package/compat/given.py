"""The documents of a check: where they come from, and where they go."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from renderbus_core.package.compat.edits import Place, read, save
from renderbus_core.package.compat.errors import Code, EditError
from renderbus_core.package.documents import Documents

NAMES = tuple(field.name for field in fields(Documents))
"""task, upload, asset, tips."""

_HOME = "renderfarm_sdk"


class Analyze(Protocol):
    """What an analysis left: paths of the four documents."""

    @property
    def task_json(self) -> str:
        """Path of task.json."""

    @property
    def upload_json(self) -> str:
        """Path of upload.json."""

    @property
    def asset_json(self) -> str:
        """Path of asset.json."""

    @property
    def tips_json(self) -> str:
        """Path of tips.json."""


@dataclass(frozen=True, slots=True)
class Given:
    """A document and the file that it came from, None when it came without one."""

    content: dict[str, Any]
    path: Path | None


def collect(
    arguments: Mapping[str, Place | Mapping[str, Any]], analyze: Analyze | None
) -> dict[str, Given]:
    """Return the documents that there are, by name.

    Each is taken from its argument, else from the analysis, else from beside task.json.

    Args:
        arguments: path or decoded content by name; "" is none.
        analyze: what an analysis left.
    """
    found: dict[str, Given] = {}
    for name in NAMES:
        argument = arguments.get(name, "")
        if isinstance(argument, Mapping):
            found[name] = Given(copy.deepcopy(dict(argument)), None)
        elif argument:
            found[name] = Given(read(argument), Path(argument))
        elif path := _found_elsewhere(name, found, analyze):
            found[name] = Given(read(path), path)
    if "task" not in found or not found["task"].content:
        raise EditError(Code.TASK, "the task is empty; name its task.json or give its content")
    return found


def write(
    documents: Documents, given: Mapping[str, Given], workspace: Place | None, *, in_place: bool
) -> dict[str, Path]:
    """Write the documents that were given, and return their paths by name.

    Args:
        documents: with everything filled in.
        given: where they came from.
        workspace: folder of those that came without a file; None for a new one.
        in_place: whether task.json goes where it came from; else all go into a new folder.
    """
    home = given["task"].path
    if not in_place:
        folder = _new_folder(workspace)
    elif home is not None:
        folder = home.parent
    else:
        folder = Path(workspace) if workspace is not None else _new_folder(None)
    paths: dict[str, Path] = {}
    for name in given:
        origin = given[name].path if in_place else None
        paths[name] = origin or folder / f"{name}.json"
        # A check changes nothing but task.json.
        if name == "task" or origin is None:
            save(getattr(documents, name), paths[name])
    return paths


def _found_elsewhere(name: str, found: Mapping[str, Given], analyze: Analyze | None) -> Path | None:
    task = found.get("task")
    beside = task.path.with_name(f"{name}.json") if task and task.path else None
    left = getattr(analyze, f"{name}_json", None) or beside
    return Path(left) if left and Path(left).is_file() else None


def _new_folder(workspace: Place | None) -> Path:
    # The vendor names it by the second, and two packages of one second share it.
    home = Path(workspace) if workspace is not None else Path.home() / _HOME
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="task_", dir=home))
    except OSError as error:
        raise EditError(
            Code.PATH,
            f"no folder can be made in {os.fspath(home)} ({error.strerror or error}); "
            "name another workspace",
        ) from error
