"""Claims on items of other jobs, and how they end; all of it is safe to repeat.

What is held is *blocked*: no worker takes it. `qb.blockwork` and its kind say which items they
changed, and what they do not name was not changed, whoever was faster. An answer that names nothing
at all may be none: then the job is looked at again.

Standard library only, Python 3.6 and up.
"""

from renderbus_holding import WAITS, Holding
from renderbus_jobs import SupervisorError, parts
from renderbus_link import frame_numbers
from renderbus_record import Notes
from renderbus_words import (
    BLOCKED,
    COMPLETE,
    IN_QUEUE,
    KILLED,
    OVER,
    PENDING,
    frames,
    is_held,
    legible,
    open_items,
)


class Claims:
    """Claims, completes, fails and releases items.

    Args:
        jobs: of Qube.
        observe: looks at what people and workers did to held items; see `Queue.observe`.

    Attributes:
        home: how many items came home.
    """

    def __init__(self, jobs, observe):
        self.home = 0
        self._observe = observe
        self._jobs = jobs
        self._qb = jobs.qb

    def claim(self, params):
        """Keep pending items from workers on behalf of a burst."""
        claim = params["claim"]
        work = self._begin(params, _may_claim)
        if work.wanted:
            mine = work.holding.of(claim)
            held = {n for n in work.wanted for one in mine if one.holds(n, work.status(n))}
            new = [name for name in work.wanted if name not in held]
            if new:
                self._want(work, claim, new)
            self._block(work, claim)
            for old in work.holding.claims:
                if old.burst == claim["burst"] and old.epoch < claim["claim_epoch"]:
                    self._jobs.let_go(old, [ref["id"] for ref in work.taken])
        return work.outcome()

    def complete(self, params):
        """Mark held items as rendered; their pictures are where the job wants them."""
        claim = params["claim"]
        work = self._begin(params, _may_end(COMPLETE))
        if work.wanted:
            done = self._jobs.items("retirework", claim["job"], work.wanted)
            work.take(done)
            work.doubt()
            self.home += len(done)
        if work.taken:
            for one in work.holding.of(claim):
                here = [ref["id"] for ref in work.taken if ref["id"] in one.items]
                self._jobs.show(one, "retirework", here)
            self._settle(claim["job"])
        return work.outcome()

    def fail(self, params):
        """Mark held items as failed, with a reason for people: in Qube they are killed."""
        claim, why = params["claim"], legible(params["why"])
        work = self._begin(params, _may_end(KILLED))
        if work.wanted:
            for one in work.holding.of(claim):
                here = [name for name in work.wanted if name in one.items]
                one.notes.failed.update({one.items[name][0]: why for name in here})
                self._jobs.save(one)
            work.take(self._jobs.items("killwork", claim["job"], work.wanted))
            work.doubt()
            for one in work.holding.of(claim):
                here = [ref["id"] for ref in work.taken if ref["id"] in one.items]
                self._jobs.show(one, "killwork", here)
            self._settle(claim["job"])
        return work.outcome()

    def release(self, params):
        """Give held items back to workers; that they are not held any more is written last."""
        claim = params["claim"]
        work = self._begin(params, _may_end(None))
        if work.wanted:
            blocked = [name for name in work.wanted if work.status(name) == BLOCKED]
            stands_still = self._note_standing(work, claim)
            free = set(work.wanted) - set(blocked)
            if blocked:
                free |= self._jobs.items("unblockwork", claim["job"], blocked)
            work.take(free)
            work.doubt()
            if stands_still and work.taken:
                self._wake(claim["job"])
            for one in work.holding.of(claim):
                one.stands_still = False
                self._jobs.let_go(one, [ref["id"] for ref in work.taken])
        return work.outcome()

    def _begin(self, params, judge):
        """Sort the items of a request into those to act on and those that are refused or done."""
        claim = params["claim"]
        holding = self._jobs.holding(claim["job"])
        if holding is not None:
            self._observe(holding)
        work = _Work(holding, params["tasks"])
        for ref in params["tasks"]:
            name = ref["id"]
            if name not in work.holding.items:
                work.refused.append((ref, "gone"))
            elif set(frames(name)) != set(frame_numbers(ref["frames"])):
                work.refused.append((ref, "changed"))
            else:
                verdict = judge(work.holding, name, claim)
                if verdict == "act":
                    work.wanted[name] = ref
                elif verdict == "done":
                    work.taken.append(ref)
                else:
                    work.refused.append((ref, verdict))
        return work

    def _note_standing(self, work, claim):
        """Tell whether the job must be woken for what comes back, and note it.

        A job of which nothing but held items is left stands still, whatever becomes of them; once
        they are unblocked it looks as if a person had blocked it.
        """
        mine = [
            one for one in work.holding.of(claim) if not work.wanted.keys().isdisjoint(one.items)
        ]
        if any(one.stands_still for one in mine):
            return True
        job = work.holding.job
        if job.get("status") != BLOCKED or open_items(job):
            return False
        for one in mine:
            one.stands_still = True
            self._jobs.save(one)
        return True

    def _want(self, work, claim, names):
        """Say of items that the burst wants them, and lose those that others had first."""
        nobodys = {name for name in names if work.holding.claim_on(name) is None}
        made = self._jobs.submit_claim(work.holding.job, claim, names)
        # Who came first has it: both look after they have said that they want it.
        work.look(self._jobs.holding(claim["job"]))
        if not work.wanted:
            return
        self._check_whole(work.holding, made, names)
        halted = is_held(work.holding.job)
        theirs, begun = [], []
        for name in filter(work.wanted.__contains__, names):
            held = work.holding.claim_on(name)
            if held is not None and held.burst != claim["burst"]:
                theirs.append(name)
            elif name in nobodys and (halted or work.status(name) != PENDING):
                begun.append(name)
        self._lose(work, claim, theirs, "not_ours")
        self._lose(work, claim, begun, "not_queued")

    def _check_whole(self, holding, made, names):
        """See to it that a claim job names its items: what is blocked must be somebody's.

        Raises:
            SupervisorError: it does not name them yet; it is over, so that it never holds any.
        """
        known = {one.id: one.items for one in holding.claims}
        for job in made:
            id_ = int(job["id"])
            if not set(names) <= set(known.get(id_, ())):
                notes = Notes().of(str(id_))
                notes.let_go.update(range(len(names)))
                self._jobs.write(id_, notes.text())
                self._qb.kill(id_)
                raise SupervisorError(
                    "the claim job {} has no items yet, so nothing is held by it".format(id_)
                )

    def _block(self, work, claim):
        """Block what is pending; what is blocked already was by an earlier claim of the burst.

        Where an answer names nothing, the call was not done, or its answer got lost. What bears
        our name, was pending a moment ago and is blocked now was blocked by it.
        """
        work.take(work.seen(BLOCKED))
        for _ in range(2):
            silent = []
            for some in parts(work.seen(PENDING)):
                done = self._jobs.items("blockwork", claim["job"], some)
                work.take(done)
                silent += [] if done else some
            if not silent:
                break
            work.look(self._jobs.holding(claim["job"]))
            work.take(set(silent).intersection(work.seen(BLOCKED)))
        self._lose(work, claim, list(work.wanted), "not_queued")

    def _lose(self, work, claim, names, why):
        """Refuse items that others got, and take the burst's name off them."""
        if not names:
            return
        for name in names:
            work.refused.append((work.wanted.pop(name), why))
        for one in work.holding.of(claim):
            self._jobs.let_go(one, names)

    def _settle(self, id_):
        """End a job of which nothing is left: nobody else would look at it."""
        job = self._read(id_)
        states = {one["status"] for one in job.get("agenda") or []}
        if job.get("status") not in OVER and states and states <= OVER:
            if states == {COMPLETE}:
                self._insist("retire", id_, IN_QUEUE)
            else:
                self._wake(id_)

    def _wake(self, id_):
        """Let a job go on that was blocked because nothing but held items was left of it."""
        if self._read(id_).get("status") == BLOCKED:
            self._insist("unblock", id_, [BLOCKED])

    def _insist(self, act, id_, before):
        """Do something to a whole job, and see to it that it was done.

        Raises:
            SupervisorError: it was not; it is tried again when the request is repeated.
        """
        if not getattr(self._qb, act)(int(id_)) and self._read(id_).get("status") in before:
            raise SupervisorError("Qube did not {} job {}; it is asked again".format(act, id_))

    def _read(self, id_):
        """Return a job with its items; one that is gone has nothing."""
        return next(iter(self._jobs.read([int(id_)])), {})


# A job that is gone has no items.
_GONE = Holding({"id": 0}, [])


class _Work:
    """A request while it is carried out: each item ends in one of three lists."""

    def __init__(self, holding, refs):
        self.holding = holding or _GONE
        self._order = {ref["id"]: place for place, ref in enumerate(refs)}
        self.wanted = {}
        self.taken = []
        self.refused = []
        self.unknown = []

    def status(self, name):
        """Return the status in which an item was seen."""
        return self.holding.status(name)

    def seen(self, status):
        """Return the names of those wanted items that were seen in a status."""
        return [name for name in self.wanted if self.status(name) == status]

    def look(self, holding):
        """Go on from what is there now; None when the job is gone."""
        self.holding = holding or _GONE
        for name in [name for name in self.wanted if name not in self.holding.items]:
            self.refused.append((self.wanted.pop(name), "gone"))

    def take(self, names):
        """Take items of those that are wanted."""
        chosen = set(names)
        self.taken += [self.wanted.pop(name) for name in list(self.wanted) if name in chosen]

    def doubt(self):
        """Say of all that is still wanted that nobody knows."""
        self.unknown += self.wanted.values()
        self.wanted = {}

    def outcome(self):
        return {
            "taken": sorted(self.taken, key=lambda ref: self._order[ref["id"]]),
            "refused": [{"ref": ref, "reason": reason} for ref, reason in self.refused],
            "unknown": self.unknown,
        }


def _may_claim(holding, name, claim):
    status, held = holding.status(name), holding.claim_on(name)
    if status == COMPLETE:
        return "already_complete"
    if status not in WAITS or (held is None and status != PENDING):
        return "not_queued"
    if held is None and is_held(holding.job):
        return "not_queued"
    if held is None:
        # What this very claim has let go of does not come back to it.
        gone = any(name in one.items for one in holding.of(claim))
        return "not_queued" if gone else "act"
    if held.burst != claim["burst"] or held.epoch > claim["claim_epoch"]:
        return "not_ours"
    same = held.epoch == claim["claim_epoch"]
    return "done" if status == BLOCKED and same else "act"


def _may_end(goal):
    """Judge a request that ends a claim: only what is still held; what ended so counts as done."""

    def judge(holding, name, claim):
        status, held = holding.status(name), holding.claim_on(name)
        if held and (held.burst, held.epoch) == (claim["burst"], claim["claim_epoch"]):
            if status in WAITS:
                return "act"
            if status == goal:
                return "done"
        return "already_complete" if status == COMPLETE else "not_ours"

    return judge
