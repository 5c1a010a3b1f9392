"""Whether a repository and this host are ready for a gateway job."""

from __future__ import annotations

from pathlib import Path

from deadline_plugin.bundle import PLUGIN, bundle
from deadline_plugin.repository import site_of
from deadline_plugin.settings_file import defaults
from renderbus_core.config import Config
from renderbus_core.installation import (
    Diagnosis,
    look_at_credentials,
    look_at_files,
    look_at_store,
)


def examine(repository: Path, config: Config) -> tuple[Diagnosis, ...]:
    """Look at everything that a gateway job needs; changes nothing.

    Args:
        repository: of Deadline.
        config: of the bridge on this host.
    """
    return (
        *look_at_files(site_of(repository), bundle(), "renderbus install deadline"),
        _program(repository),
        _preload(repository),
        look_at_credentials(config),
        look_at_store(config),
    )


def _program(repository: Path) -> Diagnosis:
    file = repository / "custom" / PLUGIN / "Renderbus.param"
    if not file.is_file():
        return Diagnosis("program", False, "there are no settings of the plug-in yet")
    named = defaults(file.read_text("utf-8")).get("Executable", "").split(";")
    there = [name for name in named if Path(name).is_file()]
    if there:
        return Diagnosis(
            "program", True, f"{there[0]}, unless the Monitor's settings say otherwise"
        )
    return Diagnosis(
        "program",
        True,
        "none of the usual places has it on this host; name it in Tools > Configure Plugins",
    )


def _preload(repository: Path) -> Diagnosis:
    """Find a script that every job of the farm runs, which the cloud does not."""
    if (repository / "custom" / "plugins" / "GlobalJobPreLoad.py").is_file():
        return Diagnosis(
            "GlobalJobPreLoad",
            True,
            "it is there: what it changes for jobs, the cloud does not do; see docs/deadline.md",
        )
    return Diagnosis("GlobalJobPreLoad", True, "there is none")
