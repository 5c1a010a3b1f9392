"""`renderbus stop-all`: recall every burst of a farm."""

from __future__ import annotations

import click

from renderbus_core.burst import OWN_JOBS, Asked, Route
from renderbus_core.cli.output import confirm
from renderbus_core.cli.people import who
from renderbus_core.cli.workplace import farm_option, open_store, read_config
from renderbus_core.clock import SystemClock


@click.command(short_help="Recall every burst of a farm, and take no new ones.")
@farm_option
@click.option("--why", default="everything was stopped", show_default=True, help="For people.")
@click.option("--waiting-only", is_flag=True, help="Let the cloud finish frames it has begun.")
@click.option("--keep-open", is_flag=True, help="Do not drain: new bursts may begin.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    farm_kind: str | None,
    why: str,
    waiting_only: bool,
    keep_open: bool,
    yes: bool,
) -> None:
    """Stop everything that the farm renders in the cloud, and give it back to local workers.

    Jobs that are for the cloud alone are stopped too. Frames that are done are still collected.
    What was rendered so far is charged.
    """
    config = read_config(ctx, farm_kind)
    farm, now, person = config.farm.kind, SystemClock().now(), who()
    with open_store(config) as store:
        live = [*store.live(farm), *store.live(OWN_JOBS)]
        count = f"{len(live)} burst{'s' if len(live) != 1 else ''}"
        confirm(f"Recall {count} of farm {farm}?", yes=yes)
        if not keep_open:
            store.set_route(Route(farm, drained=True, why=why, who=person, at=now))
        for burst in live:
            if waiting_only:
                store.ask(burst.id, Asked.RECALL_WAITING, why, now, person)
            else:
                store.ask_recall(burst.id, why, now, person)
    click.echo(
        f"{count} will be recalled by whoever carries them; see: renderbus status --live"
        + ("" if keep_open else "; new bursts after: renderbus drain --off")
    )
