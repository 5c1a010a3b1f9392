"""`renderbus install deadline` and `renderbus doctor deadline`."""

from __future__ import annotations

from pathlib import Path

import click

from deadline_plugin import rest
from deadline_plugin.bundle import bundle
from deadline_plugin.checking import examine
from deadline_plugin.repository import site_of
from renderbus_core.cli.installing import (
    install_files,
    plan_files,
    show_findings,
    show_steps,
    steps_as_json,
)
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.cli.workplace import read_config

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FOLDER_HELP = "Folder of the Deadline repository, with plugins, events and scripts in it."

_NEXT = """Next, in the Monitor (as an administrator):
 1. Tools > Configure Plugins > Renderbus: name the bridge's program, and its configuration file.
 2. Tools > Configure Events > Renderbus: set State to Global Enabled, and say which pool or group
    may host the gateway.
 3. Restart the gateway workers, or wait until they notice.
 4. renderbus doctor deadline --repository {repository}"""


@click.command()
@click.option("--repository", required=True, type=_FOLDER, help=_FOLDER_HELP)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--uninstall", is_flag=True, help="Take away what was installed and not edited.")
@json_option
def install(repository: Path, dry_run: bool, uninstall: bool, as_json: bool) -> None:
    """Copy what Deadline runs into the folder `custom` of a repository.

    Run it again to upgrade: defaults that were edited in .param files stay, other edited files are
    kept aside with the ending .edited.
    """
    site = site_of(repository)
    steps = plan_files(site, bundle(), is_removal=uninstall)
    if not dry_run:
        install_files(site, bundle(), steps, is_removal=uninstall)
    if as_json:
        print_json(steps_as_json(steps))
        return
    show_steps(site, steps)
    if dry_run:
        click.echo("Nothing was done.")
    elif uninstall:
        click.echo("The settings that were made in the Monitor are in Deadline's database.")
    else:
        click.echo(_NEXT.format(repository=repository))


@click.command()
@click.option("--repository", type=_FOLDER, help=_FOLDER_HELP)
@json_option
@click.pass_context
def doctor(ctx: click.Context, repository: Path | None, as_json: bool) -> None:
    """Look whether a repository and this host are ready for a gateway job.

    Without --repository: whether this host is ready for a gateway over the Web Service that
    farm.url names. Exit status 1: something must be mended.
    """
    if repository is None:
        findings = rest.examine(read_config(ctx, "deadline-rest"))
    else:
        findings = examine(repository, read_config(ctx, "link"))
    if as_json:
        print_json(findings)
    else:
        show_findings("Deadline", findings)
    ctx.exit(1 if any(not one.is_fine for one in findings) else 0)
