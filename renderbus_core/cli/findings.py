"""Printing what checks found: lines for people, JSON for machines, annotations for GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from renderbus_core.cli.output import console
from renderbus_core.package import Finding, Group, Place, Severity, grouped
from renderbus_core.schema import dotted, printable

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_PLACES_IN_A_LINE = 3


def print_findings(findings: Iterable[Finding]) -> None:
    """Print findings, the worst first, each with what to do about it."""
    print_groups(grouped(findings))


def print_groups(groups: Sequence[Group]) -> None:
    """Print one line for each group, and how many there are."""
    out = console()
    for group in groups:
        # What a line is found by in an editor stays in one piece.
        out.print(_line(group), soft_wrap=True)
    click.echo(_summary(groups))


def print_annotations(groups: Sequence[Group]) -> None:
    """Print workflow commands, which GitHub shows beside the lines that they name."""
    for group in groups:
        first = group.first
        properties = {**_annotated(first.place), "title": f"renderbus {first.rule}"}
        told = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
        text = printable(f"{_inside(group)}{first.message}; {first.fix}")
        click.echo(f"::{_COMMANDS[first.severity]} {told}::{_escaped(text)}")


def as_json(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """Return groups as JSON can say them: the first finding of each, and where else it is."""
    return [
        {
            "rule": group.first.rule,
            "severity": group.first.severity.value,
            "message": group.first.message,
            "fix": group.first.fix,
            "found": group.first.found,
            "expected": group.first.expected,
            "waived_by": group.first.waived_by,
            **_place(group.first),
            "count": group.count,
            "places": [_place(finding) for finding in group.findings],
        }
        for group in groups
    ]


def _line(group: Group) -> Text:
    first = group.first
    file = _file(first)
    return Text.assemble(
        (f"{file}: " if file else "", "bold"),
        (_inside(group), "cyan" if file else "bold"),
        f"{printable(first.message)}; {printable(first.fix)} ",
        (f"[{first.severity} {first.rule}]", _COLOURS[first.severity]),
    )


def _summary(groups: Sequence[Group]) -> str:
    counts: Counter[Severity] = Counter()
    for group in groups:
        counts[group.first.severity] += group.count
    if not counts[Severity.ERROR] + counts[Severity.WARNING]:
        return "Nothing found that would fail."
    names = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    told = (
        f"{counts[each]:,} {name}{'s' if counts[each] != 1 else ''}"
        for each, name in names.items()
        if counts[each]
    )
    return f"Found {', '.join(told)}."


def _file(finding: Finding) -> str:
    """Return file, line and column; "" outside of documents."""
    place = finding.place
    if place is None:
        return ""
    at = place.position
    return printable(f"{place.file}:{at.line}:{at.column}" if at else place.file)


def _inside(group: Group) -> str:
    """Return where in a document, or where else, with the number of those that are not told."""
    if group.count == 1 and group.first.place is None and group.first.where in group.first.message:
        return ""  # the sentence names its place itself
    inner = [printable(text) for text in map(_path, group.findings[:_PLACES_IN_A_LINE]) if text]
    more = group.count - _PLACES_IN_A_LINE
    told = ", ".join(inner) + (f" and {more:,} more" if inner and more > 0 else "")
    return f"{told}: " if told else ""


def _path(finding: Finding) -> str:
    return finding.where if finding.place is None else dotted(finding.place.path)


def _place(finding: Finding) -> dict[str, Any]:
    place = finding.place
    at = place.position if place else None
    return {
        "where": finding.where,
        "file": place.file if place else None,
        "path": list(place.path) if place else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
    }


def _annotated(place: Place | None) -> dict[str, str]:
    if place is None:
        return {}
    at, file = place.position, {"file": _from_here(place.file)}
    return file | {"line": str(at.line), "col": str(at.column)} if at else file


def _from_here(file: str) -> str:
    """Return a path as GitHub knows it: from the folder that the workflow runs in."""
    path = Path(file).absolute()
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _escaped(text: str, others: str = "") -> str:
    """Return a text of a workflow command: its own signs are written as their codes."""
    for sign in ("%", "\r", "\n", *others):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
