"""Show where the selected jobs stand in the cloud."""

import sys

from Deadline.Scripting import RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

import renderbus_ask


def __main__(*_args):
    """Do it; Deadline calls it."""
    renderbus_ask.show_status()
