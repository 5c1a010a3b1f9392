"""The modules that Deadline offers to scripts and plug-ins, over a repository in memory.

`install` puts them where `import Deadline.Scripting` finds them; `load` runs a file as Deadline
does: as a module of its own, whose factory it then calls.
"""

import importlib.util
import itertools
import sys
import types
from pathlib import Path

from dotnet import Array, Strict
from repository import JobObject, RepositoryUtils, TaskObject, frames_of, info_of

_EVENTS = (
    "JobSubmitted",
    "JobStarted",
    "JobFinished",
    "JobRequeued",
    "JobFailed",
    "JobSuspended",
    "JobResumed",
    "JobPended",
    "JobReleased",
    "JobDeleted",
    "JobPurged",
    "HouseCleaning",
)
_PLUGIN_SLOTS = ("InitializeProcess", "StartJob", "RenderTasks", "EndJob", "RenderCanceled")
_numbers = itertools.count()


class FailRenderError(Exception):
    """What FailRender raises: the task ends with an error report."""


class Slot(object):
    """A callback slot: handlers are added with +=."""

    def __init__(self):
        self.handlers = []

    def __iadd__(self, handler):
        self.handlers.append(handler)
        return self


class ClientUtils(Strict):
    """`Deadline.Scripting.ClientUtils`."""

    def __init__(self, folder, repository):
        self._folder = folder
        self._repository = repository

    def GetUsersSettingsDirectory(self):
        return self._folder

    def ExecuteCommandAndGetOutput(self, args):
        """Submit a job, as deadlinecommand does with two files."""
        if self._repository.refuses:
            return "Error: the repository refuses it"
        infos = [info_of(name) for name in list(args)[:2]]
        return "Result=Success\nJobID=" + self._repository.submit(*infos)

    def GetDeadlineUser(self):
        return "ada"

    def GetDeadlineTempPath(self):
        return self._folder

    def LogText(self, text):
        self._repository.said.append(text)


class FileUtils(Strict):
    """`Deadline.Scripting.FileUtils`."""

    def SearchFileList(self, fileList):
        return next((name for name in fileList.split(";") if Path(name).is_file()), "")


class MonitorUtils(Strict):
    """`Deadline.Scripting.MonitorUtils`: what a person has selected."""

    def __init__(self, repository):
        self._repository = repository

    def GetSelectedJobs(self):
        return Array(JobObject(self._repository.jobs[id_]) for id_ in self._repository.selected)

    def GetSelectedTasks(self):
        (id_,) = self._repository.selected
        chosen = self._repository.tasks(id_, self._repository.selected_tasks)
        return Array(TaskObject(task, self._repository.task_columns) for task in chosen)


class FrameUtils(Strict):
    """`Deadline.Scripting.FrameUtils`."""

    def FrameRangeValid(self, frameList):
        try:
            return bool(frames_of(frameList))
        except AttributeError:
            return False

    def Parse(self, frameList):
        return Array(frames_of(frameList))


class PathUtils(Strict):
    """`Deadline.Scripting.PathUtils`."""

    def IsPathLocal(self, path):
        return path.lower().startswith("c:")


class Signal(object):
    """A signal of Qt: what is connected to it is called."""

    def __init__(self):
        self._handlers = []

    def connect(self, handler):
        self._handlers.append(handler)

    def emit(self, *arguments):
        for handler in self._handlers:
            handler(*arguments)


class Control(Strict):
    """A control of a dialog."""

    def __init__(self, kind, value, items):
        self.kind = kind
        self.value = value
        self.items = items
        self.ValueModified = Signal()


class DeadlineScriptDialog(Strict):
    """A dialog: what it shows is kept, and questions are answered as the test says."""

    repository = None

    def __init__(self):
        self._controls = {}
        self._open = []
        self._title = ""
        self._tab = ""
        self._cells = set()
        self._layout = []
        self.repository.dialogs.append(self)

    def _begin(self, what):
        self._open.append(what)

    def _end(self, what):
        if not self._open or self._open.pop() != what:
            raise RuntimeError("{} ends where it did not begin".format(what))

    def _place(self, name, row, column, rows, columns):
        if "grid" not in self._open:
            raise RuntimeError("{} is added outside of a grid".format(name))
        cells = {(row + r, column + c) for r in range(max(rows, 1)) for c in range(max(columns, 1))}
        if cells & self._cells:
            raise RuntimeError("{} is laid over another control".format(name))
        self._cells |= cells

    def _add(self, name, kind, value, place, tip, text="", items=None):
        if name in self._controls:
            raise RuntimeError("a control named {} is there already".format(name))
        self._place(name, *place)
        self._controls[name] = Control(kind, value, items)
        row, column, _, columns = place
        shown = {"name": name, "kind": kind, "text": text, "tip": tip, "tab": self._tab}
        self._layout.append(dict(shown, row=row, column=column, columns=max(columns, 1)))
        return self._controls[name]

    def SetTitle(self, title):
        self._title = title

    def AddTabControl(self, name, width, height):
        self._begin("tabs")

    def EndTabControl(self):
        self._end("tabs")

    def AddTabPage(self, title):
        self._begin("page")
        self._tab = title

    def EndTabPage(self):
        self._end("page")
        self._tab = ""

    def AddGrid(self):
        self._begin("grid")
        self._cells = set()

    def EndGrid(self):
        self._end("grid")

    def AddHorizontalSpacerToGrid(self, name, row, column):
        self._place(name, row, column, 1, 1)

    def AddControlToGrid(
        self, name, control, value, row, column, tooltip="", expand=True, rowSpan=-1, colSpan=-1
    ):
        return self._add(name, control, value, (row, column, rowSpan, colSpan), tooltip)

    def AddComboControlToGrid(
        self, name, control, value, items, row, column, tooltip="", expand=True, rowSpan=1,
        colSpan=1,
    ):  # fmt: skip
        if value not in items:
            raise RuntimeError("{} is none of the choices of {}".format(value, name))
        place = (row, column, rowSpan, colSpan)
        return self._add(name, control, value, place, tooltip, items=list(items))

    def AddSelectionControlToGrid(
        self, name, control, value, theFilter, row, column, tooltip="", expand=True, rowSpan=1,
        colSpan=1, browserLocation="",
    ):  # fmt: skip
        place = (row, column, rowSpan, colSpan)
        return self._add(name, control, value, place, tooltip, text=theFilter)

    def SetItems(self, controlName, items):
        control = self._controls[controlName]
        control.items = list(items)
        if control.value not in control.items:
            # Qt shows the first of the new entries, and tells of it.
            control.value = control.items[0]
            control.ValueModified.emit()

    def GetValue(self, controlName):
        return self._controls[controlName].value

    def SetValue(self, controlName, value):
        control = self._controls[controlName]
        if control.items is not None and value not in control.items:
            raise RuntimeError("{} is none of the choices of {}".format(value, controlName))
        if control.value != value:
            control.value = value
            control.ValueModified.emit()

    def LoadSettings(self, iniFile, controlNames):
        for name in controlNames:
            if name in self.repository.sticky:
                self.SetValue(name, self.repository.sticky[name])

    def SaveSettings(self, iniFile, controlNames):
        self.repository.sticky.update({name: self.GetValue(name) for name in controlNames})

    def EnabledStickySaving(self, settings, iniLocation):
        pass

    def ShowDialog(self, modal):
        if self._open:
            raise RuntimeError("{} does not end".format(self._open[-1]))

    def CloseDialog(self):
        self.repository.dialogs.remove(self)

    def ShowMessageBox(self, text, title, buttons=("OK",)):
        self.repository.shown.append(text)
        return self.repository.answer if self.repository.answer in buttons else buttons[-1]


class PluginType(Strict):
    """`Deadline.Plugins.PluginType`."""

    Simple, Advanced = range(2)


def install(repository, folder, utils=None):
    """Make `Deadline.Scripting`, `Deadline.Plugins` and `Deadline.Events` importable.

    Args:
        repository: what stands behind them.
        folder: for temporary files.
        utils: `RepositoryUtils`; None for that of the repository in this process.
    """
    members = {
        "Deadline": {},
        "Deadline.Scripting": {
            "RepositoryUtils": utils or RepositoryUtils(repository),
            "ClientUtils": ClientUtils(folder, repository),
            "FileUtils": FileUtils(),
            "FrameUtils": FrameUtils(),
            "PathUtils": PathUtils(),
            "MonitorUtils": MonitorUtils(repository),
        },
        "Deadline.Plugins": {
            "DeadlinePlugin": DeadlinePlugin,
            "PluginType": PluginType(),
        },
        "Deadline.Events": {"DeadlineEventListener": DeadlineEventListener},
        "DeadlineUI": {},
        "DeadlineUI.Controls": {},
        "DeadlineUI.Controls.Scripting": {},
        "DeadlineUI.Controls.Scripting.DeadlineScriptDialog": {
            "DeadlineScriptDialog": DeadlineScriptDialog
        },
    }
    DeadlineEventListener.repository = repository
    DeadlineScriptDialog.repository = repository
    for name, values in members.items():
        module = types.ModuleType(name)
        vars(module).update(values)
        sys.modules[name] = module


def load(file):
    """Run a plug-in's file as Deadline does, and return its module."""
    name = "deadline_loads_{}".format(next(_numbers))
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class DeadlineEventListener(Strict):
    """Base of event plug-ins; one that does not call it has no slots, as since 10.3."""

    repository = None
    plugin = "Renderbus"

    def __init__(self):
        for event in _EVENTS:
            setattr(self, "On{}Callback".format(event), Slot())
        self.plugin_initialized = True

    def GetConfigEntryWithDefault(self, key, defaultValue):
        return self.repository.setting(self.plugin, key, defaultValue)

    def AddMetaDataEntry(self, key, value):
        self.repository.add_metadata(self.plugin, key, value)

    def GetMetaDataEntry(self, key):
        return self.repository.get_metadata(self.plugin, key)

    def UpdateMetaDataEntry(self, key, value):
        self.repository.update_metadata(self.plugin, key, value)

    def DeleteMetaDataEntry(self, key):
        self.repository.delete_metadata(self.plugin, key)

    def LogInfo(self, message):
        self.repository.log.append(message)

    def LogWarning(self, message):
        self.repository.log.append("WARNING " + message)


def listen(repository, file):
    """Load an event plug-in and let the repository tell it of what happens."""
    module = load(file)
    listener = module.GetDeadlineEventListener()

    def told(event, *jobs):
        jobs = [repository.given(repository.jobs[j]) if isinstance(j, str) else j for j in jobs]
        slot = getattr(listener, "{}Callback".format(event), None)
        for handler in slot.handlers if slot else ():
            handler(*jobs)

    repository.listeners.append(told)
    return module, listener


class DeadlinePlugin(Strict):
    """Base of job plug-ins, with what a worker gives one for a task."""

    def __init__(self):
        for slot in _PLUGIN_SLOTS:
            setattr(self, "{}Callback".format(slot), Slot())
        self.plugin_initialized = True
        self._fake_worker = None

    def attach(self, host):
        """Give it what it runs on; not a member that plug-ins know."""
        self._fake_worker = host

    def GetPluginInfoEntryWithDefault(self, key, default):
        return self._fake_worker.plugin_info.get(key, default)

    def GetBooleanPluginInfoEntryWithDefault(self, key, default):
        return self._fake_worker.plugin_info.get(key, str(default)).lower() in ("1", "true")

    def GetConfigEntry(self, key):
        return self._fake_worker.settings[key]

    def GetConfigEntryWithDefault(self, key, default):
        return self._fake_worker.settings.get(key, default)

    def GetIntegerConfigEntryWithDefault(self, key, default):
        return int(self._fake_worker.settings.get(key, default))

    def IsCanceled(self):
        return self._fake_worker.is_canceled()

    def SetProgress(self, percent):
        self._fake_worker.progress = float(percent)

    def SetStatusMessage(self, message):
        self._fake_worker.status = message

    def LogInfo(self, message):
        self._fake_worker.log.append(message)

    def LogWarning(self, message):
        self._fake_worker.log.append("WARNING " + message)

    def FailRender(self, message=""):
        raise FailRenderError(message)
