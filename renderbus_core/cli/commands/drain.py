"""`renderbus drain`: close the way to the cloud for new bursts, or open it again."""

from __future__ import annotations

import click

from renderbus_core.burst import Route
from renderbus_core.cli.output import json_option, print_json
from renderbus_core.cli.people import who
from renderbus_core.cli.workplace import farm_option, open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.schema import printable


@click.command(short_help="Take no new bursts; those at work go on.")
@farm_option
@click.option("--off", is_flag=True, help="Take new bursts again.")
@click.option("--why", default="", help="Shown to whoever asks for a burst meanwhile.")
@click.option("--show", is_flag=True, help="Only say how it is.")
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context, farm_kind: str | None, off: bool, why: str, show: bool, as_json: bool
) -> None:
    """Close the farm's way to the cloud for new bursts, people's and automatic ones alike.

    Bursts at work go on and bring their pictures home. To end them too: renderbus stop-all.
    """
    config = read_config(ctx, farm_kind)
    farm = config.farm.kind
    with open_store(config) as store:
        if not show:
            store.set_route(Route(farm, not off, why, who(), SystemClock().now()))
        route, live = store.route(farm), store.live(farm)
    if as_json:
        print_json({"route": route, "live": live})
        return
    by = f" by {printable(route.who)} at {route.at:%Y-%m-%d %H:%M} UTC" if route.at else ""
    reason = f" ({printable(route.why)})" if route.why else ""
    state = "takes no new bursts, drained" if route.drained else "takes new bursts"
    click.echo(f"Farm {farm} {state}{by if route.drained else ''}{reason}; {len(live)} at work.")
