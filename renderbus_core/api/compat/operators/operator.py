"""What the vendor's operators have in common."""

from __future__ import annotations

from typing import Any

from renderbus_core.api.compat.calls import Calls
from renderbus_core.api.compat.exception import ArgumentError


class Operator:
    """Operations of one account that belong together."""

    def __init__(self, connect: Calls) -> None:
        self._call = connect


def whole_number(name: str, value: Any) -> int:
    """Return an argument that the vendor takes as a number or as text.

    Raises:
        ArgumentError: it is neither.
    """
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{name} must be a whole number, not {value!r:.80}") from error
