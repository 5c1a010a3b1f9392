"""How people see what became of a job of another farm."""

from __future__ import annotations

import click

from renderbus_core.cli.output import console, table
from renderbus_core.farm import Conversion
from renderbus_core.options import write_options
from renderbus_core.overflow import TRAITS
from renderbus_core.schema import printable


def show_conversion(found: Conversion, name: str = "") -> None:
    """Print what a job is sent as, or every reason why it is not.

    Args:
        found: what became of it.
        name: of the job, where it may be none that the bridge knows.
    """
    if found.job is None:
        refusals = [(one.key, one.value, one.why) for one in found.refusals]
        console().print(table(f"{name or 'It'} cannot be sent", ("key", "value", "why"), refusals))
        return
    job = found.job
    facts = [
        ("program", job.dcc),
        ("scene", job.scene),
        ("frames", f"{job.frames}, {found.frames_per_task} a task"),
        *(("output", output) for output in job.outputs),
        *(("numbers of pictures", f"{job.frame_offset:+d}") for _ in [job] if job.frame_offset),
        *(("layer", layer) for layer in [job.layer] if layer),
        *((f"the scene must say: {name}", value) for name, value in job.expects.items()),
        *((f"cloud option {name}", text) for name, text in write_options(job.options).items()),
    ]
    end = "is converted, and stays here" if job.refusal else "can be sent"
    console().print(table(f"{job.name} {end}", ("", ""), facts))
    if job.refusal:
        click.echo(f"It stays here: {printable(job.refusal)}.")
    for trait in found.traits:
        click.echo(f"On its own it stays: {TRAITS[trait].why} ({trait}).")
