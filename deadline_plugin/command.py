"""`renderbus deadline`: what is done with Deadline jobs from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from deadline_plugin.converting import Conversion, convert
from deadline_plugin.submission import read_submission
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.clock import SystemClock
from renderbus_core.overflow import TRAITS

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
        _show(found)
    ctx.exit(1 if found.refusals else 0)


def _show(found: Conversion) -> None:
    if found.job is None:
        refusals = [(one.key, one.value, one.why) for one in found.refusals]
        console().print(table("It cannot be sent", ("key", "value", "why"), refusals))
        return
    job = found.job
    facts = [
        ("program", job.dcc),
        ("scene", job.scene),
        ("frames", f"{job.frames}, {found.frames_per_task} a task"),
        *(("output", output) for output in job.outputs),
        *(("layer", layer) for layer in [job.layer] if layer),
        *((f"the scene must say: {name}", value) for name, value in job.expects.items()),
    ]
    console().print(table(f"{job.name} can be sent", ("", ""), facts))
    for trait in found.traits:
        click.echo(f"On its own it stays: {TRAITS[trait].why} ({trait}).")
