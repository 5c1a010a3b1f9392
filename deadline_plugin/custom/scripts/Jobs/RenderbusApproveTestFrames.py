"""Let the other frames of the selected jobs go on behind their test frames."""

import sys

from Deadline.Scripting import RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

import renderbus_ask


def __main__(*_args):
    """Do it; Deadline calls it."""
    renderbus_ask.ask_of_jobs(
        "approve",
        "Are the test frames of {} jobs good, so that all others may be rendered?",
    )
