"""Claims on tasks of Deadline, and how they end.

Standard library only, Python 3.7 and up. Each is written down on the job before it is done, and
looked at afterwards: a worker or a person may act at any moment between.
"""

from renderbus_link import frame_numbers
from renderbus_record import CLOUD, COMPLETED, FAILED, HELD, QUEUED, SUSPENDED
from renderbus_words import frames, legible

# So many tasks are asked for one by one where all at once was in vain.
_FEW = 20


class Claims:
    """Claims, completes, fails and releases tasks; all of it is safe to repeat.

    Args:
        repository: `Deadline.Scripting.RepositoryUtils`.
        jobs: of the repository.
        log: takes a sentence for people.
        signs: whether a task that is completed says who rendered it.

    Attributes:
        home: how many tasks came home.
    """

    def __init__(self, repository, jobs, log, signs=True):
        self.home = 0
        self._signs = signs
        self._repository = repository
        self._jobs = jobs
        self._log = log

    def claim(self, params):
        """Keep queued tasks from workers on behalf of a burst; safe to repeat."""
        claim = params["claim"]
        work = self._begin(params, _may_claim)
        if work.wanted:
            mine = claim["burst"], claim["claim_epoch"]

            def hold(record, id_):
                record.hold(id_, *mine)
                record.parked = work.parked

            self._note(work, hold)
            to_suspend = work.tasks(lambda state: state != SUSPENDED)
            if to_suspend:
                self._repository.SuspendTasks(work.job, to_suspend)
            lost = self._look_again(work, SUSPENDED, "not_queued")
            if work.strays:
                self._repository.ResumeTasks(work.job, work.strays)
            if lost:
                self._jobs.drop(claim, lost)
            self._jobs.ensure(claim, [id_ for id_ in work.wanted if id_ not in lost])
        self._tell(claim["job"], "holds {} tasks for the cloud", work)
        return work.outcome()

    def complete(self, params):
        """Mark held tasks as rendered; their pictures are where the job wants them."""
        work = self._begin(params, _may_end(COMPLETED))
        if work.wanted:
            if not self._signs:
                self._note(work, lambda record, id_: _set(record, id_, "coming", True))
            self._end(work, self._repository.CompleteTasks)
            missed = self._look_again(work, COMPLETED, None)
            if work.strays:
                self._repository.RequeueTasks(work.job, work.strays)
            came = [id_ for id_ in work.wanted if id_ not in missed]
            self.home += len(came)
            self._jobs.bring_home(params["claim"], came)
        self._tell(params["claim"]["job"], "{} tasks came home from the cloud", work)
        return work.outcome()

    def fail(self, params):
        """Mark held tasks as failed, with a reason for people."""
        work = self._begin(params, _may_end(FAILED))
        why = legible(params["why"])
        if work.wanted:
            self._note(work, lambda record, id_: _set(record, id_, "why", why))
            self._end(work, self._repository.FailTasks)
            self._look_again(work, FAILED, None)
            if work.strays:
                self._repository.ResumeFailedTasks(work.job, work.strays)
        self._tell(params["claim"]["job"], "{} tasks failed in the cloud", work, why)
        return work.outcome()

    def release(self, params):
        """Give held tasks back to workers; the stamp goes last, marked as leaving before."""
        claim = params["claim"]
        work = self._begin(params, _may_end(QUEUED))
        if work.wanted:
            self._note(work, _leaves)
            held = work.tasks(lambda state: state == SUSPENDED)
            if held:
                self._repository.ResumeTasks(work.job, held)
            self._jobs.let_go(claim, self._resumed(work))
        self._tell(claim["job"], "{} tasks go back to the farm", work, legible(params["why"]))
        return work.outcome()

    def _begin(self, params, judge):
        """Sort the tasks of a request into those to act on and those that are refused or done."""
        claim, refs = params["claim"], params["tasks"]
        job = self._jobs.job(claim["job"])
        record, tasks = (None, ()) if job is None else self._jobs.look(job)
        work = _Work(job)
        known = {str(task.TaskId): task for task in tasks}
        for id_, task in known.items():
            stamp, state = record.stamps.get(id_), str(task.TaskStatus)
            if state == SUSPENDED and stamp is None:
                work.parked.add(id_)
            # Workers have begun what people resumed: it is theirs.
            if stamp and record.of(id_, state, str(task.TaskSlaveName or "")) is None:
                work.theirs[id_] = stamp
        for ref in refs:
            task = known.get(ref["id"])
            if task is None:
                work.refused.append((ref, "gone"))
                continue
            if frames(task) != frame_numbers(ref["frames"]):
                work.refused.append((ref, "changed"))
                continue
            state, worker = str(task.TaskStatus), str(task.TaskSlaveName or "")
            verdict = judge(state, record.of(ref["id"], state, worker), claim)
            if verdict == "act":
                work.wanted[ref["id"]] = (ref, task)
            elif verdict == "done":
                work.taken.append(ref)
            else:
                work.refused.append((ref, verdict))
        return work

    def _note(self, work, act):
        """Write down on the job, as it is now, what is about to be done to each task."""

        def note(record):
            for id_, stamp in work.theirs.items():
                if stamp.is_same(record.stamps.get(id_)):
                    del record.stamps[id_]
            for id_ in work.wanted:
                act(record, id_)

        work.job = self._jobs.change(str(work.job.JobId), note) or work.job

    def _end(self, work, end):
        """Have all tasks come to an end, whatever Deadline says of it, or does not say.

        It may mind that they are suspended, or that somebody ended one a moment ago, aloud or in
        silence, for that one or for all: what they are afterwards counts.

        Args:
            work: with the tasks.
            end: what the repository does to them.
        """
        asked = work.tasks()
        left = self._tried(work, end, [asked])
        if len(left) < len(asked):
            left = self._tried(work, end, [left])
        if 1 < len(left) <= _FEW:
            left = self._tried(work, end, [[task] for task in left])
        if not left:
            return
        # Whoever hears of the resumption must not take it for a person's.
        self._note(work, _leaves)
        self._repository.ResumeTasks(work.job, left)
        left = self._tried(work, end, [left])
        if left:
            # No worker is to render it before it is asked for again.
            self._note(work, _stays)
            self._repository.SuspendTasks(work.job, left)

    def _tried(self, work, end, parts):
        """Have some tasks, and then some others, come to an end; return what has not."""
        for tasks in filter(None, parts):
            self._try(work.job, tasks, end)
        return self._held(work) if any(parts) else []

    def _try(self, job, tasks, end):
        try:
            end(job, tasks, CLOUD)
        except Exception as error:  # noqa: BLE001 - what Deadline raises is not documented
            self._log("ending tasks of {}: {}".format(job.JobId, error))

    def _held(self, work):
        """Return what is still held and still has the frames that are meant."""
        return [
            task
            for id_, task in self._fresh(work).items()
            if str(task.TaskStatus) in HELD
            and frames(task) == frame_numbers(work.wanted[id_][0]["frames"])
        ]

    def _fresh(self, work):
        # With the job as it is now: which tasks are its own follows from its frames.
        job = self._jobs.job(str(work.job.JobId))
        now = {str(task.TaskId): task for task in self._jobs.tasks(job)} if job else {}
        return {id_: now[id_] for id_ in work.wanted if id_ in now}

    def _look_again(self, work, goal, otherwise):
        """Take what reached a state, and return the ids of what did not.

        That is refused, or unknown where nothing is said for `otherwise`. Where people changed the
        frames in the midst of it, another task came to the same state: it is one of the strays.
        """
        now = self._fresh(work)
        missed = []
        for id_, (ref, _) in work.wanted.items():
            if id_ not in now:
                work.refused.append((ref, "gone"))
            elif frames(now[id_]) != frame_numbers(ref["frames"]):
                work.refused.append((ref, "changed"))
                work.strays += [now[id_]] if str(now[id_].TaskStatus) == goal else []
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

    def _tell(self, job_id, words, work, why=""):
        """Write into the job's history what was done, once for all tasks."""
        if work.wanted and work.taken:
            sentence = "Renderbus: " + words.format(len(work.taken))
            sentence += ": " + why if why else ""
            self._repository.AddJobHistoryEntry(job_id, sentence)


class _Work:
    """A request while it is carried out: each task ends in one of three lists.

    Attributes:
        wanted: name and task by id of those to act on.
        theirs: stamps by id of those that workers have taken all the same.
        parked: ids of tasks that people have suspended.
        strays: what was acted on and is none of those that were meant.
    """

    def __init__(self, job):
        self.job = job
        self.wanted = {}
        self.theirs = {}
        self.parked = set()
        self.strays = []
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


def _set(record, id_, name, value):
    """Say something on a task's stamp, where it still bears one."""
    stamp = record.stamps.get(id_)
    if stamp is not None:
        setattr(stamp, name, value)


def _leaves(record, id_):
    _set(record, id_, "leaving", True)


def _stays(record, id_):
    _set(record, id_, "leaving", False)


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
