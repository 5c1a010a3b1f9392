"""The event plug-in: writes down what people ask and do, and keeps a gateway job alive.

It runs in whatever process did something to a job, on whatever machine: no network, no decision,
no store. What it writes down lies in the metadata of the event plug-in until the gateway has acted
on it. It never raises into Deadline, and never reacts to what the bridge itself did.
"""

import functools
import json
import sys
import time
import traceback
import uuid

from Deadline.Events import DeadlineEventListener
from Deadline.Scripting import ClientUtils, RepositoryUtils

# Files that are shared with the job plug-in lie here too. One process may load many listeners.
sys.path.extend({str(RepositoryUtils.GetEventPluginDirectory("Renderbus"))}.difference(sys.path))

from renderbus_intents import (
    ACKNOWLEDGED,
    EVENT,
    INTENT_PREFIX,
    WHEN_KEY,
    asks_at_once,
    moment,
    read_acknowledged,
    written_intent,
)
from renderbus_keeper import Keeper
from renderbus_record import (
    CLAIMS_KEY,
    CLOUD,
    COMPLETED,
    NOTES_KEY,
    QUEUED,
    SHOWN,
    SUSPENDED,
    Record,
    foreign,
)

_LONGEST_SECONDS = 20.0
# Intents that nobody fetched for so long are of no use to anybody.
_OLDEST_SECONDS = 30 * 86400.0
_COLUMNS = ["JobExtraInfo" + str(digit) for digit in range(10)]


def GetDeadlineEventListener():
    """Return the listener; Deadline calls it."""
    return RenderbusListener()


def CleanupDeadlineEventListener(eventListener):
    """Let go of the listener; Deadline calls it."""
    eventListener.Cleanup()


def harmless(handler):
    """Never raise into Deadline: what goes wrong here is told in the log."""

    @functools.wraps(handler)
    def guarded(self, *arguments):
        try:
            handler(self, *arguments)
        except Exception:  # noqa: BLE001 - whatever it is, the farm goes on
            self.LogWarning("Renderbus: " + traceback.format_exc())

    return guarded


class RenderbusListener(DeadlineEventListener):
    """Listens to what happens to jobs, and to house cleaning."""

    def __init__(self):
        # Python.NET needs it since Deadline 10.3, and before had nothing to call.
        if sys.version_info.major == 3:
            super().__init__()
        self.OnJobSubmittedCallback += self.OnJobSubmitted
        self.OnJobDeletedCallback += self.OnJobDeleted
        self.OnJobPurgedCallback += self.OnJobPurged
        self.OnJobFinishedCallback += self.OnJobFinished
        self.OnJobFailedCallback += self.OnJobFailed
        self.OnJobRequeuedCallback += self.OnJobRequeued
        self.OnJobSuspendedCallback += self.OnJobSuspended
        self.OnJobResumedCallback += self.OnJobResumed
        self.OnHouseCleaningCallback += self.OnHouseCleaning

    def Cleanup(self):
        """Unhook what was hooked: Python.NET would keep it otherwise."""
        del self.OnJobSubmittedCallback
        del self.OnJobDeletedCallback
        del self.OnJobPurgedCallback
        del self.OnJobFinishedCallback
        del self.OnJobFailedCallback
        del self.OnJobRequeuedCallback
        del self.OnJobSuspendedCallback
        del self.OnJobResumedCallback
        del self.OnHouseCleaningCallback

    # What people do.

    @harmless
    def OnJobSubmitted(self, job):
        """Write down that a job asks for the cloud; a copy of one that was there does not."""
        asks = asks_at_once(functools.partial(_extra, job))
        _forget_original(job)
        if asks:
            self._record(job, "burst", "asked for when it was submitted")
        elif _extra(job, WHEN_KEY) == "now":
            self.LogInfo("Renderbus: a copy of a job that was in the cloud; ask for it by hand")

    @harmless
    def OnJobDeleted(self, job):
        """Leave a tombstone: what renders in the cloud costs money until it is stopped."""
        if _was_away(job):
            self._record(job, "deleted", "")

    @harmless
    def OnJobPurged(self, job):
        """As for a deleted job."""
        if _was_away(job):
            self._record(job, "deleted", "purged from the database")

    @harmless
    def OnJobFinished(self, job):
        """Write down that a person completed tasks that are held."""
        if _has_completed_by_hand(job):
            self._record(job, "completed", "")

    @harmless
    def OnJobFailed(self, job):
        """Write down that a job was failed of which tasks are held."""
        if _held(job):
            self._record(job, "failed", "")

    @harmless
    def OnJobRequeued(self, job):
        """Write down that a job was requeued of which tasks are held."""
        if _held(job):
            self._record(job, "requeued", "")

    @harmless
    def OnJobSuspended(self, job):
        """Write down that a person suspended a job; what is only held is our own act."""
        if _has_suspended_by_hand(job):
            self._record(job, "suspended", "")

    @harmless
    def OnJobResumed(self, job):
        """Suspend again what is still held: a worker would render it a second time.

        Deadline may tell of it late, and the gateway may give tasks back meanwhile: both the job
        and its tasks are looked at as they are now, and once more afterwards.
        """
        job = _now(job)
        queued = [task for task in _tasks(job) if str(task.TaskStatus) == QUEUED] if job else []
        held = _held_of(job, queued) if queued else []
        if not held:
            return
        RepositoryUtils.SuspendTasks(job, held)
        kept = _held_of(_now(job), held)
        if len(kept) < len(held):
            still = {str(task.TaskId) for task in kept}
            RepositoryUtils.ResumeTasks(job, [t for t in held if str(t.TaskId) not in still])
        if kept:
            why = "{} tasks are in the cloud and stay held; use Recall to render them here"
            RepositoryUtils.AddJobHistoryEntry(
                str(job.JobId), "Renderbus: " + why.format(len(kept))
            )

    def _record(self, job, kind, note):
        """Write an intent down; its key sorts by time, and no two are alike."""
        now = time.time()
        row = {
            "job": str(job.JobId),
            "kind": kind,
            "at": moment(now),
            "who": str(ClientUtils.GetDeadlineUser()),
            "note": note,
        }
        key = "{}{:020.6f}.{}".format(INTENT_PREFIX, now, uuid.uuid4().hex)
        self.AddMetaDataEntry(key, json.dumps(row))

    # House cleaning.

    @harmless
    def OnHouseCleaning(self):
        """Forget what was acted on, and see to it that a gateway job is there when one is due."""
        until = time.monotonic() + _LONGEST_SECONDS
        left = self._forget(until)
        keeper = Keeper(RepositoryUtils, self.GetConfigEntryWithDefault)
        if time.monotonic() < until and keeper.is_due(left, until):
            for sentence in keeper.keep(str(ClientUtils.GetDeadlineTempPath())):
                self.LogInfo("Renderbus: " + sentence)

    def _forget(self, until):
        """Delete intents that were acted on, or that nobody wants; return how many are left."""
        known = RepositoryUtils.GetEventPluginConfigMetaDataDictionary(EVENT)
        done = read_acknowledged(self.GetConfigEntryWithDefault(ACKNOWLEDGED, ""))
        keys = [str(key) for key in known.Keys if str(key).startswith(INTENT_PREFIX)]
        left = 0
        for key in keys:
            if time.monotonic() >= until:
                break
            is_one = written_intent(key, str(known[key])) is not None
            if key in done or not is_one or _age(key) > _OLDEST_SECONDS:
                self.DeleteMetaDataEntry(key)
            else:
                left += 1
        return left


def _now(job):
    """Return a job as it is now; None when it is gone."""
    return RepositoryUtils.GetJob(str(job.JobId), True)


def _forget_original(job):
    """Take off a job what is about the one whose copy it is."""
    others, shown = _of_original(job)
    if others or shown:
        job = _now(job)
        for key in others:
            job.DeleteJobExtraInfoKey(key)
        for name in shown:
            setattr(job, name, "")
        RepositoryUtils.SaveJob(job)


def _of_original(job):
    """Return the keys of entries, and the columns, that are about another job."""
    entries = {str(key): str(job.GetJobExtraInfoKeyValue(key)) for key in job.GetJobExtraInfoKeys()}
    shown = [name for name in _COLUMNS if str(getattr(job, name) or "").startswith(SHOWN)]
    return foreign(str(job.JobId), entries), shown


def _record_of(job):
    return Record(str(job.JobId), _extra(job, CLAIMS_KEY))


def _stamps(job):
    return _record_of(job).stamps


def _held_of(job, tasks):
    """Return those of some tasks that bursts hold and do not give back."""
    stamps = _stamps(job) if job else {}
    found = [(task, stamps.get(str(task.TaskId))) for task in tasks]
    return [task for task, stamp in found if stamp and not stamp.leaving and not stamp.is_over]


def _held(job):
    return _record_of(job).held


def _has_completed_by_hand(job):
    """Tell whether somebody else than a burst completed a task that it holds.

    Over the Web Service a burst cannot say who rendered it, and says on the job what it completes.
    """
    stamps = _stamps(job)
    if not stamps:
        return False
    record = Record(str(job.JobId), _extra(_now(job) or job, CLAIMS_KEY))
    ended = (
        (str(task.TaskId), str(task.TaskStatus), str(task.TaskSlaveName or ""))
        for task in _tasks(job)
    )
    return any(
        state == COMPLETED
        and id_ in stamps
        and worker != CLOUD
        and not record.of(id_, state, worker)
        for id_, state, worker in ended
    )


def _has_suspended_by_hand(job):
    """Tell whether more is suspended than bursts hold, and than was when they claimed it."""
    record = _record_of(job)
    ours = record.parked.union(record.stamps)
    return bool(record.stamps) and any(
        str(task.TaskStatus) == SUSPENDED and str(task.TaskId) not in ours for task in _tasks(job)
    )


def _was_away(job):
    """Tell whether a job, as it is shown here or as it is now, was ever in the cloud."""
    return any(_stamps(one) or _extra(one, NOTES_KEY) for one in (job, _now(job)) if one)


def _tasks(job):
    return list(RepositoryUtils.GetJobTasks(job, True).TaskCollectionTasks)


def _extra(job, key):
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")


def _age(key):
    written = key[len(INTENT_PREFIX) :].rsplit(".", 1)[0]
    return time.time() - _number(written)


def _number(text):
    try:
        return float(text)
    except ValueError:
        return 0.0
