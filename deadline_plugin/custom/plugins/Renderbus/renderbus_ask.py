"""What the Monitor's scripts do: write on a job what somebody asks of the bridge.

Standard library only, Python 3.7 and up. An entry of the job's extra info asks one thing; the
gateway acts on it within seconds and takes it off. Nothing here knows the cloud.
"""

import json
import time
import uuid

from Deadline.Scripting import ClientUtils, MonitorUtils, RepositoryUtils
from DeadlineUI.Controls.Scripting.DeadlineScriptDialog import DeadlineScriptDialog
from renderbus_intents import ASK_PREFIX, moment
from renderbus_link import frame_text
from renderbus_record import CLAIMS_KEY, COMPLETED, NOTES_KEY, QUEUED, Notes, Record

TITLE = "Renderbus"

# After which the gateway has saved what it held in its hands when something was asked.
_MOMENT_SECONDS = 0.3
# Jobs of which some seconds of waiting make people believe that the Monitor hangs.
_MANY = 50

_WORDS = _HELD, _HOME, _FAILED, _BACK = (
    "Held for the cloud",
    "Came home",
    "Failed in the cloud",
    "Came back unrendered",
)
_LONGEST_SHOWN = 200
_FACTS = (
    ("renderbus.progress", "Progress"),
    ("renderbus.cost", "Cost so far, in the account's currency"),
    ("renderbus.reason", "Why"),
    ("renderbus.notice", "Notice"),
    ("renderbus.priority", "Priority"),
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
    jobs = _selected()
    if jobs and _agrees(question.format(len(jobs))):
        _ask({str(job.JobId): None for job in jobs}, kind)


def ask_of_tasks(kind, question):
    """Ask something of the selected tasks of one job, once the person agrees.

    Args:
        kind: `burst` or `recall`.
        question: for the person; {} stands for the number of frames.
    """
    jobs = _selected()
    if not jobs:
        return
    if len(jobs) > 1:
        DeadlineScriptDialog().ShowMessageBox("Select tasks of one job.", TITLE)
        return
    (job,) = jobs
    tasks = MonitorUtils.GetSelectedTasks()
    frames = _frames(tasks)
    if not frames:
        # No frames would be read as an ask that nobody understands.
        DeadlineScriptDialog().ShowMessageBox("Select tasks with frames.", TITLE)
    elif _agrees(question.format(len(frames))):
        _ask({str(job.JobId): frames}, kind)


def ask_of_route(kind, question):
    """Ask something of the whole farm's way to the cloud; a selected job carries it.

    Args:
        kind: `drain` or `open`.
        question: for the person.
    """
    jobs = _selected()
    if jobs and _agrees(question):
        _ask({str(jobs[0].JobId): None}, kind)


def explain():
    """Ask why the selected jobs stay or leave; the answer comes into their histories."""
    jobs = _selected()
    if not jobs or not _is_fine_with(len(jobs)):
        return
    _ask({str(job.JobId): None for job in jobs}, "explain")
    said = "The answer comes into the history of {} jobs, as soon as a gateway has looked."
    DeadlineScriptDialog().ShowMessageBox(said.format(len(jobs)), TITLE)


def retry_failed():
    """Send again what came back from the cloud unrendered, once the person agrees."""
    jobs = _selected()
    back = [(job, ids) for job, ids in ((job, _back(job)) for job in jobs) if ids]
    if not _is_fine_with(len(back)):
        return
    found = [(job, _returned(job, ids)) for job, ids in back]
    count = sum(len(tasks) for _, tasks in found)
    question = "Send {} tasks that came back from the cloud there again? It costs money."
    if jobs and not count:
        said = "None of their tasks came back from the cloud and waits."
        DeadlineScriptDialog().ShowMessageBox(said, TITLE)
    elif count and _agrees(question.format(count)):
        _ask({str(job.JobId): _frames(tasks) for job, tasks in found if tasks}, "burst")


def _back(job):
    """Return the ids of a job's tasks that came back; nothing but the job is read for it."""
    return Record(str(job.JobId), _extra(job, CLAIMS_KEY)).returned


def _returned(job, ids):
    """Return the tasks among those that came back that no worker has begun yet."""
    return [
        task
        for task in RepositoryUtils.GetJobTasks(job, True).TaskCollectionTasks
        if str(task.TaskId) in ids and str(task.TaskStatus) == QUEUED and list(task.TaskFrameList)
    ]


def show_status():
    """Show where the selected jobs stand in the cloud."""
    jobs = list(MonitorUtils.GetSelectedJobs())
    if _is_fine_with(len(jobs)):
        told = [status(job) for job in jobs]
        DeadlineScriptDialog().ShowMessageBox("\n\n".join(told), TITLE)


def _selected():
    """Return the selected jobs that are in the queue: of others the gateway hears nothing."""
    jobs = [job for job in MonitorUtils.GetSelectedJobs() if str(job.JobStatus) != "Completed"]
    if not jobs:
        said = "Select a job that is in the queue: of completed ones the gateway hears nothing."
        DeadlineScriptDialog().ShowMessageBox(said, TITLE)
    return jobs


def _is_fine_with(count):
    """Ask before many jobs are read and written, which keeps the Monitor busy; else tell yes."""
    said = "{} jobs are looked at one by one, and the Monitor waits for it. Go on?"
    return count <= _MANY or _agrees(said.format(count))


def _agrees(question):
    return DeadlineScriptDialog().ShowMessageBox(question, TITLE, ("Yes", "No")) == "Yes"


def _frames(tasks):
    return sorted({int(number) for task in tasks for number in task.TaskFrameList})


def _ask(jobs, kind):
    """Write on jobs what is asked of them; looked at again, should the gateway have saved then.

    Args:
        jobs: frames that are meant by id of their job; None for all.
        kind: of the intent.
    """
    asked = [(job_id, *_written(job_id, kind, frames)) for job_id, frames in jobs.items()]
    there = [one for one in asked if _put(*one)]
    for job_id, _, row in there:
        meant = " for frames " + row["frames"] if "frames" in row else ""
        entry = "Renderbus: {} asks for a {}{}".format(row["who"], kind, meant)
        RepositoryUtils.AddJobHistoryEntry(job_id, entry)
    time.sleep(_MOMENT_SECONDS)
    for one in there:
        _put(*one)


def _written(job_id, kind, frames):
    """Return the key and the row by which something is asked."""
    now = time.time()
    row = {"job": job_id, "kind": kind, "at": moment(now)}
    row["who"] = str(ClientUtils.GetDeadlineUser())
    if frames is not None:
        row["frames"] = frame_text(frames)
    return "{}{:020.6f}.{}".format(ASK_PREFIX, now, uuid.uuid4().hex), row


def _put(job_id, key, row):
    """Write it on the job as it is now, where it is not yet; tell whether there is such a job."""
    job = RepositoryUtils.GetJob(job_id, True)
    if job is None:
        return False
    if key not in {str(name) for name in job.GetJobExtraInfoKeys()}:
        job.SetJobExtraInfoKeyValue(key, json.dumps(row))
        RepositoryUtils.SaveJob(job)
    return True


def status(job):
    """Return what is known of a job in the cloud, for people.

    Args:
        job: as the Monitor has it.
    """
    job_id = str(job.JobId)
    record = Record(job_id, _extra(job, CLAIMS_KEY))
    noted = Notes(job_id, _extra(job, NOTES_KEY)).of
    said = ["{}: {} of its tasks are held for the cloud.".format(job.JobName, record.held)]
    by_word = _by_word(job, record)
    said += [
        "{}: frames {}".format(word, _short(by_word[word])) for word in _WORDS if by_word.get(word)
    ]
    for burst, facts in noted.items():
        said.append("")
        said.append("Burst " + burst if burst != "policy" else "On its own")
        said += [label + ": " + str(facts[name]) for name, label in _FACTS if facts.get(name)]
    if not noted:
        said.append("It was never in the cloud.")
    return "\n".join(said)


def _by_word(job, record):
    """Return the frames of a job by where its tasks stand; tasks are read where any was away."""
    found = {}
    if not record.stamps and not record.returned:
        return found
    for task in RepositoryUtils.GetJobTasks(job, True).TaskCollectionTasks:
        word = _word(task, record)
        if word:
            found.setdefault(word, []).extend(int(number) for number in task.TaskFrameList)
    return found


def _word(task, record):
    """Say where a task stands; "" for one that has nothing to do with the cloud."""
    id_ = str(task.TaskId)
    stamp = record.of(id_, str(task.TaskStatus), str(task.TaskSlaveName or ""))
    if stamp is None:
        return _BACK if id_ in record.returned else ""
    if stamp.why:
        return _FAILED
    return _HOME if str(task.TaskStatus) == COMPLETED else _HELD


def _short(frames):
    text = frame_text(sorted(frames))
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def _extra(job, key):
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")
