"""`renderbus burst`: send waiting tasks of a local job to the cloud."""

from __future__ import annotations

from collections.abc import Sequence

import click

from renderbus_core.burst import BurstState, Gateway, Order
from renderbus_core.burst.examine import examine, inspect
from renderbus_core.cli import findings as show
from renderbus_core.cli.carry import carry
from renderbus_core.cli.output import confirm, json_option, print_json
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import Gone, JobId, JobRow, LocalJob, LocalState, TaskRef
from renderbus_core.money import Money, render_cost
from renderbus_core.package import Finding, Severity, grouped


@click.command(short_help="Send waiting tasks of a local job to the cloud.")
@click.argument("job")
@farm_option
@click.option("--frames", help="Only tasks whose frames are all in this list, for example 1-10.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Check scene and files here and show it; nothing is sent, the account is not asked.",
)
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
    detach: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send the waiting tasks of JOB to the cloud and carry the burst until it is over.

    Scene and files are checked first; with an error nothing is sent. Tasks that local workers
    start meanwhile stay with them.
    """
    config = read_config(ctx, farm_kind)
    with open_gateway(config) as gateway:
        local, tasks = _waiting(
            gateway, JobId(job), FrameSet.parse(frames) if frames is not None else None
        )
        count = f"{len(tasks)} task{'s' if len(tasks) != 1 else ''}"
        estimate = _estimate(gateway, local, tasks)
        leaving = FrameSet.of(frame for task in tasks for frame in task.frames)
        _, findings = examine(gateway, local, leaving, inspect(gateway, local), estimate)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        cost = f"about {estimate}" if estimate else "an unknown amount (no price or frame time yet)"
        if dry_run or errors:
            _show(findings, f"{count} of {local.name} would cost {cost}.", as_json=as_json)
            ctx.exit(1 if errors else 0)
        confirm(f"Send {count} of {local.name} to {config.cloud.domain}? Costs {cost}.", yes=yes)
        order = Order(config.farm.kind, local.id, tasks, "asked for by a person", estimate)
        (burst,) = gateway.store.plan([order], gateway.clock.now())
        if detach:
            if as_json:
                print_json({"burst": burst})
            else:
                click.echo(f"Burst {burst.id} is recorded; carry it: renderbus run {burst.id}")
            return
        end = carry(gateway, burst.id, as_json=as_json)
    ctx.exit(0 if end in {BurstState.DONE, BurstState.RECALLED} else 1)


def _waiting(
    gateway: Gateway, job: JobId, frames: FrameSet | None
) -> tuple[LocalJob, tuple[TaskRef, ...]]:
    local = gateway.farm.job(job)
    if isinstance(local, Gone):
        raise InputError(f"there is no job {job} on the farm; see: renderbus farm jobs")
    tasks = tuple(
        task.ref
        for task in gateway.farm.tasks([job]).get(job, ())
        if task.state is LocalState.QUEUED and (frames is None or task.ref.frames.issubset(frames))
    )
    if not tasks:
        chosen = f" in {frames}" if frames is not None else ""
        raise InputError(f"job {job} has no waiting tasks{chosen}, so there is nothing to send")
    return local, tasks


def _estimate(gateway: Gateway, job: LocalJob, tasks: Sequence[TaskRef]) -> Money | None:
    rows: dict[JobId, JobRow] = {row.job.id: row for row in gateway.farm.snapshot().jobs}
    mean, price = rows[job.id].mean_seconds, gateway.config.money.price_per_hour
    return render_cost(mean * len(tasks), price) if mean is not None and price else None


def _show(findings: Sequence[Finding], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"summary": sentence, "findings": show.as_json(grouped(findings))})
        return
    show.print_findings(findings)
    click.echo(sentence)
