"""Everything that is looked at before a burst costs money: scene, files, package, account."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from renderbus_core import package, scene
from renderbus_core.api import Client, UserProfile
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.expectations import disagreements
from renderbus_core.burst.model import TaskState
from renderbus_core.burst.offers import Offers, with_account
from renderbus_core.burst.wanted import with_options
from renderbus_core.config import Config, for_job, judged
from renderbus_core.errors import InputError
from renderbus_core.facts import SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalJob, LocalState
from renderbus_core.money import Money, render_cost
from renderbus_core.paths import Style, foreign_root, style_of

WAIVED_BY_CONFIG = "preflight.waive"
"""Who waives what the configuration names."""

# A spread is told from this many frames on, and its double holds most means.
_ENOUGH_FRAMES = 3
_STANDARD_ERRORS = 2


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """How long frames of a job took on local workers, in seconds.

    Args:
        mean: of one frame.
        error: how far the mean of other frames may be from it; None when too few were rendered.
    """

    mean: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the scene and its job.

    Args:
        offer: what the cloud said of itself and the account.
        times: of frames that were rendered here; None when none was.
        estimate: what the burst is expected to cost.
        project_id: of the project in the cloud; 0 while it is not known.
        profile: generation of the protocol that the cloud speaks.
        waivers: who waives a rule by hand, by its name.
    """

    offer: package.Offer = field(default_factory=package.Offer)
    times: FrameTimes | None = None
    estimate: Money | None = None
    project_id: int = 0
    profile: str = "current"
    waivers: Mapping[str, str] = field(default_factory=dict)


def inspect(config: Config, job: LocalJob) -> SceneFacts:
    """Read a job's scene natively, where this host has it.

    Raises:
        InputError: the job cannot be sent at all, or its scene is on a drive or share that this
            host does not have, cannot be read, or says otherwise than the job.
    """
    refusal = judged(config, job).refusal
    if refusal:
        raise InputError(f"job {job.id} cannot be rendered in the cloud: {refusal}")
    to_local = config.paths.mapping.to_local
    local = to_local(job.scene)
    if os.name != "nt" and style_of(local) is Style.WINDOWS:
        root = foreign_root(local) or "Windows"
        raise InputError(
            f"the scene {job.scene} is on {root}, which this host does not have; "
            f"add a path mapping for {root} to paths.mapping"
        )
    facts = scene.inspect(Path(local), to_local)
    mapped = software_of(config, job, facts) is not None
    said = {name: value for name, value in job.expects.items() if name != "version" or not mapped}
    otherwise = list(disagreements(said, facts, to_local))
    if otherwise:
        raise InputError(
            f"{'; '.join(otherwise)}: the cloud renders what the scene says; save the scene so, or "
            f"submit the job as the scene is{_row_for(job, facts, otherwise)}"
        )
    return facts


def software_of(config: Config, job: LocalJob, facts: SceneFacts) -> package.Software | None:
    """Return what the site has the cloud render a job with; None for what its scene says.

    Args:
        config: its table `burst.software`.
        job: the local job; what it says goes before what the scene says.
        facts: of its scene.
    """
    version = job.expects.get("version") or facts.version.value or ""
    renderer = job.expects.get("renderer") or facts.renderer.value or ""
    row = config.burst.software_of(facts.dcc, version, renderer)
    return None if row is None else package.Software(row.cloud_version, row.plugins)


def _row_for(job: LocalJob, facts: SceneFacts, otherwise: Sequence[str]) -> str:
    """Say which row would allow a job whose version is not the scene's; "" for other reasons."""
    version = {"version": job.expects.get("version", "")}
    if otherwise != list(disagreements(version, facts)):
        return ""
    return (
        f", or say in burst.software what the cloud renders it with (dcc = {facts.dcc!r}, "
        f"version = {version['version']!r})"
    )


def at_home(config: Config, job: LocalJob) -> LocalJob:
    """Return a job whose outputs are paths of this host.

    Args:
        config: says which folders the farm calls otherwise.
        job: as the farm has it.

    Raises:
        InputError: an output is no path.
    """
    outputs = tuple(map(config.paths.mapping.to_local, job.outputs))
    return replace(job, outputs=outputs)


def expected_cost(
    config: Config, job: LocalJob, times: FrameTimes | None, frames: int
) -> Money | None:
    """Return what frames are expected to cost in the cloud; None when nobody can tell.

    Args:
        config: says what the cloud costs, and how fast it is beside local workers.
        job: says on which machines.
        times: of frames on local workers.
        frames: how many.
    """
    price = for_job(config, job.options).price_per_hour
    if times is None or price is None:
        return None
    return render_cost(times.mean * frames / config.overflow.cloud_speed, price)


def ask(  # noqa: PLR0917 - each of another kind
    client: Client,
    config: Config,
    offers: Offers,
    job: LocalJob,
    now: datetime,
    profile: UserProfile | None = None,
) -> package.Offer:
    """Ask the cloud what it offers for a job and to the account.

    Args:
        client: of the account.
        config: settings.
        offers: answers of the last minutes.
        job: the local job.
        now: UTC.
        profile: of the account; None asks for it.

    Raises:
        CloudError: the cloud cannot be asked now.
    """
    system = package.render_system(config.burst.os_name, job.scene)
    offered = offers.of(client, job.dcc, system, now)
    return with_account(offered, client, profile or client.user.query_user_profile())


def examine(
    config: Config, job: LocalJob, frames: FrameSet, facts: SceneFacts, known: Known
) -> tuple[package.TaskPackage | None, tuple[package.Finding, ...]]:
    """Build the package of some frames of a job, and find everything that would fail.

    Args:
        config: settings.
        job: the local job.
        frames: which of its frames would leave.
        facts: of its scene.
        known: what else is known.

    Returns:
        The package, None where an error prevents it; and all findings, the worst first.
    """
    files = scene.resolve(facts, config.paths.mapping.to_local)
    request = replace(
        _request(for_job(config, job.options), job, frames, known),
        software=software_of(config, job, facts),
        project_id=known.project_id,
        profile=known.profile,
    )
    by_config = dict.fromkeys(config.preflight.waive, WAIVED_BY_CONFIG)
    severity = config.preflight.severity.items()
    return package.assemble(
        facts,
        files,
        request,
        roots=config.paths.roots,
        split=len(frames) < len(job.frames),
        offer=known.offer,
        waivers={**by_config, **known.waivers},
        severity={code: package.Severity(name) for code, name in severity},
    )


def refuse_errors(findings: tuple[package.Finding, ...]) -> None:
    """Raise `InputError` with one sentence when a finding is an error."""
    errors = [each for each in findings if each.severity is package.Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise InputError(f"{errors[0]}{more}")


def frame_times(gateway: Gateway, job: LocalJob, frames: FrameSet) -> FrameTimes | None:
    """Return how long a job's frames took here, as far as the farm can tell.

    Args:
        gateway: the shared parts.
        job: the local job.
        frames: those whose times are wanted; the more, the surer is their mean.
    """
    took = list(_seconds_of_frames(gateway, job.id))
    if not took:
        rows = {row.job.id: row for row in gateway.farm.snapshot().jobs}
        row = rows.get(job.id)
        if row is None or row.mean_seconds is None:
            return None
        tasks = sum(row.counts.values()) or len(job.frames)
        return FrameTimes(row.mean_seconds * tasks / max(len(job.frames), 1))
    mean = statistics.fmean(took)
    if len(took) < _ENOUGH_FRAMES:
        return FrameTimes(mean)
    off = statistics.stdev(took) * math.sqrt(1 / len(took) + 1 / max(len(frames), 1))
    return FrameTimes(mean, _STANDARD_ERRORS * off)


def _seconds_of_frames(gateway: Gateway, job: JobId) -> Iterator[float]:
    """Give the seconds of a frame of each task that a local worker has rendered."""
    remote = {
        task.ref.id
        for burst in gateway.store.bursts()
        if burst.job == job
        for task in burst.tasks
        if task.state is TaskState.COMPLETED
    }
    for task in gateway.farm.tasks([job]).get(job, ()):
        if (
            task.state is LocalState.COMPLETED
            and task.ref.id not in remote
            and task.started_at is not None
            and task.finished_at is not None
        ):
            yield (task.finished_at - task.started_at).total_seconds() / len(task.ref.frames)


def _request(config: Config, job: LocalJob, frames: FrameSet, known: Known) -> package.BurstRequest:
    settings, times = config.burst, known.times
    site = package.BurstRequest(
        job=at_home(config, job),
        frames=frames,
        platform=config.cloud.platform,
        os_name=settings.os_name,
        project_name=config.cloud.project_name,
        frame_seconds=times.mean if times else None,
        frame_seconds_error=times.error if times else None,
        frame_time_limit_factor=settings.frame_time_limit_factor,
        frame_time_limit_minimum=settings.frame_time_limit_minimum,
        machine_limit=settings.machine_limit,
        hardware=package.Hardware(
            settings.hardware_model,
            settings.hardware_ram,
            None if settings.hardware_gpus < 0 else settings.hardware_gpus,
        ),
        vendor_time_limits=settings.vendor_time_limits,
        overrides=settings.task_settings,
        price_per_hour=config.price_per_hour,
        budget=_budget(config, known.estimate),
    )
    return with_options(site, job.options)


def _budget(config: Config, estimate: Money | None) -> Money | None:
    """Return what one burst may cost: its estimate with the slack that each frame has."""
    whole = config.money.budget
    if estimate is None or estimate.amount <= 0:
        return whole
    slack = Decimal(str(config.burst.frame_time_limit_factor))
    own = Money(estimate.amount * slack, estimate.currency)
    return own if whole is None or own.amount < whole.amount else whole
