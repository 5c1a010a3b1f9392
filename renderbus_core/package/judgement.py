"""Judging the four documents of a task, whoever made them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from renderbus_core import schema
from renderbus_core.package.dcc import programs, row_of
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Severity, worst_first
from renderbus_core.package.rules import RULES, Machine, Subject


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
    return worst_first(_findings(documents, machines, blocking_codes))


def _findings(
    documents: Documents, machines: Sequence[Machine] | None, blocking_codes: Collection[str]
) -> Iterator[Finding]:
    shape = [
        *_against("upload.json", "upload.json", documents.upload),
        *_against("asset.json", "asset.json", documents.asset),
        *_against("tips.json", "tips.json", documents.tips),
        *_task_shape(documents.task),
    ]
    yield from shape
    row = None if shape else row_of(documents.task["task_info"]["cg_id"])
    if row is not None:
        subject = Subject(documents, row, machines, blocking_codes)
        for rule in RULES:
            yield from rule.findings(subject)


def _task_shape(task: Mapping[str, Any]) -> list[Finding]:
    """Judge by the schema of the program, or by what all share when it is not clear which it is."""
    cg_id, cg_name = (
        _member(task, "task_info", "cg_id"),
        _member(task, "software_config", "cg_name"),
    )
    row = row_of(cg_id)
    if row is not None and row.cg_name == cg_name:
        return _against("task.json", row.schema, task)
    findings = _against("task.json", "task/base.json", task)
    if findings:
        return findings
    if row is None:
        known = ", ".join(f"{row.cg_id} ({row.cg_name})" for row in programs().values())
        return [
            _program("task_info.cg_id", f"no program has the number {cg_id}", f"use one of {known}")
        ]
    message = f"{cg_name!r} does not belong to the number {cg_id}, which is {row.cg_name}"
    return [_program("software_config.cg_name", message, "correct the name or the number")]


def _member(task: Mapping[str, Any], section: str, key: str) -> Any:
    """Return a member of a document that nobody has judged; None when there is none."""
    found = task.get(section)
    return found.get(key) if isinstance(found, dict) else None


def _program(place: str, message: str, fix: str) -> Finding:
    return Finding("program", Severity.ERROR, f"task.json: {place}", message, fix)


def _against(title: str, name: str, document: object) -> list[Finding]:
    return [
        Finding(
            "schema",
            Severity.ERROR,
            f"{title}: {problem.where}" if problem.where else title,
            problem.message,
            f"see schemas/{name}",
        )
        for problem in schema.problems(name, document)
    ]
