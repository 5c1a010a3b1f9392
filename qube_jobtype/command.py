"""`renderbus qube`: what is done with Qube's jobs from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qube_jobtype.asking import ask_qube, is_archive
from qube_jobtype.converting import convert
from qube_jobtype.dumps import read_dump
from qube_jobtype.opener import default_agent
from qube_jobtype.packages import Native
from qube_jobtype.renderbus_submit import OUTPUTS_KEY, outputs_text, render_job
from qube_jobtype.translating import read_native
from renderbus_core.cli.conversions import show_conversion
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.cli.workplace import read_config
from renderbus_core.clock import SystemClock
from renderbus_core.errors import InputError
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.package import programs

_LONGEST_NUMBER = 18
_ABLE = [name for name, row in programs().items() if row.reader]


@click.group(short_help="Look at Qube jobs as the bridge sees them, and submit some.")
def command() -> None:
    """Look at Qube jobs as the bridge sees them, and submit jobs that the cloud renders."""


@command.command(name="convert")
@click.argument("job")
@json_option
@click.pass_context
def convert_job(ctx: click.Context, job: str, as_json: bool) -> None:
    """Say whether a job can be sent to the cloud, and as what.

    JOB is its number, a file that Qube has archived (.qja, .xja), or a JSON file of what qb.jobinfo
    says of it. The first two are read by Qube's own Python (farm.agent). Exit status 1: it cannot
    be sent, and every reason is named.
    """
    native = _read(ctx, job)
    found = convert(native, SystemClock().now())
    if as_json:
        print_json(found)
    else:
        show_conversion(found, native.job.get("name", ""))
    ctx.exit(0 if found.can_be_sent else 1)


@command.command()
@click.argument("scene")
@click.option("--frames", required=True, help="For example 1-100, 1-100x5 or 1,5,9.")
@click.option(
    "--output", "outputs", required=True, multiple=True,
    help="Where pictures belong: /show/out/shot.####.exr, or /show/out/<Picture> for the scene's "
         "own names in a folder.",
)  # fmt: skip
@click.option(
    "--program", type=click.Choice(_ABLE), help="Else the one whose ending the scene has."
)
@click.option("--name", help="Shown to people; else the scene's.")
@click.option("--chunk", type=click.IntRange(1), default=1, help="Frames of an agenda item.")
@click.option("--version", help="Of the program, which the scene must say too.")
@click.option("--renderer", help="Which the scene must say too.")
@click.option("--camera", help="Which the scene must render.")
@click.option("--layer", help="The one layer to render; else all of the scene.")
@click.option("--group", help="Of the gateway workers; else renderbus.")
@click.option("--priority", type=click.IntRange(1), help="1 is the highest.")
@click.option("--show", help="Show whose budget pays.")
@click.option("--dry-run", is_flag=True, help="Print the job as JSON, and submit nothing.")
@json_option
@click.pass_context
def submit(  # noqa: PLR0917 - one for each option
    ctx: click.Context,
    scene: str,
    frames: str,
    outputs: tuple[str, ...],
    program: str | None,
    name: str | None,
    chunk: int,
    version: str | None,
    renderer: str | None,
    camera: str | None,
    layer: str | None,
    group: str | None,
    priority: int | None,
    show: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Submit a job that the cloud renders, carried by a gateway worker.

    SCENE is its path as the scene's own machines have it. The job is refused here for whatever the
    gateway would refuse it for without looking at the scene.
    """
    package = {
        "program": program or _program_of(scene),
        "scenefile": scene,
        "range": FrameSet.parse(frames).format(Dialect.QUBE),
        "rangeChunkSize": chunk,
        OUTPUTS_KEY: outputs_text(outputs),
        "version": version,
        "renderer": renderer,
        "camera": camera,
        "layer": layer,
    }
    items = [each.format(Dialect.QUBE) for each in FrameSet.parse(frames).chunks(chunk)]
    title = name or scene.replace("\\", "/").rpartition("/")[2]
    more = {"groups": group, "priority": priority, "prod_show": show}
    job = render_job(title, package, items, more)
    _refuse_what_the_gateway_would(job)
    if dry_run:
        print_json(job)
        return
    (number,) = ask_qube(_agent(ctx), {"submit": job})["ids"]
    if as_json:
        print_json({"job": number})
    else:
        click.echo(number)


def _read(ctx: click.Context, job: str) -> Native:
    file = Path(job)
    if job.isascii() and job.isdigit():
        if len(job) > _LONGEST_NUMBER:
            raise InputError(f"{job[:_LONGEST_NUMBER]}... is no number of a job")
        request: dict[str, Any] = {"job": int(job)}
    elif is_archive(file):
        request = {"archive": str(file.absolute())}
    else:
        return read_dump(file)
    return read_native(ask_qube(_agent(ctx), request)["native"])


def _agent(ctx: click.Context) -> tuple[str, ...]:
    return read_config(ctx).farm.agent or default_agent()


def _program_of(scene: str) -> str:
    ending = scene.rpartition(".")[2].casefold()
    for name in _ABLE:
        if ending in programs()[name].extensions:
            return name
    raise InputError(f"{scene} is no scene of {', '.join(_ABLE)}; name its program with --program")


def _refuse_what_the_gateway_would(job: dict[str, Any]) -> None:
    fields = {key: str(value) for key, value in job.items() if isinstance(value, (str, int))}
    agenda = tuple(item["name"] for item in job["agenda"])
    found = convert(Native(fields, job["package"], {}, agenda), SystemClock().now())
    reasons = [*map(str, found.refusals), *([found.job.refusal] if found.job else [])]
    if not found.can_be_sent:
        raise InputError("; ".join(filter(None, reasons)))
