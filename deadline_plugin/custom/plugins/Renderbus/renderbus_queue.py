"""The queue as the link has it: jobs with counts, tasks where something is to be learned, workers.

Standard library only, Python 3.7 and up.
"""

import collections
from pathlib import Path

from renderbus_link import Pages
from renderbus_words import COUNTS, is_work, mean, names, native, now, submitted_at, task_row

PRELOAD = "GlobalJobPreLoad.py"
"""Script by which a studio prepares every job on every worker."""

_WORKING = frozenset({"Rendering", "Idle", "StartingJob"})


class Queue:
    """Reads the queue.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        jobs: of the repository.
        log: takes a sentence for people.

    Attributes:
        held: how many tasks bursts held at the last look.
    """

    def __init__(self, repository, jobs, log):
        self.held = 0
        self._log = log
        self._repository = repository
        self._jobs = jobs
        # By job: its completed tasks, and the mean of those that workers here rendered.
        self._means = {}
        self._preloads = None

    def snapshot(self, wanted):
        """Read all rows, and the tasks of some jobs.

        Args:
            wanted: ids of those jobs.
        """
        rows, tasks = [], []
        for job in self._queue():
            try:
                looked = self._look(job) if self._is_looked_at(job, wanted) else None
                row = self._row(job, looked)
            except Exception as error:  # noqa: BLE001 - one odd job must not hide all others
                self._log("job {} cannot be read: {}".format(job.JobId, error))
                continue
            rows.append(row)
            if job.JobId in wanted:
                tasks.extend(_task_rows(job, looked))
        self.held = sum(row["claimed"] for row in rows)
        kinds = self._kinds()
        head = {
            "taken_at": now(),
            "workers": sum(kind["count"] for kind in kinds),
            "idle_workers": sum(kind["idle"] for kind in kinds),
            "kinds": kinds,
            "limits": self._limits(),
        }
        return Pages(head, {"jobs": rows, "tasks": tasks})

    def rows(self, job):
        """Give the tasks of a job as the link has them."""
        return _task_rows(job, self._look(job))

    def native(self, job):
        """Return a job in Deadline's words."""
        return native(job, str(self._repository.GetJobAuxiliaryPath(job)))

    def _look(self, job):
        """Return what bursts hold of a job, and its tasks."""
        return self._jobs.record(job), self._jobs.tasks(job)

    def _queue(self):
        """Return the jobs that wait or are held, in the order in which they would render."""
        found = {
            job.JobId: job
            for job in self._jobs.in_queue()
            if is_work(job) and (str(job.JobStatus) == "Active" or self._is_shown(job))
        }
        return sorted(found.values(), key=lambda job: (-int(job.JobPriority), submitted_at(job)))

    def _is_shown(self, job):
        """Tell whether a job that is not active concerns the bridge: it holds claims."""
        return self._jobs.record(job).held > 0

    def _is_looked_at(self, job, wanted):
        """Tell whether tasks are read: asked for, held, or rendered since they were timed."""
        known = self._means.get(job.JobId)
        return (
            job.JobId in wanted
            or self._is_shown(job)
            or (int(job.JobCompletedTasks) > 0 and known is None)
            or (known is not None and known[0] != int(job.JobCompletedTasks))
        )

    def _row(self, job, looked):
        counts = {word: int(getattr(job, name)) for word, name in COUNTS.items()}
        if looked is not None:
            self._means[job.JobId] = (counts["completed"], *mean(*looked))
        _, seconds, timed = self._means.get(job.JobId, (0, None, 0))
        row = {
            "job": self.native(job),
            "counts": {word: number for word, number in counts.items() if number},
            "claimed": sum(_is_claimed(row) for row in _task_rows(job, looked)) if looked else 0,
            "mean_seconds": seconds,
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
            is_seen = folder.is_dir()
            if not is_seen:
                told = "{} is not seen from here: all jobs bear the trait environment"
                self._log(told.format(folder))
            # Where it cannot be seen, there may be one.
            self._preloads = not is_seen or (folder / PRELOAD).is_file()
        return self._preloads

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
            kind = names(settings.SlavePools), names(settings.SlaveGroups)
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


def _task_rows(job, looked):
    record, tasks = looked
    return [task_row(str(job.JobId), task, record) for task in tasks]


def _is_claimed(row):
    return row["state"] == "suspended" and row["claim"] is not None
