"""`renderbus install deadline` and `renderbus doctor deadline`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from deadline_plugin.bundle import bundle
from deadline_plugin.checking import Finding, examine
from deadline_plugin.installing import Act, Step, carry_out, find, plan_install, plan_removal
from renderbus_core import __version__
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.cli.workplace import read_config

_repository = click.option(
    "--repository",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the Deadline repository, with plugins, events and scripts in it.",
)

_NEXT = """Next, in the Monitor (as an administrator):
 1. Tools > Configure Plugins > Renderbus: name the bridge's program, and its configuration file.
 2. Tools > Configure Events > Renderbus: set State to Global Enabled, and say which pool or group
    may host the gateway.
 3. Restart the gateway workers, or wait until they notice.
 4. renderbus doctor deadline --repository {repository}"""


@click.command()
@_repository
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--uninstall", is_flag=True, help="Take away what was installed and not edited.")
@json_option
def install(repository: Path, dry_run: bool, uninstall: bool, as_json: bool) -> None:
    """Copy what Deadline runs into the folder `custom` of a repository.

    Run it again to upgrade: defaults that were edited in .param files stay, other edited files are
    kept aside with the ending .edited.
    """
    files, before = bundle(), find(repository)
    if uninstall:
        steps = plan_removal(repository, before) if before else ()
    else:
        steps = plan_install(repository, files, before)
    if not dry_run and (steps or not uninstall):
        carry_out(repository, steps, "" if uninstall else __version__, files)
    if as_json:
        print_json([{"act": step.act.name.lower(), "place": str(step.place)} for step in steps])
        return
    _show(steps)
    if dry_run:
        click.echo("Nothing was done.")
    elif uninstall:
        click.echo("The settings that were made in the Monitor are in Deadline's database.")
    else:
        click.echo(_NEXT.format(repository=repository))


def _show(steps: Sequence[Step]) -> None:
    rows = [(step.act.value, step.place) for step in steps if step.act is not Act.KEEP]
    if rows:
        console().print(table("Files below custom", ("", "file"), rows))
    kept = sum(step.act is Act.KEEP for step in steps)
    if kept:
        click.echo(f"{kept} files are as they should be.")
    if not steps:
        click.echo("Nothing of the bridge is installed there.")


@click.command()
@_repository
@json_option
@click.pass_context
def doctor(ctx: click.Context, repository: Path, as_json: bool) -> None:
    """Look whether a repository and this host are ready for a gateway job.

    Exit status 1: something must be mended.
    """
    findings = examine(repository, read_config(ctx, "link"))
    if as_json:
        print_json(findings)
    else:
        _tell(findings)
    ctx.exit(1 if any(not one.is_fine for one in findings) else 0)


def _tell(findings: Iterable[Finding]) -> None:
    rows = [("ok" if one.is_fine else "MEND", one.what, one.found) for one in findings]
    console().print(table("Deadline", ("", "about", "found"), rows))
