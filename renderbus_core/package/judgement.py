"""Judging the four documents of a task, whoever made them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from renderbus_core import schema
from renderbus_core.package.dcc import Program, programs, row_of
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Place, Severity, worst_first
from renderbus_core.package.json_places import JsonPath
from renderbus_core.package.rules import RULES, Machine, Subject

_Present = Mapping[str, dict[str, Any]]

_ORDER = ("upload", "asset", "tips", "task")


def check(
    documents: Documents,
    *,
    machines: Sequence[Machine] | None = None,
    blocking_codes: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return everything that is wrong or odd, the worst first.

    Rules between fields are asked only about documents that their schemas accept.

    Args:
        documents: the four of one task.
        machines: the cloud's hardware list; None leaves out what depends on it.
        blocking_codes: codes of tips.json that the cloud says block; the others are warnings.
    """
    present = {name: getattr(documents, name) for name in _ORDER}
    return worst_first(_findings(present, machines, blocking_codes))


def check_some(
    present: Mapping[str, dict[str, Any]],
    *,
    machines: Sequence[Machine] | None = None,
    blocking_codes: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Do as `check` with those documents that are there.

    Args:
        present: by name: `task`, `upload`, `asset`, `tips`.
        machines: as there.
        blocking_codes: as there.
    """
    return worst_first(_findings(present, machines, blocking_codes))


def _findings(
    present: _Present, machines: Sequence[Machine] | None, blocking_codes: Collection[str]
) -> Iterator[Finding]:
    sound = set()
    for name in filter(present.__contains__, _ORDER):
        shape = list(_shape(name, present[name]))
        yield from shape
        if not shape:
            sound.add(name)
    documents = Documents(**{name: present.get(name, {}) for name in _ORDER})
    row = _row(documents.task) if "task" in sound else None
    subject = Subject(documents, row, machines, blocking_codes)
    for rule in RULES:
        if sound.issuperset(rule.reads):
            for finding in rule.findings(subject):
                yield _with_value(finding, present)


def _shape(name: str, document: dict[str, Any]) -> Iterator[Finding]:
    return _task_shape(document) if name == "task" else _against(f"{name}.json", name, document)


def _task_shape(task: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge by the schema of the program, or by what all share when it is not clear which it is."""
    cg_name, row = _member(task, "software_config", "cg_name"), _row(task)
    if row is not None and row.cg_name == cg_name:
        yield from _against(row.schema, "task", task)
        return
    findings = list(_against("task/base.json", "task", task))
    yield from findings
    if findings:
        return
    cg_id = _member(task, "task_info", "cg_id")
    if row is None:
        known = ", ".join(f"{row.cg_id} ({row.cg_name})" for row in programs().values())
        message, fix = f"no program has the number {cg_id}", f"use one of {known}"
        yield _program(("task_info", "cg_id"), message, fix, cg_id)
    else:
        message = f"{cg_name!r} does not belong to the number {cg_id}, which is {row.cg_name}"
        fix = "correct the name or the number"
        yield _program(("software_config", "cg_name"), message, fix, cg_name)


def _row(task: Mapping[str, Any]) -> Program | None:
    return row_of(_member(task, "task_info", "cg_id"))


def _member(task: Mapping[str, Any], section: str, key: str) -> Any:
    """Return a member of a document that nobody has judged; None when there is none."""
    found = task.get(section)
    return found.get(key) if isinstance(found, dict) else None


def _program(path: JsonPath, message: str, fix: str, found: str) -> Finding:
    place = Place("task.json", path)
    return Finding(
        "program", Severity.ERROR, str(place), message, fix, place, found=schema.shown(found)
    )


def _against(name: str, document_name: str, document: object) -> Iterator[Finding]:
    for each in schema.violations(name, document):
        # One unknown key is a place of its own; several are told where they stand together.
        place = Place(f"{document_name}.json", each.path)
        inner = each.unknown if len(each.unknown) == 1 else ()
        yield Finding(
            "schema",
            Severity.ERROR,
            str(place),
            each.message,
            each.fix,
            replace(place, path=(*each.path, *inner)),
            found=each.found,
            expected=each.expected,
            kind=each.rule,
        )


def _with_value(finding: Finding, present: _Present) -> Finding:
    """Add what stands at a finding's place; a rule names the place alone."""
    place = finding.place
    if place is None:
        return finding
    value: Any = present[place.file.removesuffix(".json")]
    try:
        for part in place.path:
            value = value[part]
    except (LookupError, TypeError):  # it is missing
        return finding
    return replace(finding, found=schema.shown(value))
