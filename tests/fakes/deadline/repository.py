"""A Deadline repository in memory: jobs, tasks, workers, and what becomes of them.

It holds what Deadline documents or what stock code relies on, and no more. Where Deadline's answer
is not known there is a switch; `docs/assumptions.md` names them. Everything happens on one thread;
`before` lets a worker or a person act inside any call, as they do on a real farm.
"""

import datetime as dt
import itertools
import re
from pathlib import Path

from dotnet import Array, DateTime, Dictionary, Strict, TimeSpan

UNFINISHED = ("Queued", "Rendering", "Suspended", "Pending", "Failed")
_FRAMES = re.compile(r"(-?\d+)(?:-(-?\d+)(?:x(\d+))?)?$")


class StateError(RuntimeError):
    """Deadline does not end a task in this state."""


class Task:
    """A task as the database has it."""

    def __init__(self, number, frames):
        self.number = number
        self.frames = tuple(frames)
        self.status = "Queued"
        self.worker = ""
        self.seconds = 0.0
        self.completed_at = None
        self.spared = False
        self.extra = {}


class Record:
    """A job as the database has it."""

    def __init__(self, id_, info, plugin_info, auxiliary, at, script_frames=()):
        self.id = id_
        self.script_frames = script_frames
        self.info = dict(info)
        self.plugin_info = dict(plugin_info)
        self.auxiliary = tuple(auxiliary)
        self.extra = pairs(info, "ExtraInfoKeyValue")
        self.environment = pairs(info, "EnvironmentKeyValue")
        self.submitted_at = at
        self.history = []
        self.cut()

    def cut(self):
        """Make its tasks: some entries of the frame list each, and those of its scripts."""
        numbers = frames_of(self.info.get("Frames", "0"))
        size = max(int(self.info.get("ChunkSize", "1")), 1)
        chunks = [numbers[start : start + size] for start in range(0, len(numbers), size)]
        scripts = [self.info.get(key) for key in ("PreJobScript", "PostJobScript")]
        chunks += [self.script_frames for script in scripts if script]
        self.tasks = [Task(number, chunk) for number, chunk in enumerate(chunks)]

    @property
    def status(self):
        """What the Monitor calls its state, which follows from its tasks."""
        states = {task.status for task in self.tasks}
        if states & {"Queued", "Rendering"}:
            return "Active"
        rest = [name for name in ("Suspended", "Pending", "Failed") if name in states]
        return rest[0] if rest else "Completed"


def pairs(info, name):
    """Return the pairs of entries like `ExtraInfoKeyValue0=key=value`."""
    values = [v for k, v in info.items() if re.match(name + r"\d+$", k)]
    return dict(value.split("=", 1) for value in values)


def info_of(name):
    """Read an info file: a line for each key."""
    with Path(name).open(encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)


def frames_of(text):
    """Read a frame list; a frame is never repeated."""
    found = []
    for part in filter(None, re.split(r"[, ]", text)):
        first, last, step = _FRAMES.match(part).groups()
        start, end = int(first), int(last or first)
        stride = int(step or 1) * (1 if end >= start else -1)
        found.extend(range(start, end + (1 if stride > 0 else -1), stride))
    return list(dict.fromkeys(found))


class Repository:
    """Jobs, workers and settings, with the acts of workers and people.

    Attributes:
        listeners: those of this process, told of what happens.
        before: what happens just before a call of the API by its name, once each.
        window: how many calls of the API come before the one in front of which `in_window` happens.
        completes_suspended: whether Deadline completes a task that is suspended.
        fails_suspended: whether it fails one.
        refuses_silently: whether it says nothing of tasks that it does not complete or fail.
        script_frames: of tasks that run the script before or after a job.
        completes_others: whether it completes the others when one of several cannot be.
        shows_deleted: whether GetJob still gives a job that was deleted and not purged yet.
        task_columns: how the columns of a task are called; "" where there are none.
        odd: ids of jobs of which nothing can be read.
        latency: seconds that each call takes; they do not pass, but clocks of this process are set.
    """

    def __init__(self):
        self.jobs = {}
        self.deleted = {}
        self.archived = {}
        self.workers = {}
        # Whether all of them can be asked for at once.
        self.tells_workers = True
        self.limits = {}
        self.metadata = {}
        self.settings = {}
        self.listeners = []
        self.before = {}
        self.window = None
        self.in_window = None
        self.completes_suspended = True
        self.fails_suspended = True
        self.refuses_silently = False
        self.script_frames = ()
        self.completes_others = True
        self.shows_deleted = False
        self.task_columns = "ExtraInfo"
        self.calls = []
        self.log = []
        self.selected = []
        self.selected_tasks = []
        self.shown = []
        self.answer = "Yes"
        self.dialogs = []
        self.sticky = {}
        self.refuses = False
        self.said = []
        self.plugin_settings = {}
        self.root = ""
        self.odd = []
        self.latency = 0.0
        self.passed = 0.0
        self._ids = itertools.count(0x5F0000000000000000000001)

    def now(self):
        return dt.datetime.now(dt.timezone.utc)

    # What event plug-ins keep, and how they are set.

    def add_metadata(self, plugin, key, value):
        self.call("AddMetaDataEntry")
        self.metadata.setdefault(plugin, {}).setdefault(key, value)

    def get_metadata(self, plugin, key):
        return self.metadata.get(plugin, {}).get(key)

    def update_metadata(self, plugin, key, value):
        if key in self.metadata.get(plugin, {}):
            self.metadata[plugin][key] = value

    def delete_metadata(self, plugin, key):
        self.call("DeleteMetaDataEntry")
        self.metadata.get(plugin, {}).pop(key, None)

    def setting(self, plugin, key, default):
        return self.settings.get(plugin, {}).get(key, default)

    def call(self, name):
        """Note a call of the API, and let others act before it."""
        self.calls.append(name)
        self.passed += self.latency
        acts = self.before.get(name)
        if acts:
            acts.pop(0)()
        if self.window is not None:
            self.window -= 1
            if self.window < 0:
                self.window, act = None, self.in_window
                act()

    def tell(self, event, *arguments):
        """Tell the listeners of this process of an event."""
        for listener in list(self.listeners):
            listener(event, *arguments)

    # People and submitters.

    def submit(self, info, plugin_info, auxiliary=(), at=None, extra=()):
        id_ = f"{next(self._ids):024x}"
        moment, scripts = at or self.now(), self.script_frames
        self.jobs[id_] = Record(id_, info, plugin_info, auxiliary, moment, scripts)
        self.jobs[id_].extra.update(extra)
        self.tell("OnJobSubmitted", id_)
        return id_

    def copy(self, id_):
        """Submit a job again as the Monitor does: a copy bears the extra info of the original."""
        old = self.jobs[id_]
        return self.submit(old.info, old.plugin_info, old.auxiliary, extra=old.extra)

    def delete(self, id_):
        self.tell("OnJobDeleted", id_)
        self.deleted[id_] = self.jobs.pop(id_)

    def undelete(self, id_):
        self.jobs[id_] = self.deleted.pop(id_)

    def purge(self, id_):
        """Take a job out of the database at once."""
        self.tell("OnJobPurged", id_)
        del self.jobs[id_]

    def archive(self, id_):
        """Put a job into a file; no event is known that tells of it."""
        self.archived[id_] = self.jobs.pop(id_)

    def fail_job(self, id_):
        self.fail(id_, None)
        self.tell("OnJobFailed", id_)

    def given(self, record):
        """Return what a script gets of a job."""
        return OddJob() if record.id in self.odd else JobObject(record)

    def find(self, id_):
        """Return what GetJob gives of an id."""
        return self.jobs.get(id_) or (self.deleted.get(id_) if self.shows_deleted else None)

    def tasks(self, id_, numbers=None):
        chosen = None if numbers is None else {int(n) for n in numbers}
        return [t for t in self.jobs[id_].tasks if chosen is None or t.number in chosen]

    def suspend(self, id_, numbers=None):
        for task in self.tasks(id_, numbers):
            if task.status in ("Queued", "Rendering") and not task.spared:
                task.status, task.worker = "Suspended", ""
        # It is believed to be told too when the last task that is open gets suspended by itself.
        if numbers is None or self.jobs[id_].status == "Suspended":
            self.tell("OnJobSuspended", id_)

    def resume(self, id_, numbers=None):
        for task in self.tasks(id_, numbers):
            if task.status == "Suspended":
                task.status = "Queued"
        if numbers is None:
            self.tell("OnJobResumed", id_)

    def resumefailed(self, id_, numbers=None):
        for task in self.tasks(id_, numbers):
            if task.status == "Failed":
                task.status, task.worker, task.completed_at = "Queued", "", None

    def requeue(self, id_, numbers=None):
        for task in self.tasks(id_, numbers):
            if task.status in ("Rendering", "Completed", "Failed"):
                task.status, task.worker = "Queued", ""
        if numbers is None:
            self.tell("OnJobRequeued", id_)

    def complete(self, id_, numbers, worker):
        """Mark tasks as completed; those that are so already are an error, told at the end."""
        refused = {"Completed"} if self.completes_suspended else {"Completed", "Suspended"}
        tasks = self.tasks(id_, numbers)
        wrong = [task.status for task in tasks if task.status in refused]
        if wrong and not self.completes_others:
            tasks = []
        for task in tasks:
            if task.status in refused:
                continue
            task.status, task.worker = "Completed", worker
            task.completed_at = self.now()
        if self.jobs[id_].status == "Completed":
            self.tell("OnJobFinished", id_)
        if wrong and not self.refuses_silently:
            raise StateError(f"Cannot mark a task with status {wrong[0]} complete")

    def complete_job(self, id_):
        open_ = [task.number for task in self.tasks(id_) if task.status != "Completed"]
        if open_:
            self.complete(id_, open_, "")

    def fail(self, id_, numbers, worker=""):
        refused = {"Completed"} if self.fails_suspended else {"Completed", "Suspended"}
        wrong = []
        for task in self.tasks(id_, numbers):
            if task.status in refused:
                wrong += [task.status] if task.status == "Suspended" else []
                continue
            task.status, task.worker = "Failed", worker
            task.completed_at = self.now()
        if wrong and not self.refuses_silently:
            raise StateError(f"Cannot mark a task with status {wrong[0]} failed")

    def set_priority(self, id_, priority):
        self.jobs[id_].info["Priority"] = str(priority)

    def change_frames(self, id_, frames, chunk):
        """Give a job other frames, as Modify Job Properties does: its tasks are made anew."""
        record = self.jobs[id_]
        record.info["Frames"], record.info["ChunkSize"] = frames, str(chunk)
        record.cut()

    # Workers.

    def add_worker(self, name, pools=(), groups=(), state="Idle"):
        self.workers[name] = {"pools": tuple(pools), "groups": tuple(groups), "state": state}

    def dequeue(self, name):
        """Let a worker begin the next task that waits; None when none does."""
        order = sorted(
            self.jobs.values(),
            key=lambda job: (-int(job.info.get("Priority", "50")), job.submitted_at, job.id),
        )
        for job in order:
            for task in job.tasks:
                if task.status == "Queued":
                    task.status, task.worker = "Rendering", name
                    if name in self.workers:
                        self.workers[name]["state"] = "Rendering"
                    return job.id, task.number
        return None

    def finish(self, id_, number, seconds):
        """Let a worker finish what it renders, unless it was taken from it."""
        (task,) = self.tasks(id_, [number])
        if task.status != "Rendering":
            return False
        if task.worker in self.workers:
            self.workers[task.worker]["state"] = "Idle"
        task.seconds = seconds
        self.complete(id_, [number], task.worker)
        return True


class JobObject(Strict):
    """A job as a script holds it: a copy, which SaveJob writes back whole."""

    def __init__(self, record):
        self._id = record.id
        self._extra = dict(record.extra)
        self._info = dict(record.info)
        self._plugin_info = dict(record.plugin_info)
        self._environment = dict(record.environment)
        self._auxiliary = record.auxiliary
        self._submitted_at = record.submitted_at
        self._counts = {}
        for task in record.tasks:
            self._counts[task.status] = self._counts.get(task.status, 0) + 1
        self._status = record.status

    @property
    def JobId(self):
        return self._id

    @property
    def JobStatus(self):
        return self._status

    @property
    def JobPlugin(self):
        return self._info.get("Plugin", "")

    @property
    def JobName(self):
        return self._info.get("Name", "")

    @property
    def JobUserName(self):
        return self._info.get("UserName", "")

    @property
    def JobPriority(self):
        return int(self._info.get("Priority", "50"))

    @property
    def JobComment(self):
        return self._info.get("Comment", "")

    @property
    def JobDepartment(self):
        return self._info.get("Department", "")

    @property
    def JobPool(self):
        return self._info.get("Pool", "none")

    @property
    def JobSecondaryPool(self):
        return self._info.get("SecondaryPool", "")

    @property
    def JobGroup(self):
        return self._info.get("Group", "none")

    @property
    def JobFramesPerTask(self):
        return int(self._info.get("ChunkSize", "1"))

    @property
    def JobNotificationTargets(self):
        return Array(filter(None, self._info.get("NotificationTargets", "").split(",")))

    @property
    def JobNotificationEmails(self):
        return Array(filter(None, self._info.get("NotificationEmails", "").split(",")))

    @property
    def JobNotificationNote(self):
        return self._info.get("NotificationNote", "")

    @property
    def JobOverrideJobFailureDetection(self):
        return self._info.get("OverrideJobFailureDetection") == "True"

    @property
    def JobFailureDetectionJobErrors(self):
        return int(self._info.get("FailureDetectionJobErrors", "100"))

    @property
    def JobOverrideTaskFailureDetection(self):
        return self._info.get("OverrideTaskFailureDetection") == "True"

    @property
    def JobFailureDetectionTaskErrors(self):
        return int(self._info.get("FailureDetectionTaskErrors", "5"))

    @property
    def JobIgnoreBadSlaveDetection(self):
        return self._info.get("IgnoreBadJobDetection") == "True"

    @property
    def JobSendJobErrorWarning(self):
        return self._info.get("SendJobErrorWarning") == "True"

    @property
    def JobSubmitDateTime(self):
        return DateTime(self._submitted_at)

    @property
    def JobConcurrentTasks(self):
        return int(self._info.get("ConcurrentTasks", "1"))

    @property
    def JobMachineLimit(self):
        return int(self._info.get("MachineLimit", "0"))

    @property
    def JobLimitGroups(self):
        return Array(filter(None, self._info.get("LimitGroups", "").split(",")))

    @property
    def JobOutputDirectories(self):
        return Array(self._numbered("OutputDirectory"))

    @property
    def JobOutputFileNames(self):
        return Array(self._numbered("OutputFilename"))

    @property
    def JobAuxiliarySubmissionFileNames(self):
        return Array(self._auxiliary)

    def _numbered(self, name):
        keys = [k for k in self._info if re.match(name + r"\d+$", k)]
        return [self._info[key] for key in sorted(keys)]

    @property
    def JobFramesList(self):
        return Array(frames_of(self._info.get("Frames", "0")))

    @property
    def JobTaskCount(self):
        return sum(self._counts.values())

    JobQueuedTasks = property(lambda self: self._counts.get("Queued", 0))
    JobRenderingTasks = property(lambda self: self._counts.get("Rendering", 0))
    JobCompletedTasks = property(lambda self: self._counts.get("Completed", 0))
    JobSuspendedTasks = property(lambda self: self._counts.get("Suspended", 0))
    JobFailedTasks = property(lambda self: self._counts.get("Failed", 0))
    JobPendingTasks = property(lambda self: self._counts.get("Pending", 0))

    def IsCorrupted(self):
        return False

    def GetJobInfoKeys(self):
        hidden = re.compile(r"(ExtraInfoKeyValue|EnvironmentKeyValue)\d+$")
        return Array(key for key in self._info if not hidden.match(key))

    def GetJobInfoKeyValue(self, key):
        return self._info[key]

    def GetJobPluginInfoKeys(self):
        return Array(self._plugin_info)

    def GetJobPluginInfoKeyValue(self, key):
        return self._plugin_info[key]

    def GetJobEnvironmentKeys(self):
        return Array(self._environment)

    def GetJobEnvironmentKeyValue(self, key):
        return self._environment[key]

    def GetJobExtraInfoKeys(self):
        return Array(self._extra)

    def GetJobExtraInfoKeyValue(self, key):
        return self._extra[key]

    def GetJobExtraInfoKeyValueWithDefault(self, key, default):
        return self._extra.get(key, default)

    def SetJobExtraInfoKeyValue(self, key, value):
        self._extra[key] = str(value)

    def DeleteJobExtraInfoKey(self, key):
        self._extra.pop(key, None)


class OddJob(object):
    """A job whose document in the database is damaged."""

    def __getattr__(self, name):
        raise RuntimeError("{} cannot be read".format(name))


def _column(name):
    return property(
        lambda self: self._info.get(name, ""),
        lambda self, text: self._info.update({name: text}),
    )


for _digit in range(10):
    setattr(JobObject, "JobExtraInfo{}".format(_digit), _column("ExtraInfo{}".format(_digit)))
    _name = "TaskExtraInfoName{}".format(_digit)
    setattr(JobObject, "Job" + _name, _column(_name))
JobObject.JobOverrideTaskExtraInfoNames = property(
    lambda self: self._info.get("OverrideTaskExtraInfoNames", "False") == "True",
    lambda self, value: self._info.update(OverrideTaskExtraInfoNames=str(bool(value))),
)


class TaskObject(Strict):
    """A task as a script holds it: a copy."""

    def __init__(self, task, columns):
        self.Properties = _properties(task, columns)
        self.TaskId = str(task.number)
        self.TaskStatus = task.status
        self.TaskSlaveName = task.worker
        self.TaskFrameList = Array(task.frames)
        self.TaskRenderTime = TimeSpan(task.seconds)
        self.TaskCompletedDateTime = DateTime(task.completed_at)


def _columns(name):
    """Return what holds the columns of a task, under names that are not known for sure."""
    names = [name + str(digit) for digit in range(10)] if name else []
    members = {"__slots__": names, "__module__": __name__}
    return type("TaskProperties" + name, (object,), members)


TaskProperties, TaskPropertiesEx, TaskPropertiesExtraInfo = map(_columns, ("", "Ex", "ExtraInfo"))


def _properties(task, name):
    made = globals()["TaskProperties" + name]()
    for one in made.__slots__:
        setattr(made, one, task.extra.get(one[-1], ""))
    return made


class TaskCollection(Strict):
    """The tasks of a job."""

    def __init__(self, tasks):
        self.TaskCollectionTasks = Array(tasks)

    def __iter__(self):
        return iter(self.TaskCollectionTasks)


class SlaveSettings(Strict):
    """Settings of a worker."""

    def __init__(self, name, worker):
        self.SlaveName = name
        self.SlaveEnabled = worker.get("enabled", True)
        self.SlavePools = Array(worker["pools"])
        self.SlaveGroups = Array(worker["groups"])


class SlaveInfo(Strict):
    """What a worker does now."""

    def __init__(self, name, worker):
        self.SlaveName = name
        self.SlaveState = worker["state"]


class LimitGroup(Strict):
    """A limit."""

    def __init__(self, name, most):
        self.Name = name
        self.Limit = most or 0
        self.UnlimitedLimit = most is None


class PluginConfig(Strict):
    """The settings of an event plug-in."""

    def __init__(self, values):
        self._values = values

    def GetConfigEntryWithDefault(self, key, default):
        return self._values.get(key, default)


class RepositoryUtils(Strict):
    """`Deadline.Scripting.RepositoryUtils`, as far as the bridge uses it.

    Args:
        repository: what stands behind it.
    """

    def __init__(self, repository):
        self._repository = repository

    def GetJob(self, jobId, invalidate):
        self._repository.call("GetJob")
        record = self._repository.find(jobId)
        return None if record is None else self._repository.given(record)

    def GetJobsInState(self, states):
        self._repository.call("GetJobsInState")
        wanted = {states} if isinstance(states, str) else set(states)
        found = [r for r in self._repository.jobs.values() if r.status in wanted]
        return Array(map(self._repository.given, found))

    def GetJobTasks(self, job, invalidate):
        self._repository.call("GetJobTasks")
        record = self._repository.find(job.JobId)
        return TaskCollection(
            [TaskObject(task, self._repository.task_columns) for task in record.tasks]
            if record
            else []
        )

    def UpdateTaskProperties(self, jobId, task):
        self._repository.call("UpdateTaskProperties")
        (kept,) = self._repository.tasks(jobId, [task.TaskId])
        names = type(task.Properties).__slots__
        kept.extra = {name[-1]: getattr(task.Properties, name) for name in names}

    def GetEventPluginDirectory(self, eventPluginName):
        return "{}/custom/events/{}".format(self._repository.root, eventPluginName)

    def GetRepositoryPath(self, relativeFolder, check):
        return "{}/{}".format(self._repository.root, relativeFolder)

    def GetJobAuxiliaryPath(self, job):
        return "/repository/jobs/" + job.JobId

    def SaveJob(self, job):
        self._repository.call("SaveJob")
        record = self._repository.jobs.get(job.JobId)
        if record is not None:
            record.extra = dict(job._extra)
            record.info = dict(job._info)

    def SuspendTasks(self, job, tasks):
        self._repository.call("SuspendTasks")
        self._repository.suspend(job.JobId, [task.TaskId for task in tasks])

    def ResumeTasks(self, job, tasks):
        self._repository.call("ResumeTasks")
        self._repository.resume(job.JobId, [task.TaskId for task in tasks])

    def ResumeFailedTasks(self, job, tasks):
        self._repository.call("ResumeFailedTasks")
        self._repository.resumefailed(job.JobId, [task.TaskId for task in tasks])

    def CompleteTasks(self, job, tasks, slaveName):
        self._repository.call("CompleteTasks")
        self._repository.complete(job.JobId, [task.TaskId for task in tasks], slaveName)

    def RequeueTasks(self, job, tasks):
        self._repository.call("RequeueTasks")
        self._repository.requeue(job.JobId, [task.TaskId for task in tasks])

    def CompleteJob(self, job):
        self._repository.call("CompleteJob")
        self._repository.complete_job(job.JobId)

    def FailTasks(self, job, tasks, slaveName=""):
        self._repository.call("FailTasks")
        self._repository.fail(job.JobId, [task.TaskId for task in tasks], slaveName)

    def SubmitJob(self, args):
        self._repository.call("SubmitJob")
        infos = [info_of(name) for name in list(args)[:2]]
        id_ = self._repository.submit(infos[0], infos[1], list(args)[2:])
        return JobObject(self._repository.jobs[id_])

    def AddJobHistoryEntry(self, jobId, entry):
        record = self._repository.jobs.get(jobId)
        if record is not None:
            record.history.append(entry)

    def GetSlaveSettingsList(self, invalidate):
        workers = self._repository.workers
        return Array(SlaveSettings(name, worker) for name, worker in workers.items())

    def GetSlaveInfos(self, invalidate):
        self._repository.call("GetSlaveInfos")
        if not self._repository.tells_workers:
            raise TypeError("no method matches given arguments")
        return Array(SlaveInfo(name, one) for name, one in self._repository.workers.items())

    def GetSlaveInfo(self, slaveName, invalidate):
        self._repository.call("GetSlaveInfo")
        worker = self._repository.workers.get(slaveName)
        return None if worker is None else SlaveInfo(slaveName, worker)

    def GetLimitGroups(self, invalidate):
        return Array(LimitGroup(name, most) for name, most in self._repository.limits.items())

    def GetPluginConfig(self, pluginName):
        return PluginConfig(self._repository.plugin_settings)

    def GetEventPluginConfig(self, eventPluginName):
        return PluginConfig(self._repository.settings.setdefault(eventPluginName, {}))

    def GetEventPluginConfigMetaDataDictionary(self, eventPluginName):
        return Dictionary(self._repository.metadata.get(eventPluginName, {}))

    def AddOrUpdateEventPluginConfigSetting(self, eventPluginName, key, value):
        self._repository.settings.setdefault(eventPluginName, {})[key] = value
