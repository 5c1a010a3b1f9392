"""`renderbus recover`: bring farm, cloud and store together again."""

from __future__ import annotations

from collections.abc import Sequence

import click

from renderbus_core.burst import Adopted, Gateway
from renderbus_core.burst.orphans import Finding, Release, StopRemote
from renderbus_core.burst.recover import carry_out, look
from renderbus_core.cli.output import confirm, console, json_option, print_json, table
from renderbus_core.cli.people import who
from renderbus_core.cli.stopping import stop_requests
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.errors import RenderbusError


@click.command(short_help="Rebuild the record of bursts from the farm and the cloud.")
@farm_option
@click.option("--apply", is_flag=True, help="Do it; else it is only shown.")
@click.option(
    "--stop-orphans",
    is_flag=True,
    help="Also stop tasks of the cloud that bear a burst's label and belong to nobody.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    farm_kind: str | None,
    apply: bool,
    stop_orphans: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Compare the stamps on the farm, the labels in the cloud and the store, and show what differs.

    A burst that both farm and cloud know is taken up again. Tasks that bear the stamp of a burst
    that is over, or that nobody knows, go back to local workers. What is to go back must look the
    same twice, apart in time. Exit status 1 when something differs and was not mended.
    """
    with open_gateway(read_config(ctx, farm_kind)) as gateway:
        found = look(gateway)
        if found and apply:
            confirm(f"Mend {len(found)} disagreements?", yes=yes)
            found = _agreed(gateway, found)
        wanted = [f for f in found if stop_orphans or not isinstance(f, StopRemote)]
        done = {f: _carry_out(gateway, f) for f in wanted} if apply else {}
    _show(found, done, as_json=as_json)
    ctx.exit(1 if len([text for text in done.values() if text]) < len(found) else 0)


def _agreed(gateway: Gateway, first: Sequence[Finding]) -> tuple[Finding, ...]:
    """Look again after the time in which a submit settles, and return what was found both times."""
    pause = gateway.config.burst.submit_settle_seconds
    click.echo(f"looking again in {pause:g} s: what is late is not lost", err=True)
    with stop_requests() as stop:
        if stop.wait(pause):
            raise click.Abort
    return tuple(finding for finding in look(gateway) if finding in first)


def _carry_out(gateway: Gateway, finding: Finding) -> str:
    try:
        return carry_out(gateway, finding, who())
    except RenderbusError as error:
        click.echo(f"burst {finding.burst}: {error}", err=True)
        return ""


def _show(found: Sequence[Finding], done: dict[Finding, str], *, as_json: bool) -> None:
    columns = ("what", "burst", "about", "why", "result")
    rows = [
        (_NAMES[type(f)], f.burst, _what(f), f.why, done.get(f, "not done") or "failed")
        for f in found
    ]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        console().print(table("What differs", columns, rows))
    else:
        click.echo("Farm, cloud and store agree.")


_NAMES = {Adopted: "take up", Release: "give back", StopRemote: "stop"}


def _what(finding: Finding) -> str:
    if isinstance(finding, StopRemote):
        return f"remote task {finding.remote_id}"
    count = len(finding.tasks)
    return f"{count} task{'s' if count != 1 else ''} of {finding.job}"
