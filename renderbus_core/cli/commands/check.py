"""`renderbus check`: what would fail in the cloud, before it costs money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import click

from renderbus_core import package, scene
from renderbus_core.cli.findings import as_json, print_annotations, print_groups
from renderbus_core.cli.output import print_json
from renderbus_core.cli.workplace import read_config
from renderbus_core.config import Config
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.package import Finding, Group, Severity


@click.command(short_help="Look for what would fail in the cloud, before it costs money.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--frames", help="Of a scene: which frames, for example 1-10; else its own.")
@click.option(
    "--output", help="Of a scene: absolute path of its pictures, with #### for the frame."
)
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
def command(
    ctx: click.Context, path: Path, frames: str | None, output: str | None, form: str
) -> None:
    """Check PATH: a folder with task.json, upload.json, asset.json, tips.json, or a scene file.

    PATH may also be one of the four documents: it is checked with those that lie beside it.

    Nothing is sent. Exit status 1 when anything is an error.
    """
    if package.is_package(path):
        groups = package.review(path)
    else:
        groups = package.grouped(_scene(path, frames, output, read_config(ctx)))
    _PRINT[form](groups)
    ctx.exit(1 if any(group.first.severity is Severity.ERROR for group in groups) else 0)


_PRINT: Mapping[str, Callable[[Sequence[Group]], None]] = MappingProxyType(
    {
        "text": print_groups,
        "json": lambda groups: print_json(as_json(groups)),
        "github": print_annotations,
    }
)


def _scene(
    path: Path, frames: str | None, output: str | None, config: Config
) -> tuple[Finding, ...]:
    to_local = config.paths.mapping.to_local
    facts = scene.inspect(path.absolute(), to_local)
    chosen = FrameSet.parse(frames) if frames is not None else facts.frames.value
    if not chosen:
        raise InputError(f"{path}: the scene says no frames; name them with --frames")
    files = scene.resolve(facts, to_local)
    request = package.BurstRequest(
        job=_as_a_job(path.absolute(), facts.dcc, output, chosen),
        frames=chosen,
        platform=config.cloud.platform,
        os_name=config.burst.os_name,
        frame_time_limit_factor=config.burst.frame_time_limit_factor,
        frame_time_limit_minimum=config.burst.frame_time_limit_minimum,
        machine_limit=config.burst.machine_limit,
    )
    _, findings = package.assemble(facts, files, request, roots=config.paths.roots)
    return findings


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
