"""Cloud options of a job on the command line: `--option NAME=TEXT`, several times."""

from __future__ import annotations

from collections.abc import Sequence

import click

from renderbus_core.errors import InputError
from renderbus_core.options import NO_OPTIONS, CloudOptions, read_options, write_options

wanted_option = click.option(
    "--option",
    "wanted",
    multiple=True,
    metavar="NAME=TEXT",
    help="What the job wants of the cloud, for example machine_limit=5 (docs/options.md).",
)


def options_of(wanted: Sequence[str], before: CloudOptions = NO_OPTIONS) -> CloudOptions:
    """Read what `--option` says; an empty text takes back what was said before.

    Args:
        wanted: from `wanted_option`.
        before: what holds where nothing else is said.

    Raises:
        InputError: something cannot be used.
    """
    texts = write_options(before)
    for one in wanted:
        name, sign, text = one.partition("=")
        if not sign:
            raise InputError(f"--option {one!r} has no =; write it like machine_limit=5")
        texts[name.strip()] = text
    return read_options(texts)
