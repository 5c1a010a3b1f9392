"""Ask for everything of the selected jobs that is in the cloud."""

import sys

from Deadline.Scripting import RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

import renderbus_ask


def __main__(*_args):
    """Do it; Deadline calls it."""
    renderbus_ask.ask_of_jobs(
        "recall",
        "Bring what is not rendered yet of {} jobs back to the farm? What the cloud has rendered "
        "is charged.",
    )
