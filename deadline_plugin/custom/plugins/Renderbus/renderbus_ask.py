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
from renderbus_record import ASK_PREFIX, CLAIMS_KEY, FAILED, NOTES_KEY, Notes, Record

TITLE = "Renderbus"

_FACTS = (
    ("renderbus.progress", "Progress"),
    ("renderbus.reason", "Why"),
    ("renderbus.notice", "Notice"),
    ("renderbus.probe", "Probe"),
    ("renderbus.answer", "The policy says"),
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


def ask_of_route(kind, question):
    """Ask something of the whole farm's way to the cloud; a selected job carries it.

    Args:
        kind: `drain` or `open`.
        question: for the person.
    """
    jobs = list(MonitorUtils.GetSelectedJobs())
    if jobs and _agrees(question):
        _ask(str(jobs[0].JobId), kind)


def explain():
    """Ask why the selected jobs stay or leave; the answer comes into their histories."""
    jobs = list(MonitorUtils.GetSelectedJobs())
    for job in jobs:
        _ask(str(job.JobId), "explain")
    said = "The answer comes into the history of {} jobs, as soon as a gateway has looked."
    DeadlineScriptDialog().ShowMessageBox(said.format(len(jobs)), TITLE)


def retry_failed():
    """Send again what the cloud could not render of the selected jobs, once the person agrees."""
    found = [(job, _failed_in_the_cloud(job)) for job in MonitorUtils.GetSelectedJobs()]
    count = sum(len(tasks) for _, tasks in found)
    question = "Send {} tasks that failed in the cloud there again? It costs money."
    if not count:
        DeadlineScriptDialog().ShowMessageBox("None of their tasks failed in the cloud.", TITLE)
    elif _agrees(question.format(count)):
        for job, tasks in found:
            if tasks:
                _retry(str(job.JobId), tasks)


def _failed_in_the_cloud(job):
    stamps = Record(str(job.JobId), _extra(job, CLAIMS_KEY)).stamps
    return [
        task
        for task in RepositoryUtils.GetJobTasks(job, True).TaskCollectionTasks
        if str(task.TaskStatus) == FAILED and getattr(stamps.get(str(task.TaskId)), "why", "")
    ]


def _retry(job_id, tasks):
    """Put tasks back into the queue as nobody's, and ask for a burst of them."""
    job = RepositoryUtils.GetJob(job_id, True)
    if job is None:
        return
    record = Record(job_id, _extra(job, CLAIMS_KEY))
    for task in tasks:
        record.stamps.pop(str(task.TaskId), None)
    job.SetJobExtraInfoKeyValue(CLAIMS_KEY, record.text())
    RepositoryUtils.SaveJob(job)
    RepositoryUtils.ResumeFailedTasks(job, tasks)
    _ask(job_id, "burst", sorted({int(n) for task in tasks for n in task.TaskFrameList}))


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
    held = Record(job_id, _extra(job, CLAIMS_KEY)).held
    noted = Notes(job_id, _extra(job, NOTES_KEY)).of
    said = ["{}: {} of its tasks are held for the cloud.".format(job.JobName, held)]
    for burst, facts in noted.items():
        said.append("")
        said.append("Burst " + burst if burst != "policy" else "On its own")
        said += [label + ": " + str(facts[name]) for name, label in _FACTS if facts.get(name)]
    if not noted:
        said.append("It was never in the cloud.")
    return "\n".join(said)


def _extra(job, key):
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")
