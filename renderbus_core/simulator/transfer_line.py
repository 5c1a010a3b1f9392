"""Where the files of a simulated cloud are moved, and with what password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from renderbus_core.config import Secret


@dataclass(frozen=True, slots=True)
class TransferLine:
    """The HTTP storages beside the API; made anew with every run.

    Args:
        server: host.
        port: of the host.
        passwords: by user id; an account's name at the storages is its user id as text.
    """

    server: str
    port: int
    passwords: Mapping[int, Secret]
