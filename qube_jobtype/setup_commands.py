"""`renderbus install qube` and `renderbus doctor qube`."""

from __future__ import annotations

from pathlib import Path

import click

from qube_jobtype.checking import examine
from qube_jobtype.installing import job_type_files, job_type_site, qubeui_files, qubeui_site
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

_jobtypes = click.option(
    "--jobtypes",
    required=True,
    type=_FOLDER,
    help="Folder of job types, for example /usr/local/pfx/jobtypes.",
)
_qubeui = click.option(
    "--qubeui",
    type=_FOLDER,
    help="Folder of QubeUI's plug-ins: its own, or an additional plugin hierarchy.",
)

_NEXT = """Next:
 1. On each gateway worker, in qbwrk.conf: worker_groups = renderbus, and worker_template_path with
    {jobtypes} beside its default; then: qbadmin worker --reconfigure
 2. In qb.conf of the supervisor: supervisor_global_resources = "global.renderbus=20" (jobs at a
    time); then restart it.
 3. In {jobtypes}/renderbus/job.conf: where the bridge's program is on gateway workers.
 4. As the user that runs jobs there: renderbus doctor qube --jobtypes {jobtypes}"""
_NEXT_UI = """ 5. In QubeUI, for each artist: Preferences > Plugins > General, add {qubeui}
    to the additional plugin hierarchies; then start QubeUI again."""


@click.command()
@_jobtypes
@_qubeui
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--uninstall", is_flag=True, help="Take away what was installed and not edited.")
@json_option
def install(
    jobtypes: Path, qubeui: Path | None, dry_run: bool, uninstall: bool, as_json: bool
) -> None:
    """Copy the job type into a folder of job types, and plug-ins into one of QubeUI's.

    Run it again to upgrade: what was edited in job.conf stays, other edited files are kept aside
    with the ending .edited.
    """
    wanted = [(job_type_site(jobtypes), job_type_files())]
    if qubeui is not None:
        wanted.append((qubeui_site(qubeui), qubeui_files()))
    # What one folder refuses leaves the other as it is.
    plans = [(site, files, plan_files(site, files, is_removal=uninstall)) for site, files in wanted]
    if not dry_run:
        for site, files, steps in plans:
            install_files(site, files, steps, is_removal=uninstall)
    if as_json:
        print_json([one for _, _, steps in plans for one in steps_as_json(steps)])
        return
    for site, _, steps in plans:
        show_steps(site, steps)
    if dry_run:
        click.echo("Nothing was done.")
    elif not uninstall:
        click.echo(_NEXT.format(jobtypes=jobtypes))
        if qubeui is not None:
            click.echo(_NEXT_UI.format(qubeui=qubeui))


@click.command()
@_jobtypes
@_qubeui
@json_option
@click.pass_context
def doctor(ctx: click.Context, jobtypes: Path, qubeui: Path | None, as_json: bool) -> None:
    """Look whether the job type and this host are ready to carry Qube's jobs.

    Exit status 1: something must be mended.
    """
    findings = examine(jobtypes, qubeui, read_config(ctx, "link"))
    if as_json:
        print_json(findings)
    else:
        show_findings("Qube!", findings)
    ctx.exit(1 if any(not one.is_fine for one in findings) else 0)
