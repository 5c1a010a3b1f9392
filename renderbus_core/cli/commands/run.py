"""`renderbus run`: carry one burst until it is over."""

from __future__ import annotations

import click

from renderbus_core.burst import BurstState
from renderbus_core.cli.carry import carry
from renderbus_core.cli.output import json_option
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.jobs import BurstId


@click.command(short_help="Carry one burst until it is over.")
@click.argument("burst")
@farm_option
@json_option
@click.pass_context
def command(ctx: click.Context, burst: str, farm_kind: str | None, as_json: bool) -> None:
    """Carry BURST from wherever it stands until it is over.

    Ending this command (Ctrl-C, SIGTERM) lets go of the burst without recalling it: the cloud
    works on, and the next `run` takes over. Exit status 0 only if the burst ended well.
    """
    with open_gateway(read_config(ctx, farm_kind)) as gateway:
        end = carry(gateway, BurstId(burst), as_json=as_json)
    ctx.exit(0 if end in {BurstState.DONE, BurstState.RECALLED} else 1)
