"""`renderbus check`: what would fail in the cloud, before it costs money."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import click

from renderbus_core import package, scene
from renderbus_core.api import Client
from renderbus_core.burst.examine import WAIVED_BY_CONFIG, FrameTimes, Known, ask, examine
from renderbus_core.burst.offers import Offers, of_task
from renderbus_core.cli.findings import as_json, print_annotations, print_groups
from renderbus_core.cli.output import print_json
from renderbus_core.cli.waiving import by_hand, tell_unused, waive_option
from renderbus_core.cli.workplace import open_client, read_config
from renderbus_core.config import Config
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.package import Finding, Group, Severity

_NOT_ASKED = Finding(
    "offline",
    Severity.INFO,
    "cloud",
    "the cloud was not asked what it offers and what the account may do",
    "add --online to ask it",
)


@dataclass(frozen=True, slots=True)
class _Options:
    """What the command line says of a scene."""

    frames: str | None
    output: str | None
    seconds: float | None
    waivers: Mapping[str, str]


@click.command(short_help="Look for what would fail in the cloud, before it costs money.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--frames", help="Of a scene: which frames, for example 1-10; else its own.")
@click.option(
    "--output", help="Of a scene: absolute path of its pictures, with #### for the frame."
)
@click.option(
    "--frame-seconds",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Of a scene: how long a frame takes here, for the cost.",
)
@click.option(
    "--online",
    is_flag=True,
    help="Ask the cloud what it offers and what the account may do; needs credentials.",
)
@waive_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Lines for people, JSON for machines, or annotations of a GitHub workflow.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    path: Path,
    frames: str | None,
    output: str | None,
    seconds: float | None,
    online: bool,
    waive: tuple[str, ...],
    form: str,
) -> None:
    """Check PATH: a folder with task.json, upload.json, asset.json, tips.json, or a scene file.

    PATH may also be one of the four documents: it is checked with those that lie beside it.

    Nothing is sent; with --online the cloud is asked and nothing is changed there. Exit status 1
    when anything is an error.
    """
    if not os.path.lexists(path):
        raise InputError(f"there is neither a task's folder nor a scene {path}; check the path")
    config = read_config(ctx)
    options = _Options(frames, output, seconds, by_hand(waive))
    look = _package if package.is_package(path) else _scene
    if online:
        with open_client(config) as client:
            groups = look(path, options, config, client)
    else:
        groups = look(path, options, config, None)
    tell_unused(waive, (finding for group in groups for finding in group.findings))
    _PRINT[form](groups)
    ctx.exit(1 if any(group.first.severity is Severity.ERROR for group in groups) else 0)


_PRINT: Mapping[str, Callable[[Sequence[Group]], None]] = MappingProxyType(
    {
        "text": print_groups,
        "json": lambda groups: print_json(as_json(groups)),
        "github": print_annotations,
    }
)


def _package(
    path: Path, options: _Options, config: Config, client: Client | None
) -> tuple[Group, ...]:
    def ask_cloud(documents: package.Documents) -> package.Offer:
        return package.Offer() if client is None else of_task(client, documents)

    rules = config.preflight
    return package.review(
        path,
        ask_cloud,
        severity={code: Severity(name) for code, name in rules.severity.items()},
        waivers={**dict.fromkeys(rules.waive, WAIVED_BY_CONFIG), **options.waivers},
    )


def _scene(
    path: Path, options: _Options, config: Config, client: Client | None
) -> tuple[Group, ...]:
    facts = scene.inspect(path.absolute(), config.paths.mapping.to_local)
    chosen = FrameSet.parse(options.frames) if options.frames is not None else facts.frames.value
    if not chosen:
        raise InputError(f"{path}: the scene says no frames; name them with --frames")
    job = _as_a_job(path.absolute(), facts.dcc, options.output, chosen)
    known = Known(
        offer=package.Offer()
        if client is None
        else ask(client, config, Offers(), job, datetime.now(UTC)),
        times=None if options.seconds is None else FrameTimes(options.seconds),
        waivers=options.waivers,
    )
    _, findings = examine(config, job, chosen, facts, known)
    return package.grouped((*findings, _NOT_ASKED) if client is None else findings)


def _as_a_job(path: Path, dcc: str, output: str | None, frames: FrameSet) -> LocalJob:
    """Return the job that somebody would submit now."""
    return LocalJob(
        id=JobId("check"),
        name=path.stem,
        dcc=dcc,
        scene=str(path),
        outputs=(output,) if output else (),
        frames=frames,
        user="",
        priority=0,
        submitted_at=datetime.now(UTC),
    )
