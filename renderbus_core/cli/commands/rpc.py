"""`renderbus rpc`: one request, one reply, for dialogs that run in another program."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from renderbus_core.burst.examine import Known, ask, examine, inspect
from renderbus_core.burst.offers import Offers
from renderbus_core.cli import findings as show
from renderbus_core.cli.farms import LINK
from renderbus_core.cli.output import plain
from renderbus_core.cli.workplace import open_client, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config
from renderbus_core.errors import CloudError, ConfigError, RenderbusError
from renderbus_core.farm import read_job
from renderbus_core.jobs import LocalJob
from renderbus_core.package import Offer, Severity, grouped

# Of JSON-RPC 2.0; the last is ours: the job cannot be looked at, and the message says why.
_PARSE_ERROR, _UNKNOWN_METHOD, _BAD_PARAMS, _REFUSED = -32700, -32601, -32602, -32000
_LONGEST = 1 << 20


@click.command(short_help="Answer one request of a dialog on standard input.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Read one JSON-RPC request from standard input, and write one reply.

    `look` with `farm` and `job` (in that farm's own words) says what would be sent, what is wrong
    with it, where its pictures would lie, and what it would cost; nothing is sent or changed.
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
    try:
        job = read_job(str(params["farm"]), params["job"])
        _reply(number, result=look(read_config(ctx, LINK), job))
    except RenderbusError as error:
        _reply(number, error={"code": _REFUSED, "message": str(error)})


def look(config: Config, job: LocalJob) -> dict[str, Any]:
    """Return what a gateway with this configuration would find of a job.

    Args:
        config: settings.
        job: not submitted yet.

    Raises:
        InputError: its scene cannot be read here, or it cannot be sent at all.
    """
    facts = inspect(config, job)
    known = Known(offer=_offer(config, job))
    built, findings = examine(config, job, job.frames, facts, known)
    pairs = built.outputs.pairs if built else ()
    return {
        "can_be_sent": not any(one.severity is Severity.ERROR for one in findings),
        "findings": show.as_json(grouped(findings)),
        "outputs": [[pair.picture.template, pair.local] for pair in pairs],
    }


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
