"""`renderbus status`: bursts and where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import click

from renderbus_core.burst import LEVELS, Burst, BurstKind, BurstStore, TaskState, fills
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.cli.workplace import open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config
from renderbus_core.jobs import BurstId
from renderbus_core.money import Money
from renderbus_core.options import write_options
from renderbus_core.overflow import Fill, Payer
from renderbus_core.schema import printable


@click.command(short_help="Show bursts and where they stand.")
@click.argument("burst", required=False)
@click.option("--live", is_flag=True, help="Only bursts that are at work.")
@json_option
@click.pass_context
def command(ctx: click.Context, burst: str | None, live: bool, as_json: bool) -> None:
    """Show all bursts and who carries them, or one BURST with its tasks and its log."""
    config = read_config(ctx)
    with open_store(config) as store:
        if burst is None:
            _overview(store, config, store.bursts(live=live), as_json=as_json)
        else:
            _one(store, store.burst(BurstId(burst)), as_json=as_json)


def _overview(
    store: BurstStore, config: Config, bursts: tuple[Burst, ...], *, as_json: bool
) -> None:
    gateways, route = store.gateways(), store.route(config.farm.kind)
    now, patience = SystemClock().now(), 3 * config.gateway.heartbeat_seconds
    alive = [sign for sign in gateways if (now - sign.seen_at).total_seconds() <= patience]
    if as_json:
        print_json(
            {
                "bursts": bursts,
                "gateways": gateways,
                "alive": alive,
                "route": route,
                "budgets": budgets_of(store, config, now),
                "answers": store.answers(config.farm.kind),
            }
        )
        return
    _print_bursts(bursts)
    _print_budgets(budgets_of(store, config, now))
    answers = [(a.job, a.name, a.verdict, a.why) for a in store.answers(config.farm.kind)]
    if answers:
        columns = ("job", "name", "answer", "why")
        console().print(table("What the overflow policy said last", columns, answers))
    for sign in gateways:
        ago = f"{max(0, (now - sign.seen_at).total_seconds()):.0f} s ago"
        silent = "" if sign in alive else ", silent: it may be gone"
        click.echo(f"Gateway {sign.owner} (farm {sign.farm}) was seen {ago}{silent}.")
    if route.drained:
        who, why = printable(route.who), printable(route.why)
        click.echo(f"Farm {route.farm} takes no new bursts, drained by {who}: {why}")
    if not alive and any(not burst.state.is_over for burst in bursts):
        click.echo(
            "No gateway gives signs of life, so nobody may be carrying these bursts; "
            "start one: renderbus serve",
            err=True,
        )


def budgets_of(store: BurstStore, config: Config, now: datetime) -> tuple[Fill, ...]:
    """Return how full the budgets are: those of everybody and of whoever has a live burst."""
    live = (burst for burst in store.bursts(live=True) if burst.farm == config.farm.kind)
    return fills(store, config, now, [Payer(one.job, one.user, one.project) for one in live])


BUDGET_COLUMNS = ("budget", "amount", "committed", "spent", "")


def budget_rows(budgets: Iterable[Fill]) -> list[tuple[str, ...]]:
    """Return what people read of budgets, in `BUDGET_COLUMNS`."""
    return [
        (
            one.budget.name,
            str(one.budget.amount),
            str(Money(one.committed, one.budget.amount.currency)),
            str(Money(one.spent, one.budget.amount.currency)),
            LEVELS[one.level],
        )
        for one in budgets
    ]


def _print_budgets(budgets: Iterable[Fill]) -> None:
    if rows := budget_rows(budgets):
        console().print(table("Budgets", BUDGET_COLUMNS, rows))


def _print_bursts(bursts: tuple[Burst, ...]) -> None:
    if not bursts:
        click.echo("No bursts.")
        return
    rows = [
        (
            b.id,
            f"{b.job} (probe)" if b.kind is BurstKind.PROBE else b.job,
            b.remote_id or "",
            b.state,
            f"{len(b.refs(TaskState.COMPLETED))}/{len(b.tasks)}",
            f"about {b.spent}" if b.reckoned else b.spent,
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
    _print_bursts((burst,))
    if wanted := list(write_options(burst.options).items()):
        console().print(table("Cloud options of its job", ("option", "says"), wanted))
    tasks = [
        (task.ref.id, task.ref.frames, task.state, task.remote or "", task.reason)
        for task in burst.tasks
    ]
    console().print(table("Tasks", ("task", "frames", "state", "cloud", "reason"), tasks))
    aside = [(s.name, s.size, s.local or "in the cloud") for s in store.strays(burst.id)]
    if aside:
        console().print(table("Files without a place", ("file", "bytes", "kept in"), aside))
    log = [(f"{e.at:%H:%M:%S}", e.who, e.subject, e.change, e.reason) for e in events]
    console().print(table("Log (UTC)", ("time", "who", "what", "change", "reason"), log))
