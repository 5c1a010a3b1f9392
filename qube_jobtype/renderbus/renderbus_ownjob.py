"""One job of our own with its notes: what is known of each item, whoever wrote it.

Standard library only, Python 3.6 and up.
"""

import time

from renderbus_jobs import SupervisorError
from renderbus_link import RefusedError
from renderbus_record import Notes
from renderbus_words import (
    BLOCKED,
    COMPLETE,
    KILLED,
    OVER,
    PENDING,
    RUNNING,
    SUSPENDED,
    WAITING,
)

OPEN = frozenset({PENDING, RUNNING, BLOCKED, SUSPENDED, WAITING})
"""Statuses of items that have not ended."""

# Between two looks that find a job gone, for that to be believed.
_APART_SECONDS = 5.0
# How old what was read may be as it is written over.
_FRESH_SECONDS = 2.0
_NO_ITEMS = "Qube does not answer with the items of job {}, which is there; it is asked again"


class OwnJob:
    """Reads a job, and changes its notes as they stand.

    Args:
        qb: Qube's module.
        id_: of the job, a number.
        log: takes a sentence for people.
        missed_at: when it was seen to be gone before, as `time.monotonic` says; None for never.

    Attributes:
        job: as `qb.jobinfo` returned it last; None while it was never seen.
        items: place in the agenda and item, by name.
        notes: of the job.
        has_carried: whether the core at work has claimed or ended any item.
        told_blocked: whether Qube has told this process that people have blocked what is left: the
            job need not show it while an instance is at work.
    """

    def __init__(self, qb, id_, log, missed_at=None):
        self._qb = qb
        self._id = id_
        self._log = log
        self.has_carried = False
        self.told_blocked = False
        self.job = None
        self.items = {}
        self.notes = Notes()
        # The notes as they stand in Qube.
        self._text = ""
        self._read_at = 0.0
        self._is_gone = False
        self._missed_at = missed_at
        self.refresh()

    def refresh(self, older_than=0.0):
        """Read the job as it is now; one that is gone keeps what was known, and is killed.

        Args:
            older_than: seconds; what was read since then will do.

        Raises:
            SupervisorError: nobody answers; what was known stays.
            RefusedError: the notes cannot be read.
        """
        if time.monotonic() - self._read_at < older_than:
            return
        self._read()
        if self.notes.text() == self._text:
            return
        try:
            # Kept at once: who retries what was killed comes before the core's next word.
            self._save()
        except Exception as error:  # noqa: BLE001 - what qb raises is not documented
            # What was seen is true all the same, and seen again at the next look.
            self._log(str(error))

    @property
    def is_killed(self):
        """Whether a person has killed the job, or removed it."""
        return self._is_gone or self.job.get("status") == KILLED

    @property
    def is_over(self):
        """Whether a person has ended the job, or nothing of it is left to do."""
        return self.is_killed or self.job.get("status") == COMPLETE

    @property
    def is_halted(self):
        """Whether a person wants nothing more of the job begun, as far as Qube shows it."""
        return self.job is not None and self.job.get("status") in (BLOCKED, SUSPENDED)

    def is_held_back(self, name):
        """Tell whether a person does not want an item begun now; one in hand is begun."""
        status = self.items[name][1]["status"]
        return status == BLOCKED or (
            status in (PENDING, WAITING) and (self.told_blocked or self.is_halted)
        )

    def fate(self, name):
        """Return what became of an item, and why: `(COMPLETE, "")`, `("failed", why)` or None."""
        place, item = self.items[name]
        # What Qube says comes before what the notes say: people kill what is at home, too.
        if item["status"] == COMPLETE:
            return COMPLETE, ""
        if item["status"] in OVER:
            return "failed", self.notes.failed.get(place, "it was killed in Qube")
        if place in self.notes.home:
            return COMPLETE, ""
        return ("failed", self.notes.failed[place]) if place in self.notes.failed else None

    def claim_on(self, place):
        """Return the claim that holds a place in the agenda: burst and epoch; None for none."""
        found = [claim for claim, held in self.notes.claims.items() if place in held]
        return max(found, key=lambda claim: claim[1]) if found else None

    def holds(self, claim, place):
        """Tell whether a place is held by a claim of the link."""
        return self.claim_on(place) == (claim["burst"], claim["claim_epoch"])

    def let_go(self, place):
        """Have nobody hold a place any more."""
        for held in self.notes.claims.values():
            held.discard(place)

    def forget(self, place):
        """Begin anew with an item: nothing is known of it, and nobody holds it."""
        self.notes.home.discard(place)
        self.notes.done.discard(place)
        self.notes.failed.pop(place, None)
        self.notes.files.pop(place, None)
        self.notes.nodes.pop(place, None)
        self.let_go(place)

    def write(self, change):
        """Change the notes as they stand now, and write them down where they differ.

        Qube cannot write only over what was read, and two may write: instances after a lost
        heartbeat, or the gateway beside one. So they are read again, and changed once more where
        another's stand there.

        Args:
            change: of `notes`; called at least once.

        Returns:
            What `change` returned last.
        """
        self._read()
        found = change()
        if time.monotonic() - self._read_at > _FRESH_SECONDS:
            # A process that was suspended in between knows what was true then.
            self._read()
            found = change()
        if self._save() and not self._stands():
            self._read()
            found = change()
            self._save()
        return found

    # Inside.

    def _read(self):
        found = self._look()
        notes = Notes(found.get("notes")) if found is not None else self.notes
        if not notes.is_legible:
            raise RefusedError(
                "the notes of job {} do not say any more what of it is in the cloud, because "
                "somebody changed what stands at their end; put it back, or have its burst "
                "recalled (renderbus status, renderbus recall) and empty the notes".format(self._id)
            )
        self._read_at = time.monotonic()
        self._is_gone = found is None
        if found is not None:
            self.job = found
            agenda = self.job.get("agenda") or []
            self.items = {str(one["name"]): (place, one) for place, one in enumerate(agenda)}
            self.notes = notes.of(str(self._id))
            self._text = self.notes.text()
            self._follow_people()

    def _look(self):
        """Return the job as it is now; None when it is gone.

        That is believed when two looks say so, apart in time: an answer may get lost, or be too
        much for somebody on its way.
        """
        found = self._qb.jobinfo(id=[self._id], agenda=True)
        if not found:
            if not self._qb.currenttime():
                raise SupervisorError("the supervisor of Qube does not answer; see: qbping")
            if self._qb.jobinfo(id=[self._id]):
                found = self._qb.jobinfo(id=[self._id], agenda=True)
                if not found:
                    raise SupervisorError(_NO_ITEMS.format(self._id))
        if found:
            self._missed_at = None
            return found[0]
        seen_at = time.monotonic()
        if self._missed_at is None:
            self._missed_at = seen_at
        if seen_at - self._missed_at < _APART_SECONDS:
            raise SupervisorError("job {} is not found; Qube is asked again".format(self._id))
        return None

    def _follow_people(self):
        """Let go of what people ended, and begin anew what they want once more.

        Notes outlive the end of an item in Qube: what they say of it is settled as soon as it is
        seen, so that who retries it later has it rendered.
        """
        notes = self.notes
        for place, item in self.items.values():
            is_ours = place in notes.home or place in notes.done
            if item["status"] == COMPLETE and is_ours:
                notes.home.discard(place)
                notes.files.pop(place, None)
                notes.nodes.pop(place, None)
                notes.done.add(place)
            elif item["status"] in OVER or (place in notes.done and item["status"] in OPEN):
                self.forget(place)

    def _save(self):
        """Write the notes down where they changed; tell whether they were written."""
        text = self.notes.text()
        if self.job is None or text == self._text:
            return False
        if not self._qb.modify({"notes": text}, self._id):
            why = "the notes of job {} cannot be written".format(self._id)
            if self.is_killed or self.job.get("status") in OVER:
                # Nobody goes on from them.
                self._log(why)
                return False
            raise RefusedError(why)
        self._text = text
        return True

    def _stands(self):
        """Tell whether the notes in Qube are those that were written, as far as can be seen."""
        found = self._qb.jobinfo(id=[self._id])
        return not found or Notes(found[0].get("notes")).text() == self._text
