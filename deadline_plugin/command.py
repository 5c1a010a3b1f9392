"""`renderbus deadline`: what is done with Deadline jobs from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from deadline_plugin.converting import convert
from deadline_plugin.rest_json import read_jobs
from deadline_plugin.submission import read_submission
from renderbus_core.cli.conversions import show_conversion
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.clock import SystemClock

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(short_help="Look at Deadline jobs as the bridge sees them.")
def command() -> None:
    """Look at Deadline jobs as the bridge sees them; nothing is sent or changed."""


@command.command(name="convert")
@click.argument("job", type=_FILE)
@click.argument("plugin_info", type=_FILE, required=False)
@click.argument("auxiliary", nargs=-1)
@json_option
@click.pass_context
def convert_files(
    ctx: click.Context,
    job: Path,
    plugin_info: Path | None,
    auxiliary: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say whether jobs can be sent to the cloud, and as what.

    JOB and PLUGIN_INFO are the two files that a job is submitted with, and AUXILIARY those that go
    with it, the scene first where the job names none. JOB alone is what the Web Service answered:
    a job, or a list of jobs. Exit status 1: one of them cannot be sent, and every reason is named.
    """
    dumps = (
        read_jobs(job) if plugin_info is None else [read_submission(job, plugin_info, auxiliary)]
    )
    found = [convert(dump, SystemClock().now()) for dump in dumps]
    if as_json:
        print_json(found[0] if len(found) == 1 else found)
    else:
        for dump, one in zip(dumps, found, strict=True):
            show_conversion(one, dump.job_info.get("Name", ""))
    ctx.exit(0 if all(one.can_be_sent for one in found) else 1)
