"""`renderbus install`: the bridge's files where a render manager finds them."""

from __future__ import annotations

from renderbus_core.cli.brought import Brought

command = Brought(
    "renderbus.install",
    short_help="Put the bridge's files where a render manager finds them.",
    help="Put the bridge's files where a render manager finds them, or take them away again.",
)
