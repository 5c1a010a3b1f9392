"""The farm agent inside Deadline: carries out what the core asks, through RepositoryUtils.

Standard library only, Python 3.7 and up; runs on the thread of the plug-in or script that made it,
because Deadline's objects are not for others. Jobs travel in Deadline's own words; the core says
what they mean (docs/deadline.md).
"""

import collections
import datetime as dt
import json
from pathlib import Path

from renderbus_gateway import CLOUD_ONLY, NATIVE_PLUGIN, PLUGIN, ROLE
from renderbus_link import Pages, RefusedError, frame_numbers, frame_text
from renderbus_record import (
    ASK_PREFIX,
    CLAIMS_KEY,
    CLOUD,
    COMPLETED,
    FAILED,
    HELD,
    NOTES_KEY,
    PENDING,
    QUEUED,
    RENDERING,
    SUSPENDED,
    Notes,
    Record,
    Stamp,
    asked,
)

FARM = "deadline"
"""How the agent calls its farm; the core finds by it what translates its jobs."""

CAPABILITIES = ("annotate", "complete", "fail", "intents")
EVENT = "Renderbus"
"""Name of the event plug-in, in whose metadata it records what people ask."""
PRELOAD = "GlobalJobPreLoad.py"
"""Script by which a studio prepares every job on every worker."""

INTENT_PREFIX = "intent."
ACKNOWLEDGED = "Acknowledged"
"""Setting of the event plug-in that names the intents which were acted on."""

WORDS = {
    QUEUED: "queued",
    SUSPENDED: "suspended",
    RENDERING: "rendering",
    COMPLETED: "completed",
    FAILED: "failed",
    PENDING: "pending",
}
"""The link's word for each state; what is neither is waited for."""

# Deadline's counts of a job, by the link's word.
_COUNTS = {
    "queued": "JobQueuedTasks",
    "suspended": "JobSuspendedTasks",
    "rendering": "JobRenderingTasks",
    "completed": "JobCompletedTasks",
    "failed": "JobFailedTasks",
    "pending": "JobPendingTasks",
}
_WORKING = frozenset({"Rendering", "Idle", "StartingJob"})
_NO_NAME = frozenset({"", "none"})
_LONGEST_WHY = 500
_SHOWN = "IN CLOUD "
# Facts about a burst that people read in the job's history, each time they change.
_TOLD = ("renderbus.reason", "renderbus.notice", "renderbus.probe", "renderbus.answer")
# Wildcards of job queries are of no use: each state is named.
_IN_QUEUE = ("Active", "Pending", "Suspended", "Failed")


class DeadlineFarm:
    """Answers the core's questions about this repository.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        log: takes a sentence for people.
        column: digit of the job's extra info column that shows what is in the cloud; "" for none.
    """

    def __init__(self, repository, log, column=""):
        self._repository = repository
        self._log = log
        self._column = "JobExtraInfo" + column if column else ""
        self._means = {}
        self._held, self._home = 0, 0
        self._preloads = None
        # What this process wrote last on each job, should somebody's stale copy overwrite it.
        self._written = {}
        self.handlers = {
            "snapshot": self.snapshot,
            "job": self.job,
            "tasks": self.tasks,
            "claim": self.claim,
            "complete": self.complete,
            "fail": self.fail,
            "release": self.release,
            "annotate": self.annotate,
            "annotations": self.annotations,
            "intents": self.intents,
            "acknowledge": self.acknowledge,
        }

    @property
    def status(self):
        """What is in the cloud, in a sentence for people."""
        return "{} tasks in the cloud, {} came home".format(self._held, self._home)

    @property
    def progress(self):
        """How much of what this gateway saw in the cloud is at home, in per cent."""
        seen = self._held + self._home
        return 100.0 * self._home / seen if seen else 0.0

    # Reading.

    def snapshot(self, params):
        """Read the queue: rows with counts, tasks only of the jobs asked for."""
        wanted = set(params["tasks_of"])
        rows, tasks = [], []
        for job in self._queue():
            read = list(self._rows(job)) if self._is_looked_at(job, wanted) else None
            rows.append(self._row(job, read))
            if job.JobId in wanted:
                tasks.extend(read)
        self._held = sum(row["claimed"] for row in rows)
        kinds = self._kinds()
        head = {
            "taken_at": _now(),
            "workers": sum(kind["count"] for kind in kinds),
            "idle_workers": sum(kind["idle"] for kind in kinds),
            "kinds": kinds,
            "limits": self._limits(),
        }
        return Pages(head, {"jobs": rows, "tasks": tasks})

    def job(self, params):
        """Read one job."""
        job = self._job(params["id"])
        return {"found": [] if job is None else [self._native(job)]}

    def tasks(self, params):
        """Read all tasks of some jobs; jobs that are gone are absent."""
        jobs = (self._job(id_) for id_ in params["ids"])
        return Pages({}, {"tasks": [row for job in jobs if job for row in self._rows(job)]})

    def _queue(self):
        """Return the jobs that wait or are held, in the order in which they would render."""
        found = {}
        for state in _IN_QUEUE:
            for job in self._repository.GetJobsInState(state):
                if _is_work(job) and (state == "Active" or self._is_shown(job)):
                    found[job.JobId] = job
        return sorted(found.values(), key=lambda job: (-int(job.JobPriority), _moment(job)))

    def _is_shown(self, job):
        """Tell whether a job that is not active concerns the bridge: it holds claims."""
        return bool(self._record(job).stamps)

    def _is_looked_at(self, job, wanted):
        """Tell whether tasks are read: asked for, held, or rendered since they were timed."""
        known = self._means.get(job.JobId)
        return (
            job.JobId in wanted
            or self._is_shown(job)
            or (int(job.JobCompletedTasks) > 0 and known is None)
            or (known is not None and known[0] != int(job.JobCompletedTasks))
        )

    def _row(self, job, tasks):
        counts = {word: int(getattr(job, name)) for word, name in _COUNTS.items()}
        if tasks is not None:
            self._means[job.JobId] = (counts["completed"], *_mean(self._task_list(job)))
        _, mean, timed = self._means.get(job.JobId, (0, None, 0))
        row = {
            "job": self._native(job),
            "counts": {word: number for word, number in counts.items() if number},
            "claimed": sum(_is_claimed(task) for task in tasks or ()),
            "mean_seconds": mean,
            "timed": timed,
            "limits": [str(name) for name in job.JobLimitGroups],
            "tasks_per_worker": max(int(job.JobConcurrentTasks), 1),
            "most_workers": int(job.JobMachineLimit) or None,
        }
        if self._sets_environments():
            row["traits"] = ["environment"]
        if str(job.JobStatus) != "Active":
            row["waits_for"] = "it is " + str(job.JobStatus).lower()
        return row

    def _sets_environments(self):
        """Tell whether a script of the studio prepares every job; the cloud does not run it."""
        if self._preloads is None:
            folder = Path(str(self._repository.GetRepositoryPath("custom/plugins", False)))
            self._preloads = (folder / PRELOAD).is_file()
        return self._preloads

    def _native(self, job):
        """Return a job as it was submitted, in Deadline's words."""
        info = {str(key): str(job.GetJobInfoKeyValue(key)) for key in job.GetJobInfoKeys()}
        info["Plugin"] = str(job.JobPlugin)
        pairs = (
            ("ExtraInfoKeyValue", job.GetJobExtraInfoKeys(), job.GetJobExtraInfoKeyValue),
            ("EnvironmentKeyValue", job.GetJobEnvironmentKeys(), job.GetJobEnvironmentKeyValue),
        )
        for name, keys, value_of in pairs:
            for number, key in enumerate(keys):
                if not str(key).startswith("renderbus."):
                    info[name + str(number)] = f"{key}={value_of(key)}"
        outputs = zip(job.JobOutputDirectories, job.JobOutputFileNames)
        for number, (folder, name) in enumerate(outputs):
            info["OutputDirectory" + str(number)] = str(folder)
            info["OutputFilename" + str(number)] = str(name)
        keys = job.GetJobPluginInfoKeys()
        plugin_info = {str(key): str(job.GetJobPluginInfoKeyValue(key)) for key in keys}
        if info["Plugin"] == PLUGIN:
            # For the cloud only: what it would be on a worker, it says itself.
            info["Plugin"] = plugin_info.pop(NATIVE_PLUGIN, "")
            plugin_info.pop(ROLE, None)
        return {
            "id": str(job.JobId),
            "submitted_at": _moment(job),
            "job_info": info,
            "plugin_info": plugin_info,
            "auxiliary": self._auxiliary(job),
        }

    def _auxiliary(self, job):
        names = [str(name) for name in job.JobAuxiliarySubmissionFileNames]
        if not names:
            return []
        folder = str(self._repository.GetJobAuxiliaryPath(job)).rstrip("/\\")
        sign = "\\" if "\\" in folder else "/"
        return [folder + sign + name.replace("\\", "/").split("/")[-1] for name in names]

    def _rows(self, job):
        """Give the tasks of a job as the link has them."""
        record = self._record(job)
        for task in self._task_list(job):
            state, worker = str(task.TaskStatus), str(task.TaskSlaveName or "")
            stamp = record.of(str(task.TaskId), state, worker)
            yield {
                "job": str(job.JobId),
                "ref": _ref(task),
                "state": WORDS.get(state, "pending"),
                "claim": stamp and {"burst": stamp.burst, "claim_epoch": stamp.epoch},
                "worker": worker,
                "finished_at": _ended(task) if state in (COMPLETED, FAILED) else None,
                "error": stamp.why if stamp else "",
            }

    def _task_list(self, job):
        """Return the tasks that render frames: those of scripts before and after have none."""
        found = self._repository.GetJobTasks(job, True)
        return [task for task in found.TaskCollectionTasks if list(task.TaskFrameList)]

    def _kinds(self):
        """Count the workers that can render, by the pools and groups whose jobs they take."""
        found = collections.Counter()
        idle = collections.Counter()
        for settings in self._repository.GetSlaveSettingsList(True):
            if not settings.SlaveEnabled:
                continue
            info = self._repository.GetSlaveInfo(settings.SlaveName, True)
            state = str(info.SlaveState) if info else ""
            if state not in _WORKING:
                continue
            kind = _names(settings.SlavePools), _names(settings.SlaveGroups)
            found[kind] += 1
            idle[kind] += state == "Idle"
        return [
            {"count": count, "idle": idle[kind], "pools": list(kind[0]), "groups": list(kind[1])}
            for kind, count in sorted(found.items())
        ]

    def _limits(self):
        return [
            {"name": str(limit.Name), "most": int(limit.Limit)}
            for limit in self._repository.GetLimitGroups(True)
            if not limit.UnlimitedLimit
        ]

    def _job(self, id_):
        """Fetch a job as it is now; None when there is none."""
        job = self._repository.GetJob(id_, True) if id_ else None
        return None if job is None or job.IsCorrupted() else job

    # Effects. Each is written down on the job before it is done, and looked at afterwards: a
    # worker or a person may act at any moment between.

    def claim(self, params):
        """Keep queued tasks from workers on behalf of a burst; safe to repeat."""
        claim = params["claim"]
        work = self._begin(params, self._may_claim)
        if work.wanted:
            for id_ in work.wanted:
                work.record.stamps[id_] = Stamp(claim["burst"], claim["claim_epoch"])
            self._save(work.job, work.record)
            to_suspend = work.tasks(lambda state: state != SUSPENDED)
            if to_suspend:
                self._repository.SuspendTasks(work.job, to_suspend)
            lost = self._look_again(work, SUSPENDED, "not_queued")
            if lost:
                self._let_go(claim, lost)
        self._tell(claim["job"], "holds {} tasks for the cloud", work)
        return work.outcome()

    def complete(self, params):
        """Mark held tasks as rendered; their pictures are where the job wants them."""
        work = self._begin(params, _may_end(COMPLETED))
        if work.wanted:
            self._complete_all(work)
            self._home += len(work.wanted) - len(self._look_again(work, COMPLETED, None))
        self._tell(params["claim"]["job"], "{} tasks came home from the cloud", work)
        return work.outcome()

    def fail(self, params):
        """Mark held tasks as failed, with a reason for people."""
        work = self._begin(params, _may_end(FAILED))
        why = _legible(params["why"])
        if work.wanted:
            for id_ in work.wanted:
                work.record.stamps[id_].why = why
            self._save(work.job, work.record)
            self._repository.FailTasks(work.job, work.tasks(), CLOUD)
            self._look_again(work, FAILED, None)
        self._tell(params["claim"]["job"], "{} tasks failed in the cloud: " + why, work)
        return work.outcome()

    def release(self, params):
        """Give held tasks back to workers; the stamp goes last, marked as leaving before."""
        claim = params["claim"]
        work = self._begin(params, _may_end(QUEUED))
        if work.wanted:
            for id_ in work.wanted:
                work.record.stamps[id_].leaving = True
            self._save(work.job, work.record)
            held = work.tasks(lambda state: state == SUSPENDED)
            if held:
                self._repository.ResumeTasks(work.job, held)
            self._let_go(claim, self._resumed(work))
        self._tell(claim["job"], "{} tasks go back to the farm: " + _legible(params["why"]), work)
        return work.outcome()

    def _begin(self, params, judge):
        """Sort the tasks of a request into those to act on and those that are refused or done."""
        claim, refs = params["claim"], params["tasks"]
        job = self._job(claim["job"])
        work = _Work(job, None if job is None else self._record(job))
        known = {} if job is None else {str(t.TaskId): t for t in self._task_list(job)}
        for id_, task in known.items():
            # Workers have begun what people resumed: it is theirs.
            if work.record.of(id_, str(task.TaskStatus), str(task.TaskSlaveName or "")) is None:
                work.record.stamps.pop(id_, None)
        for ref in refs:
            task = known.get(ref["id"])
            if task is None:
                work.refused.append((ref, "gone"))
                continue
            if _frames(task) != frame_numbers(ref["frames"]):
                work.refused.append((ref, "changed"))
                continue
            state, worker = str(task.TaskStatus), str(task.TaskSlaveName or "")
            verdict = judge(state, work.record.of(ref["id"], state, worker), claim)
            if verdict == "act":
                work.wanted[ref["id"]] = (ref, task)
            elif verdict == "done":
                work.taken.append(ref)
            else:
                work.refused.append((ref, verdict))
        return work

    @staticmethod
    def _may_claim(state, stamp, claim):
        if state == COMPLETED:
            return "already_complete"
        if state not in HELD or (stamp is None and state != QUEUED):
            return "not_queued"
        if stamp is None:
            return "act"
        if stamp.burst != claim["burst"] or stamp.epoch > claim["claim_epoch"]:
            return "not_ours"
        same = stamp.epoch == claim["claim_epoch"] and not stamp.leaving
        return "done" if state == SUSPENDED and same else "act"

    def _complete_all(self, work):
        """Complete tasks at once; where Deadline minds that they are suspended, resumed first."""
        try:
            self._repository.CompleteTasks(work.job, work.tasks(), CLOUD)
        except Exception as error:  # noqa: BLE001 - what Deadline raises is not documented
            self._log(f"completing tasks of {work.job.JobId}: {error}")
            left = [t for t in self._fresh(work).values() if str(t.TaskStatus) in HELD]
            if left:
                self._repository.ResumeTasks(work.job, left)
                self._repository.CompleteTasks(work.job, left, CLOUD)

    def _fresh(self, work):
        now = {str(task.TaskId): task for task in self._task_list(work.job)}
        return {id_: now[id_] for id_ in work.wanted if id_ in now}

    def _look_again(self, work, goal, otherwise):
        """Take what reached a state, and return the ids of what did not.

        That is refused, or unknown where nothing is said for `otherwise`.
        """
        now = self._fresh(work)
        missed = []
        for id_, (ref, _) in work.wanted.items():
            if id_ not in now:
                work.refused.append((ref, "gone"))
            elif str(now[id_].TaskStatus) == goal:
                work.taken.append(ref)
                continue
            elif otherwise is None:
                work.unknown.append(ref)
            else:
                work.refused.append((ref, otherwise))
            missed.append(id_)
        return missed

    def _resumed(self, work):
        """Take what is not suspended any more, and return its ids; of the rest nobody knows."""
        now, free = self._fresh(work), []
        for id_, (ref, _) in work.wanted.items():
            if id_ in now and str(now[id_].TaskStatus) == SUSPENDED:
                work.unknown.append(ref)
            else:
                work.taken.append(ref)
                free.append(id_)
        return free

    def _let_go(self, claim, ids):
        """Take the claim's stamp off tasks."""
        job = self._job(claim["job"])
        if job is None:
            return
        record = self._record(job)
        for id_ in ids:
            stamp = record.stamps.get(id_)
            if stamp and (stamp.burst, stamp.epoch) == (claim["burst"], claim["claim_epoch"]):
                del record.stamps[id_]
        self._save(job, record)

    def _save(self, job, record):
        text = self._written[str(job.JobId)] = record.text()
        job.SetJobExtraInfoKeyValue(CLAIMS_KEY, text)
        self._show(job, len(record.stamps))
        self._repository.SaveJob(job)

    def _show(self, job, held):
        """Write into the job's column how much of it is in the cloud; what people wrote stays."""
        if not self._column:
            return
        before = str(getattr(job, self._column) or "")
        if not before or before.startswith(_SHOWN):
            words = _SHOWN + "{}/{}: use Recall to render it here"
            shown = words.format(held, int(job.JobTaskCount)) if held else ""
            setattr(job, self._column, shown)

    def _record(self, job):
        """Read what bursts hold of a job, written again where it was overwritten.

        SaveJob writes whole objects: whoever held an older one has put it back without meaning to.
        Whoever lets go of everything leaves an empty entry, never none.
        """
        id_, text = str(job.JobId), _extra(job, CLAIMS_KEY)
        record = Record(id_, text or self._written.get(id_, ""))
        if not text and record.stamps:
            self._log("job {}: its claims were overwritten, and are written again".format(id_))
            self._save(job, record)
        return record

    def _tell(self, job_id, words, work):
        """Write into the job's history what was done, once for all tasks."""
        if work.wanted and work.taken:
            sentence = "Renderbus: " + words.format(len(work.taken))
            self._repository.AddJobHistoryEntry(job_id, sentence)

    # Notes.

    def annotate(self, params):
        """Note facts about a burst on its job."""
        claim, facts = params["claim"], params["facts"]
        job = self._job(claim["job"])
        if job is None:
            raise RefusedError("job {} no longer exists".format(claim["job"]))
        notes = Notes(str(job.JobId), _extra(job, NOTES_KEY))
        mine = notes.of.setdefault(claim["burst"], {})
        new = {name: value for name, value in facts.items() if mine.get(name) != value}
        if new:
            mine.update(new)
            job.SetJobExtraInfoKeyValue(NOTES_KEY, notes.text())
            self._repository.SaveJob(job)
        for name in _TOLD:
            if new.get(name):
                entry = "Renderbus: " + _legible(new[name])
                self._repository.AddJobHistoryEntry(str(job.JobId), entry)

    def annotations(self, params):
        """Read what bursts noted on a job."""
        job = self._job(params["job"])
        return {"notes": Notes(str(job.JobId), _extra(job, NOTES_KEY)).of if job else {}}

    # What people ask: the event plug-in records it, and scripts write it on the job itself.

    def intents(self, _params):
        """Read what people asked and did, oldest first, until it is acknowledged."""
        known = self._repository.GetEventPluginConfigMetaDataDictionary(EVENT)
        done = self._acknowledged()
        rows = [
            _intent(key, str(known[key]))
            for key in sorted(str(key) for key in known.Keys)
            if key.startswith(INTENT_PREFIX) and key not in done
        ]
        rows += [
            asked(str(job.JobId), key, str(job.GetJobExtraInfoKeyValue(key)))
            for job in self._askable()
            for key in _asks(job)
        ]
        found = [row for row in rows if row]
        return Pages({}, {"intents": sorted(found, key=lambda row: row["at"])})

    def acknowledge(self, params):
        """Forget intents; the event plug-in deletes its own at the next house cleaning."""
        known = self._repository.GetEventPluginConfigMetaDataDictionary(EVENT)
        here = {str(key) for key in known.Keys}
        done = (self._acknowledged() | set(params["ids"])) & here
        text = json.dumps(sorted(done))
        self._repository.AddOrUpdateEventPluginConfigSetting(EVENT, ACKNOWLEDGED, text)
        of_jobs = collections.defaultdict(list)
        for id_ in params["ids"]:
            job_id, _, key = id_.partition(" ")
            if key.startswith(ASK_PREFIX):
                of_jobs[job_id].append(key)
        for job_id, keys in of_jobs.items():
            job = self._job(job_id)
            if job is not None:
                for key in keys:
                    job.DeleteJobExtraInfoKey(key)
                self._repository.SaveJob(job)

    def _askable(self):
        """Return the jobs of which people may ask something."""
        return [job for state in _IN_QUEUE for job in self._repository.GetJobsInState(state)]

    def _acknowledged(self):
        config = self._repository.GetEventPluginConfig(EVENT)
        return read_acknowledged(config.GetConfigEntryWithDefault(ACKNOWLEDGED, ""))


class _Work:
    """A request while it is carried out: each task ends in one of three lists."""

    def __init__(self, job, record):
        self.job = job
        self.record = record
        self.wanted = {}
        self.taken = []
        self.refused = []
        self.unknown = []

    def tasks(self, are=bool):
        """Return what is to be acted on, where it was seen in some states."""
        return [task for _, task in self.wanted.values() if are(str(task.TaskStatus))]

    def outcome(self):
        return {
            "taken": self.taken,
            "refused": [{"ref": ref, "reason": reason} for ref, reason in self.refused],
            "unknown": self.unknown,
        }


def _may_end(goal):
    """Judge a request that ends a claim: only what is still held; what ended so counts as done."""

    def judge(state, stamp, claim):
        mine = (claim["burst"], claim["claim_epoch"])
        if stamp and (stamp.burst, stamp.epoch) == mine:
            if state in HELD:
                return "act"
            if state == goal:
                return "done"
        return "already_complete" if state == COMPLETED else "not_ours"

    return judge


def _asks(job):
    keys = (str(key) for key in job.GetJobExtraInfoKeys())
    return sorted(key for key in keys if key.startswith(ASK_PREFIX))


def _is_work(job):
    """Tell whether a job renders pictures: gateway jobs do not."""
    if str(job.JobPlugin) != PLUGIN:
        return True
    keys = [str(key) for key in job.GetJobPluginInfoKeys()]
    return ROLE in keys and str(job.GetJobPluginInfoKeyValue(ROLE)) == CLOUD_ONLY


def read_acknowledged(text):
    """Return the keys of intents that were acted on."""
    try:
        keys = json.loads(text) if text else []
    except ValueError:
        return set()
    return {key for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()


def _intent(key, text):
    try:
        row = json.loads(text)
    except ValueError:
        return None
    needed = ("job", "kind", "at", "who")
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in needed):
        return None
    return dict(row, id=key)


def _extra(job, key):
    return str(job.GetJobExtraInfoKeyValueWithDefault(key, "") or "")


def _frames(task):
    return [int(number) for number in task.TaskFrameList]


def _ref(task):
    return {"id": str(task.TaskId), "frames": frame_text(_frames(task))}


def _is_claimed(row):
    return row["state"] == "suspended" and row["claim"] is not None


def _mean(tasks):
    """Return the mean seconds of tasks that workers here rendered, and how many they were."""
    seconds = [
        float(task.TaskRenderTime.TotalSeconds)
        for task in tasks
        if str(task.TaskStatus) == COMPLETED and str(task.TaskSlaveName or "") != CLOUD
    ]
    return (sum(seconds) / len(seconds) if seconds else None, len(seconds))


def _names(names):
    return tuple(sorted({str(name) for name in names if str(name).lower() not in _NO_NAME}))


def _legible(text):
    """Return text in one line for people: it may come from the cloud."""
    return "".join(c if c.isprintable() else "?" for c in text[:_LONGEST_WHY])


def _now():
    return dt.datetime.now(dt.timezone.utc).isoformat()


def _moment(job):
    return _utc(job.JobSubmitDateTime)


def _ended(task):
    moment = _utc(task.TaskCompletedDateTime)
    return None if moment.startswith("0001") else moment


def _utc(moment):
    """Return a .NET DateTime as text, UTC."""
    return str(moment.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss")) + "+00:00"
