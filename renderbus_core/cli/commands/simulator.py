"""`renderbus simulator`: a simulated Renderbus on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from renderbus_core.cli.output import json_option, print_line
from renderbus_core.errors import InputError
from renderbus_core.simulator import Ready, RendererKind, Settings, serve


@click.command(short_help="Run a simulated Renderbus on this machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="To listen on; 0 picks a free one.",
)
@click.option(
    "--storage",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("renderbus-simulator"),
    show_default=True,
    help="Folder for uploads and pictures.",
)
@click.option(
    "--renderer",
    type=click.Choice([kind.value for kind in RendererKind]),
    default=RendererKind.AUTO.value,
    show_default=True,
    help="Blender for .blend scenes where it is found, or labelled drawings for all.",
)
@click.option("--nodes", type=click.IntRange(1), default=4, show_default=True, help="Machines.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    show_default=True,
    help="How much faster than the clock simulated time runs.",
)
@click.option(
    "--frame-seconds",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Mean render time of a frame.",
)
@click.option(
    "--submit-seconds",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    help="Time in the state 'being submitted'.",
)
@click.option(
    "--analyse-seconds",
    type=click.FloatRange(0),
    default=15.0,
    show_default=True,
    help="Time in the state 'analysing'.",
)
@click.option(
    "--queue-seconds",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    help="Time in the state 'waiting'.",
)
@click.option(
    "--preprocess-seconds",
    type=click.FloatRange(0),
    default=5.0,
    show_default=True,
    help="Time in the state 'preprocessing'.",
)
@click.option(
    "--fail-frame",
    "fail_frames",
    multiple=True,
    metavar="FRAME[:TIMES]",
    help="Let a frame fail, so many times (once when not said); repeatable.",
)
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
@json_option
def command(  # noqa: PLR0917 - click passes options by name
    port: int,
    storage: Path,
    renderer: str,
    nodes: int,
    seed: int,
    speed: float,
    frame_seconds: float,
    submit_seconds: float,
    analyse_seconds: float,
    queue_seconds: float,
    preprocess_seconds: float,
    fail_frames: tuple[str, ...],
    until_stdin_closes: bool,
    as_json: bool,
) -> None:
    """Speak the signed protocol of Renderbus on the loopback address, render, and store.

    Prints how to reach it, and runs until it is interrupted. Credentials are made up anew at
    every start and are worth nothing elsewhere.
    """
    settings = Settings(
        nodes=nodes,
        seed=seed,
        speed=speed,
        frame_seconds=frame_seconds,
        submit_seconds=submit_seconds,
        analyse_seconds=analyse_seconds,
        queue_seconds=queue_seconds,
        preprocess_seconds=preprocess_seconds,
        fail_frames=dict(_failure(text) for text in fail_frames),
    )
    serve(
        settings,
        storage,
        port,
        _tell_json if as_json else _tell,
        renderer=RendererKind(renderer),
        exit_with_stdin=until_stdin_closes,
    )


def _failure(text: str) -> tuple[int, int]:
    frame, _, times = text.partition(":")
    try:
        return int(frame), int(times or 1)
    except ValueError as error:
        raise InputError(f"--fail-frame {text!r} is not FRAME or FRAME:TIMES, as 7:2") from error


def _tell_json(ready: Ready) -> None:
    print_line(
        {
            "url": ready.url,
            "domain": ready.domain,
            "access_id": ready.access_id,
            "access_key": ready.access_key.reveal(),
            "storage": ready.storage,
            "renderer": ready.renderer,
        }
    )


def _tell(ready: Ready) -> None:
    click.echo(f"Simulated Renderbus at {ready.url}, pictures by {ready.renderer}.")
    click.echo("In another terminal:\n")
    for name, value in (
        ("RENDERBUS_CLOUD_DOMAIN", ready.domain),
        ("RENDERBUS_CLOUD_SCHEME", "http"),
        ("RAYVISION_API_ACCESS_ID", ready.access_id),
        ("RAYVISION_API_KEY", ready.access_key.reveal()),
    ):
        click.echo(f"  export {name}={value}")
    click.echo("\nCtrl-C ends it.")
