"""The queue as the link has it: jobs with counts, tasks where something is to be learned, workers.

Standard library only, Python 3.7 and up.
"""

import collections
import time
from pathlib import Path

from renderbus_link import Pages
from renderbus_words import COUNTS, is_work, mean, names, native, now, submitted_at, task_row

PRELOAD = "GlobalJobPreLoad.py"
"""Script by which a studio prepares every job on every worker."""

_STATE_SECONDS = 60.0
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
        # Of workers that are read one by one: what each did, and until when that counts.
        self._known_states = {}
        self._asks_each = False

    def snapshot(self, wanted):
        """Read all rows, and the tasks of some jobs.

        Args:
            wanted: ids of those jobs.
        """
        rows, tasks, jobs = [], [], self._queue()
        for row, of_job in self._jobs.each(jobs, lambda job: [self._read(job, wanted)]):
            rows.append(row)
            tasks.extend(of_job)
        here = {str(job.JobId) for job in jobs}
        self._means = {id_: mean for id_, mean in self._means.items() if id_ in here}
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
        return _task_rows(job, self._jobs.look(job))

    def native(self, job):
        """Return a job in Deadline's words."""
        return native(job, str(self._repository.GetJobAuxiliaryPath(job)))

    def _read(self, job, wanted):
        """Return the row of a job, and its tasks where they are wanted."""
        looked = self._jobs.look(job) if self._is_looked_at(job, wanted) else None
        asked = str(job.JobId) in wanted
        return self._row(job, looked), list(_task_rows(job, looked)) if asked else []

    def _queue(self):
        """Return the jobs that wait or are held, in the order in which they would render."""
        placed = self._jobs.each(self._jobs.in_queue(), self._place)
        # By id: one that changed its state meanwhile was met twice.
        found = {str(job.JobId): (place, job) for place, job in placed}
        return [job for _, job in sorted(found.values(), key=lambda pair: pair[0])]

    def _place(self, job):
        if not is_work(job) or not (str(job.JobStatus) == "Active" or self._is_shown(job)):
            return []
        return [((-int(job.JobPriority), submitted_at(job)), job)]

    def _is_shown(self, job):
        """Tell whether a job that is not active concerns the bridge: it holds claims."""
        return self._jobs.record(job).held > 0

    def _is_looked_at(self, job, wanted):
        """Tell whether tasks are read: asked for, held, or rendered since they were timed."""
        known = self._means.get(str(job.JobId))
        return (
            str(job.JobId) in wanted
            or self._is_shown(job)
            or (int(job.JobCompletedTasks) > 0 and known is None)
            or (known is not None and known[0] != int(job.JobCompletedTasks))
        )

    def _row(self, job, looked):
        counts = {word: int(getattr(job, name)) for word, name in COUNTS.items()}
        if looked is not None:
            self._means[str(job.JobId)] = (counts["completed"], *mean(*looked))
        _, seconds, timed = self._means.get(str(job.JobId), (0, None, 0))
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
        states = self._states()
        for settings in self._repository.GetSlaveSettingsList(True):
            if not settings.SlaveEnabled:
                continue
            name = str(settings.SlaveName)
            state = states[name] if name in states else self._state(name)
            if state not in _WORKING:
                continue
            kind = names(settings.SlavePools), names(settings.SlaveGroups)
            found[kind] += 1
            idle[kind] += state == "Idle"
        return [
            {"count": count, "idle": idle[kind], "pools": list(kind[0]), "groups": list(kind[1])}
            for kind, count in sorted(found.items())
        ]

    def _states(self):
        """Return what workers do, by name, where this release of Deadline tells it all at once.

        No document says what `GetSlaveInfos` returns; infos are assumed. Where it is not there, or
        is called otherwise, workers are asked one by one.
        """
        read_all = getattr(self._repository, "GetSlaveInfos", None)
        if read_all is None or self._asks_each:
            return {}
        try:
            return {str(info.SlaveName): str(info.SlaveState) for info in read_all(True)}
        except Exception as error:  # noqa: BLE001 - one odd worker must not hide the queue
            self._asks_each = isinstance(error, (TypeError, AttributeError))
            self._log("workers are read one by one: {}".format(error))
            return {}

    def _state(self, name):
        """Return what a worker does, or did less than a minute ago; "" for one just deleted."""
        state, until = self._known_states.get(name, ("", 0.0))
        if time.monotonic() < until:
            return state
        try:
            info = self._repository.GetSlaveInfo(name, True)
            state = str(info.SlaveState) if info else ""
        except Exception as error:  # noqa: BLE001 - one odd worker must not hide the queue
            self._log("worker {} cannot be read: {}".format(name, error))
            return ""
        self._known_states[name] = state, time.monotonic() + _STATE_SECONDS
        return state

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
    # Also where people resumed it: who reads only suspended ones would never find its stamp again.
    return row["state"] in ("suspended", "queued", "pending") and row["claim"] is not None
