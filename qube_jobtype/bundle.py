"""The files that Qube's Python runs, as they lie in the folder of the job type."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

JOB_TYPE = "renderbus"
"""Name of the job type, and of its folder."""

AGENT = "agent.py"
"""The farm agent of a whole Qube, which no instance of a job runs."""

# The core's side of the link lies with the core; it is the same file on both sides.
_LINK = "renderbus_link.py"


def bundle() -> Mapping[str, bytes]:
    """Return every file of the job type by its name, with the agent, and with the link.

    Both programs share most of them, and one folder is what has to be installed.
    """
    found = {
        file.name: file.read_bytes()
        for file in sorted((files("qube_jobtype") / JOB_TYPE).iterdir(), key=lambda file: file.name)
        if file.is_file() and not file.name.endswith(".pyc")
    }
    agent = files("qube_jobtype") / AGENT
    link = files("renderbus_core.shim") / _LINK
    return MappingProxyType({**found, AGENT: agent.read_bytes(), _LINK: link.read_bytes()})
