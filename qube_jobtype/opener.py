"""How `--farm qube` is opened: a farm agent under Qube's own Python, started here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

from qube_jobtype.bundle import AGENT, JOB_TYPE
from renderbus_core.config import Config
from renderbus_core.farm import LinkFarm, open_child_farm

# Where Qube looks for job types that were installed.
_JOB_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "darwin": "/Applications/pfx/jobtypes",
        "win32": "C:/Program Files/pfx/jobtypes",
    }
)
_ELSEWHERE = "/usr/local/pfx/jobtypes"


def default_agent(system: str = sys.platform) -> tuple[str, ...]:
    """Return how the agent is started where nothing is configured.

    Args:
        system: as `sys.platform` calls it.
    """
    python = "python" if system == "win32" else "python3"
    return python, f"{_JOB_TYPES.get(system, _ELSEWHERE)}/{JOB_TYPE}/{AGENT}"


def open_farm(config: Config, on_stop: Callable[[str], None]) -> AbstractContextManager[LinkFarm]:
    """Start the farm agent and connect to it.

    Args:
        config: settings; `farm.agent` names another Python or another place.
        on_stop: called once, on another thread, with the reason for which to begin nothing more.

    Raises:
        FarmError: the agent is not there, or Qube's module does not fit its Python.
    """
    return open_child_farm(config.farm.agent or default_agent(), on_stop)
