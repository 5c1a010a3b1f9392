"""A Deadline repository as a place for the bridge's files."""

from __future__ import annotations

from pathlib import Path

from deadline_plugin.bundle import EVENT, PLUGIN
from deadline_plugin.settings_file import as_edited, carried_over
from renderbus_core.errors import InputError
from renderbus_core.installation import Site

# Folders that every repository has, and nothing else has together.
_FOLDERS = ("plugins", "events", "scripts")


def site_of(repository: Path) -> Site:
    """Return where the bridge's files lie in a repository.

    Args:
        repository: its folder.

    Raises:
        InputError: it is no Deadline repository.
    """
    missing = [name for name in _FOLDERS if not (repository / name).is_dir()]
    if missing:
        raise InputError(
            f"{repository} is no Deadline repository: it has no folder {missing[0]}; name the "
            "folder that holds plugins, events and scripts"
        )
    return Site(
        folder=repository / "custom",
        record=PLUGIN / "renderbus-installed.json",
        own=(PLUGIN, EVENT),
        settings={".param": carried_over, ".ini": as_edited},
    )
