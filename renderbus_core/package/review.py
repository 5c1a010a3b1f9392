"""Judging documents that lie on the disk: whatever is there, each place with line and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.package import json_text, supported, tips
from renderbus_core.package.account import about_account
from renderbus_core.package.documents import NAMES, Documents
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
from renderbus_core.package.offer import Offer, not_asked
from renderbus_core.package.waivers import waive

_NONE: Mapping[str, Any] = MappingProxyType({})
_SHAPE = frozenset({"program", "schema"})
_WORDS = tuple(name.removesuffix(".json") for name in NAMES)


def is_package(path: Path) -> bool:
    """Tell whether a path means documents of a task, not a scene: a folder, or any JSON file."""
    return path.suffix.lower() == ".json" or path.is_dir()


Ask = Callable[[Documents], Offer]
"""Asks the cloud about the task of documents whose task.json has its form."""


def review(
    path: Path,
    ask: Ask | None = None,
    *,
    severity: Mapping[str, Severity] = _NONE,
    waivers: Mapping[str, str] = _NONE,
) -> tuple[Group, ...]:
    """Judge the documents of a task, as many of them as there are; the worst first.

    Args:
        path: their folder, or one of them: then nobody minds that others are missing.
        ask: asks the cloud; None leaves out what depends on its answers.
        severity: what codes of tips.json mean to the site, whatever the cloud says of them.
        waivers: who turns warnings into remarks, by rule, see `waive`.

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
    documents = Documents(**{name: present.get(name, {}) for name in _WORDS})
    judged = check_some(present)
    sound = "task" in present and not any(_spoils_task(each) for each in judged)
    offer = ask(documents) if ask is not None and sound else Offer()
    if offer != Offer() or severity:
        judged = tuple(_with_answers(documents, present, offer, severity))
    found = worst_first([*unread, *_marks(texts), *judged])
    info = documents.task.get("task_info")
    project = str(info.get("project_name", "")) if isinstance(info, dict) else ""
    return located(grouped(waive(found, waivers, project)), texts)


def _spoils_task(finding: Finding) -> bool:
    in_task = finding.place is not None and finding.place.file == "task.json"
    return in_task and finding.rule in _SHAPE


def _with_answers(
    documents: Documents,
    present: Mapping[str, dict[str, Any]],
    offer: Offer,
    severity: Mapping[str, Severity],
) -> Iterator[Finding]:
    stopping = tips.blocking(documents.tips, offer.tips, severity)
    judged = check_some(present, machines=offer.machines, blocking_codes=stopping)
    yield from (tips.explained(each, offer.tips) for each in judged)
    yield from not_asked(offer)
    if offer.supported is not None:
        yield from supported.judge(documents.task, offer.supported)
    if offer.account is not None:
        yield from about_account(offer.account, None)


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
