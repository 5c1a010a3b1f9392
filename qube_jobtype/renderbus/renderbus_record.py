"""What our own jobs say in their package and in their notes.

A job of the type renderbus is one of four kinds. A *render* job is to be rendered in the cloud; a
*claim* job shows what a burst holds of another job, item by item; an *ask* asks the gateway for
something; a *note* keeps what a burst noted on a job of which it holds nothing. The package is
fixed when a job is submitted, the notes are not: what changes stands there, below what people
wrote.

Standard library only, Python 3.6 and up.
"""

import json
import re
import uuid

from renderbus_link import RefusedError, frame_numbers, frame_text
from renderbus_words import JOB_TYPE, legible

KEY = "renderbus"
"""Key of the package whose text says what a job of ours is, as JSON."""

RENDER, CLAIM, ASK, NOTE = "render", "claim", "ask", "note"

ASKED = ("burst", "recall", "approve", "explain", "drain", "open")
"""What people may ask the gateway for."""

WHEN_KEY = "renderbus_when"
"""Key of any job's package by which it asks for the cloud as soon as it is submitted: `now`."""

_MARK = "-- renderbus --"
# What a record of ours may hold beside its job; another JSON object is what a person has written.
_FIELDS = frozenset(
    ["job", "facts", "claims", "home", "done", "let_go", "failed", "files", "nodes"]
)
_DIGITS = re.compile("[0-9]+")
# Facts that people read first.
_SHOWN = (
    "renderbus.progress",
    "renderbus.notice",
    "renderbus.reason",
    "renderbus.probe",
    "renderbus.answer",
)


class About:
    """What a job of ours is about.

    Args:
        job: of `qb.jobinfo`.

    Attributes:
        kind: RENDER, CLAIM, ASK or NOTE.
        source: id of the job that it is about, as text; "" for none.
        burst: whose it is; "" for none.
        epoch: of the claim.
        made: what tells an original from its copies, which have it too; "" where nothing does.
        ask: what is asked; "" for nothing.
        frames: that are asked for, as text; "" for all.
    """

    def __init__(self, job):
        package = job.get("package")
        package = package if isinstance(package, dict) else {}
        said = _document(package.get(KEY))
        self.ask = str(package.get("ask", ""))
        self.kind = ASK if self.ask else said.get("kind", RENDER)
        self.source = str(package.get("job", "") if self.ask else said.get("job", ""))
        self.frames = str(package.get("frames", "")) if self.ask else ""
        self.burst = str(said.get("burst", ""))
        self.made = str(said.get("made", ""))
        epoch = said.get("claim_epoch", 0)
        # In Python a truth value is a number, too.
        self.epoch = epoch if type(epoch) is int else 0


def is_ours(job):
    """Tell whether a job is of our type."""
    return job.get("prototype") == JOB_TYPE


def package(kind, claim):
    """Return the package of a claim or note job.

    Args:
        kind: CLAIM or NOTE.
        claim: of the link.
    """
    said = {
        "kind": kind,
        "job": claim["job"],
        "burst": claim["burst"],
        "claim_epoch": claim["claim_epoch"],
        "made": uuid.uuid4().hex,
    }
    return {
        KEY: json.dumps(said, sort_keys=True),
        # For people, who see a package as a table.
        "source_job": claim["job"],
        "burst": claim["burst"],
        "help": "Shows what of job {} is in the Renderbus cloud. Kill frames here, or all of it, "
        "to have them rendered by the farm.".format(claim["job"]),
    }


class Notes:
    """What changes about a job of ours, kept in its notes below what people wrote there.

    Args:
        text: the notes; what is not ours counts as people's.
        job: id of the job whose record is meant where there are several; "" for the last one.

    Attributes:
        job: id of the job that they are about, as text; "" where they do not say it.
        people: what people wrote.
        facts: that were noted, by burst.
        claims: by burst, the places in the agenda that each epoch holds.
        home: places in the agenda whose pictures came home, which Qube is still to be told.
        done: places that Qube was told of.
        let_go: places that the burst does not hold any more.
        failed: places that failed, with why.
        files: by place of `home`, its pictures as `patterns` has them.
        nodes: by place of `home`, the machines of the cloud that rendered it, with commas.
        is_legible: whether nothing of ours was lost; where it was, all else is empty.
    """

    def __init__(self, text="", job=""):
        self._text = str(text or "")
        above, mark, rest = self._text.partition(_MARK)
        document, below = _record(rest, job)
        self.is_legible = not mark or document is not None
        # People type at the end of a text, too.
        people = (above.rstrip("\n"), below.strip("\n"))
        self.people = "\n".join(one for one in people if one.strip())
        document = document or {}
        self.job = str(document.get("job", ""))
        facts = document.get("facts")
        self.facts = {
            str(burst): {str(name): str(value) for name, value in said.items()}
            for burst, said in (facts if isinstance(facts, dict) else {}).items()
            if isinstance(said, dict)
        }
        self.claims = {
            (str(burst), epoch): _places(held)
            for burst, epoch, held in _rows(document.get("claims"), 3)
            if isinstance(epoch, int)
        }
        self.home = _places(document.get("home"))
        self.done = _places(document.get("done"))
        self.let_go = _places(document.get("let_go"))
        self.files = {
            place: names
            for names, held in _rows(document.get("files"), 2)
            if isinstance(names, list)
            for place in _places(held)
        }
        self.nodes = _by_place(document.get("nodes"))
        self.failed = _by_place(document.get("failed"))

    def of(self, job):
        """Return the notes of a job: those of another one, whose copy it is, say nothing of it.

        Args:
            job: its id, as text.
        """
        notes = self if self.job == job else Notes(self._text, job)
        if notes.job != job:
            notes = Notes(notes.people)
        notes.job = job
        return notes

    def note(self, burst, facts):
        """Add facts of a burst; tell whether any of them is new."""
        mine = self.facts.setdefault(burst, {})
        new = {name: value for name, value in facts.items() if mine.get(name) != value}
        mine.update(new)
        return bool(new)

    def text(self):
        """Return the notes as they are kept: people's text, sentences for people, then the rest."""
        pictures = _by_text({place: json.dumps(names) for place, names in self.files.items()})
        document = {
            "job": self.job,
            "facts": self.facts,
            "claims": [
                [burst, epoch, frame_text(sorted(held))]
                for (burst, epoch), held in sorted(self.claims.items())
                if held
            ],
            "home": frame_text(sorted(self.home)),
            "done": frame_text(sorted(self.done)),
            "let_go": frame_text(sorted(self.let_go)),
            "failed": _by_text(self.failed),
            "files": [[json.loads(names), held] for names, held in pictures],
            "nodes": _by_text(self.nodes),
        }
        full = {name: value for name, value in document.items() if value}
        said = [
            legible(said[name]) for said in self.facts.values() for name in _SHOWN if said.get(name)
        ]
        people = [self.people] if self.people else []
        return "\n".join([*people, _MARK, *said, json.dumps(full, sort_keys=True)])


def patterns(paths, frames):
    """Return the paths of an item's pictures so that those of all items look alike.

    Args:
        paths: of its pictures.
        frames: of the item.

    Returns:
        For each `[before, digits, which, after]`: the frame of that place, with so many digits,
        stands in between; a path without a frame has no digits.
    """
    found = []
    for path in paths:
        for part in reversed(list(_DIGITS.finditer(path))):
            if int(part.group()) in frames:
                which = frames.index(int(part.group()))
                found.append([path[: part.start()], len(part.group()), which, path[part.end() :]])
                break
        else:
            found.append([path, 0, 0, ""])
    return found


def paths_of(patterns_, frames):
    """Return the paths that patterns stand for; none for what somebody has changed."""
    try:
        return [
            before + (str(frames[which]).zfill(digits) if digits else "") + after
            for before, digits, which, after in patterns_
        ]
    except (TypeError, ValueError, IndexError):
        return []


def _document(text):
    try:
        found = json.loads(text) if text else {}
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _record(text, job):
    """Return the last record of a text, of a job where it has one, and what stands behind it.

    Returns:
        None and nothing where there is none.
    """
    found = list(_records(text))
    return next(
        (one for one in found if job and one[0].get("job") == job),
        found[0] if found else (None, ""),
    )


def _records(text):
    """Give the records that begin lines of a text, with what stands behind each; the last first."""
    lines = text.splitlines()
    for at in reversed(range(len(lines))):
        if not lines[at].startswith("{"):
            continue
        try:
            found, end = json.JSONDecoder().raw_decode(lines[at])
        except (ValueError, RecursionError):
            continue
        if "job" in found and _FIELDS.issuperset(found):
            yield found, "\n".join([lines[at][end:], *lines[at + 1 :]])


def _rows(value, length):
    """Return the rows of a list that have a length; people can edit notes."""
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, list) and len(row) == length]


def _by_text(texts):
    """Return texts by place as rows of each text with its places."""
    found = {}
    for place, text in sorted(texts.items()):
        found.setdefault(text, []).append(place)
    return [[text, frame_text(places)] for text, places in sorted(found.items())]


def _by_place(value):
    """Return the texts of such rows by place."""
    return {place: str(text) for text, held in _rows(value, 2) for place in _places(held)}


def _places(text):
    """Return the places that a text names, as a set."""
    try:
        return set(frame_numbers(text)) if isinstance(text, str) else set()
    except RefusedError:
        return set()
