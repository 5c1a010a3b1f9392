"""What people ask and do, and what bursts note on jobs.

A person asks with a job of our type whose package has `ask`, and which is submitted blocked: the
gateway writes its answer into that job's notes and retires it. Qube keeps who asked and when.

Standard library only, Python 3.6 and up.
"""

import collections
import time

from renderbus_holding import STANDS_STILL
from renderbus_jobs import SupervisorError, number
from renderbus_link import Pages, RefusedError, frame_numbers, frame_text
from renderbus_record import ASK, ASKED, NOTE, WHEN_KEY, About, Notes, is_ours, package
from renderbus_words import OVER, frames, moment, now

_KILLED_HERE = "killed in the claim job"
_POLICY = "policy"
_WHO = "a person"
# The whole queue is looked at so many times less often than our own jobs in it.
_WHOLE_QUEUE = 6


class Asks:
    """Tells what people ask and do, and notes what bursts say.

    Args:
        jobs: of Qube.
        queue: sees what people do to held items.
        every_seconds: how often Qube is asked whether anybody asks: the core does so more often.
    """

    def __init__(self, jobs, queue, every_seconds):
        self._jobs = jobs
        self._queue = queue
        self._every = every_seconds
        self._looked_at = None
        # Kept until they are acknowledged.
        self._rows = collections.OrderedDict()
        self._done = set()
        self._count = 0

    def intents(self, _params):
        """Read what people asked and did, oldest first, until it is acknowledged."""
        if self._looked_at is None or time.monotonic() - self._looked_at >= self._every:
            self._look()
            self._looked_at = time.monotonic()
        self._want_back()
        for job, held, kind, note in self._queue.told:
            self._count += 1
            id_ = "act {}".format(self._count)
            self._rows[id_] = _intent(id_, job, kind, _WHO, now(), _frames_of(held), note)
        self._queue.told = []
        return Pages({}, {"intents": sorted(self._rows.values(), key=lambda row: row["at"])})

    def acknowledge(self, params):
        """Forget intents; what was asked with a job of its own is over with it."""
        for id_ in params["ids"]:
            kind, _, rest = id_.partition(" ")
            if self._rows.pop(id_, None) is None:
                continue
            if kind == "when":
                claim = {"job": rest, "burst": WHEN_KEY, "claim_epoch": 0}
                for source in self._jobs.read([int(rest)]):
                    self._note_job(source, claim, {})
            else:
                self._done.add(id_)
                if kind == "ask":
                    self._jobs.qb.retire(int(rest))

    def annotate(self, params):
        """Note facts about a burst on its claim job, where it has one."""
        claim, facts = params["claim"], params["facts"]
        holding = self._jobs.holding(claim["job"])
        if holding is None:
            raise RefusedError("job {} no longer exists".format(claim["job"]))
        mine = [one for one in holding.claims if one.burst == claim["burst"]]
        if mine:
            if mine[-1].notes.note(claim["burst"], facts):
                self._jobs.save(mine[-1])
            return
        self._note_job(holding.job, claim, facts)
        if claim["burst"] == _POLICY:
            for row in list(self._rows.values()):
                if row["job"] == claim["job"] and row["kind"] == "explain":
                    asked = row["id"].partition(" ")[2]
                    text = Notes().of(asked)
                    text.note(claim["burst"], facts)
                    self._jobs.write(int(asked), text.text())

    def annotations(self, params):
        """Read what bursts noted on a job."""
        found = {}
        for job in self._about(params["job"]):
            for burst, facts in _notes(job).facts.items():
                told = {name: value for name, value in facts.items() if name != STANDS_STILL}
                if told:
                    found.setdefault(burst, {}).update(told)
        return {"notes": found}

    def _about(self, source):
        """Return our jobs about another one, the oldest first."""
        if number(source) is None:
            return []
        return sorted(self._jobs.ours_about(source), key=lambda job: int(job["id"]))

    def _note_job(self, source, claim, facts):
        """Note facts of a burst that holds nothing of the job: a job of ours keeps them."""
        known = [
            job
            for job in self._about(claim["job"])
            if (About(job).kind, About(job).burst) == (NOTE, claim["burst"])
        ]
        job, notes = (known[-1], _notes(known[-1])) if known else (None, Notes())
        is_new = notes.note(claim["burst"], facts)
        if job is None or (is_new and not self._jobs.write(int(job["id"]), notes.text())):
            (job,) = self._jobs.submit_beside(
                source,
                name="about the cloud: job {}".format(source["id"]),
                package=package(NOTE, claim),
            )
            notes.job = str(job["id"])
            self._jobs.write(int(job["id"]), notes.text())
        if job.get("status") not in OVER:
            self._jobs.qb.retire(int(job["id"]))

    def _look(self):
        """Look for whoever asks something; what is asked again under the same name is one ask."""
        found = {}
        for job in self._jobs.ours():
            about = About(job)
            if "ask {}".format(job["id"]) in self._done:
                # It did not end when it was to.
                self._jobs.qb.retire(int(job["id"]))
            elif about.kind == ASK:
                row = self._asked(job, about)
                if row:
                    found[row["id"]] = row
        for source in self._queue.wishes(self._every * _WHOLE_QUEUE):
            if not self._jobs.about(source):
                id_ = "when " + source
                note = "asked for when it was submitted"
                found[id_] = _intent(id_, source, "burst", _WHO, now(), None, note)
        for id_ in [id_ for id_ in self._rows if id_.split(" ")[0] in ("ask", "when")]:
            if id_ not in found:
                del self._rows[id_]
        for id_, row in found.items():
            self._rows.setdefault(id_, row)

    def _asked(self, job, about):
        """Return what a job asks; one that asks nonsense is told so, and is over."""
        id_ = "ask {}".format(job["id"])
        source, wrong = number(about.source), ""
        if about.ask not in ASKED:
            wrong = "nobody knows how to {!r}; ask for one of {}".format(
                about.ask, ", ".join(ASKED)
            )
        elif about.ask not in ("drain", "open") and source is None:
            wrong = "the package names no job; write its number under the key job"
        elif source is not None and self._is_of_our_own(source):
            wrong = "job {} is for the cloud alone: kill it, or frames of it, to end it".format(
                source
            )
        elif about.frames and not _is_frames(about.frames):
            wrong = "the frames {!r} cannot be read; write for example 1-10x2,20".format(
                about.frames
            )
        if wrong:
            self._refuse(int(job["id"]), wrong)
            return None
        at = moment(job.get("timesubmit")) or now()
        who = str(job.get("user") or _WHO)
        wanted = about.frames or None
        # People write numbers with zeros before them, too.
        named = "" if source is None else str(source)
        return _intent(id_, named, about.ask, who, at, wanted, "")

    def _refuse(self, id_, why):
        """Tell who asks why nothing comes of it; where that fails, the next look tries again."""
        try:
            self._jobs.write(id_, why)
        except SupervisorError as error:
            # Nobody else is to wait because of it.
            self._jobs.log(str(error))
        else:
            self._jobs.qb.kill(id_)

    def _is_of_our_own(self, source):
        """Tell whether a job is carried by an instance of its own."""
        return any(map(is_ours, self._jobs.read([source])))

    def _want_back(self):
        """Ask for what people killed in claim jobs, once for the same frames."""
        for job, claims in self._queue.wanted_back.items():
            for claim, back in claims.items():
                wanted = _frames_of(back)
                id_ = "killed {} {}".format(claim, wanted)
                if id_ not in self._done:
                    row = _intent(id_, job, "recall", _WHO, now(), wanted, _KILLED_HERE)
                    self._rows.setdefault(id_, row)


def _intent(id_, job, kind, who, at, wanted, note):  # noqa: PLR0917 - fields of the link, in order
    row = {"id": id_, "job": job, "kind": kind, "at": at, "who": who, "frames": wanted}
    return dict(row, note=note) if note else row


def _notes(job):
    """Return the notes of one of our jobs; a copy's are none."""
    return Notes(job.get("notes")).of(str(job["id"]))


def _frames_of(items):
    if items is None:
        return None
    return frame_text(sorted({frame for name in items for frame in frames(name)}))


def _is_frames(text):
    try:
        return bool(frame_numbers(text))
    except RefusedError:
        return False
