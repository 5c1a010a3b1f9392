"""The configuration as it is for one job: what the job may want otherwise, and what then holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from renderbus_core.config.values import Burst, Config
from renderbus_core.jobs import LocalJob
from renderbus_core.options import NO_OPTIONS, CloudOptions, site_pauses


def for_job(config: Config, options: CloudOptions) -> Config:
    """Return the configuration with the machines that a job asks for, and thus their price.

    Who names a model, memory or graphics cards chooses all three: what the site would add may not
    exist together with it.

    Args:
        config: of the site.
        options: of the job.
    """
    if options == NO_OPTIONS:
        return config
    return replace(config, burst=_with_machines(config.burst, options))


def judged(config: Config, job: LocalJob) -> LocalJob:
    """Return a job that cannot be sent where it asks for more than the site lets it.

    Args:
        config: of the site.
        job: as its farm has it.
    """
    against = list(_objections(config, job.options))
    if not against:
        return job
    return replace(job, refusal="; ".join(filter(None, [job.refusal, *against])))


def _with_machines(settings: Burst, options: CloudOptions) -> Burst:
    limited = replace(settings, machine_limit=options.machine_limit or settings.machine_limit)
    if not options.names_machines:
        return limited
    gpus = options.hardware_gpus
    return replace(
        limited,
        hardware_model=options.hardware_model or "",
        hardware_ram=options.hardware_ram or 0,
        hardware_gpus=-1 if gpus is None else gpus,
    )


def _objections(config: Config, options: CloudOptions) -> Iterator[str]:
    if options == NO_OPTIONS:
        return
    settings = config.burst
    for name in options.said:
        if name in settings.options_refused:
            yield f"this site does not let jobs set the cloud option {name} (burst.options_refused)"
    if options.platform not in {None, config.cloud.platform}:
        yield (
            f"it asks for platform {options.platform}, and this gateway serves platform "
            f"{config.cloud.platform} alone (cloud.platform); leave the cloud option platform out"
        )
    if options.stop_after_test is False and site_pauses(settings.task_settings):
        yield (
            "this site has all bursts wait for a person after their first frames "
            "(burst.overrides), and the cloud option stop_after_test=false would not; leave it out"
        )
    most = settings.options_machine_limit or settings.machine_limit
    if options.machine_limit is not None and options.machine_limit > most:
        yield (
            f"it asks for {options.machine_limit} machines, and a job may ask for {most} "
            "(burst.options_machine_limit)"
        )
    yield from _of_machines(config, options)


def _of_machines(config: Config, options: CloudOptions) -> Iterator[str]:
    """Object to machines whose price nobody knows, or that are too dear."""
    site, wanted = config.burst, _with_machines(config.burst, options)
    if _machines(site) == _machines(wanted):
        return
    names = "model", "ram", "gpus"
    asked = ", ".join(
        f"{name} {value}"
        for name in names
        if (value := getattr(options, f"hardware_{name}")) is not None
    )
    row = config.money.row_for(wanted)
    dearest = config.money.options_price_per_hour or config.price_per_hour
    if row is None:
        yield f"it asks for other machines ({asked}), and no row of money.prices is for them"
    elif dearest is None:
        yield (
            f"it asks for other machines ({asked}), and how dear they may be is not set "
            "(money.options_price_per_hour)"
        )
    elif row.price_per_hour.amount > dearest.amount:
        yield (
            f"its machines ({asked}) cost {row.price_per_hour} an hour, and a job may ask for "
            f"{dearest} (money.options_price_per_hour)"
        )


def _machines(settings: Burst) -> tuple[str, int, int]:
    return settings.hardware_model, settings.hardware_ram, settings.hardware_gpus
