"""`renderbus serve`: the gateway, which carries all bursts of a farm."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import click
from rich.text import Text

from renderbus_core.burst import BurstState, Gateway, Line, Service
from renderbus_core.cli.output import console, json_option, print_line
from renderbus_core.cli.stopping import stop_requests
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.config import Renewer

# How soon a change that another process has recorded is told, and acted on.
_LOOK_SECONDS = 2.0

_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        BurstState.DONE: "green",
        BurstState.FAILED: "bold red",
        BurstState.STRANDED: "bold red",
        BurstState.SUBMIT_UNCERTAIN: "yellow",
        BurstState.RECALLED: "yellow",
    }
)


@click.command(short_help="Carry all bursts of a farm, and burst on overflow.")
@farm_option
@click.option(
    "--no-overflow", is_flag=True, help="Carry bursts that people ask for; begin none on its own."
)
@click.option("--until-idle", is_flag=True, help="End when no burst is at work any more.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, farm_kind: str | None, no_overflow: bool, until_idle: bool, as_json: bool
) -> None:
    """Look at the queue, carry every burst, and bring every picture home, until it is ended.

    Several gateways may serve one farm: one of them decides, each burst is carried by one of
    them, and when one dies another goes on. Ending this command (Ctrl-C, SIGTERM) finishes what
    is in hand and recalls nothing. Every change is told as one line.

    What is edited in [overflow], [money] and [parity] of the configuration's file takes effect at
    the next look at the queue; while the file cannot be used, the last good one holds.
    """
    config = read_config(ctx, farm_kind)
    # Before anything that takes its time: what is edited from here on is noticed.
    renewer = Renewer(config)
    with (
        open_gateway(config) as gateway,
        ThreadPoolExecutor(config.gateway.workers, thread_name_prefix="burst") as workers,
    ):
        service = Service(gateway, workers, decides=not no_overflow, renewer=renewer)
        click.echo(f"serving farm {config.farm.kind} as {gateway.owner}", err=True)
        try:
            _serve(gateway, service, until_idle=until_idle, as_json=as_json)
        finally:
            click.echo("ending: what is in hand is finished, nothing is recalled", err=True)
            service.close()


def _serve(gateway: Gateway, service: Service, *, until_idle: bool, as_json: bool) -> None:
    told = max((line.number for line in gateway.store.follow_log()), default=0)
    with stop_requests() as stop:
        while not stop.is_set():
            due = service.step()
            for line in gateway.store.follow_log(told):
                _tell(line, as_json=as_json)
                told = line.number
            if until_idle and not gateway.store.live(gateway.config.farm.kind):
                return
            pause = (due - gateway.clock.now()).total_seconds()
            stop.wait(min(max(pause, 0.05), _LOOK_SECONDS))


def _tell(line: Line, *, as_json: bool) -> None:
    if as_json:
        print_line({"event": "log", "burst": line.burst, **_plain(line)})
        return
    event = line.event
    text = Text.assemble(
        (f"{event.at:%H:%M:%S} ", "dim"),
        (f"{line.burst or 'route'} ", "bold"),
        f"{event.subject} ",
        (event.change, _COLOURS.get(event.after, "cyan")),
        f" {event.reason}",
    )
    console().print(text, soft_wrap=True)


def _plain(line: Line) -> Mapping[str, object]:
    event = line.event
    return {
        "number": line.number,
        "at": event.at,
        "who": event.who,
        "subject": event.subject,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
    }
