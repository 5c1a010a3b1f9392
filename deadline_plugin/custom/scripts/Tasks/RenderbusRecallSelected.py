"""Ask for the selected tasks back from the cloud."""

import sys

from Deadline.Scripting import RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

import renderbus_ask


def __main__(*_args):
    """Do it; Deadline calls it."""
    renderbus_ask.ask_of_tasks("recall", "Bring the tasks of {} frames back to the farm?")
