"""`renderbus probe`: one frame rendered in the cloud and compared; the farm is left alone."""

from __future__ import annotations

import click

from renderbus_core.burst import (
    BurstKind,
    Gateway,
    Order,
    ProbeResult,
    completed_there,
    refuse_when_spent,
)
from renderbus_core.burst.examine import expected_cost, frame_times
from renderbus_core.cli.carry import carry
from renderbus_core.cli.output import confirm, json_option, print_line, refuse_unasked
from renderbus_core.cli.waiving import person, waive_option
from renderbus_core.cli.workplace import farm_option, open_gateway, read_config
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import Gone, JobId, LocalJob
from renderbus_core.money import Money
from renderbus_core.overflow import Payer, probe_frame, rendered_here
from renderbus_core.parity import need_library


@click.command(short_help="Render one frame in the cloud and compare it with the farm's.")
@click.argument("job")
@farm_option
@click.option("--frame", type=int, help="Which; else one that local workers have finished.")
@waive_option
@click.option("--yes", is_flag=True, help="Agree to the cost without being asked.")
@json_option
@click.pass_context
def command(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    job: str,
    farm_kind: str | None,
    frame: int | None,
    waive: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Render one frame of JOB in the cloud and compare it with the picture of the farm.

    No task is taken from local workers, and no picture of theirs is touched: what comes back lies
    beside the burst's package. The overflow policy remembers the answer until the scene is saved
    again. Exit status 1: not alike, or it did not come home.
    """
    # Whoever asks wants them compared, and pays for it.
    need_library()
    refuse_unasked(f"Render a frame of {job} in the cloud?", yes=yes)
    config = read_config(ctx, farm_kind)
    with open_gateway(config) as gateway:
        local = gateway.farm.job(JobId(job))
        if isinstance(local, Gone):
            raise InputError(f"there is no job {job} on the farm; see: renderbus farm jobs")
        refuse_when_spent(gateway.store, config, gateway.clock.now(), Payer.of(local))
        number = _frame(gateway, local) if frame is None else _of_job(local, frame)
        estimate = _estimate(gateway, local, number)
        cost = f"about {estimate}" if estimate else "an unknown amount (no price or frame time yet)"
        confirm(f"Render frame {number} of {local.name} in the cloud? Costs {cost}.", yes=yes)
        order = Order(
            config.farm.kind,
            local.id,
            (probe_frame(number),),
            "a probe that a person asked for",
            estimate,
            waived=waive,
            user=local.user,
            project=local.project,
            options=local.options,
            kind=BurstKind.PROBE,
        )
        (burst,) = gateway.store.plan([order], gateway.clock.now(), who=person())
        carry(gateway, burst.id, as_json=as_json)
        result = gateway.store.probe_results(config.farm.kind).get(burst.id)
    if result is not None:
        _tell(result, as_json=as_json)
    ctx.exit(0 if result is not None and result.alike is not False else 1)


def _frame(gateway: Gateway, job: LocalJob) -> int:
    """Return the last frame that local workers have finished, else the job's last."""
    tasks = gateway.farm.tasks([job.id]).get(job.id, ())
    bursts = (each for each in gateway.store.bursts() if each.farm == gateway.config.farm.kind)
    done = rendered_here(tasks, completed_there(bursts).get(job.id, ()))
    return (done[-1].ref.frames if done else job.frames).last


def _of_job(job: LocalJob, frame: int) -> int:
    if frame not in job.frames:
        raise InputError(f"job {job.id} has no frame {frame}; it has {job.frames}")
    return frame


def _estimate(gateway: Gateway, job: LocalJob, frame: int) -> Money | None:
    times = frame_times(gateway, job, FrameSet.span(frame, frame))
    return expected_cost(gateway.config, job, times, 1)


def _tell(result: ProbeResult, *, as_json: bool) -> None:
    if as_json:
        print_line({"event": "probe", "result": result})
    else:
        click.echo(f"{result.why} (rendered with {result.software})")
