"""What the Monitor's scripts do: write on a job what somebody asks of the bridge.

Standard library only, Python 3.7 and up. An entry of the job's extra info asks one thing; the
gateway acts on it within seconds and takes it off. Nothing here knows the cloud.
"""

import json
import time
import uuid

from Deadline.Scripting import ClientUtils, MonitorUtils, RepositoryUtils
from DeadlineUI.Controls.Scripting.DeadlineScriptDialog import DeadlineScriptDialog
from renderbus_link import frame_text
from renderbus_record import ASK_PREFIX, CLAIMS_KEY, NOTES_KEY, Notes, Record

TITLE = "Renderbus"

_FACTS = (
    ("renderbus.progress", "Progress"),
    ("renderbus.reason", "Why"),
    ("renderbus.notice", "Notice"),
    ("renderbus.probe", "Probe"),
    ("renderbus.task", "Remote task"),
)


def ask_of_jobs(kind, question):
    """Ask something of the jobs that are selected in the Monitor, once the person agrees.

    Args:
        kind: `burst`, `recall` or `approve`.
        question: for the person; {} stands for the number of jobs.
    """
    jobs = list(MonitorUtils.GetSelectedJobs())
    if _agrees(question.format(len(jobs))):
        for job in jobs:
            _ask(str(job.JobId), kind)


def ask_of_tasks(kind, question):
    """Ask something of the selected tasks of one job, once the person agrees.

    Args:
        kind: `burst` or `recall`.
        question: for the person; {} stands for the number of frames.
    """
    (job,) = MonitorUtils.GetSelectedJobs()
    tasks = MonitorUtils.GetSelectedTasks()
    frames = sorted({int(number) for task in tasks for number in task.TaskFrameList})
    if _agrees(question.format(len(frames))):
        _ask(str(job.JobId), kind, frames)


def show_status():
    """Show where the selected jobs stand in the cloud."""
    told = [status(job) for job in MonitorUtils.GetSelectedJobs()]
    DeadlineScriptDialog().ShowMessageBox("\n\n".join(told), TITLE)


def _agrees(question):
    return DeadlineScriptDialog().ShowMessageBox(question, TITLE, ("Yes", "No")) == "Yes"


def _ask(job_id, kind, frames=None):
    """Write it on the job as it is now, where there still is such a job."""
    job = RepositoryUtils.GetJob(job_id, True)
    if job is None:
        return
    now, who = time.time(), str(ClientUtils.GetDeadlineUser())
    row = {
        "job": job_id,
        "kind": kind,
        "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + "+00:00",
        "who": who,
    }
    meant = ""
    if frames is not None:
        row["frames"] = frame_text(frames)
        meant = " for frames " + row["frames"]
    key = "{}{:020.6f}.{}".format(ASK_PREFIX, now, uuid.uuid4().hex)
    job.SetJobExtraInfoKeyValue(key, json.dumps(row))
    RepositoryUtils.SaveJob(job)
    entry = "Renderbus: {} asks for a {}{}".format(who, kind, meant)
    RepositoryUtils.AddJobHistoryEntry(job_id, entry)


def status(job):
    """Return what is known of a job in the cloud, for people.

    Args:
        job: as the Monitor has it.
    """
    job_id = str(job.JobId)
    held = len(Record(job_id, _extra(job, CLAIMS_KEY)).stamps)
    noted = Notes(job_id, _extra(job, NOTES_KEY)).of
    said = ["{}: {} of its tasks are held for the cloud.".format(job.JobName, held)]
    for burst, facts in noted.items():
        said.append("")
        said.append("Burst " + burst)
        said += [label + ": " + str(facts[name]) for name, label in _FACTS if facts.get(name)]
    if not noted:
        said.append("It was never in the cloud.")
    return "\n".join(said)


def _extra(job, key):
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")
