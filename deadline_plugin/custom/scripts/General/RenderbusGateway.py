"""Host the bridge without a gateway job: a system service that starts Deadline's interpreter.

deadlinecommand -ExecuteScript RenderbusGateway.py PROGRAM [CONFIG_FILE [OPTIONS OF SERVE]]

It ends when the core does, and says why. Ending it lets go of everything and recalls nothing.
"""

import collections
import sys

from Deadline.Scripting import ClientUtils, RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

from renderbus_farm import DeadlineFarm
from renderbus_gateway import PLUGIN
from renderbus_host import HostError, ask_seconds, columns, command, host


def __main__(*args):
    """Host it; Deadline calls it."""
    log = ClientUtils.LogText
    if not args:
        log("Name the bridge's program: deadlinecommand -ExecuteScript RenderbusGateway.py PROGRAM")
        return
    program, *rest = (str(arg) for arg in args)
    file, *more = rest or [""]
    # Written by threads of the link, told on Deadline's own.
    lines = collections.deque()

    setting = RepositoryUtils.GetPluginConfig(PLUGIN).GetConfigEntryWithDefault
    column, task_column = columns(setting)
    farm = DeadlineFarm(
        RepositoryUtils,
        lines.append,
        column,
        task_column=task_column,
        ask_seconds=ask_seconds(setting),
    )

    def tell():
        while lines:
            log(lines.popleft())
        return False

    try:
        host(command(program, file, more), farm, lines.append, tell)
    except HostError as error:
        lines.append(str(error))
    tell()
