"""`renderbus demo`: a whole burst on this machine, without an account."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.text import Text

from renderbus_core.cli.demo.ending import Ending, conclude, total_cost
from renderbus_core.cli.demo.play import Moment, play
from renderbus_core.cli.demo.show import LineShow, LiveShow, Show
from renderbus_core.cli.demo.stage import Options, Stage, set_up
from renderbus_core.cli.output import console, json_option, print_line, table
from renderbus_core.errors import RenderbusError


@click.command(short_help="Show a whole burst on this machine, without an account.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("renderbus-demo"),
    show_default=True,
    help="Folder for pictures and report; emptied when an earlier demo made it.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated cloud.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    show_default=True,
    help="How much faster simulated work runs.",
)
@click.option("--keep", is_flag=True, help="Keep databases, uploads and logs in OUT/work.")
@click.option(
    "--scene",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Burst your own .ma or .blend scene instead of the Blender example.",
)
@click.option(
    "--renderer",
    type=click.Choice(["auto", "blender", "stand-in"]),
    default="auto",
    show_default=True,
    help="Blender for .blend scenes where it is found, or labelled drawings for all.",
)
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    out: Path,
    seed: int,
    speed: float,
    keep: bool,
    scene: Path | None,
    renderer: str,
    as_json: bool,
) -> None:
    """Fill a small farm, burst its overflow to a simulated Renderbus, bring every frame home.

    Everything but the cloud is real: scenes are read, files checked and uploaded over HTTP,
    pictures rendered, downloaded and verified. One frame fails in the cloud and is rendered by
    the farm instead. Exit status 0 only if every task is complete and every picture opens.

    Example: renderbus demo --speed 5 --out /tmp/demo
    """
    lines = as_json or not sys.stdout.isatty()
    with set_up(Options(out, seed, speed, keep, scene, renderer)) as stage:
        ending = _play(stage, lines=lines)
    _tell(ending, lines=lines)
    ctx.exit(1 if ending.problems else 0)


def _play(stage: Stage, *, lines: bool) -> Ending:
    started = stage.gateway.clock.now()
    if lines:
        show = LineShow()
        for note in stage.notes:
            print_line({"event": "note", "text": note})
        return conclude(stage, _watch(stage, show), started)
    screen = console()
    for note in stage.notes:
        screen.print(Text(note, style="dim"))
    live = LiveShow(screen, stage.currency)
    with live.live:
        last = _watch(stage, live)
    return conclude(stage, last, started)


def _watch(stage: Stage, show: Show) -> Moment:
    """Show every moment and return the last."""
    last = None
    for last in play(stage):
        show.moment(last)
    if last is None:
        raise RenderbusError("the demonstration ended before it began")
    return last


def _tell(ending: Ending, *, lines: bool) -> None:
    report = ending.report
    seconds = (report.finished - report.started).total_seconds()
    if lines:
        print_line(
            {
                "event": "summary",
                "tasks": ending.counts,
                "charged": report.spent,
                "currency": report.currency,
                "seconds": round(seconds, 3),
                "problems": ending.problems,
                "failed_bursts": ending.failed_bursts,
                "report": ending.page,
            }
        )
        return
    rows = [
        (j.name, j.tasks, j.local, j.cloud, j.returned, f"{j.complete}/{j.tasks}")
        for j in report.jobs
    ]
    columns = ("job", "tasks", "rendered here", "from the cloud", "came back", "complete")
    screen = console()
    screen.print(table("What happened", columns, rows))
    alone = report.estimate_all_local_seconds
    beside = f"; the farm alone would have needed about {alone:.0f} s" if alone else ""
    screen.print(Text(f"{seconds:.0f} s, {total_cost(report)} charged by the cloud{beside}."))
    for failed in ending.failed_bursts:
        screen.print(Text(f"A burst failed, the farm did its work: {failed}", style="yellow"))
    for problem in ending.problems:
        screen.print(Text(problem, style="bold red"))
    screen.print(Text(f"Report: {ending.page}"), soft_wrap=True)
