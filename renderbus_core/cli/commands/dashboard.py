"""`renderbus dashboard`: a page in the browser that shows what the bridge does, and why."""

from __future__ import annotations

import socket
from datetime import datetime

import click

from renderbus_core.burst import Burst, BurstKind, BurstStore, TaskState
from renderbus_core.cli.commands.status import BUDGET_COLUMNS, budget_rows, budgets_of
from renderbus_core.cli.workplace import farm_option, open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config, Renewer
from renderbus_core.errors import InputError, MissingDependencyError
from renderbus_core.web import Dashboard, Listing, render_dashboard

_HOST = "127.0.0.1"
# The newest bursts, and lines of the log about the route.
_MOST = 50


@click.command(short_help="Show bursts, budgets and answers of the policy in a browser.")
@farm_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="To listen on, on this host only; 0 picks a free one.",
)
@click.pass_context
def command(ctx: click.Context, farm_kind: str | None, port: int) -> None:
    """Serve a page that refreshes itself, until Ctrl-C. It shows and changes nothing.

    It listens on the loopback address and asks nobody who they are; from elsewhere reach it through
    a tunnel.
    """
    config = read_config(ctx, farm_kind)
    try:
        import uvicorn  # noqa: PLC0415 - an optional part
        from starlette.applications import Starlette  # noqa: PLC0415 - as above
        from starlette.middleware import Middleware  # noqa: PLC0415 - as above
        from starlette.middleware.trustedhost import TrustedHostMiddleware  # noqa: PLC0415 - as above
        from starlette.requests import Request  # noqa: PLC0415 - as above
        from starlette.responses import HTMLResponse  # noqa: PLC0415 - as above
        from starlette.routing import Route  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingDependencyError("the dashboard needs Starlette and uvicorn", "web") from error
    renewer = Renewer(config)
    with open_store(config) as store:

        def page(_request: Request) -> HTMLResponse:
            renewer.look()
            return HTMLResponse(render_dashboard(view(store, renewer.good, SystemClock().now())))

        # A page of another site that resolves its own name to this host is turned away.
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"])
        app = Starlette(routes=[Route("/", page)], middleware=[hosts])
        settings = uvicorn.Config(app, host=_HOST, port=port, log_level="warning")
        with _listening(port) as listener:
            click.echo(f"http://{_HOST}:{listener.getsockname()[1]}/", err=True)
            uvicorn.Server(settings).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise InputError(
            f"port {port} of this host cannot be used ({error.strerror}); name another with --port"
        ) from error


def view(store: BurstStore, config: Config, now: datetime) -> Dashboard:
    """Return what the page says now.

    Args:
        store: the record.
        config: settings.
        now: UTC.
    """
    farm = config.farm.kind
    bursts = [burst for burst in store.bursts() if burst.farm == farm]
    live = [burst for burst in bursts if not burst.state.is_over]
    patience = 3 * config.gateway.heartbeat_seconds
    carried = any((now - sign.seen_at).total_seconds() <= patience for sign in store.gateways())
    route = store.route(farm)
    sentence = f"{len(live)} bursts are at work, {len(bursts) - len(live)} are over."
    if route.drained:
        sentence += f" No new bursts begin: drained by {route.who} ({route.why})."
    if live and not carried:
        sentence += " No gateway gives signs of life: start one with renderbus serve."
    return Dashboard(
        title=f"Farm {farm}",
        sentence=sentence,
        attention=route.drained or bool(live and not carried),
        listings=(
            _answers(store, farm),
            _bursts([*live, *reversed([burst for burst in bursts if burst.state.is_over])][:_MOST]),
            _budgets(store, config, now),
            _log(store),
        ),
    )


def _answers(store: BurstStore, farm: str) -> Listing:
    rows = [
        (f"{one.at:%H:%M:%S}", one.job, one.name, one.verdict, one.why)
        for one in store.answers(farm)
    ]
    columns = ("UTC", "job", "name", "answer", "why")
    return Listing("What the overflow policy said last", columns, rows, "It looked at no job.")


def _bursts(bursts: list[Burst]) -> Listing:
    rows = [
        (
            burst.id,
            f"{burst.job} (probe)" if burst.kind is BurstKind.PROBE else burst.job,
            burst.state.value,
            f"{len(burst.refs(TaskState.COMPLETED))} of {len(burst.tasks)}",
            f"about {burst.spent}" if burst.reckoned else str(burst.spent),
            burst.reason,
        )
        for burst in bursts
    ]
    columns = ("burst", "job", "state", "home", "charged", "reason")
    return Listing("Bursts", columns, rows, "There are none.")


def _budgets(store: BurstStore, config: Config, now: datetime) -> Listing:
    rows = budget_rows(budgets_of(store, config, now))
    empty = "None is configured: the policy only advises."
    return Listing("Budgets", BUDGET_COLUMNS, rows, empty)


def _log(store: BurstStore) -> Listing:
    lines = [line.event for line in store.route_log(_MOST)]
    rows = [
        (f"{one.at:%m-%d %H:%M:%S}", one.subject, one.change, one.who, one.reason) for one in lines
    ]
    columns = ("UTC", "about", "change", "who", "why")
    return Listing("Log of the route", columns, rows, "Nothing has happened yet.")
