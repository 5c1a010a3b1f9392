"""`renderbus simulator`: a simulated Renderbus on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from renderbus_core.cli.output import json_option, print_line
from renderbus_core.errors import InputError
from renderbus_core.simulator import (
    Ready,
    RendererKind,
    Scenario,
    Settings,
    fault_of,
    read_scenario,
    serve,
)

_Command = TypeVar("_Command", bound=Callable[..., Any])

# As `schemas/simulator.json` has it for `fail_frames`.
_FAIL_FRAME = re.compile(r"(-?[0-9]{1,9})(?::([1-9][0-9]{0,2}|1000))?", re.ASCII)

_DEFAULTS = {field.name: field.default for field in fields(Settings)}


def _setting(
    name: str, kind: click.ParamType[Any] | type[int], text: str
) -> Callable[[_Command], _Command]:
    """Return an option that changes a setting only when it is given."""
    field = name.removeprefix("--").replace("-", "_")
    return click.option(name, field, type=kind, help=f"{text}  [default: {_DEFAULTS[field]}]")


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
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="JSON with settings, accounts and faults; options on the command line come before it.",
)
@_setting("--nodes", click.IntRange(1), "Machines.")
@_setting("--seed", int, "Of everything random.")
@_setting("--speed", click.FloatRange(0.1, 1000), "Simulated seconds in a second of the clock.")
@_setting("--frame-seconds", click.FloatRange(0), "Mean render time of a frame.")
@_setting("--submit-seconds", click.FloatRange(0), "Time in the state 'being submitted'.")
@_setting("--analyse-seconds", click.FloatRange(0), "Time in the state 'analysing'.")
@_setting("--queue-seconds", click.FloatRange(0), "Time in the state 'waiting'.")
@_setting("--preprocess-seconds", click.FloatRange(0), "Time in the state 'preprocessing'.")
@click.option(
    "--fail-frame",
    "fail_frames",
    multiple=True,
    metavar="FRAME[:TIMES]",
    help="Let a frame fail, so many times (once when not said); repeatable.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="RULE",
    help="Let something go wrong, as 'submit_task:reset_after:1'; repeatable.",
)
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
@json_option
def command(  # noqa: PLR0917 - click passes options by name
    port: int,
    storage: Path,
    renderer: str,
    settings_file: Path | None,
    fail_frames: tuple[str, ...],
    faults: tuple[str, ...],
    until_stdin_closes: bool,
    as_json: bool,
    **given: float | None,
) -> None:
    """Speak the signed protocol of Renderbus on the loopback address, render, and store.

    Prints how to reach it, and runs until it is interrupted. Credentials that no file gives are
    made up anew at every start and are worth nothing elsewhere.
    """
    scenario = read_scenario(settings_file) if settings_file else Scenario(Settings())
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if fail_frames:
        changes["fail_frames"] = dict(_failure(text) for text in fail_frames)
    serve(
        replace(scenario.settings, **changes),
        storage,
        port,
        _tell_json if as_json else _tell,
        faults=(*scenario.faults, *map(fault_of, faults)),
        renderer=RendererKind(renderer),
        exit_with_stdin=until_stdin_closes,
    )


def _failure(text: str) -> tuple[int, int]:
    found = _FAIL_FRAME.fullmatch(text)
    if found is None:
        raise InputError(f"--fail-frame {text!r} is not FRAME or FRAME:TIMES, as 7:2")
    return int(found[1]), int(found[2] or 1)


def _tell_json(ready: Ready) -> None:
    print_line(
        {
            "url": ready.url,
            "domain": ready.domain,
            "access_id": ready.access_id,
            "access_key": ready.access_key.reveal(),
            "storage": ready.storage,
            "renderer": ready.renderer,
            "admin": ready.admin,
            "admin_token": ready.admin_token.reveal(),
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
    click.echo(f"\nState: {ready.admin}/state; to change it: Bearer {ready.admin_token.reveal()}")
    click.echo("Ctrl-C ends it.")
