"""What the site has the cloud render with, where the scene was saved with something else.

Jobs of a farm say no versions of plug-ins, and scenes say those they were saved with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from renderbus_core.facts import Fact, Origin, SceneFacts
from renderbus_core.package.dcc import program
from renderbus_core.package.findings import Finding, Severity
from renderbus_core.package.request import Software

SOFTWARE = "burst.software"
"""Where the site says it."""


def rendered_with(facts: SceneFacts, software: Software | None) -> SceneFacts:
    """Return a scene's facts with the version and plug-ins that the cloud is to render with.

    Args:
        facts: of the scene.
        software: of the site; None leaves what the scene says.
    """
    if software is None:
        return facts
    known = program(facts.dcc)
    replaced = {name for plugin in software.plugins for name in known.names_of(plugin)}
    kept = {name: own for name, own in facts.plugins.items() if name.casefold() not in replaced}
    version = facts.version
    if software.version != version.value:
        version = Fact(software.version, Origin.DERIVED)
    return replace(facts, version=version, plugins={**kept, **software.plugins})


def told(facts: SceneFacts, software: Software | None) -> Iterator[Finding]:
    """Say what is rendered with something else than the scene was saved with.

    Args:
        facts: of the scene, as it was saved.
        software: of the site.
    """
    if software is None or rendered_with(facts, software) == facts:
        return
    own = (f"{name} {facts.plugins[name]}" for name in facts.plugins)
    saved = ", ".join([facts.version.value or "an unknown version", *own])
    yield Finding(
        "software",
        Severity.INFO,
        str(facts.path),
        f"it was saved with {saved}, and {SOFTWARE} renders it with {software}",
        "correct the row if that is wrong",
    )
