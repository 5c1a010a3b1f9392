"""Jobs of the repository with what bursts hold of them; each is fetched anew before it is changed.

Standard library only, Python 3.7 and up.
"""

import collections

from renderbus_record import CLAIMS_KEY, Record
from renderbus_words import extra, frames

IN_QUEUE = ("Active", "Pending", "Suspended", "Failed")
"""States of jobs that the bridge may be concerned with; Deadline asks for one at a time."""

_SHOWN = "IN CLOUD "


class Jobs:
    """Reads jobs and their tasks, and writes what bursts hold of them.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        log: takes a sentence for people.
        column: digit of the job's extra info column that shows what is in the cloud; "" for none.
    """

    def __init__(self, repository, log, column=""):
        self._repository = repository
        self._log = log
        self._column = "JobExtraInfo" + column if column else ""
        # What this process wrote last on each job, should somebody's stale copy overwrite it.
        self._written = {}

    def in_queue(self):
        """Give all jobs that are in the queue, or were stopped on their way."""
        for state in IN_QUEUE:
            for job in self._repository.GetJobsInState(state):
                if not job.IsCorrupted():
                    yield job

    def job(self, id_):
        """Fetch a job as it is now; None when there is none."""
        job = self._repository.GetJob(id_, True) if id_ else None
        return None if job is None or job.IsCorrupted() else job

    def tasks(self, job):
        """Return the tasks that render frames, never those of scripts before and after the job.

        These have no frames, it is believed. Should they have some, then others than the job, or
        such as another task has too: whose a frame is that two tasks have, nobody can tell.
        """
        found = self._repository.GetJobTasks(job, True).TaskCollectionTasks
        tasks = [(task, frames(task)) for task in found]
        times = collections.Counter(frame for _, own in tasks for frame in own)
        of_job = {int(frame) for frame in job.JobFramesList}
        return [
            task
            for task, own in tasks
            if own and all(times[frame] == 1 and frame in of_job for frame in own)
        ]

    def record(self, job):
        """Read what bursts hold of a job, written again where it was overwritten.

        SaveJob writes whole objects, so that the last one wins: an old copy of the job, or another
        gateway, may have put back what was there before. What is read then is no later than what
        this process wrote.
        """
        id_ = str(job.JobId)
        found, mine = Record(id_, extra(job, CLAIMS_KEY)), self._written.get(id_)
        if mine is None or found.revision > mine.revision or found.text() == mine.text():
            return found
        # It may be an old copy that was read here, too.
        fresh = self.job(id_)
        if fresh is None:
            return mine
        found = Record(id_, extra(fresh, CLAIMS_KEY))
        if found.revision > mine.revision or found.text() == mine.text():
            return found
        self._log("job {}: its claims were overwritten, and are written again".format(id_))
        found.add(mine)
        self.save(fresh, found)
        return found

    def save(self, job, record):
        """Write down what bursts hold of a job, and show it."""
        record.revision += 1
        text = record.text()
        self._written[str(job.JobId)] = Record(record.job_id, text)
        job.SetJobExtraInfoKeyValue(CLAIMS_KEY, text)
        self._show(job, record.held)
        self._repository.SaveJob(job)

    def let_go(self, claim, ids):
        """Take the claim's stamp off tasks."""
        self._end(claim, ids, lambda record, id_: record.let_go(id_))

    def drop(self, claim, ids):
        """Take the claim's stamp off tasks that it never got."""
        self._end(claim, ids, lambda record, id_: record.stamps.pop(id_))

    def check(self, id_):
        """Look whether what was written down of a job is still there; else it is written again."""
        job = self.job(id_)
        if job is not None:
            self.record(job)

    def bring_home(self, claim, ids):
        """Write down that tasks of a claim came home."""
        self._end(claim, ids, lambda record, id_: setattr(record.stamps[id_], "home", True))

    def _end(self, claim, ids, act):
        """Do something to the claim's stamps on tasks, where they still bear them."""
        job = self.job(claim["job"])
        if job is None:
            return
        record = self.record(job)
        for id_ in ids:
            stamp = record.stamps.get(id_)
            if stamp and (stamp.burst, stamp.epoch) == (claim["burst"], claim["claim_epoch"]):
                act(record, id_)
        self.save(job, record)

    def _show(self, job, held):
        """Write into the job's column how much of it is in the cloud; what people wrote stays."""
        if not self._column:
            return
        before = str(getattr(job, self._column) or "")
        if not before or before.startswith(_SHOWN):
            words = _SHOWN + "{}/{}: use Recall to render it here"
            shown = words.format(held, int(job.JobTaskCount)) if held else ""
            setattr(job, self._column, shown)
