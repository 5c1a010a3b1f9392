"""What bursts hold of one Deadline job, kept in the job's extra info: claims, and what they noted.

Standard library only, Python 3.7 and up. Deadline has no place on a task that is documented and
searchable, so one entry of the job says it for all its tasks. It names the job it is about: a job
that was submitted again as a copy bears the entry of the original, which then counts for nothing.
"""

import json
import re

CLAIMS_KEY = "renderbus.claims"
NOTES_KEY = "renderbus.notes"
# How all our entries begin that are about one job; what people say of it has an underscore.
_OURS = "renderbus."

SHOWN = "IN CLOUD "
"""How the text begins that a column of the job list shows while something of a job is away."""

CLOUD = "cloud"
"""Name of the worker that tasks show whose pictures came from the cloud."""

COMPLETED, FAILED, QUEUED, RENDERING, SUSPENDED, PENDING = (
    "Completed",
    "Failed",
    "Queued",
    "Rendering",
    "Suspended",
    "Pending",
)
HELD = frozenset({QUEUED, SUSPENDED, PENDING})
"""States in which a stamp still holds a task; once a worker has begun it, it is the worker's."""

FLAGS = ("leaving", "home", "coming")
"""What may be said of a stamp besides."""

# Ids of tasks in ranges, `0-9,12`: ten thousand in a row are a few letters.
_IDS = re.compile(r"\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*")
_MOST_TASKS = 1000000
_MOST_COUNTED = 2**53


class Stamp:
    """Whose a task is.

    Args:
        burst: id of the burst.
        epoch: of its claim.
        why: why the burst failed the task; "" when it did not.
        flags: those of `FLAGS` that are set.

    Attributes:
        leaving: whether the burst is giving it back.
        home: whether its pictures came home.
        coming: whether the burst is completing it: where Deadline does not say who rendered a task,
            it is the burst's once it is completed.
    """

    def __init__(self, burst, epoch, why="", **flags):
        self.burst = burst
        self.epoch = epoch
        self.why = why
        self.leaving = flags.get("leaving", False)
        self.home = flags.get("home", False)
        self.coming = flags.get("coming", False)

    def is_same(self, other):
        """Tell whether another stamp, or none, is of the same claim."""
        return other is not None and (self.burst, self.epoch) == (other.burst, other.epoch)

    @property
    def is_over(self):
        """Whether the burst has nothing to do with the task any more."""
        return self.home or bool(self.why)


class Record:
    """The stamps on the tasks of a job, by task id.

    Args:
        job_id: of the job.
        text: of the entry; what is no such entry, or one of another job, counts as none.

    Attributes:
        revision: rises each time it is written.
        stamps: by task id.
        returned: ids of tasks that came back from the cloud unrendered.
        parked: ids of tasks that people had suspended when a burst claimed others: a job that gets
            suspended because all that was open besides is claimed, was not suspended by anybody.
    """

    def __init__(self, job_id, text=""):
        self.job_id = job_id
        self.revision, bursts, returned, parked = _parts(job_id, text)
        self.stamps = {}
        self.returned = set(_ids(returned))
        self.parked = set(_ids(parked))
        for burst, claims in bursts.items():
            for claim in filter(_is_claim, claims if isinstance(claims, list) else ()):
                flags = {name: True for name in FLAGS if name in claim}
                for task in _ids(claim["tasks"]):
                    why = str(claim.get("why", ""))
                    self.stamps[task] = Stamp(burst, claim["epoch"], why, **flags)

    def text(self):
        """Return the entry as it is kept, also where nothing is held any more."""
        bursts = {}
        for task, stamp in self.stamps.items():
            same = (stamp.epoch, stamp.why, *(getattr(stamp, name) for name in FLAGS))
            bursts.setdefault(stamp.burst, {}).setdefault(same, []).append(task)
        held = {burst: [_claim(*one) for one in claims.items()] for burst, claims in bursts.items()}
        entry = {"job": self.job_id, "revision": self.revision, "bursts": held}
        if self.returned:
            entry["returned"] = _ranges(self.returned)
        if self.parked:
            entry["parked"] = _ranges(self.parked)
        return json.dumps(entry, sort_keys=True)

    def let_go(self, task_id):
        """Take the stamp off a task that comes back."""
        del self.stamps[task_id]
        self.returned.add(task_id)

    def bring_home(self, task_id):
        """Note that the pictures of a task came home, and that it is completed."""
        self.stamps[task_id].home = True
        self.stamps[task_id].coming = False

    def hold(self, task_id, burst, epoch):
        """Put a stamp on a task."""
        self.stamps[task_id] = Stamp(burst, epoch)
        self.returned.discard(task_id)

    def over(self, states, last):
        """Return stamps, by id, that hold nothing any more.

        Others have ended the task, or people took its frames off the end of the job.

        Args:
            states: state and worker by id of the task, in Deadline's words.
            last: the greatest number of a task that the job has.
        """
        found = {}
        for task, stamp in self.stamps.items():
            state, worker = states.get(task, ("", ""))
            ended = state in (COMPLETED, FAILED) and self.of(task, state, worker) is None
            if ended or int(task) > last:
                found[task] = stamp
        return found

    def moved(self, states):
        """Return ids of what people had suspended, and is not suspended any more.

        Args:
            states: as for `over`.
        """
        return {task for task in self.parked if states.get(task, ("", ""))[0] != SUSPENDED}

    def forget(self, stamps, moved=()):
        """Take stamps off that are still the same, and what is said of tasks that have moved."""
        self.parked.difference_update(moved)
        for task, stamp in stamps.items():
            if stamp.is_same(self.stamps.get(task)):
                del self.stamps[task]
            self.returned.discard(task)

    def mend(self, mine):
        """Bring what was overwritten back.

        An older entry says nothing that was not known when the later one was written. Of two that
        were written at the same time, by two gateways, each says something that the other does not
        know; a stamp too many is found later and given back, one too few is missed by nobody.

        Args:
            mine: what was written of the job here, at the same time or later.
        """
        if self.revision < mine.revision:
            self.stamps, self.returned, self.parked = mine.stamps, mine.returned, mine.parked
        else:
            for task, stamp in mine.stamps.items():
                found = self.stamps.get(task)
                if found is None or found.epoch <= stamp.epoch:
                    self.stamps[task] = stamp
            self.returned = (self.returned | mine.returned).difference(self.stamps)
            self.parked = (self.parked | mine.parked).difference(self.stamps)
        self.revision = mine.revision

    @property
    def held(self):
        """How many tasks bursts have not brought to an end yet."""
        return sum(not stamp.is_over for stamp in self.stamps.values())

    def of(self, task_id, state, worker):
        """Return the stamp that a task still bears; None when it bears none.

        A worker that begins a task that a person resumed does not take its stamp off, and nor does
        a person who requeues what has ended: then state and worker say that it is not held.

        Args:
            task_id: of the task.
            state: of the task, in Deadline's word.
            worker: that the task names.
        """
        stamp = self.stamps.get(task_id)
        if stamp is None:
            return None
        if state in HELD:
            # What failed is suspended until Deadline has been told so.
            again = stamp.home or (stamp.why and state != SUSPENDED)
            return None if again else stamp
        came = state == COMPLETED and (stamp.home or stamp.coming or worker == CLOUD)
        return stamp if came or (state == FAILED and stamp.why) else None


class Notes:
    """What bursts noted on a job, by burst.

    Args:
        job_id: of the job.
        text: of the entry, as for `Record`.
    """

    def __init__(self, job_id, text=""):
        self.job_id = job_id
        entry = _entry(job_id, text)
        self.of = {burst: facts for burst, facts in entry.items() if isinstance(facts, dict)}

    def text(self):
        """Return the entry as it is kept."""
        return json.dumps({"job": self.job_id, "bursts": self.of}, sort_keys=True)


def foreign(job_id, entries):
    """Return the keys of a job's entries that are about another job, whose copy it is.

    Args:
        job_id: of the job.
        entries: of its extra info, texts by key.
    """
    ours = {key: text for key, text in entries.items() if key.startswith(_OURS)}
    return sorted(key for key, text in ours.items() if not _document(job_id, text))


def _parts(job_id, text):
    document = _document(job_id, text)
    revision = document.get("revision", 0)
    return (
        revision if _is_count(revision) else 0,
        _entry(job_id, text),
        document.get("returned", ""),
        document.get("parked", ""),
    )


def _document(job_id, text):
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        return {}
    if not isinstance(document, dict) or document.get("job") != job_id:
        return {}
    return document


def _entry(job_id, text):
    bursts = _document(job_id, text).get("bursts")
    return bursts if isinstance(bursts, dict) else {}


def _is_claim(claim):
    """Tell whether a part of an entry is whole: people can edit extra info in the Monitor."""
    return (
        isinstance(claim, dict)
        and _is_count(claim.get("epoch"))
        and isinstance(claim.get("tasks"), str)
    )


def _is_count(number):
    """Tell whether something is a number that rises; a truth value is none, though Python's."""
    return type(number) is int and 0 <= number < _MOST_COUNTED


def _ids(text):
    """Return the ids of tasks that a text names; none when it is no such text, or a huge one."""
    if not isinstance(text, str) or not _IDS.fullmatch(text):
        return []
    parts = [part.partition("-") for part in text.split(",")]
    ranges = [range(int(first), int(last or first) + 1) for first, _, last in parts]
    if sum(map(len, ranges)) > _MOST_TASKS:
        return []
    return [str(number) for numbers in ranges for number in numbers]


def _ranges(ids):
    runs = []
    for number in sorted(map(int, ids)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else "{}-{}".format(a, b) for a, b in runs)


def _claim(same, tasks):
    epoch, why, *flags = same
    claim = {"epoch": epoch, "tasks": _ranges(tasks)}
    if why:
        claim["why"] = why
    claim.update({name: True for name, is_set in zip(FLAGS, flags) if is_set})
    return claim
