"""`renderbus approve`: let the frames go on that wait behind the test frames."""

from __future__ import annotations

import click

from renderbus_core.cli.people import who
from renderbus_core.cli.workplace import open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.errors import InputError
from renderbus_core.jobs import BurstId


@click.command(short_help="Let the frames go on that wait behind a burst's test frames.")
@click.argument("burst")
@click.pass_context
def command(ctx: click.Context, burst: str) -> None:
    """Approve the test frames of BURST: whoever carries it lets the other frames go on.

    It may be approved before the test frames are done; then nothing waits.
    """
    with open_store(read_config(ctx)) as store:
        found = store.burst(BurstId(burst))
        if found.state.is_over:
            raise InputError(f"burst {burst} is {found.state} already: {found.reason}")
        store.approve(found.id, SystemClock().now(), who())
    click.echo(f"Burst {burst} is approved; see: renderbus status {burst}")
