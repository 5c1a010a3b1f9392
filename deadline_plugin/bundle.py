"""The files that Deadline runs, as they lie in a repository's `custom` folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from types import MappingProxyType

PLUGIN = PurePosixPath("plugins/Renderbus")
"""Where the plug-in of gateway jobs lies, and with it what the others share."""

EVENT = PurePosixPath("events/Renderbus")
"""Where the event plug-in lies."""

# The core's side of the link lies with the core; it is the same file on both sides.
_LINK = "renderbus_link.py"
# So do the options of a job, which the dialog judges and explains by it.
_OPTIONS = "options.json"
# A process that loads one plug-in does not see the folder of the other.
_SHARED = (
    "renderbus_gateway.py",
    "renderbus_intents.py",
    "renderbus_keeper.py",
    "renderbus_record.py",
)


def bundle() -> Mapping[PurePosixPath, bytes]:
    """Return every file by its place below `custom`, with what it shares with the core."""
    found = {
        path: file.read_bytes()
        for path, file in _below(files("deadline_plugin") / "custom", PurePosixPath())
        if path.suffix != ".pyc"
    }
    link = files("renderbus_core.shim") / _LINK
    shared = {EVENT / name: found[PLUGIN / name] for name in _SHARED}
    options = files("schemas") / _OPTIONS
    of_core = {
        PLUGIN / _LINK: link.read_bytes(),
        PLUGIN / f"renderbus_{_OPTIONS}": options.read_bytes(),
    }
    return MappingProxyType({**found, **shared, **of_core})


def _below(folder: Traversable, place: PurePosixPath) -> list[tuple[PurePosixPath, Traversable]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _below(entry, place / entry.name)
        else:
            found.append((place / entry.name, entry))
    return found
