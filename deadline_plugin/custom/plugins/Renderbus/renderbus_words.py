"""What Deadline's jobs and tasks are in the words of the link; nothing is asked of the repository.

Standard library only, Python 3.7 and up. Jobs travel as they were submitted: the core says what
that means (docs/deadline.md).
"""

import datetime as dt

from renderbus_gateway import CLOUD_ONLY, NATIVE_PLUGIN, PLUGIN, ROLE
from renderbus_link import frame_text
from renderbus_record import CLOUD, COMPLETED, FAILED, PENDING, QUEUED, RENDERING, SUSPENDED

WORDS = {
    QUEUED: "queued",
    SUSPENDED: "suspended",
    RENDERING: "rendering",
    COMPLETED: "completed",
    FAILED: "failed",
    PENDING: "pending",
}
"""The link's word for each state of a task; what is none of them is waited for."""

COUNTS = {
    "queued": "JobQueuedTasks",
    "suspended": "JobSuspendedTasks",
    "rendering": "JobRenderingTasks",
    "completed": "JobCompletedTasks",
    "failed": "JobFailedTasks",
    "pending": "JobPendingTasks",
}
"""Deadline's counts of a job, by the link's word."""

_NO_NAME = frozenset({"", "none"})
_LONGEST = 500


def native(job, folder):
    """Return a job as it was submitted, in Deadline's words.

    Args:
        job: of Deadline.
        folder: where the files lie that were submitted with it.
    """
    info = {str(key): _text(job.GetJobInfoKeyValue(key)) for key in job.GetJobInfoKeys()}
    info["Plugin"] = str(job.JobPlugin)
    pairs = (
        ("ExtraInfoKeyValue", job.GetJobExtraInfoKeys(), job.GetJobExtraInfoKeyValue),
        ("EnvironmentKeyValue", job.GetJobEnvironmentKeys(), job.GetJobEnvironmentKeyValue),
    )
    for name, keys, value_of in pairs:
        for number, key in enumerate(keys):
            if not str(key).startswith("renderbus."):
                info[name + str(number)] = "{}={}".format(key, _text(value_of(key)))
    outputs = zip(job.JobOutputDirectories, job.JobOutputFileNames)
    for number, (place, name) in enumerate(outputs):
        info["OutputDirectory" + str(number)] = str(place)
        info["OutputFilename" + str(number)] = str(name)
    keys = job.GetJobPluginInfoKeys()
    plugin_info = {str(key): _text(job.GetJobPluginInfoKeyValue(key)) for key in keys}
    if info["Plugin"] == PLUGIN:
        # For the cloud only: what it would be on a worker, it says itself.
        info["Plugin"] = plugin_info.pop(NATIVE_PLUGIN, "")
        plugin_info.pop(ROLE, None)
    return {
        "id": str(job.JobId),
        "submitted_at": submitted_at(job),
        "job_info": info,
        "plugin_info": plugin_info,
        "auxiliary": _auxiliary(job, folder),
    }


def task_row(job_id, task, record):
    """Return a task as the link has it.

    Args:
        job_id: of its job.
        task: of Deadline.
        record: what bursts hold of the job.
    """
    state, worker = str(task.TaskStatus), str(task.TaskSlaveName or "")
    stamp = record.of(str(task.TaskId), state, worker)
    if stamp and state == COMPLETED:
        # Not every way to complete a task lets us say who rendered it.
        worker = CLOUD
    return {
        "job": job_id,
        "ref": ref(task),
        "state": WORDS.get(state, "pending"),
        "claim": stamp and {"burst": stamp.burst, "claim_epoch": stamp.epoch},
        "worker": worker,
        "finished_at": ended_at(task) if state in (COMPLETED, FAILED) else None,
        "error": stamp.why if stamp else "",
    }


def is_work(job):
    """Tell whether a job renders pictures: gateway jobs do not."""
    if str(job.JobPlugin) != PLUGIN:
        return True
    keys = [str(key) for key in job.GetJobPluginInfoKeys()]
    return ROLE in keys and str(job.GetJobPluginInfoKeyValue(ROLE)) == CLOUD_ONLY


def extra(job, key):
    """Return an entry of a job's extra info; "" when there is none."""
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")


def frames(task):
    """Return the numbers of a task's frames."""
    return [int(number) for number in task.TaskFrameList]


def ref(task):
    """Name a task as the link does: by id and frames."""
    return {"id": str(task.TaskId), "frames": frame_text(frames(task))}


def mean(record, tasks):
    """Return the mean seconds of tasks that workers here rendered, and how many they were.

    What came from the cloud counts as little as what a person completed by hand, which took no
    time.

    Args:
        record: what bursts hold of the job.
        tasks: of the job.
    """
    seconds = [float(t.TaskRenderTime.TotalSeconds) for t in tasks if _is_rendered_here(record, t)]
    timed = [one for one in seconds if one > 0]
    return (sum(timed) / len(timed) if timed else None, len(timed))


def _is_rendered_here(record, task):
    state, worker = str(task.TaskStatus), str(task.TaskSlaveName or "")
    stamp = record.of(str(task.TaskId), state, worker)
    return state == COMPLETED and worker != CLOUD and stamp is None


def names(given):
    """Return the names of pools or groups that are any, sorted."""
    return tuple(sorted({str(name) for name in given if str(name).lower() not in _NO_NAME}))


def legible(text):
    """Return text in one line for people: it may come from the cloud."""
    return "".join(c if c.isprintable() else "?" for c in text[:_LONGEST])


def now():
    """Return the time as text, UTC."""
    return dt.datetime.now(dt.timezone.utc).isoformat()


def submitted_at(job):
    """Return when a job was submitted, UTC."""
    return _utc(job.JobSubmitDateTime)


def ended_at(task):
    """Return when a task ended, UTC; None when it has not."""
    moment = _utc(task.TaskCompletedDateTime)
    return None if moment.startswith("0001") else moment


def _text(value):
    """Return a value as text; nothing (null) is an empty one."""
    return "" if value is None else str(value)


def _utc(moment):
    """Return a .NET DateTime as text, UTC."""
    return str(moment.ToUniversalTime().ToString("s")) + "+00:00"


def _auxiliary(job, folder):
    folder = folder.rstrip("/\\")
    job_files = [str(name) for name in job.JobAuxiliarySubmissionFileNames]
    sign = "\\" if "\\" in folder else "/"
    return [folder + sign + name.replace("\\", "/").split("/")[-1] for name in job_files]
