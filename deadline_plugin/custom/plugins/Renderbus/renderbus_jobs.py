"""Jobs of the repository with what bursts hold of them; each is fetched anew before it is changed.

Standard library only, Python 3.7 and up.
"""

import collections

from renderbus_record import CLAIMS_KEY, SHOWN, Record
from renderbus_words import extra, frames

IN_QUEUE = ("Active", "Pending", "Suspended", "Failed")
"""States of jobs that the bridge may be concerned with; Deadline asks for one at a time."""


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
        # The entry that this process wrote last on each job, should a stale copy overwrite it.
        self._written = {}

    def in_queue(self):
        """Give all jobs that are in the queue, or were stopped on their way."""
        for state in IN_QUEUE:
            yield from self.each(self._repository.GetJobsInState(state), _sound)

    def each(self, jobs, read):
        """Give what is read of jobs; one that cannot be read must not hide all others.

        Args:
            jobs: of Deadline.
            read: returns what it finds of a job, in a list.
        """
        for job in jobs:
            try:
                found = read(job)
            except Exception as error:  # noqa: BLE001 - what an odd job raises nobody knows
                self._log("job {} cannot be read: {}".format(_name(job), error))
                continue
            yield from found

    def job(self, id_):
        """Fetch a job as it is now; None when there is none."""
        job = self._repository.GetJob(id_, True) if id_ else None
        return None if job is None or job.IsCorrupted() else job

    def tasks(self, job):
        """Return the tasks that render frames, never those of scripts before and after the job.

        These have no frames, it is believed. Should they have some, then others than the job, or
        such as another task has too: whose a frame is that two tasks have, nobody can tell.
        """
        return _of_frames(job, self._found(job))

    def _found(self, job):
        return list(self._repository.GetJobTasks(job, True).TaskCollectionTasks)

    def look(self, job):
        """Return what bursts hold of a job, and its tasks.

        Stamps on tasks that others have ended are taken off, and those of tasks that are no more:
        others would come to bear them.
        """
        record, found = self.record(job), self._found(job)
        states = {str(t.TaskId): (str(t.TaskStatus), str(t.TaskSlaveName or "")) for t in found}
        over = record.over(states, max(map(int, states))) if states else {}
        moved = record.moved(states)
        if over or moved:
            record.forget(over, moved)
            self.change(str(job.JobId), lambda now: now.forget(over, moved))
        return record, _of_frames(job, found)

    def record(self, job):
        """Read what bursts hold of a job, written again where it was overwritten.

        SaveJob writes whole objects, so that the last one wins: an old copy of the job, or another
        gateway, may have put back what was there before. What is read then is no later than what
        this process wrote.
        """
        id_ = str(job.JobId)
        found, mine = self._read(job)
        if mine is None or found.revision > mine.revision:
            return found
        # It may be an old copy that was read here, too.
        fresh = self.job(id_)
        if fresh is None:
            return mine
        found, mine = self._read(fresh)
        if mine is None or found.revision > mine.revision:
            return found
        self._log("job {}: its claims were overwritten, and are written again".format(id_))
        found.mend(mine)
        self.save(fresh, found)
        return found

    def _read(self, job):
        """Return what a job says, and what this process wrote where that is something else."""
        id_, text = str(job.JobId), extra(job, CLAIMS_KEY)
        mine = self._written.get(id_, text)
        return Record(id_, text), None if mine == text else Record(id_, mine)

    def save(self, job, record):
        """Write down what bursts hold of a job, and show it."""
        record.revision += 1
        text = record.text()
        self._written[str(job.JobId)] = text
        job.SetJobExtraInfoKeyValue(CLAIMS_KEY, text)
        self._show(job, record.held)
        self._repository.SaveJob(job)

    def change(self, id_, act):
        """Change what bursts hold of a job as it is now, and return the job; None when it is gone.

        Nothing is done between reading it and writing it: what somebody else writes there is lost.

        Args:
            id_: of the job.
            act: called with the record.
        """
        job = self.job(id_)
        if job is not None:
            record = self.record(job)
            act(record)
            self.save(job, record)
        return job

    def let_go(self, claim, ids):
        """Take the claim's stamp off tasks."""
        self._end(claim, ids, lambda record, id_: record.let_go(id_))

    def drop(self, claim, ids):
        """Take the claim's stamp off tasks that it never got."""
        self._end(claim, ids, lambda record, id_: record.stamps.pop(id_))

    def ensure(self, claim, ids):
        """See to it that tasks bear the claim's stamp, should somebody have written over it."""
        mine = claim["burst"], claim["claim_epoch"]

        def hold(record):
            for id_ in ids:
                record.hold(id_, *mine)

        job = self.job(claim["job"])
        stamps = {} if job is None else self.record(job).stamps
        if job is not None and any(
            id_ not in stamps or (stamps[id_].burst, stamps[id_].epoch) != mine for id_ in ids
        ):
            self.change(claim["job"], hold)

    def bring_home(self, claim, ids):
        """Write down that tasks of a claim came home."""
        self._end(claim, ids, lambda record, id_: record.bring_home(id_))

    def _end(self, claim, ids, act):
        """Do something to the claim's stamps on tasks, where they still bear them."""
        mine = claim["burst"], claim["claim_epoch"]

        def end(record):
            for id_ in ids:
                stamp = record.stamps.get(id_)
                if stamp and (stamp.burst, stamp.epoch) == mine:
                    act(record, id_)

        self.change(claim["job"], end)

    def _show(self, job, held):
        """Write into the job's column how much of it is in the cloud; what people wrote stays."""
        if not self._column:
            return
        before = str(getattr(job, self._column) or "")
        if not before or before.startswith(SHOWN):
            words = SHOWN + "{}/{}: use Recall to render it here"
            shown = words.format(held, int(job.JobTaskCount)) if held else ""
            setattr(job, self._column, shown)


def _of_frames(job, found):
    """Leave out tasks of scripts, see `Jobs.tasks`."""
    tasks = [(task, frames(task)) for task in found]
    times = collections.Counter(frame for _, own in tasks for frame in own)
    of_job = {int(frame) for frame in job.JobFramesList}
    return [
        task
        for task, own in tasks
        if own and all(times[frame] == 1 and frame in of_job for frame in own)
    ]


def _sound(job):
    return [] if job.IsCorrupted() else [job]


def _name(job):
    try:
        return str(job.JobId)
    except Exception:  # noqa: BLE001 - as where it is called
        return "without a name"
