"""What the cloud does with single tasks, in a column of Deadline's task list.

Standard library only, Python 3.7 and up. How tasks are given extra info is not documented in full:
names are tried, and where none is there nothing is shown.
"""

from renderbus_words import legible

_TITLE = "Renderbus"
# How all texts begin that are shown; what people wrote there stays.
_OURS = "cloud: "
_NAMES = ("ExtraInfo", "Ex")


class TaskColumn:
    """Writes into a column of tasks.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        jobs: of the repository.
        log: takes a sentence for people.
        digit: of the column.
    """

    def __init__(self, repository, jobs, log, digit):
        self._repository = repository
        self._jobs = jobs
        self._log = log
        self._digit = digit
        self._name = ""
        self._works = True

    def show(self, params):
        """Show a few words on single tasks of a job, where this Deadline can."""
        job = self._jobs.job(params["claim"]["job"]) if self._works else None
        if job is None:
            return
        said = params["tasks"]
        try:
            if any(said.values()) and not self._has_title(job):
                return
            for task in self._jobs.tasks(job):
                if str(task.TaskId) in said:
                    self._write(job, task, legible(said[str(task.TaskId)]))
        except Exception as error:  # noqa: BLE001 - what is not there raises nobody knows what
            self._works = False
            self._log("nothing is shown on single tasks: {}".format(error))

    def _has_title(self, job):
        """Give the column a title; tell whether it is ours on this job."""
        name = "JobTaskExtraInfoName" + self._digit
        title = str(getattr(job, name) or "")
        if title not in ("", _TITLE):
            return False
        if not title or not job.JobOverrideTaskExtraInfoNames:
            setattr(job, name, _TITLE)
            job.JobOverrideTaskExtraInfoNames = True
            self._repository.SaveJob(job)
        return True

    def _write(self, job, task, text):
        properties = task.Properties
        if not self._name:
            names = [name + self._digit for name in _NAMES]
            self._name = next(name for name in names if hasattr(properties, name))
        before = str(getattr(properties, self._name) or "")
        if before != text and (not before or before.startswith(_OURS)):
            setattr(properties, self._name, text)
            self._repository.UpdateTaskProperties(str(job.JobId), task)
