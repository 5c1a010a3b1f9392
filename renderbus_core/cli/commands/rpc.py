"""`renderbus rpc`: one request, one reply, for dialogs that run in another program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from renderbus_core.burst.examine import (
    FrameTimes,
    Known,
    ask,
    examine,
    expected_cost,
    inspect,
)
from renderbus_core.burst.offers import Offers
from renderbus_core.cli import findings as show
from renderbus_core.cli.farms import LINK
from renderbus_core.cli.output import plain
from renderbus_core.cli.workplace import open_client, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config, judged
from renderbus_core.errors import CloudError, ConfigError, RenderbusError
from renderbus_core.farm import read_job
from renderbus_core.jobs import LocalJob
from renderbus_core.package import Offer, Severity, grouped

# Of JSON-RPC 2.0; the last is ours: the job cannot be looked at, and the message says why.
_PARSE_ERROR, _UNKNOWN_METHOD, _BAD_PARAMS, _REFUSED = -32700, -32601, -32602, -32000
_LONGEST = 1 << 20
_NO_COST = "no cost can be told, because it cannot be sent as it is"


@click.command(short_help="Answer one request of a dialog on standard input.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Read one JSON-RPC request from standard input, and write one reply.

    `look` with `farm` and `job` (in that farm's own words) says what would be sent, what is wrong
    with it, where its pictures would lie, and which machines it may ask for; with `frame_seconds`,
    how long a frame takes here, also what it would cost. Nothing is sent or changed.
    """
    text = sys.stdin.read(_LONGEST)
    try:
        request = json.loads(text)
        method, params = request["method"], request["params"]
    except (ValueError, KeyError, TypeError):
        _reply(None, error={"code": _PARSE_ERROR, "message": "this is no request of JSON-RPC"})
        return
    number = request.get("id")
    if method != "look":
        _reply(number, error={"code": _UNKNOWN_METHOD, "message": f"there is no {method!r}"})
        return
    if not isinstance(params, dict) or not {"farm", "job"} <= params.keys():
        _reply(number, error={"code": _BAD_PARAMS, "message": "look needs farm and job"})
        return
    seconds = params.get("frame_seconds")
    if not (seconds is None or (isinstance(seconds, int | float) and seconds > 0)):
        wrong = "frame_seconds is a number above 0, or absent"
        _reply(number, error={"code": _BAD_PARAMS, "message": wrong})
        return
    try:
        job = read_job(str(params["farm"]), params["job"])
        _reply(number, result=look(read_config(ctx, LINK), job, seconds))
    except RenderbusError as error:
        _reply(number, error={"code": _REFUSED, "message": str(error)})


def look(config: Config, job: LocalJob, frame_seconds: float | None = None) -> dict[str, Any]:
    """Return what a gateway with this configuration would find of a job.

    Args:
        config: settings.
        job: not submitted yet.
        frame_seconds: how long a frame takes on local workers, as far as a person knows.

    Raises:
        InputError: its scene cannot be read here, or it cannot be sent at all.
    """
    facts = inspect(config, job)
    offer = _offer(config, job)
    times = None if frame_seconds is None else FrameTimes(frame_seconds)
    estimate = expected_cost(config, job, times, len(job.frames))
    built, findings = examine(config, job, job.frames, facts, Known(offer, times, estimate))
    pairs = built.outputs.pairs if built else ()
    return {
        "can_be_sent": not any(one.severity is Severity.ERROR for one in findings),
        "findings": show.as_json(grouped(findings)),
        "outputs": [[pair.picture.template, pair.local] for pair in pairs],
        "estimate": None if estimate is None else str(estimate),
        "cost": next((one.message for one in findings if one.rule == "cost"), _NO_COST),
        "machines": list(_machines(config, job, offer)),
    }


def _machines(config: Config, job: LocalJob, offer: Offer) -> Iterator[dict[str, Any]]:
    """Give the machines that the cloud has and the site lets the job ask for, each once."""
    seen = set()
    for machine in offer.machines_on(config.cloud.platform):
        wanted = (machine.model, machine.ram_gigabytes, machine.gpu_count)
        model, ram, gpus = wanted
        options = replace(
            job.options, hardware_model=model, hardware_ram=ram or None, hardware_gpus=gpus
        )
        if wanted not in seen and not judged(config, replace(job, options=options)).refusal:
            seen.add(wanted)
            yield {"model": model, "ram": ram, "gpus": gpus}


def _offer(config: Config, job: LocalJob) -> Offer:
    """Ask the cloud where this user may; without an account it is asked on the gateway."""
    try:
        client = open_client(config)
    except ConfigError:
        return Offer(silence=("there is no account here: the gateway asks the cloud",))
    with client:
        try:
            return ask(client, config, Offers(), job, SystemClock().now())
        except CloudError as error:
            return Offer(silence=(f"the cloud cannot be asked now: {error}",))


def _reply(number: object, **answer: object) -> None:
    click.echo(json.dumps(plain({"jsonrpc": "2.0", "id": number, **answer})))
