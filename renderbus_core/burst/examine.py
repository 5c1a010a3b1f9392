"""Everything that is looked at before a burst costs money: scene, files, package, account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from renderbus_core import package, scene
from renderbus_core.burst.context import Gateway
from renderbus_core.errors import InputError
from renderbus_core.facts import SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalJob
from renderbus_core.money import Money


def inspect(gateway: Gateway, job: LocalJob) -> SceneFacts:
    """Read a job's scene natively, where this host has it."""
    to_local = gateway.config.paths.mapping.to_local
    return scene.inspect(Path(to_local(job.scene)), to_local)


def examine(
    gateway: Gateway,
    job: LocalJob,
    frames: FrameSet,
    facts: SceneFacts,
    estimate: Money | None = None,
    *,
    offer: package.Offer | None = None,
    project_id: int = 0,
) -> tuple[package.TaskPackage | None, tuple[package.Finding, ...]]:
    """Build the package of some frames of a job, and find everything that would fail.

    Args:
        gateway: the shared parts.
        job: the local job.
        frames: which of its frames would leave.
        facts: of its scene.
        estimate: what they are expected to cost.
        offer: what the cloud said of itself and the account; None when it was not asked.
        project_id: of the project in the cloud; 0 while it is not known.

    Returns:
        The package, None where an error prevents it; and all findings, the worst first.
    """
    files = scene.resolve(facts, gateway.config.paths.mapping.to_local)
    request = replace(_request(gateway, job, frames, estimate), project_id=project_id)
    return package.assemble(
        facts,
        files,
        request,
        roots=gateway.config.paths.roots,
        split=len(frames) < len(job.frames),
        offer=offer or package.Offer(),
        waived=gateway.config.preflight.waive,
    )


def refuse_errors(findings: tuple[package.Finding, ...]) -> None:
    """Raise `InputError` with one sentence when a finding is an error."""
    errors = [each for each in findings if each.severity is package.Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise InputError(f"{errors[0]}{more}")


def _request(
    gateway: Gateway, job: LocalJob, frames: FrameSet, estimate: Money | None
) -> package.BurstRequest:
    settings, money = gateway.config.burst, gateway.config.money
    means = {row.job.id: row.mean_seconds for row in gateway.farm.snapshot().jobs}
    return package.BurstRequest(
        job=job,
        frames=frames,
        platform=gateway.config.cloud.platform,
        os_name=settings.os_name,
        project_name=gateway.config.cloud.project_name,
        frame_seconds=means.get(job.id),
        frame_time_limit_factor=settings.frame_time_limit_factor,
        frame_time_limit_minimum=settings.frame_time_limit_minimum,
        machine_limit=settings.machine_limit,
        hardware=package.Hardware(
            settings.hardware_model,
            settings.hardware_ram,
            None if settings.hardware_gpus < 0 else settings.hardware_gpus,
        ),
        vendor_time_limits=settings.vendor_time_limits,
        profile=gateway.client.endpoint.profile,
        overrides=dict(_parted(each) for each in settings.overrides),
        price_per_hour=money.price_per_hour,
        budget=_budget(gateway, estimate),
    )


def _parted(override: str) -> tuple[str, str]:
    """Part `task_info.key=text`, which the configuration's schema has judged."""
    path, _, text = override.partition("=")
    return path, text


def _budget(gateway: Gateway, estimate: Money | None) -> Money | None:
    """Return what one burst may cost: its estimate with the slack that each frame has."""
    whole = gateway.config.money.budget
    if estimate is None or estimate.amount <= 0:
        return whole
    slack = Decimal(str(gateway.config.burst.frame_time_limit_factor))
    own = Money(estimate.amount * slack, estimate.currency)
    return own if whole is None or own.amount < whole.amount else whole
