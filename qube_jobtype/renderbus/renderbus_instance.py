"""One instance of a job of our own: takes its items from Qube, and lends the core a farm agent.

Standard library only, Python 3.6 and up; everything that calls `qb` happens on one thread.
"""

import time

from renderbus_jobs import SupervisorError
from renderbus_link import Core, LinkError, RefusedError
from renderbus_own import CAPABILITIES, OwnFarm
from renderbus_settings import WHOLE
from renderbus_words import BLOCKED, COMPLETE, FAILED, FARM, PENDING, RUNNING, WAITING

_HELLO_SECONDS = 60.0
_POLL_SECONDS = 0.5
# Between two requests while others have in hand what is left.
_WAIT_SECONDS = 10.0
# Between two reports on an item in hand, and two looks at the job.
_REPORT_SECONDS = 10.0
# Between two reports of how an item has ended, when Qube does not show it, and how many there are.
_AGAIN_SECONDS = 5.0
_MOST_ENDS = 4
# How long Qube may leave a request for work without an answer.
_SILENCE_SECONDS = 600.0
# How long the core may take to end a burst of which everything is at home.
_FINISH_SECONDS = 300.0
# A core that ends so often by itself will not do better.
_MOST_STARTS = 3
_LONG_ENOUGH_SECONDS = 60.0
_ENDED_HERE = "the job was ended: what renders in the cloud is stopped"
_BLOCKED_HERE = (
    "what is left is blocked: what of it waits in the cloud is stopped, what renders comes home"
)


class Instance:
    """Carries the items of a job.

    Args:
        qb: Qube's module.
        id_: of the job, a number.
        settings: of this worker.
        stopping: whether the worker wants this process to end.
        log: takes a sentence; called on any thread.
    """

    def __init__(self, qb, id_, settings, stopping, log):
        self._qb = qb
        self._id = id_
        self._settings = settings
        self._stopping = stopping
        self._log = log
        self._farm = OwnFarm(qb, id_, settings.mapping == WHOLE, log)
        self._core = None
        self._starts = 0
        self._started_at = 0.0
        self._work = None
        # Items that waited as the core began, and how all of them stood then; those for which a
        # core would do nothing, and with which words it gave them up.
        self._waited = set()
        self._stood = {}
        self._tried = set()
        self._verdict = ""
        self._ask_at = self._report_at = 0.0
        self._unanswered_since = None
        self._reported = {}
        # How often Qube was told what became of the item in hand.
        self._ends = 0

    def run(self):
        """Work until Qube has nothing for this instance.

        Returns:
            What to report of it; "" when this process was ended, which Qube knows better.
        """
        try:
            return self._carry()
        except LinkError:
            raise
        except Exception as error:  # noqa: BLE001 - what qb raises is not documented
            # The job was killed, or others have it after a lost heartbeat.
            self._log("Qube does not take what this instance says ({})".format(error))
            return self._stop()
        finally:
            if self._core is not None:
                self._detach()

    def _carry(self):
        while not self._stopping():
            end = self._take()
            if end:
                return self._end(end)
            if self._core is None and not self._start():
                return FAILED
            self._serve()
            self._report()
        return self._stop()

    def _take(self):
        """Ask for an item where none is in hand; return what to report when there is none."""
        if self._work is not None or time.monotonic() < self._ask_at:
            return ""
        work = self._qb.requestwork()
        status = work.get("status") if work else None
        if not status:
            self._unanswered()
            return ""
        self._unanswered_since = None
        if status == RUNNING:
            self._work, self._reported, self._ends = work, {}, 0
            self._report_at = 0.0
            self._refresh()
        elif status == WAITING:
            self._ask_at = time.monotonic() + _WAIT_SECONDS
        elif status == FAILED:
            why = "a check before it has failed"
            self._log("item {}: {}".format(work.get("name"), why))
            self._qb.reportwork(dict(work, status=FAILED, resultpackage={"errors": [why]}))
        else:
            return self._without_work(status)
        return ""

    def _without_work(self, status):
        """Return what to report where Qube has no item for this instance."""
        if status == COMPLETE and not self._farm.items:
            self._log(
                "the job has no items, so there is nothing to render; submit it with an agenda, "
                "for example with: renderbus qube submit"
            )
            return FAILED
        if status not in (COMPLETE, PENDING, BLOCKED):
            self._log("Qube answers {!r} to a request for work, which is not known".format(status))
            return FAILED
        return status

    def _unanswered(self):
        """Ask again later; let go of it all when nobody has answered for long."""
        now = time.monotonic()
        if self._unanswered_since is None:
            self._log("Qube does not answer to a request for work; it is asked again")
            self._unanswered_since = now
        if now - self._unanswered_since > _SILENCE_SECONDS:
            raise SupervisorError("the supervisor of Qube does not answer; see: qbping")
        self._ask_at = now + _WAIT_SECONDS

    def _start(self):
        """Start the core where an item needs it; tell whether to go on."""
        name = str(self._work["name"]) if self._work is not None else ""
        if not name or self._farm.fate(name) is not None or name in self._tried:
            return True
        if self._starts >= _MOST_STARTS:
            self._give_up(name)
            return False
        self._starts += 1
        return self._begin()

    def _begin(self):
        """Start the core; tell whether it is there."""
        self._started_at = time.monotonic()
        self._refresh()
        self._waited, self._farm.has_carried = self._farm.waiting_items(), False
        self._stood = self._farm.standing()
        try:
            self._core = Core(self._settings.command(self._id), self._log, apart=True)
            self._core.agent.greet(FARM, CAPABILITIES, _HELLO_SECONDS)
        except LinkError as error:
            self._log(str(error))
            return False
        return True

    def _give_up(self, name):
        """Say what a person should do about an item that the core does nothing about."""
        burst = self._farm.holder(name)
        if burst:
            self._log(
                "item {} is held by burst {}, which this worker's bridge does not carry; when the "
                "cloud does not render it either, kill and retry it to send it anew".format(
                    name, burst
                )
            )
        else:
            self._log("the core ends by itself again and again; see above")

    def _serve(self):
        """Serve the core for a moment, and see whether it has ended."""
        if self._core is None:
            if self._work is None or time.monotonic() < self._report_at:
                time.sleep(_POLL_SECONDS)
            return
        agent = self._core.agent
        agent.poll(self._farm.handlers, _POLL_SECONDS)
        if agent.gone:
            code = self._detach()
            self._refresh()
            # Whoever brought it about: the gateway may have carried it meanwhile.
            has_moved = self._farm.standing() != self._stood
            if has_moved or time.monotonic() - self._started_at > _LONG_ENOUGH_SECONDS:
                self._starts = 0
            if code == 1 and not (has_moved or self._farm.has_carried):
                # It would do nothing for what waited, and has said why.
                self._tried |= self._waited

    def _detach(self):
        """Let go of the core; return its exit code."""
        core, self._core = self._core, None
        code = core.detach(self._settings.stop_seconds)
        self._verdict = core.ending(0)
        self._log(self._verdict)
        return code

    def _report(self):
        """Tell Qube what became of the item in hand, or how far it is."""
        if self._work is None:
            return
        now = time.monotonic()
        name = str(self._work["name"])
        fate = self._farm.fate(name)
        if now < self._report_at and (fate is None or self._ends):
            return
        if fate is None:
            self._report_at = now + _REPORT_SECONDS
            self._refresh(older_than=_REPORT_SECONDS)
            fate = self._farm.fate(name)
        if fate is None and self._core is None and name in self._tried:
            # Another instance may have brought it home meanwhile.
            self._refresh()
            fate = self._farm.fate(name) or (FAILED, self._verdict)
        result = self._farm.result(name, fate)
        work = dict(self._work, status=fate[0] if fate else RUNNING, resultpackage=result)
        if fate is None and result == self._reported:
            return
        self._qb.reportwork(work)
        self._reported = result
        if fate is not None:
            self._close(name, fate)

    def _close(self, name, fate):
        """Be done with the item in hand once Qube shows what became of it; else it is told again.

        What Qube never takes stays in the notes, and is told when the item is handed out again.
        """
        self._ends += 1
        if self._ends == 1:
            self._log("item {}: {}".format(name, fate[1] or fate[0]))
        if self._farm.settle(name, fate[0]) == RUNNING and self._ends < _MOST_ENDS:
            self._report_at = time.monotonic() + _AGAIN_SECONDS
            return
        if fate[0] == FAILED:
            # Who retries it wants it tried once more.
            self._tried.discard(name)
            self._waited.discard(name)
        self._work = None

    def _refresh(self, older_than=0.0):
        """Look at the job; while that does not succeed, what is known stays."""
        try:
            self._farm.refresh(older_than)
        except (RefusedError, SupervisorError) as error:
            self._log(str(error))

    def _act_of_people(self):
        """Say what people did that the cloud is to follow; what cannot be seen is not believed."""
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 - what qb raises is not documented
            self._log("whether the job was killed cannot be seen: {}".format(error))
            return ""
        if self._farm.is_over:
            return _ENDED_HERE
        return _BLOCKED_HERE if self._farm.is_halted else ""

    def _look(self):
        """Look at the job; once more where one look is not enough to believe it gone."""
        until = time.monotonic() + self._settings.stop_seconds / 3
        while True:
            try:
                return self._farm.refresh()
            except SupervisorError:
                if time.monotonic() > until:
                    raise
            time.sleep(_POLL_SECONDS)

    def _end(self, status):
        """Let the core finish, or let go, before Qube hears that this instance has ended."""
        if status == COMPLETE and self._core is not None:
            until = time.monotonic() + _FINISH_SECONDS
            while not (self._core.agent.gone or self._stopping() or time.monotonic() > until):
                self._core.agent.poll(self._farm.handlers, _POLL_SECONDS)
        if status == BLOCKED:
            status = self._rest()
            if self._stopping():
                # Perhaps it was killed meanwhile.
                return self._stop()
        if self._core is not None:
            self._core.stop()
            self._detach()
        if status == COMPLETE:
            self._refresh()
            return FAILED if self._farm.has_failed else COMPLETE
        return status

    def _rest(self):
        """Have what waits in the cloud stopped, and what renders there come home.

        A worker finishes what it has in hand, too.

        Returns:
            What to report: PENDING when there is work again.
        """
        self._farm.told_blocked = True
        self._refresh()
        before = self._farm.free_items()
        if self._core is None and self._farm.held_items():
            self._begin()
        if self._core is not None:
            self._log(_BLOCKED_HERE)
        while self._core is not None and not (self._core.agent.gone or self._stopping()):
            self._core.agent.poll(self._farm.handlers, _POLL_SECONDS)
            self._refresh(older_than=_REPORT_SECONDS)
            if self._farm.free_items() - before:
                return PENDING
        return BLOCKED

    def _stop(self):
        """Do what the end of this process means: a killed job is stopped in the cloud."""
        until = time.monotonic() + self._settings.stop_seconds
        act = self._act_of_people()
        if not act:
            self._log("this instance ends, what is in the cloud goes on")
            if self._core is not None:
                self._core.stop()
                self._detach()
            return ""
        self._log(act)
        if self._core is not None:
            # At its next look it sees that nobody wants the frames any more, unless the signal that
            # came here has made it let go.
            self._serve_until(until - self._settings.stop_seconds / 2)
            self._core.stop()
            if self._detach() == 0:
                return ""
        try:
            # A core that begins looks at once.
            command = self._settings.command(self._id, plans=False)
            self._core = Core(command, self._log, apart=True)
            self._core.agent.greet(FARM, CAPABILITIES, self._settings.stop_seconds)
        except LinkError as error:
            self._log("it cannot be stopped here ({}); see: renderbus status --live".format(error))
            return ""
        self._serve_until(until)
        return ""

    def _serve_until(self, moment):
        """Serve the core until it has ended, or a moment has come."""
        while not self._core.agent.gone and time.monotonic() < moment:
            self._core.agent.poll(self._farm.handlers, _POLL_SECONDS)
