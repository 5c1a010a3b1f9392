"""How people see what an installation does, and what a look at it found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from renderbus_core import __version__
from renderbus_core.cli.output import console, table
from renderbus_core.installation import (
    Act,
    Diagnosis,
    Files,
    Site,
    Step,
    carry_out,
    find,
    plan_install,
    plan_removal,
)


def plan_files(site: Site, files: Files, *, is_removal: bool) -> tuple[Step, ...]:
    """Say what becomes of each file; changes nothing.

    Args:
        site: where.
        files: of this version.
        is_removal: take away what was installed and not edited.

    Raises:
        InputError: something that is not ours is in the way.
    """
    before = find(site)
    if is_removal:
        return plan_removal(site, before) if before else ()
    return plan_install(site, files, before)


def install_files(site: Site, files: Files, steps: Sequence[Step], *, is_removal: bool) -> None:
    """Put files where they belong, or take them away.

    Args:
        site: where.
        files: of this version.
        steps: that were planned.
        is_removal: as they were planned.

    Raises:
        InputError: files cannot be changed.
    """
    if steps or not is_removal:
        carry_out(site, steps, "" if is_removal else __version__, files)


def steps_as_json(steps: Iterable[Step]) -> list[dict[str, str]]:
    """Return what became of each file as JSON has it.

    Args:
        steps: of a plan.
    """
    return [{"act": step.act.name.lower(), "place": str(step.place)} for step in steps]


def show_steps(site: Site, steps: Sequence[Step]) -> None:
    """Print what became of each file.

    Args:
        site: where.
        steps: of a plan.
    """
    rows = [(step.act.value, step.place) for step in steps if step.act is not Act.KEEP]
    if rows:
        console().print(table(f"Files below {site.folder}", ("", "file"), rows))
    kept = sum(step.act is Act.KEEP for step in steps)
    if kept:
        click.echo(f"{kept} files are as they should be.")
    if not steps:
        click.echo("Nothing of the bridge is installed there.")


def show_findings(title: str, findings: Iterable[Diagnosis]) -> None:
    """Print what was looked at and what was found.

    Args:
        title: above the table.
        findings: its rows.
    """
    rows = [("ok" if one.is_fine else "MEND", one.what, one.found) for one in findings]
    console().print(table(title, ("", "about", "found"), rows))
