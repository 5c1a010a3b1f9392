"""What the simulated cloud remembers of one account apart from its tasks."""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

_DAY = 86_400
_MOST_DEEDS = 10_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to tasks, for the operation log of who did it.

    Args:
        operation: name in the operations table.
        path: that was called.
        task_ids: of the tasks it was done to.
        parameters: JSON text of the request.
    """

    at: datetime
    operation: str
    path: str
    task_ids: tuple[int, ...]
    parameters: str


@dataclass(frozen=True, slots=True)
class Login:
    """The first call of an account on a day, or the first that was refused with a code.

    Args:
        id: no other log-in has it.
        code: 200, or why the account was not let in.
        agent: the caller's program, as it says.
    """

    id: int
    at: datetime
    code: int
    agent: str


@dataclass(frozen=True, slots=True)
class Environment:
    """A named render environment.

    Args:
        name: by which it is changed and deleted.
        version: of the program.
        is_windows: of the render machines; else Linux.
        layer_type: Maya: 0 render layers, 1 render setup.
        plugin_ids: ids in the catalogue.
    """

    name: str
    cg_id: int
    version: str
    is_windows: bool
    layer_type: int
    project_path: str
    plugin_ids: tuple[int, ...]


@dataclass(slots=True)
class AccountState:
    """What changes about an account.

    Args:
        paid_in: money paid in since the start, beside the account's balance then.
        over_time_seconds: after which its later tasks are reported as late.
        projects: ids by name.
        environments: by name.
        default_environments: names by program id.
        deeds: what it did to tasks, oldest first; the oldest are forgotten.
        logins: by the day in China and the code that was answered.
    """

    paid_in: Decimal = Decimal(0)
    over_time_seconds: int = _DAY // 2
    projects: dict[str, int] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    default_environments: dict[int, str] = field(default_factory=dict)
    deeds: deque[Deed] = field(default_factory=lambda: deque(maxlen=_MOST_DEEDS))
    logins: dict[tuple[date, int], Login] = field(default_factory=dict)


def label_id(label: str) -> int:
    """Return the id of a label, which only depends on its text."""
    return 1 + zlib.crc32(label.encode())
