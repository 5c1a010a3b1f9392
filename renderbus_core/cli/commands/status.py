"""`renderbus status`: bursts and where they stand."""

from __future__ import annotations

import click

from renderbus_core.burst import Burst, BurstStore, TaskState
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.cli.workplace import open_store, read_config
from renderbus_core.jobs import BurstId


@click.command(short_help="Show bursts and where they stand.")
@click.argument("burst", required=False)
@click.option("--live", is_flag=True, help="Only bursts that are at work.")
@json_option
@click.pass_context
def command(ctx: click.Context, burst: str | None, live: bool, as_json: bool) -> None:
    """Show all bursts, or one BURST with its tasks and its log."""
    with open_store(read_config(ctx)) as store:
        if burst is None:
            _overview(store.bursts(live=live), as_json=as_json)
        else:
            _one(store, store.burst(BurstId(burst)), as_json=as_json)


def _overview(bursts: tuple[Burst, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(bursts)
        return
    if not bursts:
        click.echo("No bursts.")
        return
    rows = [
        (
            b.id,
            b.job,
            b.remote_id or "",
            b.state,
            f"{len(b.refs(TaskState.COMPLETED))}/{len(b.tasks)}",
            b.spent,
            b.reason,
        )
        for b in bursts
    ]
    columns = ("burst", "job", "remote task", "state", "home", "charged", "reason")
    console().print(table("Bursts", columns, rows))


def _one(store: BurstStore, burst: Burst, *, as_json: bool) -> None:
    events = store.events(burst.id)
    if as_json:
        outputs, strays = store.outputs(burst.id), store.strays(burst.id)
        print_json({"burst": burst, "log": events, "outputs": outputs, "strays": strays})
        return
    _overview((burst,), as_json=False)
    tasks = [(task.ref.id, task.ref.frames, task.state, task.reason) for task in burst.tasks]
    console().print(table("Tasks", ("task", "frames", "state", "reason"), tasks))
    aside = [(s.name, s.size, s.local or "in the cloud") for s in store.strays(burst.id)]
    if aside:
        console().print(table("Files without a place", ("file", "bytes", "kept in"), aside))
    log = [(f"{e.at:%H:%M:%S}", e.subject, e.change, e.reason) for e in events]
    console().print(table("Log (UTC)", ("time", "what", "change", "reason"), log))
