"""Task packages on disk: one private folder each, complete or not changed at all.

Beside the four documents lies `outputs.json`, which stays here: the output map, so that a later
process maps pictures exactly as the one that built the package.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.package import json_text
from renderbus_core.package.documents import NAMES, Documents, TaskPackage
from renderbus_core.package.outputs import from_document, to_document

_OUTPUTS = "outputs.json"


def texts(documents: Documents) -> Mapping[str, str]:
    """Return the text of each of the four documents by file name, with keys in a fixed order.

    Raises:
        InputError: a name in it is no valid Unicode.
    """
    return {name: _text(name, getattr(documents, name.removesuffix(".json"))) for name in NAMES}


def write(package: TaskPackage, folder: Path) -> tuple[Path, ...]:
    """Write a package; readable by its owner only.

    All files are written beside their places first and then moved, so a full disk changes nothing.

    Args:
        package: what was built.
        folder: created when it is not there.

    Returns:
        The paths of the four documents.

    Raises:
        InputError: the folder cannot be written to.
    """
    outputs = _text(_OUTPUTS, to_document(package.outputs))
    _write(folder, {**texts(package), _OUTPUTS: outputs})
    return tuple(folder / name for name in NAMES)


def save(documents: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Write documents by their file names, all or none, as `write` does with a package.

    Raises:
        InputError: the folder cannot be written to, or a name in one is no valid Unicode.
    """
    _write(folder, {name: _text(name, document) for name, document in documents.items()})


def read(folder: Path) -> TaskPackage:
    """Read a package that `write` left, output map included.

    Raises:
        InputError: a file is missing or damaged.
    """
    documents = read_documents(folder)
    where = json_text.read(folder / _OUTPUTS)
    return TaskPackage(
        task=documents.task,
        upload=documents.upload,
        asset=documents.asset,
        tips=documents.tips,
        outputs=from_document(where.document, str(folder / _OUTPUTS)),
    )


def read_documents(folder: Path) -> Documents:
    """Read the four documents, whoever made them; nothing in them is judged yet.

    Raises:
        InputError: a file is missing, or is no JSON object.
    """
    return Documents(*(json_text.read(folder / name).document for name in NAMES))


def md5_of(path: Path) -> str:
    """Return the hexadecimal MD5 of a file; the protocol wants it, it protects nothing.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its rights") from error
    return digest.hexdigest()


def _text(name: str, document: Mapping[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=4, sort_keys=True) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        around = ascii(text[max(0, error.start - 40) : error.end + 20])
        raise InputError(
            f"{name}: the name near {around} is not valid Unicode; rename the file"
        ) from error
    return text


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace_together(folder, contents)
    except OSError as error:
        raise InputError(
            f"{folder}: the task package cannot be written ({error.strerror or error}); "
            "free the folder or choose another"
        ) from error


def _replace_together(folder: Path, contents: Mapping[str, str]) -> None:
    with contextlib.ExitStack() as stack:
        written = [
            (stack.enter_context(_temporary(folder, name, text)), folder / name)
            for name, text in contents.items()
        ]
        for temporary, target in written:
            temporary.replace(target)


@contextlib.contextmanager
def _temporary(folder: Path, name: str, text: str) -> Iterator[Path]:
    """Hold a complete file beside its place; it is gone afterwards unless it was moved."""
    # mkstemp makes the file readable by its owner only.
    handle, path = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield Path(path)
    finally:
        Path(path).unlink(missing_ok=True)
