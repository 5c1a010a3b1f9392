"""Judging the four documents of a task, whoever made them."""

from __future__ import annotations

from collections.abc import Iterator

from renderbus_core import schema
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Severity, worst_first
from renderbus_core.package.rules import RULES, program_agrees, row_of


def check(documents: Documents) -> tuple[Finding, ...]:
    """Return everything that is wrong or odd, the worst first.

    Rules between fields are asked only about documents that their schemas accept.
    """
    return worst_first(_findings(documents))


def _findings(documents: Documents) -> Iterator[Finding]:
    shape = [
        *_against("upload.json", "upload.json", documents.upload),
        *_against("asset.json", "asset.json", documents.asset),
        *_against("tips.json", "tips.json", documents.tips),
        *_task_shape(documents),
    ]
    yield from shape
    if not shape:
        for rule in RULES:
            yield from rule(documents)


def _task_shape(documents: Documents) -> list[Finding]:
    """Ask what all programs share first: it decides which schema the rest is asked of."""
    findings = _against("task.json", "task/base.json", documents.task)
    if findings:
        return findings
    findings = list(program_agrees(documents.task))
    row = row_of(documents.task["task_info"]["cg_id"])
    if findings or row is None:
        return findings
    if row.schema is None:
        where, what = "task.json: task_info.cg_id", f"{row.cg_name} tasks cannot be judged"
        return [Finding("program", Severity.ERROR, where, what, "send it without the bridge")]
    return _against("task.json", row.schema, documents.task)


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
