"""What people ask of the bridge, and do to jobs, as it is written down until somebody acts on it.

Standard library only, Python 3.7 and up. What scripts ask lies in the extra info of a job; what the
event plug-in hears lies in its metadata.
"""

import calendar
import json
import re
import time

from renderbus_record import CLAIMS_KEY, NOTES_KEY, Notes, Record

WHEN_KEY = "renderbus_when"
"""Extra info key by which a job asks for a burst as soon as it is submitted: `now`."""
HEARD_KEY = "renderbus-heard"
"""Extra info key of jobs of which that was heard without an event plug-in. Copies bear it too: it
is no entry about one job (`renderbus.`), and none that people write (`renderbus_`)."""

_ASKED = ("burst", "recall", "approve", "explain", "drain", "open")
_DONE = ("suspended", "resumed", "requeued", "completed", "failed", "changed", "priority")
KINDS = frozenset((*_ASKED, *_DONE, "archived", "deleted"))
"""What people may ask or do that the core knows of; another word would stop all others."""
ASK_PREFIX = "renderbus.ask."
"""How the extra info keys begin by which people ask something of a job; each asks one thing."""

EVENT = "Renderbus"
"""Name of the event plug-in, in whose metadata it records what people ask and do."""

INTENT_PREFIX = "intent."
ACKNOWLEDGED = "Acknowledged"
"""Setting of the event plug-in that names the intents which were acted on."""

OLDEST_BURST_SECONDS = 7 * 86400.0
"""After which a burst that was asked for at submission is not what anybody means any more."""

# Frames as the link has them, and how many it carries; its times, of which strptime reads more.
_FRAMES = re.compile(r"(-?[0-9]{1,9})(?:-(-?[0-9]{1,9})(?:x([0-9]{1,9}))?)?")
_MOST_FRAMES = 1000000
_TIME = "%Y-%m-%dT%H:%M:%S+00:00"
_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\+00:00")


def asks_at_once(entry):
    """Tell whether a job asks for a burst as soon as it is submitted.

    A copy of a job that was in the cloud does not: a person asks for it again.

    Args:
        entry: gives an entry of the job's extra info by its key, "" for none.
    """
    before = (NOTES_KEY, CLAIMS_KEY, HEARD_KEY)
    return entry(WHEN_KEY) == "now" and not any(entry(key) for key in before)


def was_heard(job_id, entry):
    """Tell whether it was heard that a job asks for a burst: its own entries were written since.

    Args:
        job_id: of the job; a copy bears the entries of the original, which say nothing.
        entry: as for `asks_at_once`.
    """
    noted = set(Notes(job_id, entry(NOTES_KEY)).of) - {"policy"}
    claims = Record(job_id, entry(CLAIMS_KEY))
    return entry(HEARD_KEY) == job_id or bool(noted or claims.stamps or claims.returned)


def age(row):
    """Return how many seconds ago an intent was written down.

    Args:
        row: of the intent.
    """
    return time.time() - calendar.timegm(time.strptime(row["at"], _TIME))


def asked(job_id, key, text):
    """Return what somebody asks of a job as an intent of the link; None when it is none.

    Args:
        job_id: of the job that bears it; a copy bears what was asked of the original.
        key: of the entry, which is the intent's name.
        text: of the entry.
    """
    try:
        row = json.loads(text)
    except ValueError:
        return None
    if not isinstance(row, dict) or row.get("job") != job_id:
        return None
    row["id"] = "{} {}".format(job_id, key)
    return row if is_intent(row) else None


def written_intent(key, text):
    """Return what the event plug-in wrote down as an intent of the link; None when it is none.

    Args:
        key: of the entry in its metadata, which is the intent's name.
        text: of the entry.
    """
    try:
        row = json.loads(text)
    except ValueError:
        return None
    return dict(row, id=key) if isinstance(row, dict) and is_intent(row) else None


def read_acknowledged(text):
    """Return the keys of intents that were acted on."""
    try:
        keys = json.loads(text) if text else []
    except ValueError:
        return set()
    return {key for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()


def is_intent(row):
    """Tell whether an entry is an intent that the core understands: one that is none stops all."""
    texts = all(isinstance(row.get(name), str) for name in ("job", "kind", "at", "who"))
    frames, note = row.get("frames"), row.get("note", "")
    return (
        texts
        and row["kind"] in KINDS
        and _is_time(row["at"])
        and (frames is None or (isinstance(frames, str) and _are_frames(frames)))
        and isinstance(note, str)
    )


def moment(seconds):
    """Return a time as intents have it.

    Args:
        seconds: since 1970.
    """
    return time.strftime(_TIME, time.gmtime(seconds))


def _is_time(text):
    if not _WRITTEN.fullmatch(text):
        return False
    try:
        time.strptime(text, _TIME)
    except ValueError:
        return False
    return True


def _are_frames(text):
    """Tell whether a text is a frame list, and no more than is carried; none is made for it."""
    if len(text) > _MOST_FRAMES:
        return False
    count = 0
    for part in text.split(","):
        found = _FRAMES.fullmatch(part)
        first, last, step = found.groups() if found else ("", "", "0")
        if step is not None and int(step) == 0:
            return False
        count += abs(int(last or first) - int(first)) // int(step or 1) + 1
    return count <= _MOST_FRAMES
