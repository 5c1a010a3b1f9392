"""The gateway job: a worker hosts the bridge's core, and lends it this interpreter as farm agent.

Runs inside Deadline's interpreter (3.10 since Deadline 10.3): standard library only. The core is a
program of its own (`renderbus serve`), found by the plug-in's settings.
"""

import collections
import sys
import time
from pathlib import Path

from Deadline.Plugins import DeadlinePlugin, PluginType
from Deadline.Scripting import FileUtils, RepositoryUtils

# A worker copies the plug-in's folder and runs it from there.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from renderbus_farm import DeadlineFarm
from renderbus_gateway import CLOUD_ONLY, GATEWAY, ROLE
from renderbus_host import HostError, ask_seconds, columns, command, host

_SHOW_SECONDS = 10.0
_MOST_LINES = 10000


def GetDeadlinePlugin():
    """Return the plug-in; Deadline calls it."""
    return RenderbusPlugin()


def CleanupDeadlinePlugin(deadlinePlugin):
    """Let go of the plug-in; Deadline calls it."""
    deadlinePlugin.Cleanup()


class RenderbusPlugin(DeadlinePlugin):
    """Runs the core for as long as the task lasts; cancelling it detaches and recalls nothing."""

    def __init__(self):
        # Python.NET needs it since Deadline 10.3, and before had nothing to call.
        if sys.version_info.major == 3:
            super().__init__()
        self.InitializeProcessCallback += self.InitializeProcess
        self.RenderTasksCallback += self.RenderTasks
        # Written by threads of the link, told on Deadline's own.
        self._lines = collections.deque(maxlen=_MOST_LINES)
        self._shown_at = 0.0

    def Cleanup(self):
        """Unhook what was hooked: Python.NET would keep it otherwise."""
        del self.InitializeProcessCallback
        del self.RenderTasksCallback

    def InitializeProcess(self):
        """Say what kind of plug-in it is."""
        self.PluginType = PluginType.Advanced
        self.SingleFramesOnly = True

    def RenderTasks(self):
        """Host the core until it ends, or the task is taken from this worker."""
        role = self.GetPluginInfoEntryWithDefault(ROLE, GATEWAY)
        if role == CLOUD_ONLY:
            self.FailRender(
                "This job renders in the Renderbus cloud only: its tasks are not for workers. "
                "Ask for a burst of it, or submit it again as a job of its program."
            )
        self._host()

    def _host(self):
        column, task_column = columns(self.GetConfigEntryWithDefault)
        farm = DeadlineFarm(
            RepositoryUtils,
            self._lines.append,
            column,
            task_column=task_column,
            ask_seconds=ask_seconds(self.GetConfigEntryWithDefault),
        )
        seconds = float(self.GetIntegerConfigEntryWithDefault("StopSeconds", 60))

        def between():
            self._show(farm)
            return self.IsCanceled()

        try:
            host(self._command(), farm, self._lines.append, between, seconds)
        except HostError as error:
            self._tell()
            self.FailRender(str(error))
        self._tell()
        self.LogInfo("detached: what is in the cloud goes on, and the next gateway finds it")

    def _command(self):
        programs = self.GetConfigEntry("Executable")
        program = FileUtils.SearchFileList(programs)
        if not program:
            self.FailRender(
                "no executable of the bridge was found on this worker ({}); install it here, and "
                "name it in the settings of the plug-in Renderbus".format(programs)
            )
        decides = self.GetBooleanPluginInfoEntryWithDefault("Overflow", True)
        more = [] if decides else ["--no-overflow"]
        return command(program, self.GetConfigEntryWithDefault("ConfigFile", ""), more)

    def _show(self, farm):
        """Tell what happened, and now and then what is in the cloud."""
        self._tell()
        now = time.monotonic()
        if now - self._shown_at >= _SHOW_SECONDS:
            self._shown_at = now
            self.SetStatusMessage(farm.status)
            self.SetProgress(farm.progress)

    def _tell(self):
        while self._lines:
            self.LogInfo(self._lines.popleft())
