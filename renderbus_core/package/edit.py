"""Changing documents that were built or read: every edit returns new ones and shares nothing."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from renderbus_core import schema
from renderbus_core.errors import DocumentError, InputError, Problem
from renderbus_core.package.dcc import row_of
from renderbus_core.package.documents import Documents
from renderbus_core.paths import Asset

D = TypeVar("D", bound=Documents)

_LONGEST = 100


def update_task_info(documents: D, changes: Mapping[str, Any]) -> D:
    """Return the documents with other settings of the task.

    A key must stand in the document or be known to the protocol, so that a slip of the pen is
    seen and a documented key can be added. Whole numbers become text, as they are on the wire.

    Args:
        documents: of a task.
        changes: values by key of `task_info`.

    Raises:
        DocumentError: keys are unknown, or a value is none of JSON; it names all of them.
    """
    fresh = copy.deepcopy(documents)
    info = _section(fresh.task, "task_info")
    known = info.keys() | _settings("task/base.json") | _settings_of_program(info)
    _refuse("task.json", (_unknown(key, known) for key in changes if key not in known))
    for key, value in changes.items():
        # A flag is left as it is: what it would be on the wire is not certain.
        is_number = isinstance(value, int) and not isinstance(value, bool)
        info[key] = str(value) if is_number else _own(f"task_info.{key}", value)
    return fresh


def append_to_task(documents: D, additions: Mapping[str, Any], *, cover: bool = True) -> D:
    """Return the documents with more in `additional_info` of task.json.

    Args:
        documents: of a task.
        additions: values by key.
        cover: whether a key that is there already gets the new value.

    Raises:
        DocumentError: keys are there already and must not be covered, or a value is none of
            JSON; it names all of them.
    """
    fresh = copy.deepcopy(documents)
    fresh.task.setdefault("additional_info", {})
    info = _section(fresh.task, "additional_info")
    taken = [key for key in additions if not cover and key in info]
    _refuse(
        "task.json",
        (
            Problem(f"additional_info.{key}", "it is there already; take another name, or cover it")
            for key in taken
        ),
    )
    info |= _own("additional_info", dict(additions))
    return fresh


def append_to_upload(documents: D, assets: Iterable[Asset]) -> D:
    """Return the documents with more files in upload.json; one that is listed stays listed once.

    Args:
        documents: of a task.
        assets: files under their three names.

    Raises:
        DocumentError: upload.json does not have its form.
        InputError: two files would become one in the cloud.
    """
    schema.check("upload.json", documents.upload, title="upload.json")
    fresh = copy.deepcopy(documents)
    rows = fresh.upload["asset"]
    listed = {_server(row) for row in rows}
    taken = {_server(row): row["local"].replace("\\", "/") for row in _files(fresh.upload)}
    for asset in assets:
        local = asset.local.as_posix()
        twin = taken.setdefault(asset.server, local)
        if twin != local:
            raise InputError(
                f"upload.json: {twin} and {local} would both become {asset.server} in the cloud; "
                "rename one of them"
            )
        if asset.server not in listed:
            listed.add(asset.server)
            rows.append({"local": local, "server": asset.server})
    return fresh


def cut_upload(upload: Mapping[str, Any], most: int) -> tuple[dict[str, Any], ...]:
    """Cut a long upload.json into several.

    Everything beside `asset` (the scene, maps of 3ds Max) goes into the first part and is sent
    once.

    Args:
        upload: the decoded document.
        most: files in `asset` of each part.

    Raises:
        InputError: `most` is not at least 1, or upload.json does not have its form.
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise InputError(
            f"upload.json cannot be cut into parts of {most!r:.80} files; name 1 or more"
        )
    schema.check("upload.json", upload, title="upload.json")
    rows = upload["asset"]
    parts = [{"asset": rows[start : start + most]} for start in range(0, len(rows), most)]
    first, *others = parts or [{"asset": []}]
    return tuple(copy.deepcopy([dict(upload) | first, *others]))


def _section(task: dict[str, Any], name: str) -> dict[str, Any]:
    section = task.get(name)
    if not isinstance(section, dict):
        raise DocumentError("task.json", [Problem(name, "it must be an object of keys and values")])
    return section


def _settings_of_program(info: Mapping[str, Any]) -> frozenset[str]:
    row = row_of(str(info.get("cg_id")))
    return _settings(row.schema) if row else frozenset()


def _settings(schema_name: str) -> frozenset[str]:
    """Return the keys of task_info that a schema knows."""
    return frozenset(schema.load(schema_name)["properties"]["task_info"]["properties"])


def _unknown(key: str, known: Iterable[str]) -> Problem:
    close = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "correct it or leave it out"
    where = f"task_info.{key}"
    return Problem(where[:_LONGEST], f"no known version of the protocol has this key; {hint}")


def _refuse(name: str, problems: Iterator[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise DocumentError(name, found)


def _own(where: str, value: object) -> Any:
    """Return a copy of a value as JSON has it."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise DocumentError(
            "task.json", [Problem(where, f"{value!r:.80} cannot be written as JSON ({error})")]
        ) from error


def _files(upload: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    scene = upload.get("scene", [])
    yield from [scene] if isinstance(scene, dict) else scene
    yield from upload["asset"]


def _server(row: Mapping[str, str]) -> str:
    # The vendor's packages lose the first slash of some server paths.
    return "/" + row["server"].lstrip("/")
