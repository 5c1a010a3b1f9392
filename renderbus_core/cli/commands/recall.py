"""`renderbus recall`: bring a burst's unfinished tasks back to the farm."""

from __future__ import annotations

import click

from renderbus_core.cli.output import confirm
from renderbus_core.cli.workplace import open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.errors import InputError
from renderbus_core.jobs import BurstId


@click.command(short_help="Bring a burst's unfinished tasks back to the farm.")
@click.argument("burst")
@click.option("--why", default="recalled by a person", show_default=True, help="Shown on the job.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(ctx: click.Context, burst: str, why: str, yes: bool) -> None:
    """Stop what BURST still renders in the cloud and give its tasks back to local workers.

    Frames that are done are still collected. Whoever carries the burst (`renderbus run`) does it
    at its next step; what was rendered so far is charged.
    """
    with open_store(read_config(ctx)) as store:
        found = store.burst(BurstId(burst))
        if found.state.is_over:
            raise InputError(f"burst {burst} is {found.state} already: {found.reason}")
        confirm(f"Recall burst {burst} with {len(found.open_tasks)} open tasks?", yes=yes)
        store.ask_recall(found.id, why, SystemClock().now())
    click.echo(f"Burst {burst} will be recalled by its runner; see: renderbus status {burst}")
