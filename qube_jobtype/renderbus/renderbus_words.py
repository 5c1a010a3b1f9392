"""What Qube's jobs, items and workers are in the words of the link; nothing is asked of Qube.

Standard library only, Python 3.6 and up. Jobs travel in Qube's own words (`schemas/qube_job.json`):
the core says what they mean.
"""

import datetime as dt
import re

from renderbus_link import MAX_LINE, DataError, RefusedError, encode, frame_numbers, frame_text

FARM = "qube"
"""How agents call their farm; the core finds by it what translates its jobs."""

JOB_TYPE = "renderbus"
"""Prototype of our own jobs, which are no work for anybody else."""

CLOUD = "cloud"
"""Name of the worker that items show whose pictures came from the cloud."""

KIND = "cloud"
"""What our own jobs are tagged with, for requirements and filters of the studio's own."""

UNSET = 946702800
"""What Qube says of a time that is none (QB_TIME_EPOCH_OFFSET)."""

IN_QUEUE = ("running", "pending", "blocked")
"""Statuses of jobs that the bridge may be concerned with."""

COMPLETE, FAILED, KILLED = "complete", "failed", "killed"
PENDING, RUNNING, BLOCKED, WAITING = "pending", "running", "blocked", "waiting"
SUSPENDED = "suspended"
OVER = frozenset({COMPLETE, FAILED, KILLED})

WORDS = {
    PENDING: "queued",
    BLOCKED: "suspended",
    RUNNING: "rendering",
    # It lies stopped on a worker, which has begun it.
    SUSPENDED: "rendering",
    COMPLETE: "completed",
    FAILED: "failed",
    KILLED: "failed",
    # For a while after a failure; others are waited for.
    WAITING: "pending",
}
"""The link's word for each status of an item; what is none of them is waited for."""

# Fields of a job that change while it lives, or say again what others say.
_NOT_NATIVE = frozenset([
    "data", "notes", "status", "agendastatus", "subjobstatus", "reason", "lastupdate", "timestart",
    "timecomplete", "todo", "localorder", "globalorder", "queue", "serverid", "path",
    "pathmap",
])  # fmt: skip
# Reasons that more workers would help against. Those of resources name what is short.
_CAPACITY = re.compile(
    r"no hosts with available (resource:? *'?host\.|processors)"
    r"|no available hosts"
    r"|no hosts available in the job's host(/| )*(group )?list"
    r"|resource:? *'?host\.[^ ]* *'?unavailable",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"^\s*([A-Za-z_.0-9]+)\s*=\s*([0-9]+)\s*/\s*([0-9]+)\s*$")
_USED_OF = re.compile(r"[(\[]?\s*([0-9]{1,9})\s*[,/]\s*([0-9]{1,9})\s*[)\]]?\Z")
_AMOUNT = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?\Z")
# What the supervisor counts, whichever hosts use it; what it counts by host is no limit of tasks.
_SHARED = ("global.", "license.")
_LONGEST = 500
# Who submits a job may write anything, and a job travels in one line of the link.
_LONGEST_NAME = 100000
_LONGEST_JOB = MAX_LINE - 20000


def native(job, agenda=None):
    """Return a job in Qube's own words, every value as text.

    Args:
        job: of `qb.jobinfo`.
        agenda: names of its items; None where it has none or they were not read.
    """
    fields = {
        name: str(value)
        for name, value in job.items()
        if name not in _NOT_NATIVE and isinstance(value, (str, int, float))
    }
    found = {
        "id": str(job["id"]),
        "submitted_at": moment(job.get("timesubmit")) or moment(0, unset=None),
        "job": fields,
        "package": texts(job.get("package")),
        "env": texts(job.get("env")),
    }
    if agenda:
        found["agenda"] = list(agenda)
    return found if _fits(found) else _without_texts(found)


def texts(given):
    """Return a dictionary with texts for keys and values; none for what is no dictionary."""
    pairs = given.items() if isinstance(given, dict) else ()
    return {str(name): str(value) for name, value in pairs}


def frames(name):
    """Return the frames that an item's name stands for; none where it is no frame."""
    name = str(name)
    try:
        return frame_numbers(name) if len(name) <= _LONGEST_NAME else []
    except RefusedError:
        return []


def ref(item):
    """Name an item as the link does: by name and frames."""
    return {"id": str(item["name"]), "frames": frame_text(frames(item["name"]))}


def counts(tally, is_held=False):
    """Return how many items are in each state, in the link's words.

    Args:
        tally: `todotally` or `cpustally` of a job.
        is_held: whether a person has blocked the job, so that nothing of it waits for a worker.
    """
    found = {}
    for status, number in (tally or {}).items():
        word = state(status, is_held)
        if int(number):
            found[word] = found.get(word, 0) + int(number)
    return found


def state(status, is_held=False):
    """Return the link's word for the status of an item; see `counts`."""
    word = WORDS.get(status, "pending")
    return "suspended" if is_held and word == "queued" else word


def is_held(job):
    """Tell whether a person has blocked a job.

    A job is blocked as well when nothing but blocked items is left of it; then none is pending.
    """
    return job.get("status") == BLOCKED and open_items(job) > 0


def open_items(job):
    """Return how many items of a job a worker could take, or has."""
    tally = job.get("todotally") or {}
    return sum(int(tally.get(status, 0)) for status in (PENDING, RUNNING, WAITING))


def waits_for(reason):
    """Return for what a job waits that no further worker would bring; "" for a worker."""
    reason = legible(str(reason or "").strip())
    return "" if not reason or _CAPACITY.search(reason) else reason


def tasks_per_worker(reservations, processors):
    """Return how many instances of a job one worker runs at a time.

    Args:
        reservations: of the job, for example `host.processors=2,host.memory=4000`.
        processors: of a worker.
    """
    amount = dict(_pairs(reservations)).get("host.processors", "1")
    if amount.lower() == "all" or amount[-1:] in ("*", "+"):
        return 1
    found = _AMOUNT.match(amount)
    most = int(found.group(2) or found.group(1)) if found else 1
    return max(int(processors) // max(most, 1), 1)


def shares(reservations):
    """Return how much an instance of a job takes of what all workers share, by name.

    Args:
        reservations: of the job, for example `host.processors=1,license.maya=1`.
    """
    found = {}
    for name, text in _pairs(reservations):
        if name.startswith(_SHARED):
            amount = _AMOUNT.match(text)
            found[name] = int(amount.group(1)) if amount else 1
    return {name: amount for name, amount in found.items() if amount}


def limit(name, amount):
    """Name the limit that instances count against which take so much of what all workers share."""
    return name if amount == 1 else "{}, {} each".format(name, amount)


def processors(resources):
    """Return how many processors of a worker are in use, and how many it has.

    Args:
        resources: of the worker, for example `host.processors=4/16,host.memory=0/65536`.
    """
    for part in str(resources or "").split(","):
        found = _TOTAL.match(part)
        if found and found.group(1) == "host.processors":
            return int(found.group(2)), int(found.group(3))
    return 0, 0


def resources(given):
    """Return how much is used, and how much there is, of each resource that all workers share.

    Args:
        given: of `qb.getresources`: by name a pair, or a text like those of hosts, or a dictionary.
            What cannot be read is absent.
    """
    found = {}
    for name, said in given.items() if isinstance(given, dict) else ():
        pair = (said.get("used"), said.get("total")) if isinstance(said, dict) else said
        amounts = _USED_OF.match(str(pair))
        if amounts:
            found[str(name)] = int(amounts.group(1)), int(amounts.group(2))
    return found


def names(text):
    """Return the names in a list with commas."""
    return [name.strip() for name in str(text or "").split(",") if name.strip()]


def moment(seconds, unset=UNSET):
    """Return a time of Qube as text, UTC; None for one that is not set."""
    if seconds is None or int(seconds) == unset:
        return None
    return dt.datetime.fromtimestamp(int(seconds), dt.timezone.utc).isoformat()


def now():
    """Return the time as text, UTC."""
    return dt.datetime.now(dt.timezone.utc).isoformat()


def seconds(item):
    """Return how long a worker here took for an item; None where none did."""
    begun, ended = item.get("timestart"), item.get("timecomplete")
    if item["status"] != COMPLETE or not item.get("host"):
        return None
    if moment(begun) is None or moment(ended) is None:
        return None
    return max(float(ended) - float(begun), 0.0)


def legible(text):
    """Return text in one line for people: it may come from the cloud."""
    return "".join(c if c.isprintable() else "?" for c in str(text)[:_LONGEST])


def _fits(found):
    """Tell whether a job fits into a line of the link."""
    try:
        return len(encode(found)) <= _LONGEST_JOB
    except DataError:
        return False


def _without_texts(found):
    """Return a job without what only who sends it to the cloud needs, so that it stays here."""
    short = {name: value for name, value in found["job"].items() if len(value) <= _LONGEST}
    return dict(found, job=short, package={}, env={}, agenda=[])


def _pairs(text):
    for part in names(text):
        name, _, value = part.partition("=")
        yield name.strip(), value.strip()
