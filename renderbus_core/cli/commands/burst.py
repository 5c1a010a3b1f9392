"""`renderbus burst`: send waiting tasks of a local job to the cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from renderbus_core.burst import BurstState, Gateway, Order, refuse_when_spent
from renderbus_core.burst.examine import (
    Known,
    ask,
    examine,
    expected_cost,
    frame_times,
    inspect,
)
from renderbus_core.cli import findings as show
from renderbus_core.cli.carry import carry
from renderbus_core.cli.ordering import local_job, waiting
from renderbus_core.cli.output import confirm, json_option, print_json, print_line, refuse_unasked
from renderbus_core.cli.waiving import by_hand, person, tell_unused, waive_option
from renderbus_core.cli.wanting import options_of, wanted_option
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.errors import CloudError, InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob, TaskRef
from renderbus_core.overflow import Payer
from renderbus_core.package import Finding, Offer, Severity, grouped


@click.command(short_help="Send waiting tasks of a local job to the cloud.")
@click.argument("job")
@farm_option
@click.option("--frames", help="Only tasks whose frames are all in this list, for example 1-10.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Check scene and files, ask the cloud, and show all of it; nothing is sent or changed.",
)
@wanted_option
@waive_option
@click.option("--detach", is_flag=True, help="Only record the burst; `renderbus run` carries it.")
@click.option("--yes", is_flag=True, help="Agree to the cost without being asked.")
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    job: str,
    farm_kind: str | None,
    frames: str | None,
    dry_run: bool,
    wanted: tuple[str, ...],
    waive: tuple[str, ...],
    detach: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send the waiting tasks of JOB to the cloud and carry the burst until it is over.

    Scene and files are checked first, and the cloud is asked what it offers and what the account
    may do; with an error nothing is sent. Tasks that local workers start meanwhile stay with them.
    """
    if not dry_run:
        refuse_unasked(f"Send tasks of {job} to the cloud?", yes=yes)
    config = read_config(ctx, farm_kind)
    with open_gateway(config) as gateway:
        local, tasks = _waiting(
            gateway, JobId(job), FrameSet.parse(frames) if frames is not None else None
        )
        local = replace(local, options=options_of(wanted, local.options))
        if not dry_run:
            refuse_when_spent(gateway.store, config, gateway.clock.now(), Payer.of(local))
        count = f"{len(tasks)} task{'s' if len(tasks) != 1 else ''}"
        leaving = FrameSet.of(frame for task in tasks for frame in task.frames)
        known = _known(gateway, local, leaving, waive, patient=dry_run)
        estimate = known.estimate
        _, findings = examine(config, local, leaving, inspect(config, local), known)
        tell_unused(waive, findings)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        cost = f"about {estimate}" if estimate else "an unknown amount (no price or frame time yet)"
        sentence = f"{count} of {local.name} would cost {cost}."
        if dry_run or errors:
            _show(findings, sentence, as_json=as_json)
            ctx.exit(1 if errors else 0)
        if as_json:
            shown = show.as_json(grouped(findings))
            print_line({"event": "findings", "summary": sentence, "findings": shown})
        else:
            show.print_findings(findings)
        confirm(f"Send {count} of {local.name} to {config.cloud.domain}? Costs {cost}.", yes=yes)
        order = Order(
            config.farm.kind,
            local.id,
            tasks,
            "asked for by a person",
            estimate,
            waived=waive,
            user=local.user,
            project=local.project,
            options=local.options,
        )
        (burst,) = gateway.store.plan([order], gateway.clock.now(), who=person())
        if detach:
            if as_json:
                print_line({"event": "burst", "burst": burst})
            else:
                click.echo(f"Burst {burst.id} is recorded; carry it: renderbus run {burst.id}")
            return
        end = carry(gateway, burst.id, as_json=as_json)
    ctx.exit(0 if end in {BurstState.DONE, BurstState.RECALLED} else 1)


def _waiting(
    gateway: Gateway, job: JobId, frames: FrameSet | None
) -> tuple[LocalJob, tuple[TaskRef, ...]]:
    local, tasks = local_job(gateway, job), waiting(gateway, job, frames)
    if not tasks:
        chosen = f" in {frames}" if frames is not None else ""
        raise InputError(f"job {job} has no waiting tasks{chosen}, so there is nothing to send")
    return local, tasks


def _known(
    gateway: Gateway, job: LocalJob, frames: FrameSet, waive: Sequence[str], *, patient: bool
) -> Known:
    """Return what is known of a job; `patient` with a cloud that cannot be asked now."""
    times = frame_times(gateway, job, frames)
    try:
        offer = ask(gateway.client, gateway.config, gateway.offers, job, gateway.clock.now())
    except CloudError as error:
        if not patient:
            raise
        offer = Offer(silence=(f"the cloud cannot be asked now: {error.sentence}",))
    return Known(
        offer=offer,
        times=times,
        estimate=expected_cost(gateway.config, job, times, len(frames)),
        profile=gateway.client.endpoint.profile,
        waivers=by_hand(waive),
    )


def _show(findings: Sequence[Finding], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"summary": sentence, "findings": show.as_json(grouped(findings))})
        return
    show.print_findings(findings)
    click.echo(sentence)
