"""The core as a farm agent's child: standard input and output are the link."""

from __future__ import annotations

import sys
from collections.abc import Callable

from renderbus_core.farm.link import Link
from renderbus_core.farm.linked import LinkFarm, connect
from renderbus_core.farm.protocol import LinkError
from renderbus_core.shim import renderbus_link as shim


def open_stdio_farm(on_stop: Callable[[str], None]) -> LinkFarm:
    """Connect to the agent that started this process; once in its life.

    What anybody prints from here on goes to standard error, which the agent logs.

    Args:
        on_stop: called once, on another thread, with the reason for which to begin nothing more.

    Raises:
        LinkError: no agent is there, or none that can be talked to.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        raise LinkError(
            "a farm agent starts the core and speaks with it over standard input, which is a "
            "terminal here; choose another farm with --farm, or start the agent"
        )
    reader, writer = shim.own_pipes()
    return connect(Link(reader, writer), on_stop)
