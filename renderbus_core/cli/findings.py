"""Printing what checks found."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.text import Text

from renderbus_core.cli.output import console, table
from renderbus_core.package import Finding, Severity

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings, the worst first, each with what to do about it."""
    if not findings:
        click.echo("Nothing found that would fail.")
        return
    order = list(Severity)
    rows = [
        (Text(f.severity, style=_COLOURS[f.severity]), f.message, f.where, f.fix)
        for f in sorted(findings, key=lambda f: order.index(f.severity))
    ]
    console().print(table("Findings", ("", "what", "where", "what to do"), rows))
