"""The vendor's functions that edit a file in its place, over our edits of values."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from renderbus_core.package import edit, folder, json_text
from renderbus_core.package.compat.errors import Code, EditError, coded
from renderbus_core.package.documents import Documents
from renderbus_core.package.listing import assets_at

Place = str | os.PathLike[str]


def update_task_info(update_info: Mapping[str, Any], task_path: Place | dict[str, Any]) -> None:
    """Change settings of a task.

    Args:
        update_info: values by key of `task_info`.
        task_path: task.json; or its decoded content, which is changed.
    """
    _check_keys("update_info", update_info)
    _edit_task(task_path, lambda task: edit.update_task_info(task, update_info))


def append_to_task(
    additional_info: Mapping[str, Any],
    task_path: Place | dict[str, Any],
    cover: bool = True,
) -> None:
    """Add to `additional_info` of a task.

    Args:
        additional_info: values by key.
        task_path: task.json; or its decoded content, which is changed.
        cover: whether a key that is there already gets the new value.
    """
    _check_keys("additional_info", additional_info)
    _edit_task(task_path, lambda task: edit.append_to_task(task, additional_info, cover=cover))


def append_to_upload(files_paths: Place | Sequence[Place], upload_path: Place) -> None:
    """Add files, and all files below folders, to an upload.json.

    Args:
        files_paths: one or several.
        upload_path: upload.json.
    """
    document = read(upload_path, Code.UPLOAD_PATH)
    given = [files_paths] if isinstance(files_paths, str | os.PathLike) else files_paths
    if not isinstance(given, list | tuple) or not all(
        isinstance(each, str | os.PathLike) for each in given
    ):
        raise EditError(
            Code.TYPE, f"files_paths is {files_paths!r:.80}; give a path or a list of paths"
        )
    with coded(Code.PATH):
        # Scripts from Windows write backslashes wherever they run.
        assets = assets_at(Path(os.fspath(each).replace("\\", "/")) for each in given)
    with coded(Code.GENERAL):
        edited = edit.append_to_upload(_alone(upload=document), assets)
    save(edited.upload, upload_path)


def cutting_upload(
    upload_path: Place,
    max_resources_number: int | None = None,
    after_cutting_position: Place | None = None,
) -> list[str]:
    """Cut a long upload.json into several, with the scene in the first.

    Args:
        upload_path: upload.json, which stays as it is.
        max_resources_number: files in each part; None leaves it whole.
        after_cutting_position: folder of the parts; None for that of upload.json.

    Returns:
        Paths of the parts, `upload_1.json` and so on; of upload.json itself when it stays whole.
    """
    document = read(upload_path, Code.CUT_PATH)
    if max_resources_number is None:
        return [os.fspath(upload_path)]
    with coded(Code.GENERAL):
        parts = edit.cut_upload(document, max_resources_number)
    if len(parts) == 1:
        return [os.fspath(upload_path)]
    whole = Path(upload_path)
    place = Path(after_cutting_position) if after_cutting_position is not None else whole.parent
    named = {f"upload_{number}.json": part for number, part in enumerate(parts, 1)}
    if any(_is_same(place / name, whole) for name in named):
        raise EditError(
            Code.PATH, f"{whole} would be overwritten by one of its parts; name another folder"
        )
    with coded(Code.PATH):
        folder.save(named, place)
    return [str(place / name) for name in named]


def read(path: Place, code: Code = Code.PATH) -> dict[str, Any]:
    """Read a document that somebody else wrote.

    Args:
        path: of the file.
        code: raised where there is none.
    """
    if not isinstance(path, str | os.PathLike):
        raise EditError(Code.TYPE, f"{path!r:.80} is no path; give that of a JSON document")
    place = Path(path)
    if not place.is_file():
        raise EditError(code, f"{str(place)!r:.200} is not there; name a JSON document")
    with coded(Code.GENERAL):
        return json_text.read(place).document


def save(document: Mapping[str, Any], path: Place) -> None:
    """Write a document into its place; who may read an old one may read the new one."""
    # A link stays a link, what it leads to is changed.
    place = Path(path).resolve()
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else None
    if mode is not None and not os.access(place, os.W_OK):
        raise EditError(Code.PATH, f"{place} may not be written to; change its rights")
    with coded(Code.PATH):
        folder.save({place.name: document}, place.parent)
    if mode is not None:
        place.chmod(mode)


def _check_keys(name: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise EditError(Code.TYPE, f"{name} is {given!r:.80}; give a dict of keys and values")


def _edit_task(task: Place | dict[str, Any], change: Callable[[Documents], Documents]) -> None:
    document = task if isinstance(task, dict) else read(task)
    with coded(Code.FIELD):
        edited = change(_alone(task=document)).task
    if isinstance(task, dict):
        task.update(edited)
    else:
        save(edited, task)


def _alone(task: dict[str, Any] | None = None, upload: dict[str, Any] | None = None) -> Documents:
    """Return one document where others do not matter."""
    return Documents(task=task or {}, upload=upload or {}, asset={}, tips={})


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and path.samefile(other)
