"""A configuration file that is edited while a gateway runs: the last good one holds."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass

from renderbus_core.config.files import Folders
from renderbus_core.config.reading import load
from renderbus_core.config.values import Config
from renderbus_core.errors import ConfigError

RENEWED = ("overflow", "money", "parity")
"""Sections that take effect while a process runs; the others need a new one."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a look at the file came to.

    Args:
        config: the configuration that holds now.
        problem: what is wrong with the file, everything at once; "" when nothing is.
    """

    config: Config
    problem: str = ""


class Renewer:
    """Looks after the file that a configuration was read from.

    Args:
        config: as it was read.
        env: the environment.
        folders: of this host when None.

    Attributes:
        good: the configuration that holds.
    """

    def __init__(
        self, config: Config, env: Mapping[str, str] = os.environ, folders: Folders | None = None
    ) -> None:
        self.good = config
        self._env = env
        self._folders = folders
        self._seen = self._stamp()
        self._told = ""

    def look(self) -> Renewal | None:
        """Read the file again if it has changed; None when it has not, or there is none."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            new = load(self.good.file, env=self._env, folders=self._folders)
        except ConfigError as error:
            if isinstance(error.__cause__, OSError):
                # It may pass without any change of the file.
                self._seen = None
            return self._problem(str(error))
        self._told = ""
        kept = {name: getattr(new, name) for name in RENEWED}
        sources = dict(self.good.sources) | {
            key: source for key, source in new.sources.items() if key.partition(".")[0] in RENEWED
        }
        self.good = dataclasses.replace(self.good, **kept, sources=sources)
        return Renewal(self.good)

    def _problem(self, sentence: str) -> Renewal | None:
        """Tell what is wrong, the same only once."""
        known, self._told = self._told, sentence
        return None if sentence == known else Renewal(self.good, sentence)

    def _stamp(self) -> tuple[int, ...] | None:
        """Return what changes whenever the file does; None while it is not there."""
        if self.good.file is None:
            return None
        try:
            found = self.good.file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
