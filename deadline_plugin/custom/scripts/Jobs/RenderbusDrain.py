"""Close the farm's way to the cloud for new bursts."""

import sys

from Deadline.Scripting import RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

import renderbus_ask


def __main__(*_args):
    """Do it; Deadline calls it."""
    renderbus_ask.ask_of_route(
        "drain", "Take no new bursts of any job? Those at work go on and come home."
    )
