"""Jobs of Qube with what bursts hold of them, and the calls of `qb` that all others need.

A claim job (`renderbus_holding`) is submitted before anything is held, so that a crash leaves no
item without a name on it.

Standard library only, Python 3.6 and up; `qb` is called on the thread of whoever made this.
"""

import re

from renderbus_holding import ClaimJob, Holding
from renderbus_link import UnansweredError
from renderbus_record import CLAIM, NOTE, About, Notes, is_ours, package
from renderbus_words import (
    BLOCKED,
    COMPLETE,
    IN_QUEUE,
    JOB_TYPE,
    KILLED,
    KIND,
    OVER,
    SUSPENDED,
    legible,
    resources,
)

_ACCOUNTED = (
    "account", "prod_show", "prod_shot", "prod_seq", "prod_client", "prod_dept", "prod_custom1",
    "prod_custom2", "prod_custom3", "prod_custom4", "prod_custom5",
)  # fmt: skip
"""Fields by which people find jobs and account for them."""

_AT_ONCE = 500
# One answer with the items of thousands of jobs is more than a client may ever get.
_JOBS_AT_ONCE = 200
_NOT_ALL = "Qube did not answer with all jobs: job {} is missing, which is there; it is asked again"
_AGAIN = (
    "job {} of type renderbus was removed while {} items of job {} were in the cloud; job {} names "
    "them from now on (kill it to have them rendered here)"
)
_NAMED = 60
_NUMBER = re.compile(r"[0-9]{1,18}\Z")


class SupervisorError(UnansweredError):
    """Qube's supervisor does not answer; nothing is known."""


class Jobs:
    """Reads jobs, and acts on their items.

    Args:
        qb: Qube's module.
        log: takes a sentence for people.
    """

    def __init__(self, qb, log):
        self.qb = qb
        self.log = log
        # Our jobs about another one, by its id: of which kind each is. Those of earlier lives are
        # read once.
        self._about = {}
        # Claim jobs by which something was held when it was last read, by id of the other job.
        self._held = {}
        self._read_all = False

    def sure(self, ask):
        """Return what is found; that there is nothing is believed when it is so twice.

        Args:
            ask: calls Qube, which answers with nothing as well when it does not answer.

        Raises:
            SupervisorError: nobody answers; nothing is known.
        """
        found = ask()
        if not found:
            if not self.qb.currenttime():
                raise SupervisorError("the supervisor of Qube does not answer; see: qbping")
            found = ask()
        return list(found or [])

    def in_queue(self):
        """Return all jobs that run, wait or are blocked, ours too, without their items."""
        found = self.sure(lambda: self.qb.jobinfo(filters={"status": list(IN_QUEUE)}))
        self.remember(found)
        return found

    def ours(self):
        """Return those of our jobs that are not over, without their items."""
        wanted = {"prototype": JOB_TYPE, "status": [*IN_QUEUE, SUSPENDED]}
        found = self.sure(lambda: self.qb.jobinfo(filters=wanted))
        self.remember(found)
        return found

    def remember(self, jobs):
        """Remember which of some jobs are about which others."""
        for job in filter(is_ours, jobs):
            about = About(job)
            if about.kind in (CLAIM, NOTE) and about.source:
                self._about.setdefault(about.source, {})[int(job["id"])] = about.kind

    def about(self, source):
        """Return the kinds of our jobs about a job by their ids, as far as is known."""
        if not self._read_all:
            self.remember(self.sure(lambda: self.qb.jobinfo(filters={"prototype": JOB_TYPE})))
            self._read_all = True
        return self._about.get(source, {})

    def claims_on(self, source):
        """Return the ids of the claim jobs about a job, as far as is known."""
        return [id_ for id_, kind in self.about(source).items() if kind == CLAIM]

    def holdings(self, ids):
        """Read jobs with what bursts hold of them; jobs that are gone are absent.

        Args:
            ids: as texts.
        """
        numbers = [one for one in map(number, ids) if one is not None]
        if not numbers:
            return {}
        more = sorted({one for id_ in ids for one in self.claims_on(id_)})
        read = {int(job["id"]): job for job in self.read(numbers + more)}
        for id_ in ids:
            for one in self.claims_on(id_):
                if one not in read:
                    del self._about[id_][one]
        claims = {}
        for claim in (ClaimJob(read[one]) for one in more if one in read):
            claims.setdefault(claim.source, []).append(claim)
        found = {}
        for one in numbers:
            if one not in read:
                self._held.pop(str(one), None)
            elif not is_ours(read[one]):
                mine = claims.get(str(one), [])
                found[str(one)] = self._whole(Holding(read[one], mine), mine)
        return found

    def _whole(self, holding, claims):
        """Return a job with all that is held of it; claim jobs that people removed are made again.

        What is blocked must be somebody's: nobody else would ever unblock it.
        """
        there = {claim.id for claim in claims}
        gone = [claim for claim in self._held.get(holding.id, []) if claim.id not in there]
        for claim in gone:
            left = [name for name in claim.items if name in holding.items
                    and holding.status(name) == BLOCKED and claim.holds(name, BLOCKED)
                    and holding.claim_on(name) is None]  # fmt: skip
            if left:
                claims = [*claims, self._again(holding.job, claim, left)]
                holding = Holding(holding.job, claims)
        self._held[holding.id] = [
            claim
            for claim in holding.claims
            if any(claim.holds(name, BLOCKED) for name in claim.items)
        ]
        return holding

    def _again(self, source, claim, names):
        """Submit a claim job again for what it still holds, and return it as it was seen last."""
        said = {"job": claim.source, "burst": claim.burst, "claim_epoch": claim.epoch}
        (made,) = self.submit_claim(source, said, names)
        again = ClaimJob(next(iter(self.read([int(made["id"])])), made))
        again.notes.facts = claim.notes.facts
        self.save(again)
        # Who had killed it before it was removed wants them back.
        self.show(again, "killwork", [name for name in names if claim.status_of(name) == KILLED])
        self.log(_AGAIN.format(claim.id, len(names), claim.source, again.id))
        return again

    def holding(self, id_):
        """Read one job as it is now, with claims that others made meanwhile; None when gone."""
        if number(id_) is None:
            return None
        self.ours_about(id_)
        return self.holdings([id_]).get(id_)

    def ours_about(self, id_):
        """Return our jobs about another one as they are now, without their items."""
        wanted = {"prototype": JOB_TYPE, "pid": number(id_)}
        found = self.sure(lambda: self.qb.jobinfo(filters=wanted))
        self.remember(found)
        return found

    def read(self, numbers):
        """Read jobs with their items; jobs that are gone are absent.

        Raises:
            SupervisorError: jobs are missing that are there when they are asked for alone.
        """
        wanted, found = list(dict.fromkeys(numbers)), []
        for at in range(0, len(wanted), _JOBS_AT_ONCE):
            some = wanted[at : at + _JOBS_AT_ONCE]
            read = self.sure(lambda some=some: self.qb.jobinfo(id=some, agenda=True))
            missing = sorted(set(some) - {int(job["id"]) for job in read})
            # An answer that was too large for somebody on the way looks as if jobs were gone.
            if missing and self.sure(lambda missing=missing: self.qb.jobinfo(id=missing)):
                raise SupervisorError(_NOT_ALL.format(missing[0]))
            found += read
        return found

    def resources(self):
        """Return used and total of what all workers share, by name; nothing that is not said."""
        try:
            return resources(self.qb.getresources())
        except Exception as error:  # noqa: BLE001 - what qb raises is not documented
            self.log("what licences there are cannot be seen, so none counts: {}".format(error))
            return {}

    def is_gone(self, id_):
        """Tell whether a job is gone, by asking for it alone."""
        return not self.sure(lambda: self.qb.jobinfo(id=[number(id_)]))

    def submit_beside(self, source, **fields):
        """Submit a job of ours that shows something of another one; it has its items at once.

        Args:
            source: the other job, beside which people find it.
            fields: of ours, besides those that all of them have.

        Returns:
            What was made of it.

        Raises:
            SupervisorError: perhaps nothing was; if it was, it is found by the next look.
        """
        job = {name: source[name] for name in _ACCOUNTED if source.get(name)}
        job.update(
            fields,
            prototype=JOB_TYPE,
            kind=KIND,
            pid=int(source["id"]),
            # Nobody is to run it: it shows.
            status=BLOCKED,
            cpus=1,
            max_cpus=0,
            flagsstring="no_defaults",
        )
        made = list(self.qb.submit([job], deferTableCreation=False) or [])
        if not made:
            raise SupervisorError("Qube does not say what it made of a job of the bridge's")
        self.remember(made)
        return made

    def submit_claim(self, source, claim, names):
        """Submit a claim job: from here on items bear a burst's name.

        Args:
            source: the job of which they are.
            claim: of the link.
            names: of the items.

        Returns:
            What was made of it.
        """
        title = legible(source.get("name", ""))[:_NAMED]
        return self.submit_beside(
            source,
            name="in the cloud: {} ({})".format(title, source["id"]),
            package=package(CLAIM, claim),
            agenda=[{"name": name, "status": BLOCKED} for name in names],
        )

    def items(self, act, id_, names):
        """Do something to items of a job; return the names of those that it was done to.

        Args:
            act: name of the call, for example `blockwork`.
            id_: of the job.
            names: of the items.
        """
        done = set()
        for some in parts(names):
            answer = getattr(self.qb, act)(*["{}:{}".format(id_, name) for name in some]) or []
            done.update(str(one).partition(":")[2] for one in answer)
        return done

    def write(self, id_, text):
        """Write the notes of a job of ours down.

        Args:
            id_: of the job.
            text: all of its notes.

        Returns:
            Whether they stand there; not always where the job is over, or gone.

        Raises:
            SupervisorError: they do not, and somebody goes on from them.
        """
        wanted, found = Notes(text).text(), []
        # What was answered with nothing may have been done; what was not is done once more.
        for _ in range(2):
            if self.qb.modify({"notes": text}, id_):
                return True
            found = self.sure(lambda: self.qb.jobinfo(id=[id_]))
            if found and Notes(found[0].get("notes")).text() == wanted:
                return True
        if found and found[0].get("status") not in OVER:
            raise SupervisorError("the notes of job {} could not be written".format(id_))
        return False

    def save(self, claim):
        """Write the notes of a claim job down."""
        if not self.write(claim.id, claim.notes.text()):
            self.log("the notes of job {} cannot be written".format(claim.id))

    def let_go(self, claim, names):
        """Write down that items are not held by a claim any more, and show it."""
        mine = [name for name in names if name in claim.items]
        if mine:
            claim.notes.let_go.update(claim.items[name][0] for name in mine)
            self.save(claim)
            self.show(claim, "killwork", mine)

    def show(self, claim, act, names):
        """Bring the claim job's own items to where they are, and end it with the last of them.

        What was not done although it was asked for is seen, and done, by the next look.
        """
        open_ = [name for name in names if claim.status_of(name) not in OVER]
        if open_:
            after = COMPLETE if act == "retirework" else KILLED
            for name in self.items(act, claim.id, open_):
                if name in claim.items:
                    claim.items[name][1]["status"] = after
        if claim.is_over and claim.status not in OVER:
            after = COMPLETE if COMPLETE in map(claim.status_of, claim.items) else KILLED
            end = self.qb.retire if after == COMPLETE else self.qb.kill
            if end(claim.id):
                claim.status = after


def parts(names):
    """Return names of items in lists of which one call of `qb` takes each."""
    names = list(names)
    return [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]


def number(id_):
    """Return the number of a job; None for what is none."""
    return int(id_) if _NUMBER.match(str(id_)) else None
