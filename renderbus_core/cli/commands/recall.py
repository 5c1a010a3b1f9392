"""`renderbus recall`: bring a burst's unfinished tasks back to the farm."""

from __future__ import annotations

import click

from renderbus_core.burst import Asked, Burst
from renderbus_core.cli.output import confirm
from renderbus_core.cli.people import who
from renderbus_core.cli.workplace import open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId


@click.command(short_help="Bring a burst's unfinished tasks back to the farm.")
@click.argument("burst")
@click.option("--why", default="recalled by a person", show_default=True, help="Shown on the job.")
@click.option("--waiting-only", is_flag=True, help="Let the cloud finish frames it has begun.")
@click.option("--frames", help="Only tasks whose frames are all in this list, for example 1-10.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context, burst: str, why: str, waiting_only: bool, frames: str | None, yes: bool
) -> None:
    """Stop what BURST still renders in the cloud and give its tasks back to local workers.

    Frames that are done are still collected. Whoever carries the burst (`renderbus serve` or
    `run`) does it at its next step; what was rendered so far is charged.
    """
    with open_store(read_config(ctx)) as store:
        found = store.burst(BurstId(burst))
        if found.state.is_over:
            raise InputError(f"burst {burst} is {found.state} already: {found.reason}")
        tasks = _chosen(found, frames)
        count = f"{len(tasks)} open task{'s' if len(tasks) != 1 else ''}"
        confirm(f"Recall {count} of burst {burst}?", yes=yes)
        now = SystemClock().now()
        if frames is None and not waiting_only:
            store.ask_recall(found.id, why, now, who())
        else:
            asked = Asked.RECALL_WAITING if waiting_only else Asked.RECALL_ALL
            store.ask(found.id, asked, why, now, who(), tasks=tasks)
    click.echo(f"{count} of burst {burst} will come back; see: renderbus status {burst}")


def _chosen(burst: Burst, frames: str | None) -> list[str]:
    """Return the ids of the open tasks that are meant."""
    wanted = None if frames is None else FrameSet.parse(frames)
    tasks = [t.ref for t in burst.open_tasks if wanted is None or t.ref.frames.issubset(wanted)]
    if not tasks:
        chosen = f" in {frames}" if frames is not None else ""
        raise InputError(
            f"burst {burst.id} has no open task{chosen}; see: renderbus status {burst.id}"
        )
    return [ref.id for ref in tasks]
