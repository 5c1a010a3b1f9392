"""`renderbus compare`: whether a frame of the farm and one of the cloud look the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from renderbus_core.cli.output import console, json_option, plain, print_json, table
from renderbus_core.parity import Comparison, Tolerance, compare, difference_picture
from renderbus_core.schema import printable

_USUAL = Tolerance()


@click.command(short_help="Say whether a frame of the farm and one of the cloud look the same.")
@click.argument("local", type=click.Path(path_type=Path))
@click.argument("cloud", type=click.Path(path_type=Path))
@click.option(
    "--channel",
    type=click.FloatRange(0, 1),
    default=_USUAL.channel,
    show_default=True,
    help="Largest difference of a channel that counts as equal; relative above 1.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=_USUAL.share,
    show_default=True,
    help="Part of the pixels that may differ by more than that.",
)
@click.option(
    "--mean",
    type=click.FloatRange(0, 1),
    default=_USUAL.mean,
    show_default=True,
    help="Largest mean difference of all pixels and channels.",
)
@click.option(
    "--difference",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.png",
    help="Draw where they differ: black is equal, white is 0.05 and more.",
)
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    local: Path,
    cloud: Path,
    channel: float,
    share: float,
    mean: float,
    target: Path | None,
    as_json: bool,
) -> None:
    """Compare LOCAL, a frame that the farm rendered, with CLOUD, the same frame from the cloud.

    Exit status 0 when they are alike within the tolerance, so that one sequence may be split
    between both; 1 when they are not, or a file is missing or broken. What is compared, and why
    the tolerance is what it is: docs/parity.md.
    """
    tolerance = Tolerance(channel, share, mean)
    comparison = compare(local, cloud, tolerance)
    if target is not None:
        _draw(comparison, local, cloud, target)
    if as_json:
        given = {"local": local, "cloud": cloud, "tolerance": tolerance}
        print_json({**plain(comparison), **given})
    else:
        _print(comparison, tolerance)
    ctx.exit(0 if comparison.alike else 1)


def _draw(comparison: Comparison, local: Path, cloud: Path, target: Path) -> None:
    if comparison.share is None:
        click.echo("Nothing was drawn: they cannot be compared pixel by pixel.", err=True)
        return
    difference_picture(local, cloud, target)
    click.echo(f"where they differ: {printable(str(target))}", err=True)


def _print(comparison: Comparison, tolerance: Tolerance) -> None:
    screen = console()
    if comparison.share is not None:
        screen.print(table("Parity", ("", "found", "allowed"), _rows(comparison, tolerance)))
    style = "green" if comparison.alike else "bold red"
    # Names of files stand in it, and it stays in one piece for those who search it.
    screen.print(Text(printable(comparison.why), style=style), soft_wrap=True)


def _rows(comparison: Comparison, tolerance: Tolerance) -> Iterator[tuple[object, ...]]:
    differing = f"share of pixels that differ by more than {tolerance.channel:g}"
    where = "" if comparison.where is None else " at {}, {}".format(*comparison.where)
    yield differing, _number(comparison.share), _number(tolerance.share)
    yield "mean difference", _number(comparison.mean), _number(tolerance.mean)
    yield "largest difference", f"{_number(comparison.worst)}{where}", "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
