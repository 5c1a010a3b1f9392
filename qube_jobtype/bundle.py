"""The files that Qube's Python runs, as they lie in the folder of the job type."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

JOB_TYPE = "renderbus"
"""Name of the job type, and of its folder."""

# The core's side of the link lies with the core; it is the same file on both sides.
_LINK = "renderbus_link.py"


def bundle() -> Mapping[str, bytes]:
    """Return every file of the job type by its name, with what it shares with the core."""
    found = {
        file.name: file.read_bytes()
        for file in sorted((files("qube_jobtype") / JOB_TYPE).iterdir(), key=lambda file: file.name)
        if file.is_file() and not file.name.endswith(".pyc")
    }
    link = files("renderbus_core.shim") / _LINK
    return MappingProxyType({**found, _LINK: link.read_bytes()})
