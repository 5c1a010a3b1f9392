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
from pathlib import Path

from Deadline.Events import DeadlineEventListener
from Deadline.Scripting import ClientUtils, RepositoryUtils

# Files that are shared with the job plug-in lie here too.
sys.path.insert(0, str(RepositoryUtils.GetEventPluginDirectory("Renderbus")))

from renderbus_gateway import GATEWAY, PLUGIN, ROLE, job_info, lines, plugin_info
from renderbus_record import (
    ASK_PREFIX,
    CLAIMS_KEY,
    CLOUD,
    COMPLETED,
    NOTES_KEY,
    QUEUED,
    SUSPENDED,
    Record,
)

INTENT_PREFIX = "intent."
LEASE = "gateway.lease"
ACKNOWLEDGED = "Acknowledged"
WHEN_KEY = "renderbus_when"
"""Extra info key by which a job asks for a burst as soon as it is submitted: `now`."""

_LEASE_SECONDS = 600.0
_LONGEST_SECONDS = 20.0
# Intents that nobody fetched for so long are of no use to anybody.
_OLDEST_SECONDS = 30 * 86400.0
# States in which a gateway job does its work, or will as soon as a worker is free or a person
# resumes it: who suspends it wants no other one.
_ALIVE = ("Active", "Pending", "Suspended")
_IN_QUEUE = ("Active", "Pending", "Suspended", "Failed")


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
        if _extra(job, WHEN_KEY) != "now":
            return
        if _extra(job, NOTES_KEY) or _extra(job, CLAIMS_KEY):
            self.LogInfo("Renderbus: a copy of a job that was in the cloud; ask for it by hand")
            return
        self._record(job, "burst", "asked for when it was submitted")

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
        """Suspend again what is still held: a worker would render it a second time."""
        record = _stamps(job)
        if not record:
            return
        held = [
            task
            for task in _tasks(job)
            if str(task.TaskStatus) == QUEUED
            and str(task.TaskId) in record
            and not record[str(task.TaskId)].leaving
            and not record[str(task.TaskId)].is_over
        ]
        if held:
            RepositoryUtils.SuspendTasks(job, held)
            why = "{} tasks are in the cloud and stay held; use Recall to render them here"
            RepositoryUtils.AddJobHistoryEntry(
                str(job.JobId), "Renderbus: " + why.format(len(held))
            )

    def _record(self, job, kind, note):
        """Write an intent down; its key sorts by time, and no two are alike."""
        now = time.time()
        row = {
            "job": str(job.JobId),
            "kind": kind,
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + "+00:00",
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
        if time.monotonic() < until and self._is_due(left):
            self._keep_gateway()

    def _forget(self, until):
        """Delete intents that were acted on, or that nobody wants; return how many are left."""
        known = RepositoryUtils.GetEventPluginConfigMetaDataDictionary(PLUGIN)
        done = _list(self.GetConfigEntryWithDefault(ACKNOWLEDGED, ""))
        keys = [str(key) for key in known.Keys if str(key).startswith(INTENT_PREFIX)]
        left = 0
        for key in keys:
            if time.monotonic() >= until:
                break
            if key in done or _age(key) > _OLDEST_SECONDS:
                self.DeleteMetaDataEntry(key)
            else:
                left += 1
        return left

    def _is_due(self, intents):
        """Tell whether a gateway has work: always, unless the settings say on demand."""
        if self.GetConfigEntryWithDefault("KeepGateway", "Always") == "Never":
            return False
        if self.GetConfigEntryWithDefault("KeepGateway", "Always") == "Always" or intents:
            return True
        return any(
            _held(job) or _is_asked(job)
            for state in _IN_QUEUE
            for job in RepositoryUtils.GetJobsInState(state)
        )

    def _keep_gateway(self):
        """Submit a gateway job where none is alive; of two machines at once, one does it."""
        # Looked at again under the lease: another machine may have submitted one just before.
        if _has_gateway() or not self._take_lease() or _has_gateway():
            return
        chosen = {
            name: self.GetConfigEntryWithDefault(key, "")
            for name, key in (
                ("pool", "GatewayPool"),
                ("group", "GatewayGroup"),
                ("limits", "GatewayLimits"),
                ("priority", "GatewayPriority"),
            )
        }
        folder = Path(str(ClientUtils.GetDeadlineTempPath()))
        files = []
        try:
            for info in (job_info(**chosen), plugin_info()):
                files.append(folder / "renderbus-{}.job".format(uuid.uuid4().hex))
                files[-1].write_text(lines(info), encoding="utf-8")
            RepositoryUtils.SubmitJob([str(file) for file in files])
            self.LogInfo("Renderbus: a gateway job was submitted")
        finally:
            for file in filter(Path.exists, files):
                file.unlink()

    def _take_lease(self):
        """Claim to be the one who submits now: adding an entry that is there has no effect.

        Each span of time has a name of its own, so that none is ever taken away from somebody.
        """
        span, mine = int(time.time() // _LEASE_SECONDS), uuid.uuid4().hex
        name = "{}.{}".format(LEASE, span)
        known = RepositoryUtils.GetEventPluginConfigMetaDataDictionary(PLUGIN)
        for key in [str(key) for key in known.Keys]:
            if key.startswith(LEASE) and key != name:
                self.DeleteMetaDataEntry(key)
        self.AddMetaDataEntry(name, mine)
        return str(self.GetMetaDataEntry(name) or "") == mine


def _stamps(job):
    return Record(str(job.JobId), _extra(job, CLAIMS_KEY)).stamps


def _has_gateway():
    alive = (job for state in _ALIVE for job in RepositoryUtils.GetJobsInState(state))
    return any(map(_is_gateway, alive))


def _is_asked(job):
    return any(str(key).startswith(ASK_PREFIX) for key in job.GetJobExtraInfoKeys())


def _held(job):
    return Record(str(job.JobId), _extra(job, CLAIMS_KEY)).held


def _has_completed_by_hand(job):
    stamps = _stamps(job)
    return any(
        str(task.TaskStatus) == COMPLETED and str(task.TaskSlaveName or "") != CLOUD
        for task in _tasks(job)
        if str(task.TaskId) in stamps
    )


def _has_suspended_by_hand(job):
    stamps = _stamps(job)
    return bool(stamps) and any(
        str(task.TaskStatus) == SUSPENDED and str(task.TaskId) not in stamps for task in _tasks(job)
    )


def _was_away(job):
    return bool(_stamps(job)) or bool(_extra(job, NOTES_KEY))


def _tasks(job):
    return list(RepositoryUtils.GetJobTasks(job, True).TaskCollectionTasks)


def _is_gateway(job):
    if str(job.JobPlugin) != PLUGIN:
        return False
    keys = [str(key) for key in job.GetJobPluginInfoKeys()]
    return ROLE not in keys or str(job.GetJobPluginInfoKeyValue(ROLE)) == GATEWAY


def _extra(job, key):
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")


def _list(text):
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return ()
    return frozenset(each for each in found if isinstance(each, str))


def _age(key):
    written = key[len(INTENT_PREFIX) :].rsplit(".", 1)[0]
    return time.time() - _number(written)


def _number(text):
    try:
        return float(text)
    except ValueError:
        return 0.0
