"""`renderbus deadline`: what is done with Deadline jobs from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from deadline_plugin.converting import convert
from deadline_plugin.submission import read_submission
from renderbus_core.cli.conversions import show_conversion
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.clock import SystemClock

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(short_help="Look at Deadline jobs as the bridge sees them.")
def command() -> None:
    """Look at Deadline jobs as the bridge sees them; nothing is sent or changed."""


@command.command(name="convert")
@click.argument("job_info", type=_FILE)
@click.argument("plugin_info", type=_FILE)
@click.argument("auxiliary", nargs=-1)
@json_option
@click.pass_context
def convert_files(
    ctx: click.Context,
    job_info: Path,
    plugin_info: Path,
    auxiliary: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say whether a job of two submission files can be sent to the cloud, and as what.

    AUXILIARY are the files that are submitted with it, the scene first where the job names none.
    Exit status 1: it cannot be sent, and every reason is named.
    """
    dump = read_submission(job_info, plugin_info, auxiliary)
    found = convert(dump, SystemClock().now())
    if as_json:
        print_json(found)
    else:
        show_conversion(found)
    ctx.exit(0 if found.can_be_sent else 1)
