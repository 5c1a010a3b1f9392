"""Commands that installed integrations bring along, one for each render manager."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import cast

import click


class Brought(click.Group):
    """A group whose commands come through entry points.

    Args:
        entries: name of the entry points.
    """

    def __init__(self, entries: str, **attributes: str) -> None:
        super().__init__(name=None, commands=None, help=attributes.pop("help", None))
        self.short_help = attributes.pop("short_help", None)
        self._entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the render managers."""
        del ctx
        return sorted(self._found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command of one."""
        del ctx
        entry = self._found().get(cmd_name)
        return None if entry is None else cast("click.Command", entry.load())

    def _found(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self._entries)}
