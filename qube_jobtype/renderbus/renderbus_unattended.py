"""Jobs for the cloud alone that no instance attends to, though people ended them or put them off.

A process that was suspended cannot tell the cloud anything, nor can one whose worker died, or that
was dropped before the cloud answered. So the gateway sees to such jobs: it lends a core the farm
agent that an instance would have lent it, with nothing of the job to be begun.

Standard library only, Python 3.6 and up; everything happens on the thread that serves the gateway.
"""

import time

from renderbus_jobs import SupervisorError
from renderbus_link import Core, LinkError, RefusedError
from renderbus_own import CAPABILITIES, OwnFarm
from renderbus_record import RENDER, About, Notes
from renderbus_settings import WHOLE
from renderbus_words import BLOCKED, COMPLETE, FAILED, FARM, KILLED, RUNNING, SUSPENDED

_HELLO_SECONDS = 60.0
_END_SECONDS = 60.0
_MOST_REQUESTS = 50
# Each is a process of the core.
_MOST_AT_ONCE = 4

# Beside the statuses of jobs: it is not there any more, and all of it came home.
_GONE, _HOME = "gone", "home"
# A person wants nothing of these any more; of the others what renders comes home.
_UNWANTED = frozenset({COMPLETE, KILLED, _GONE})
_ENDED = _UNWANTED | {FAILED}
_UNATTENDED = _ENDED | {BLOCKED, SUSPENDED}


class Unattended:
    """Finds such jobs, and sees to each of them once, until somebody else does.

    Args:
        jobs: of Qube.
        settings: of the job type: which program is the core.
        every: seconds between two looks; 0 leaves all of them alone.
        log: takes a sentence for people.
    """

    def __init__(self, jobs, settings, every, log):
        self._jobs = jobs
        self._settings = settings
        self._every = every
        self._log = log
        self._look_at = 0.0
        # By id of a job of which something was sent: with which status it was seen to.
        self._known = {}
        # Seen unattended at the last look: an instance may just be doing all this.
        self._doubtful = {}
        self._carried = {}

    @property
    def is_busy(self):
        """Whether a core is being served."""
        return bool(self._carried)

    def step(self):
        """Serve the cores at work for a moment, and look for more jobs when it is time."""
        for id_, one in list(self._carried.items()):
            if one.serve():
                del self._carried[id_]
        if self._every and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._every
            try:
                self._look()
            except (RefusedError, SupervisorError) as error:
                self._log(str(error))

    def close(self):
        """Let go of all of them; the cloud goes on."""
        for one in self._carried.values():
            one.let_go()
        self._carried = {}

    def _look(self):
        statuses = self._statuses()
        for id_, status in statuses.items():
            if status not in _UNATTENDED:
                self._known[id_] = None
                if id_ in self._carried:
                    self._carried[id_].stop()
            elif self._known[id_] == status:
                continue
            elif self._doubtful.get(id_) == status and len(self._carried) < _MOST_AT_ONCE:
                self._begin(id_, status)
        self._doubtful = statuses
        for id_, status in statuses.items():
            if status == _HOME or (status in _ENDED and self._known[id_] == status):
                del self._known[id_]

    def _statuses(self):
        """Return the status of each job of which something was sent; RUNNING where one is at work.

        By id; _GONE and _HOME are no words of Qube.
        """
        queue = {int(job["id"]): job for job in self._jobs.ours() if About(job).kind == RENDER}
        for id_, job in queue.items():
            if Notes(job.get("notes")).of(str(id_)).facts:
                self._known.setdefault(id_, None)
        left = sorted(set(self._known) - set(queue))
        read = {int(job["id"]): job for job in self._jobs.read(left)} if left else {}
        found = {}
        for id_ in self._known:
            job = queue.get(id_) or read.get(id_)
            if job is None:
                found[id_] = _GONE
            elif int((job.get("cpustally") or {}).get(RUNNING, 0)):
                found[id_] = RUNNING
            else:
                is_home = job["status"] == COMPLETE and not _left(id_, job)
                found[id_] = _HOME if is_home else job["status"]
        return found

    def _begin(self, id_, status):
        what = "what renders of it" if status in _UNWANTED else "what of it waits"
        words = "job {} is {} and no worker sees to it: {} in the cloud is stopped"
        self._log(words.format(id_, status, what))
        # That it is gone was seen at the look before, too.
        missed_at = float("-inf") if status == _GONE else None
        farm = OwnFarm(self._jobs.qb, id_, self._settings.mapping == WHOLE, self._log, missed_at)
        try:
            self._carried[id_] = _Carried(farm, self._settings.command(id_), self._log)
        except LinkError as error:
            self._log(str(error))
        self._known[id_] = status


def _left(id_, job):
    """Return the places in the agenda that a burst held and that it did not bring home."""
    notes = Notes(job.get("notes")).of(str(id_))
    return set().union(*notes.claims.values()) - notes.done


class _Carried:
    """A job whose burst a core of our own carries.

    Args:
        farm: of the job.
        command: starts the core.
        log: takes a sentence for people.

    Raises:
        LinkError: there is no core.
    """

    def __init__(self, farm, command, log):
        self._log = log
        self._farm = farm
        # Nobody wants anything more of it begun.
        self._farm.told_blocked = True
        self._core = Core(command, log)
        try:
            self._core.agent.greet(FARM, CAPABILITIES, _HELLO_SECONDS)
        except LinkError:
            self._core.detach(_END_SECONDS)
            raise

    def serve(self):
        """Answer what the core asks; tell whether it has ended."""
        for _ in range(_MOST_REQUESTS):
            if not self._core.agent.poll(self._farm.handlers, 0):
                break
        if not self._core.agent.gone:
            return False
        self._core.detach(_END_SECONDS)
        self._log(self._core.ending(0))
        return True

    def stop(self):
        """Ask the core to let go, which takes some more calls of `serve`."""
        self._core.stop()

    def let_go(self):
        """Have the core let go now."""
        self._core.stop()
        self._core.detach(_END_SECONDS)
