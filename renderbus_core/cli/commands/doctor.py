"""`renderbus doctor`: whether everything is in place for a render manager."""

from __future__ import annotations

from renderbus_core.cli.brought import Brought

command = Brought(
    "renderbus.doctor",
    short_help="Look whether everything is in place for a render manager.",
    help="Look whether everything is in place for a render manager; changes nothing.",
)
