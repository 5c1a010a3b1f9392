"""Waivers by hand: `--waive RULE`, who gave it, and those that nothing came of."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping, Sequence

import click

from renderbus_core.package import Finding

waive_option = click.option(
    "--waive",
    metavar="RULE",
    multiple=True,
    help="Turn the warnings of a rule into remarks; may be repeated. Errors stay errors.",
)


def person() -> str:
    """Return who uses this command, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "a person"


def by_hand(rules: Sequence[str]) -> Mapping[str, str]:
    """Return who waives each of some rules.

    Args:
        rules: from `waive_option`.
    """
    return dict.fromkeys(rules, person())


def tell_unused(rules: Sequence[str], findings: Iterable[Finding]) -> None:
    """Say which waivers changed nothing: a rule may be misspelled, or its findings are errors."""
    found = tuple(findings)
    waived = {finding.rule for finding in found if finding.waived_by}
    there = {finding.rule for finding in found}
    for rule in dict.fromkeys(rules):
        if rule not in waived:
            why = "it has no warnings" if rule in there else "nothing was found by that name"
            click.echo(f"--waive {rule} changes nothing: {why}", err=True)
