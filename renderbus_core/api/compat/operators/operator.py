"""What the vendor's operators have in common."""

from __future__ import annotations

from renderbus_core.api.compat.calls import Calls


class Operator:
    """Operations of one account that belong together."""

    def __init__(self, connect: Calls) -> None:
        self._call = connect
