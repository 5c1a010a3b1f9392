"""`renderbus farm`: the embedded farm, by hand."""

from __future__ import annotations

import getpass
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from renderbus_core import scene
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.cli.wanting import options_of, wanted_option
from renderbus_core.cli.workplace import open_local_farm, read_config
from renderbus_core.errors import InputError
from renderbus_core.farm import JobSpec, WorkerPool
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import CloudWish, JobId, LocalState

_POLL = 0.1
# Columns that are shown where any job has something to show in them.
_NAMES = ("pools", "groups")


@click.group(short_help="Use the embedded farm: submit jobs, render, look.")
def command() -> None:
    """Use the embedded farm, a small render manager for trying things out.

    A studio's own farm is Deadline or Qube!; this one needs nothing but a file
    (farm.database of the configuration).
    """


@command.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--frames", help="For example 1-24; else those of the scene.")
@click.option(
    "--output", required=True, help="Absolute path of the pictures, with #### for the frame."
)
@click.option(
    "--chunk", type=click.IntRange(1), default=1, show_default=True, help="Frames per task."
)
@click.option(
    "--priority",
    type=click.IntRange(0, 100),
    default=50,
    show_default=True,
    help="Higher is sooner.",
)
@click.option("--deadline", help="When it should be done, for example 2026-11-30T09:00+01:00.")
@click.option(
    "--pool",
    "pools",
    multiple=True,
    help="Only workers of this pool may render it; several times: of one of them.",
)
@click.option("--group", "groups", multiple=True, help="As --pool; both must hold.")
@click.option("--department", default="", help="Department of the studio.")
@click.option(
    "--cloud",
    type=click.Choice([wish.value for wish in (CloudWish.ALLOWED, CloudWish.REFUSED)]),
    help="Whether it may leave for the cloud, as far as people say so.",
)
@wanted_option
@click.option(
    "--renderer",
    type=click.Choice(["auto", "blender", "stand-in"]),
    default="auto",
    show_default=True,
    help="What draws the pictures.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    help="How long a stand-in pretends to render.",
)
@click.pass_context
def submit(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    path: Path,
    frames: str | None,
    output: str,
    chunk: int,
    priority: int,
    deadline: str | None,
    pools: tuple[str, ...],
    groups: tuple[str, ...],
    department: str,
    cloud: str | None,
    wanted: tuple[str, ...],
    renderer: str,
    seconds: float,
) -> None:
    """Submit the scene at PATH as a job and print the job's id."""
    facts = scene.inspect(path.absolute())
    chosen = FrameSet.parse(frames) if frames is not None else facts.frames.value
    if not chosen:
        raise InputError(f"{path}: the scene says no frames; name them with --frames")
    width, height = facts.resolution.value or (640, 360)
    program = (sys.executable, "-m", "renderbus_core.simulator.render_frame")
    arguments = {
        "--scene": str(facts.path),
        "--frame": "{frame}",
        "--output": output,
        "--renderer": renderer,
        "--seconds": str(seconds),
        "--width": str(width),
        "--height": str(height),
    }
    spec = JobSpec(
        name=path.stem,
        dcc=facts.dcc,
        scene=str(facts.path),
        outputs=(output,),
        frames=chosen,
        chunk_size=chunk,
        command=(*program, *(part for pair in arguments.items() for part in pair)),
        user=getpass.getuser(),
        priority=priority,
        deadline=_moment(deadline),
        department=department,
        pools=pools,
        groups=groups,
        cloud=CloudWish(cloud or ""),
        options=options_of(wanted),
    )
    with open_local_farm(read_config(ctx)) as farm:
        click.echo(farm.submit(spec))


def _moment(text: str | None) -> datetime | None:
    """Read a time; without a zone it is one of this host."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise InputError(
            f"{text!r} is no time; write it as 2026-11-30T09:00, with +01:00 for another time zone"
        ) from None


@command.command()
@click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="How many."
)
@click.option("--until-idle", is_flag=True, help="End when nothing is left to render.")
@click.option(
    "--pool",
    "pools",
    multiple=True,
    help="Pool of the workers, several times: they render its jobs beside those of no pool.",
)
@click.option("--group", "groups", multiple=True, help="As --pool; both must hold.")
@click.pass_context
def work(
    ctx: click.Context,
    workers: int,
    until_idle: bool,
    pools: tuple[str, ...],
    groups: tuple[str, ...],
) -> None:
    """Render what is queued, until interrupted."""
    config = read_config(ctx)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    names = [f"worker-{os.getpid()}-{number}" for number in range(1, workers + 1)]
    logs = config.farm.database.parent / "logs"
    with (
        open_local_farm(config) as farm,
        WorkerPool(farm, names, logs, pools=pools, groups=groups) as pool,
    ):
        while not stop.is_set():
            busy = pool.step()
            if until_idle and not busy and pool.idle:
                return
            stop.wait(_POLL)


@command.command()
@json_option
@click.pass_context
def jobs(ctx: click.Context, as_json: bool) -> None:
    """Show the jobs of the farm."""
    with open_local_farm(read_config(ctx)) as farm:
        rows = farm.jobs()
    if as_json:
        print_json(rows)
        return
    states = list(LocalState)
    named = [label for label in _NAMES if any(getattr(row.job, label) for row in rows)]
    cells = [
        (
            row.job.id,
            row.job.name,
            row.job.frames,
            *(", ".join(getattr(row.job, label)) for label in named),
            *(row.counts.get(s, 0) for s in states),
        )
        for row in rows
    ]
    console().print(table("Jobs", ("job", "name", "frames", *named, *states), cells))


@command.command()
@click.argument("job")
@json_option
@click.pass_context
def show(ctx: click.Context, job: str, as_json: bool) -> None:
    """Show what happened to JOB, and what bursts noted on it: why it left, and how far it is."""
    with open_local_farm(read_config(ctx)) as farm:
        history, notes = farm.history(JobId(job)), farm.annotations(JobId(job))
    if not history:
        raise InputError(f"the farm has no job {job!r}; see them with: renderbus farm jobs")
    if as_json:
        print_json({"job": job, "history": history, "notes": notes})
        return
    for burst, facts in notes.items():
        console().print(table(f"Notes of burst {burst}", ("note", "says"), list(facts.items())))
    lines = [
        (f"{one.at:%H:%M:%S}", one.task or "job", one.after, one.who, one.why) for one in history
    ]
    console().print(table("History (UTC)", ("time", "task", "is", "who", "why"), lines))
