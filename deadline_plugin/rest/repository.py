"""What the agent asks of Deadline's `RepositoryUtils`, asked of the Web Service instead.

Endpoints and commands are those of the manual's pages on the REST API: jobs, tasks, workers,
limits, pools, repository.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from deadline_plugin.rest.jobs import JOB_ID, Job
from deadline_plugin.rest.rows import Limit, Task, Tasks, Worker
from deadline_plugin.rest.session import AnswerError, WebService
from renderbus_core.errors import InputError
from renderbus_core.paths import PathMapping

PATIENCE_SECONDS = 10.0
"""How old a look at the queue may be when wishes are read: they are asked for all the time."""

# A look that decides is always a fresh one, and so is the one after something was acted on, which
# an old copy of its job may put back. All else changes single jobs; what is saved here is known.
_FRESH, _WISHES = frozenset({"snapshot", "acknowledge"}), "intents"
_AT_ONCE = 100
_CUSTOM_PLUGINS = "custom/plugins"


class Repository:
    """A repository behind a Web Service; what it was told last is remembered during one call.

    Args:
        service: where it is asked.
        states: of jobs that are ever asked for, in Deadline's words.
        mapping: where this host sees folders of the Web Service's.
        log: takes a sentence for people.
    """

    def __init__(
        self,
        service: WebService,
        states: Sequence[str],
        mapping: PathMapping,
        log: Callable[[str], object],
    ) -> None:
        self._service = service
        self._states = states
        self._mapping = mapping
        self._log = log
        self._queue: dict[str, Job] = {}
        self._is_seen = False
        self._seen_at = 0.0
        self._ahead: dict[str, Job] = {}
        self._workers: dict[str, Worker] | None = None
        self._root = ""
        self._odd = False

    @contextmanager
    def call(self, method: str, seconds: float) -> Iterator[None]:
        """Carry out one call of the core inside.

        Args:
            method: which.
            seconds: how long it may take.

        Raises:
            OutOfReachError: the Web Service was out of reach.
        """
        is_old = time.monotonic() - self._seen_at > PATIENCE_SECONDS
        if method in _FRESH or (method == _WISHES and is_old):
            self._is_seen = False
        self._ahead, self._workers = {}, None
        with self._service.within(seconds):
            yield

    def check(self) -> None:
        """Ask for something small, to see whether a Web Service is there that listens to us.

        Raises:
            FarmError: there is none, or it does not.
        """
        _list(self._service.get("pools"), "pools")

    def fetch(self, ids: Iterable[str]) -> None:
        """Read several jobs at once, each of which is asked for next.

        Args:
            ids: of the jobs.
        """
        wanted = [id_ for id_ in dict.fromkeys(ids) if JOB_ID.fullmatch(id_)]
        for start in range(0, len(wanted), _AT_ONCE):
            jobs = self._jobs(wanted[start : start + _AT_ONCE])
            self._ahead.update({job.JobId: job for job in jobs})

    # Reading.

    def GetJob(self, jobId: str, _invalidate: bool) -> Job | None:
        """Return a job as it is now; None when there is none."""
        if not JOB_ID.fullmatch(jobId):
            return None
        # What was read ahead counts once: who asks again wants to know better.
        ahead = self._ahead.pop(jobId, None)
        return ahead or next(iter(self._jobs([jobId])), None)

    def GetJobsInState(self, state: str) -> list[Job]:
        """Return the jobs in a state; those of all states are read at once."""
        if not self._is_seen:
            found = self._service.get("jobs", States=",".join(self._states))
            jobs = map(self._job, _list(found, "jobs"))
            self._queue = {job.JobId: job for job in jobs}
            self._is_seen, self._seen_at = True, time.monotonic()
        return [job for job in self._queue.values() if job.JobStatus == state]

    def GetJobTasks(self, job: Job, _invalidate: bool) -> Tasks:
        """Return the tasks of a job that render frames; none when it is gone."""
        try:
            found = self._service.get("tasks", JobID=job.JobId)
        except AnswerError:
            # Tasks of a job that is not there are an error like any other.
            if self._jobs([job.JobId]):
                raise
            return Tasks(())
        rows = found.get("Tasks") if isinstance(found, dict) else found
        return Tasks(Task(row, job) for row in _list(rows, "tasks"))

    def GetJobAuxiliaryPath(self, job: Job) -> str:
        """Return where the files lie that were submitted with a job, as the Web Service sees it.

        That is a folder of the repository: an assumption, for another one may be set for them.
        """
        if not job.JobAuxiliarySubmissionFileNames:
            return ""
        if not self._root:
            self._root = self._folder("root")
        sign = "\\" if "\\" in self._root else "/"
        return sign.join((self._root, "jobs", job.JobId))

    def GetRepositoryPath(self, relativeFolder: str, _check: bool) -> str:
        """Return where this host sees the folder of plug-ins; no other is asked for."""
        if relativeFolder != _CUSTOM_PLUGINS:
            raise ValueError(f"the folder {relativeFolder} is not asked for over the Web Service")
        try:
            return self._mapping.to_local(self._folder("customplugins"))
        except (AnswerError, InputError) as error:
            self._log(str(error))
            return f"{_CUSTOM_PLUGINS} of {self._service.url}"

    def GetSlaveSettingsList(self, _invalidate: bool) -> list[Worker]:
        """Return all workers."""
        if self._workers is None:
            self._workers = {worker.SlaveName: worker for worker in self._read_workers()}
        return list(self._workers.values())

    def GetSlaveInfos(self, invalidate: bool) -> list[Worker]:
        """Return all workers, which say what they do too."""
        return self.GetSlaveSettingsList(invalidate)

    def GetLimitGroups(self, _invalidate: bool) -> list[Limit]:
        """Return all limits."""
        return [Limit(row) for row in _list(self._service.get("limitgroups"), "limits")]

    # Changing.

    def SaveJob(self, job: Job) -> None:
        """Save what was changed of a job: it is read again just before, and nothing else changed.

        The whole object is written, and the last one who does so wins.
        """
        now = self._documents([job.JobId])
        if not now:
            return
        edited = job.edited(now[0])
        self._service.put("jobs", {"Command": "save", "Job": edited})
        # Else it would be asked again what was asked before.
        if job.JobId in self._queue:
            self._queue[job.JobId] = Job(edited)

    def SuspendTasks(self, job: Job, tasks: Sequence[Task]) -> None:
        """Suspend tasks."""
        self._do("suspend", job, tasks)

    def ResumeTasks(self, job: Job, tasks: Sequence[Task]) -> None:
        """Resume tasks."""
        self._do("resume", job, tasks)

    def ResumeFailedTasks(self, job: Job, tasks: Sequence[Task]) -> None:
        """Resume tasks that failed."""
        self._do("resumefailed", job, tasks)

    def RequeueTasks(self, job: Job, tasks: Sequence[Task]) -> None:
        """Requeue tasks."""
        self._do("requeue", job, tasks)

    def CompleteTasks(self, job: Job, tasks: Sequence[Task], _slaveName: str) -> None:
        """Complete tasks; who rendered them cannot be said."""
        self._do("complete", job, tasks)

    def FailTasks(self, job: Job, tasks: Sequence[Task], _slaveName: str) -> None:
        """Fail tasks; who rendered them cannot be said."""
        self._do("fail", job, tasks)

    def AddJobHistoryEntry(self, jobId: str, entry: str) -> None:
        """Tell the log: the Web Service writes into no history."""
        self._log(f"job {jobId}: {entry}")

    def _do(self, command: str, job: Job, tasks: Sequence[Task]) -> None:
        numbers = [int(task.TaskId) for task in tasks]
        # Without a list of tasks all of them would be meant.
        if numbers:
            body = {"Command": command, "JobID": job.JobId, "TaskList": numbers}
            self._service.put("tasks", body)

    def _job(self, document: Any) -> Job:
        """Return a job of the queue; the same as at the last look where it says the same.

        What a job was submitted with takes a millisecond to be read.
        """
        new = Job(document)
        old = self._queue.get(new.JobId)
        return old if old is not None and old.says(document) else new

    def _jobs(self, ids: Sequence[str]) -> list[Job]:
        return [Job(document) for document in self._documents(ids)]

    def _documents(self, ids: Sequence[str]) -> list[Any]:
        """Read jobs, of which those that are gone are absent."""
        found = self._service.get("jobs", JobID=",".join(ids))
        # Whoever asks for one may be answered with it, or with nothing.
        rows = [found] if isinstance(found, dict) else _list(found or [], "jobs")
        return [row for row in rows if isinstance(row, dict) and row.get("_id") in ids]

    def _read_workers(self) -> list[Worker]:
        found = self._service.get("slaves", Data="infosettings")
        if isinstance(found, list) and all(isinstance(row, dict) for row in found):
            workers = [Worker(row) for row in found]
        else:
            names = _list(self._service.get("slaves", NamesOnly="true"), "workers")
            workers = [Worker(name) for name in names]
        odd = sum(not worker.is_known for worker in workers)
        if odd and not self._odd:
            self._odd = True
            self._log(
                f"{odd} of {len(workers)} workers do not say what they do: all of those count"
            )
        return workers

    def _folder(self, name: str) -> str:
        found = self._service.get("repository", Directory=name)
        if not isinstance(found, str) or not found.strip():
            raise AnswerError(f"the Web Service names no folder {name} of the repository")
        return found.strip().rstrip("/\\")


def _list(found: Any, what: str) -> list[Any]:
    if not isinstance(found, list):
        raise AnswerError(
            f"the Web Service answers {type(found).__name__} where a list of {what} is due; "
            "check that farm.url is a Deadline Web Service"
        )
    return found
