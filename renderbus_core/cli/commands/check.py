"""`renderbus check`: what would fail in the cloud, before it costs money."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from renderbus_core import package, scene
from renderbus_core.cli.findings import print_findings
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.cli.workplace import read_config
from renderbus_core.config import Config
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob
from renderbus_core.package import Finding, Severity


@click.command(short_help="Look for what would fail in the cloud, before it costs money.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--frames", help="Of a scene: which frames, for example 1-10; else its own.")
@click.option(
    "--output", help="Of a scene: absolute path of its pictures, with #### for the frame."
)
@json_option
@click.pass_context
def command(
    ctx: click.Context, path: Path, frames: str | None, output: str | None, as_json: bool
) -> None:
    """Check PATH: a folder with task.json, upload.json, asset.json, tips.json, or a scene file.

    Nothing is sent. Exit status 1 when anything is an error.
    """
    if path.is_dir() or path.name == "task.json":
        folder = path if path.is_dir() else path.parent
        findings = package.check(package.read_documents(folder))
    else:
        findings = _scene(path, frames, output, read_config(ctx))
    if as_json:
        print_json(findings)
    else:
        print_findings(findings)
    ctx.exit(1 if any(each.severity is Severity.ERROR for each in findings) else 0)


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
