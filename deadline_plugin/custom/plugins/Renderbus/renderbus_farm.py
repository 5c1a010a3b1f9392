"""The farm agent inside Deadline: carries out what the core asks, through RepositoryUtils.

Standard library only, Python 3.7 and up; runs on the thread of the plug-in or script that made it,
because Deadline's objects are not for others.
"""

import collections
import functools
import json
import time

from renderbus_claims import Claims
from renderbus_column import TaskColumn
from renderbus_intents import (
    ACKNOWLEDGED,
    ASK_PREFIX,
    EVENT,
    HEARD_KEY,
    INTENT_PREFIX,
    OLDEST_BURST_SECONDS,
    WHEN_KEY,
    age,
    asked,
    asks_at_once,
    read_acknowledged,
    was_heard,
    written_intent,
)
from renderbus_jobs import Jobs
from renderbus_link import Pages, RefusedError
from renderbus_queue import Queue
from renderbus_record import NOTES_KEY, Notes
from renderbus_words import extra, legible, submitted_at

FARM = "deadline"
"""How the agent calls its farm; the core finds by it what translates its jobs."""

ASK_SECONDS = 5.0
"""How often all jobs are looked through for what people ask of them, unless it is said otherwise:
each look fetches all jobs in the queue from the repository."""

CAPABILITIES = ("annotate", "complete", "fail", "intents")
# Facts about a burst that people read in the job's history, each time they change.
_TOLD = (
    "renderbus.reason",
    "renderbus.notice",
    "renderbus.priority",
    "renderbus.probe",
    "renderbus.answer",
)


class DeadlineFarm:
    """Answers the core's questions about this repository.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        log: takes a sentence for people.
        column: digit of the job's extra info column that shows what is in the cloud; "" for none.
        task_column: digit of the tasks' extra info column that shows what it does; "" for none.
        web: whether Deadline is reached over its Web Service: no event plug-in tells what people
            do, so that it is only known what they ask of jobs, and what jobs ask as they are
            submitted; and a completed task does not say who rendered it.
        ask_seconds: how often all jobs are looked through for what is asked of them.
    """

    def __init__(
        self, repository, log, column="", *, task_column="", web=False, ask_seconds=ASK_SECONDS
    ):
        self._repository = repository
        self._log = log
        self._web = web
        self._ask_seconds = ask_seconds
        self._asks, self._asks_again = [], time.monotonic()
        # A copy that is older than an acknowledgement brings what was asked back with it.
        self._done = set()
        self._jobs = Jobs(repository, log, column)
        self._told = Submitted(repository) if web else Told(repository, self._jobs, log)
        self._queue = Queue(repository, self._jobs, log)
        self._claims = Claims(repository, self._jobs, log, signs=not web)
        self.handlers = {
            "snapshot": lambda params: self._queue.snapshot(set(params["tasks_of"])),
            "job": self.job,
            "tasks": self.tasks,
            "claim": self._claims.claim,
            "complete": self._claims.complete,
            "fail": self._claims.fail,
            "release": self._claims.release,
            "annotate": self.annotate,
            "annotations": self.annotations,
            "intents": self.intents,
            "acknowledge": self.acknowledge,
        }
        self.capabilities = CAPABILITIES
        if task_column:
            shown = TaskColumn(repository, self._jobs, log, task_column)
            self.handlers["show"] = shown.show
            self.capabilities += ("show",)

    @property
    def status(self):
        """What is in the cloud, in a sentence for people."""
        return "{} tasks in the cloud, {} came home".format(self._queue.held, self._claims.home)

    @property
    def progress(self):
        """How much of what this gateway saw in the cloud is at home, in per cent."""
        seen = self._queue.held + self._claims.home
        return 100.0 * self._claims.home / seen if seen else 0.0

    def job(self, params):
        """Read one job."""
        job = self._jobs.job(params["id"])
        return {"found": [] if job is None else [self._queue.native(job)]}

    def tasks(self, params):
        """Read all tasks of some jobs; jobs that are gone are absent."""
        jobs = (self._jobs.job(id_) for id_ in params["ids"])
        return Pages({}, {"tasks": [row for job in jobs if job for row in self._queue.rows(job)]})

    def annotate(self, params):
        """Note facts about a burst on its job."""
        claim, facts = params["claim"], params["facts"]
        job = self._jobs.job(claim["job"])
        if job is None:
            raise RefusedError("job {} no longer exists".format(claim["job"]))
        notes = Notes(str(job.JobId), extra(job, NOTES_KEY))
        mine = notes.of.setdefault(claim["burst"], {})
        new = {name: value for name, value in facts.items() if mine.get(name) != value}
        if new:
            mine.update(new)
            job.SetJobExtraInfoKeyValue(NOTES_KEY, notes.text())
            self._repository.SaveJob(job)
        for name in _TOLD:
            if new.get(name):
                entry = "Renderbus: " + legible(new[name])
                self._repository.AddJobHistoryEntry(str(job.JobId), entry)

    def annotations(self, params):
        """Read what bursts noted on a job."""
        job = self._jobs.job(params["job"])
        return {"notes": Notes(str(job.JobId), extra(job, NOTES_KEY)).of if job else {}}

    def intents(self, _params):
        """Read what people asked and did, oldest first, until it is acknowledged.

        What the event plug-in wrote down is one entry. For what jobs bear all jobs of the farm are
        looked through, which is done now and then.
        """
        if time.monotonic() >= self._asks_again:
            self._asks = self._read_asks()
            self._asks_again = time.monotonic() + self._ask_seconds
        rows = self._asks if self._web else self._asks + self._told()
        found = [row for row in rows if row["id"] not in self._done]
        return Pages({}, {"intents": sorted(found, key=lambda row: row["at"])})

    def _read_asks(self):
        """Read what jobs bear, and take off them what is of no use to anybody."""
        jobs = list(self._jobs.in_queue())
        found = list(self._jobs.each(jobs, _asked))
        odd = [id_ for id_, row in found if row is None]
        for id_ in odd:
            self._log("what is asked of job {} is nothing that can be read".format(id_))
        # Somebody put back what was taken off.
        self._take_off([*odd, *(id_ for id_, _ in found if id_ in self._done)])
        rows = [row for _, row in found if row]
        return rows + self._told.of(jobs) if self._web else rows

    def acknowledge(self, params):
        """Forget intents; the event plug-in deletes its own at the next house cleaning."""
        self._done.update(params["ids"])
        self._told.forget(params["ids"])
        self._take_off(params["ids"])

    def _take_off(self, ids):
        """Take off jobs what was asked of them."""
        of_jobs = collections.defaultdict(list)
        for id_ in ids:
            job_id, _, key = id_.partition(" ")
            if key.startswith(ASK_PREFIX):
                of_jobs[job_id].append(key)
        for job_id, keys in of_jobs.items():
            job = self._jobs.job(job_id)
            if job is not None:
                for key in keys:
                    job.DeleteJobExtraInfoKey(key)
                self._repository.SaveJob(job)


class Told:
    """What the event plug-in writes down of what people ask and do.

    Where a gateway over the Web Service acts on what jobs ask as they are submitted, nobody takes
    off what is written down here: a burst is asked for again by nothing that is old.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        jobs: of the repository.
        log: takes a sentence for people.
    """

    def __init__(self, repository, jobs, log):
        self._repository = repository
        self._jobs = jobs
        self._log = log

    def __call__(self):
        """Read all intents that were not acted on; what is none is left to house cleaning."""
        known, done = self._known(), self._acknowledged()
        keys = sorted(str(key) for key in known.Keys)
        mine = (key for key in keys if key.startswith(INTENT_PREFIX) and key not in done)
        rows = [written_intent(key, str(known[key])) for key in mine]
        past = {
            row["id"]: why for row, why in ((row, self._past(row)) for row in rows if row) if why
        }
        if past:
            self.forget(past)
        for id_, why in past.items():
            self._log("intent {} is not acted on: {}".format(id_, why))
        return [row for row in rows if row and row["id"] not in past]

    def _past(self, row):
        """Say why a burst is not asked for any more; "" where it is, or something else is."""
        if row["kind"] != "burst":
            return ""
        if age(row) > OLDEST_BURST_SECONDS:
            return "it was written down more than a week ago; ask for a burst again"
        job = self._jobs.job(row["job"])
        if job is not None and was_heard(row["job"], functools.partial(extra, job)):
            return "job {} was sent to the cloud since".format(row["job"])
        return ""

    def forget(self, ids):
        """Write down that intents were acted on."""
        here = {str(key) for key in self._known().Keys}
        before = self._acknowledged()
        done = (before | set(ids)) & here
        if done != before:
            text = json.dumps(sorted(done))
            self._repository.AddOrUpdateEventPluginConfigSetting(EVENT, ACKNOWLEDGED, text)

    def _known(self):
        return self._repository.GetEventPluginConfigMetaDataDictionary(EVENT)

    def _acknowledged(self):
        config = self._repository.GetEventPluginConfig(EVENT)
        return read_acknowledged(config.GetConfigEntryWithDefault(ACKNOWLEDGED, ""))


class Submitted:
    """What jobs ask as they are submitted, where no event plug-in tells of it.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
    """

    def __init__(self, repository):
        self._repository = repository

    def of(self, jobs):
        """Give an intent for each job that asks for a burst, and of which that was not heard."""
        return [
            {
                "id": "{} {}".format(job.JobId, WHEN_KEY),
                "job": str(job.JobId),
                "kind": "burst",
                "at": submitted_at(job),
                "who": str(job.JobUserName),
                "note": "asked for when it was submitted",
            }
            for job in jobs
            if asks_at_once(functools.partial(extra, job))
        ]

    def forget(self, ids):
        """Write down on each job that it was heard; its copies do not ask again either."""
        for id_ in ids:
            job_id, _, key = id_.partition(" ")
            job = self._repository.GetJob(job_id, True) if key == WHEN_KEY else None
            if job is not None:
                job.SetJobExtraInfoKeyValue(HEARD_KEY, job_id)
                self._repository.SaveJob(job)


def _asked(job):
    """Return names of what people ask of a job, each with the intent; None for what is none."""
    keys = (str(key) for key in job.GetJobExtraInfoKeys())
    id_ = str(job.JobId)
    asks = [key for key in keys if key.startswith(ASK_PREFIX)]
    return [
        ("{} {}".format(id_, key), asked(id_, key, str(job.GetJobExtraInfoKeyValue(key))))
        for key in asks
    ]
