"""Jobs for the cloud alone that no instance attends to, though people ended them or put them off.

A process that was suspended cannot tell the cloud anything, nor can one whose worker died, or that
was dropped before the cloud answered. So the gateway sees to such jobs: it lends a core the farm
agent that an instance would have lent it, with nothing of the job to be begun.

Standard library only, Python 3.6 and up; everything happens on the thread that serves the gateway.
"""

import time

from renderbus_link import Core, LinkError
from renderbus_own import CAPABILITIES, OwnFarm
from renderbus_record import RENDER, About, Notes
from renderbus_settings import WHOLE
from renderbus_words import BLOCKED, COMPLETE, FAILED, FARM, KILLED, RUNNING, SUSPENDED

# The gateway's own questions wait meanwhile.
_HELLO_SECONDS = 20.0
_END_SECONDS = 20.0
_MOST_REQUESTS = 50
# Each is a process of the core.
_MOST_AT_ONCE = 4
# A core that failed is started again after pauses that double up to an hour.
_LONGEST_PAUSE_SECONDS = 3600.0

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
        # By id, of jobs of which something was sent: with which status each was seen to.
        self._known = {}
        # Seen unattended at the last look: an instance may just be doing all this.
        self._doubtful = {}
        self._carried = {}
        # How often a core has failed, and when the next one may be started.
        self._failures = {}

    @property
    def is_busy(self):
        """Whether a core is being served."""
        return bool(self._carried)

    def step(self):
        """Serve the cores at work for a moment, and look for more jobs when it is time."""
        for id_, one in list(self._carried.items()):
            if one.serve():
                del self._carried[id_]
                self._note_end(id_, one.end() == 0)
        if self._every and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._every
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - what qb raises is not documented
                # The gateway has more to do than this.
                self._log("jobs that no worker sees to are looked for again: {}".format(error))

    def close(self):
        """Let go of all of them; the cloud goes on."""
        for one in self._carried.values():
            one.stop()
        for one in self._carried.values():
            one.end()
        self._carried = {}

    def _look(self):
        statuses = self._statuses()
        for id_, status in statuses.items():
            if status not in _UNATTENDED:
                self._known[id_] = None
                self._failures.pop(id_, None)
                if id_ in self._carried and status != _HOME:
                    self._carried[id_].stop()
            elif id_ in self._carried:
                # Its farm agent sees for itself what people do.
                self._known[id_] = status
        waiting = [id_ for id_, status in statuses.items() if self._is_due(id_, status)]
        for id_ in sorted(waiting, key=lambda id_: statuses[id_] not in _UNWANTED):
            # One at a time: a core takes a moment to begin.
            if statuses[id_] in _UNWANTED or len(self._carried) < _MOST_AT_ONCE:
                self._begin(id_, statuses[id_])
                break
        for id_, status in statuses.items():
            is_over = status == _HOME or (status in _ENDED and self._known[id_] == status)
            if is_over and id_ not in self._carried:
                del self._known[id_]
        self._doubtful = statuses

    def _is_due(self, id_, status):
        """Tell whether a job is to be seen to now."""
        _, not_before = self._failures.get(id_, (0, 0.0))
        return (
            status in _UNATTENDED
            and id_ not in self._carried
            and self._known[id_] != status
            and self._doubtful.get(id_) == status
            and time.monotonic() >= not_before
        )

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
                is_home = job["status"] in (COMPLETE, FAILED) and not _left(id_, job)
                found[id_] = _HOME if is_home else job["status"]
        return found

    def _begin(self, id_, status):
        what = "what renders of it" if status in _UNWANTED else "what of it waits"
        words = "job {} is {} and no worker sees to it: {} in the cloud is stopped"
        self._log(words.format(id_, status, what))
        # That it is gone was seen at the look before, too.
        missed_at = float("-inf") if status == _GONE else None
        self._known[id_] = status
        try:
            farm = OwnFarm(
                self._jobs.qb, id_, self._settings.mapping == WHOLE, self._log, missed_at
            )
            command = self._settings.command(id_, plans=False)
            self._carried[id_] = _Carried(farm, command, self._log)
        except Exception as error:  # noqa: BLE001 - what qb raises is not documented
            self._log(str(error))
            self._note_end(id_, False)

    def _note_end(self, id_, is_well):
        """Note that a core has ended; one that did not come to its end is started again later."""
        if is_well:
            self._failures.pop(id_, None)
            return
        count, _ = self._failures.get(id_, (0, 0.0))
        pause = min(self._every * 2 ** min(count, 20), _LONGEST_PAUSE_SECONDS)
        self._failures[id_] = count + 1, time.monotonic() + pause
        self._known[id_] = None


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
        self._core = Core(command, log, apart=True)
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
        return bool(self._core.agent.gone)

    def stop(self):
        """Ask the core to let go, which takes some more calls of `serve`."""
        self._core.stop()

    def end(self):
        """Hang up, and wait for the core to end; return its exit code."""
        code = self._core.detach(_END_SECONDS)
        self._log(self._core.ending(0))
        return code
