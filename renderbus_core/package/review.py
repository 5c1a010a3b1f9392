"""Judging documents that lie on the disk: whatever is there, each place with line and column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.package import json_text
from renderbus_core.package.documents import NAMES
from renderbus_core.package.findings import (
    Finding,
    Group,
    Place,
    Severity,
    grouped,
    located,
    worst_first,
)
from renderbus_core.package.json_text import JsonText, UnreadableError
from renderbus_core.package.judgement import check_some


def is_package(path: Path) -> bool:
    """Tell whether a path means documents of a task, not a scene: a folder, or any JSON file."""
    return path.suffix.lower() == ".json" or path.is_dir()


def review(path: Path) -> tuple[Group, ...]:
    """Judge the documents of a task, as many of them as there are; the worst first.

    Args:
        path: their folder, or one of them: then nobody minds that others are missing.

    Raises:
        InputError: there is none of them, or the path has another name.
    """
    alone = not path.is_dir()
    if alone and path.name not in NAMES:
        told = f"{schema.printable(str(path))} is none of {', '.join(NAMES)}"
        raise InputError(f"{told}; name one of them, or their folder")
    folder = path.parent if alone else path
    texts, failures = _read(folder)
    absent = {name for name, error in failures.items() if error.absent}
    if alone and path.name in absent:
        raise failures[path.name]
    if len(absent) == len(NAMES):
        told = f"{schema.printable(str(folder))} holds none of {', '.join(NAMES)}"
        raise InputError(f"{told}; name the folder of a task")
    unread = (_unread(name, error, alone=alone) for name, error in failures.items())
    present = {name.removesuffix(".json"): text.document for name, text in texts.items()}
    findings = worst_first([*unread, *_marks(texts), *check_some(present)])
    return located(grouped(findings), texts)


def _read(folder: Path) -> tuple[dict[str, JsonText], dict[str, UnreadableError]]:
    texts: dict[str, JsonText] = {}
    failures: dict[str, UnreadableError] = {}
    for name in NAMES:
        try:
            texts[name] = json_text.read(folder / name)
        except UnreadableError as error:
            failures[name] = error
    return texts, failures


def _unread(name: str, error: UnreadableError, *, alone: bool) -> Finding:
    place = Place(error.name, (), error.position)
    if not error.absent:
        return Finding("unreadable", Severity.ERROR, name, error.message, error.fix, place)
    return Finding(
        "missing_document",
        Severity.INFO if alone else Severity.ERROR,
        name,
        "the document is missing, so nothing that depends on it was checked",
        "put it beside the others",
        Place(error.name),
    )


def _marks(texts: dict[str, JsonText]) -> Iterator[Finding]:
    for name, text in texts.items():
        if text.marked:
            yield Finding(
                "byte_order_mark",
                Severity.ERROR,
                name,
                "a byte order mark stands before the first brace, which JSON readers refuse",
                "save it as UTF-8 without one",
                Place(name),
            )
