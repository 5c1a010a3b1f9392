"""What commands print: tables for people, JSON for machines, questions only on a terminal."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from renderbus_core.frames import FrameSet
from renderbus_core.money import Money
from renderbus_core.schema import printable

_PIPE_WIDTH = 140

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def console() -> Console:
    """Return where tables go: standard output, plain and wide when it is not a terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Return a table of texts, whatever they contain.

    Args:
        title: above it.
        columns: headings.
        rows: cells; what comes from outside is never read as markup, and no terminal obeys it.
    """
    drawn = Table(title=_text(title, "bold"), title_justify="left", header_style="dim")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else _text(cell) for cell in row))
    return drawn


def _text(value: object, style: str = "") -> Text:
    return Text(printable(str(value)), style)


def print_json(value: object) -> None:
    """Print one value as indented JSON."""
    click.echo(json.dumps(plain(value), indent=2))


def print_line(value: object) -> None:
    """Print one value as one line of JSON, at once."""
    sys.stdout.write(json.dumps(plain(value)) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line per kind of value reads best
    """Turn one of our values into what JSON can say.

    Times become ISO 8601, money and decimals text, frames the Renderbus form.
    """
    match value:
        case Enum():
            return value.value
        case Money() | Decimal() | Path() | FrameSet():
            return str(value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case str() | int() | float() | bool() | None:
            return value
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _ if isinstance(value, Iterable):
            return [plain(item) for item in value]
        case _:
            return str(value)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something costs money; without a terminal only `--yes` is an answer.

    Args:
        question: what is about to happen.
        yes: it was answered on the command line.

    Raises:
        click.UsageError: nobody can be asked.
        click.Abort: the answer was no.
    """
    refuse_unasked(question, yes=yes)
    if not yes:
        click.confirm(question, abort=True, err=True)


def refuse_unasked(question: str, *, yes: bool) -> None:
    """Refuse what nobody has agreed to and nobody can be asked for.

    Args:
        question: what is about to happen.
        yes: it was answered on the command line.

    Raises:
        click.UsageError: nobody can be asked.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody can be asked here: add --yes to agree.")
