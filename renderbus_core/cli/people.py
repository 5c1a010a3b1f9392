"""Who sits at the command line, for the log of bursts."""

from __future__ import annotations

import getpass


def who() -> str:
    """Return the user's name on this host; it is shown, never trusted."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no entry for the user, and no variable names one
        return "a person"
