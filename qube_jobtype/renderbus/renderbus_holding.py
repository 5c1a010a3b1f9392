"""Jobs of Qube with what bursts hold of them; nothing is asked of Qube.

What a burst holds of a job is a job of ours, its *claim job*: its agenda names the items that the
claim is about. Of two bursts that want one item the earlier claim job has it, of two claims of one
burst the later one. A person may resubmit a claim job: such a copy holds nothing.

Standard library only, Python 3.6 and up.
"""

from renderbus_link import MOST_FRAMES
from renderbus_record import About, Notes
from renderbus_words import BLOCKED, COMPLETE, KILLED, OVER, PENDING, WAITING, frames

WAITS = frozenset({PENDING, BLOCKED, WAITING})
"""Statuses of items that no worker has begun."""

STANDS_STILL = "agent.stands_still"
"""Fact of a burst on a claim job: items are coming back to a job that must be woken for them."""


class ClaimJob:
    """A job of ours that shows what a burst holds of another job.

    Args:
        job: of `qb.jobinfo`, with its agenda.
    """

    def __init__(self, job):
        self.id = int(job["id"])
        self.status = job.get("status", "")
        about = About(job)
        self.source, self.burst, self.epoch = about.source, about.burst, about.epoch
        self.made = about.made
        notes = Notes(job.get("notes"), str(self.id))
        self._is_noted_elsewhere = notes.job not in ("", str(self.id))
        self.notes = notes.of(str(self.id))
        agenda = job.get("agenda") or []
        self.items = {str(one["name"]): (place, one) for place, one in enumerate(agenda)}

    @property
    def is_over(self):
        """Whether all of its own items have ended."""
        states = [one["status"] for _, one in self.items.values()]
        return bool(states) and OVER.issuperset(states)

    @property
    def stands_still(self):
        """Whether the job that it is about must be woken once items are back."""
        return STANDS_STILL in self.notes.facts.get(self.burst, {})

    @stands_still.setter
    def stands_still(self, so):
        if so:
            self.notes.note(self.burst, {STANDS_STILL: "yes"})
        else:
            self.notes.facts.get(self.burst, {}).pop(STANDS_STILL, None)

    def why(self, name):
        """Return why an item failed in the cloud; "" when it did not."""
        return self.notes.failed.get(self.items[name][0], "")

    def status_of(self, name):
        """Return the status of its own item of a name."""
        return self.items[name][1]["status"]

    def is_copy(self, others):
        """Tell whether a person resubmitted another claim job, and this is what came of it.

        Args:
            others: that were there before.
        """
        return self._is_noted_elsewhere or (
            self.made != "" and any(one.made == self.made for one in others)
        )

    def has_let_go(self, name):
        """Tell whether an item is not the burst's any more."""
        return self.items[name][0] in self.notes.let_go

    def holds(self, name, status):
        """Tell whether an item is the burst's.

        Args:
            name: of the item.
            status: of the other job's item: what a worker has begun is the worker's.
        """
        if name not in self.items or self.has_let_go(name):
            return False
        mine = self.status_of(name)
        if status in WAITS:
            # Who kills it here wants it back, and until then it is held.
            return mine != COMPLETE and not (self.why(name) and mine in OVER)
        if status == COMPLETE:
            return mine == COMPLETE or mine not in OVER
        return status in OVER and bool(self.why(name))


class Holding:
    """A job with what bursts hold of it.

    Args:
        job: of `qb.jobinfo`, with its agenda.
        claims: its claim jobs.

    Attributes:
        items: those that can be held, by name.
        claims: those that hold something, or did.
        copies: those that hold nothing, because people made them of others.
    """

    def __init__(self, job, claims):
        self.job = job
        self.id = str(job["id"])
        self.claims, self.copies = [], []
        for claim in sorted(claims, key=lambda claim: claim.id):
            (self.copies if claim.is_copy(self.claims) else self.claims).append(claim)
        self.items, left = {}, MOST_FRAMES
        for one in job.get("agenda") or []:
            # What is no frame is never held: such items belong to scripts. Nor is what is beyond
            # all that one job may have: a few words in a name can stand for very much.
            count = len(frames(one["name"])) if left else 0
            if count > left:
                left = 0
            elif count:
                self.items[str(one["name"])] = one
                left -= count

    def status(self, name):
        """Return the status of an item; what is open in a job that was killed is killed."""
        status = self.items[name]["status"]
        return KILLED if self.job.get("status") == KILLED and status not in OVER else status

    def claim_on(self, name):
        """Return the claim job whose an item is; None when no burst holds it."""
        status = self.status(name)
        holding = [claim for claim in self.claims if claim.holds(name, status)]
        if not holding:
            return None
        # What has ended may have been retried: then an earlier burst's end is not this one.
        first = holding[-1] if status in OVER else holding[0]
        same = (claim for claim in holding if claim.burst == first.burst)
        return max(same, key=lambda claim: claim.epoch)

    @property
    def has_nameless(self):
        """Whether an item is blocked by nobody that is known: perhaps a person."""
        blocked = (name for name in self.items if self.status(name) == BLOCKED)
        return any(self.claim_on(name) is None for name in blocked)

    def of(self, claim):
        """Return the claim jobs of a claim of the link: usually one."""
        wanted = claim["burst"], claim["claim_epoch"]
        return [one for one in self.claims if (one.burst, one.epoch) == wanted]
