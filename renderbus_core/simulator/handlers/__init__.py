"""What the cloud does for each operation of the table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from renderbus_core.simulator.handlers import (
    account,
    environments,
    files,
    frames,
    platform,
    records,
    tags,
    tasks,
)
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.handlers.records import note

Handler = Callable[[Call], object]

_MODULES = (account, environments, files, frames, platform, records, tags, tasks)

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {name: getattr(module, name) for module in _MODULES for name in module.__all__}
)
"""Handlers by the operation's name in `schemas/api.json`; a module's `__all__` names its own."""

__all__ = ["HANDLERS", "Call", "Handler", "note"]
