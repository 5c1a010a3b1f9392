"""Which farms there are: two of our own, and those that installed integrations bring along."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import entry_points
from typing import Protocol, cast

from renderbus_core.burst import Farm
from renderbus_core.config import Config
from renderbus_core.errors import ConfigError, FarmError

LOCAL, LINK = "local", "link"
"""The embedded farm, and the one whose agent started this process."""

_GROUP = "renderbus.openers"


class Opener(Protocol):
    """How an integration opens its farm."""

    def __call__(
        self, config: Config, on_stop: Callable[[str], None]
    ) -> AbstractContextManager[Farm]:
        """Open the farm.

        Args:
            config: settings.
            on_stop: called once, on any thread, with the reason for which to begin nothing more.

        Raises:
            ConfigError: a setting that it needs is missing or wrong.
            FarmError: the farm is not there.
        """
        ...


def kinds() -> list[str]:
    """Name all farms that can be chosen here."""
    return [LOCAL, LINK, *sorted(entry.name for entry in entry_points(group=_GROUP))]


def opener(kind: str) -> Opener:
    """Return how a farm is opened that an integration brings along.

    Args:
        kind: its name.

    Raises:
        ConfigError: no integration brings such a farm.
        FarmError: it is installed, but cannot be loaded.
    """
    for entry in entry_points(group=_GROUP, name=kind):
        try:
            return cast("Opener", entry.load())
        except ImportError as error:
            raise FarmError(
                f"the farm {kind!r} cannot be loaded ({error}); install the bridge again"
            ) from error
    raise ConfigError(
        f"farm.kind is {kind!r}, and there is no such farm here; choose one of {', '.join(kinds())}"
    )
