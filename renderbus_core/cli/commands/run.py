"""`renderbus run`: carry one burst until it is over."""

from __future__ import annotations

from dataclasses import replace

import click

from renderbus_core.burst import OWN_JOBS, BurstState, Gateway
from renderbus_core.cli.carry import carry
from renderbus_core.cli.ordering import at_work, burst_of
from renderbus_core.cli.output import json_option
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.errors import InputError
from renderbus_core.jobs import BurstId, JobId

EXIT_LET_GO = 75
"""Exit status of a command that was asked to let go (EX_TEMPFAIL of sysexits.h): the burst goes
on, and whoever carries it next finds it where it stands."""


@click.command(short_help="Carry one burst until it is over.")
@click.argument("burst", required=False)
@click.option(
    "--of-job",
    "job",
    help="Carry the burst of this job, which is planned when there is none: what waits of it goes "
    "to the cloud. For jobs that are for the cloud, and whose agent starts this.",
)
@click.option(
    "--no-new", is_flag=True, help="With --of-job: only a burst that is at work, none is planned."
)
@farm_option
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    burst: str | None,
    job: str | None,
    no_new: bool,
    farm_kind: str | None,
    as_json: bool,
) -> None:
    """Carry BURST from wherever it stands until it is over.

    Ending this command (Ctrl-C, SIGTERM) lets go of the burst without recalling it: the cloud
    works on, and the next `run` takes over. Exit status 0 only if the burst ended well, 75 if it
    was let go.
    """
    if (burst is None) == (job is None):
        raise InputError("name a burst, or a job with --of-job: see renderbus status")
    if no_new and job is None:
        raise InputError("--no-new goes with --of-job: a burst that is named is never planned")
    with open_gateway(read_config(ctx, farm_kind)) as opened:
        gateway = opened if burst is not None else _for_own_jobs(opened)
        chosen = (
            BurstId(burst)
            if burst is not None
            else _of_job(gateway, JobId(job or ""), plans=not no_new)
        )
        if chosen is None:
            what = "is at work" if no_new else "waits, so there is nothing to send"
            click.echo(f"nothing of job {job} {what}", err=True)
            return
        end = carry(gateway, chosen, as_json=as_json)
    if end is None:
        ctx.exit(EXIT_LET_GO)
    ctx.exit(0 if end in {BurstState.DONE, BurstState.RECALLED} else 1)


def _for_own_jobs(gateway: Gateway) -> Gateway:
    """Return the gateway under the name of jobs that are carried by an agent each."""
    farm = replace(gateway.config.farm, kind=OWN_JOBS)
    return replace(gateway, config=replace(gateway.config, farm=farm))


def _of_job(gateway: Gateway, job: JobId, *, plans: bool) -> BurstId | None:
    if not plans:
        return at_work(gateway, job)
    return burst_of(gateway, job, "a job for the cloud")
