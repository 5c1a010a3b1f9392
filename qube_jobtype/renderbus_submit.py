"""Jobs of the type renderbus as they are submitted to Qube; pure.

Standard library only, Python 3.6 and up: the command line imports this, and each plug-in of QubeUI
has it written into it. A job is a dictionary as `qb.submit` takes it, its package holds nothing
but texts.
"""

import re
from typing import Dict, List, Mapping, Sequence

JOB_TYPE = "renderbus"

SETTINGS: Mapping[str, object] = {
    "prototype": JOB_TYPE,
    # One process carries the whole job; Qube is to add none.
    "cpus": 1,
    "max_cpus": 0,
    "groups": "renderbus",
    "reservations": "host.processors=1,global.renderbus=1",
    # Not to be taken away for another job, nor blamed on its worker when the cloud is away.
    "flagsstring": "uninterruptible,no_defaults",
    "kind": "cloud",
    # A worker that dies costs nothing; a frame that failed in the cloud would be paid for again.
    "retrysubjob": 3,
    "retrywork": 0,
}
"""How a job that is for the cloud alone is submitted."""

ASKED = {
    "burst": "Send what waits to the cloud",
    "recall": "Bring it back",
    "approve": "Let the other frames go on behind test frames",
    "explain": "Say why it stays or leaves",
    "drain": "Send nothing more of any job",
    "open": "Send jobs again",
}
"""What people may ask the gateway for, in words."""

_OF_ALL_JOBS = ("drain", "open")
_NUMBER = re.compile(r"[0-9]{1,18}\Z")


def render_job(
    name: str, package: Mapping[str, object], items: Sequence[str], more: Mapping[str, object]
) -> Dict[str, object]:
    """Return a job that the cloud renders.

    Args:
        name: shown to people.
        package: what it renders; empty values are left out.
        items: names of its agenda's items.
        more: fields of the job beside or instead of the usual ones; empty ones are left out.
    """
    job: Dict[str, object] = dict(SETTINGS)
    job.update((key, value) for key, value in more.items() if value not in ("", None))
    agenda: List[Dict[str, object]] = [{"name": str(item)} for item in items]
    job.update(name=name, package=texts(package), agenda=agenda)
    return job


def ask_jobs(kind: str, numbers: str, frames: str = "") -> List[Dict[str, object]]:
    """Return jobs that ask the gateway for something; no worker ever runs them.

    Args:
        kind: one of `ASKED`.
        numbers: of the jobs that are meant, with commas; what concerns the whole farm is asked once
            and of no job.
        frames: of these jobs; "" for all.

    Raises:
        ValueError: it asks for nothing that there is; one sentence.
    """
    if kind not in ASKED:
        raise ValueError("nobody knows how to {!r}; ask for {}".format(kind, ", ".join(ASKED)))
    if kind in _OF_ALL_JOBS:
        return [_ask_job(kind, {})]
    named = [number.strip() for number in numbers.split(",") if number.strip()]
    wrong = [number for number in named if not _NUMBER.match(number)]
    if wrong or not named:
        raise ValueError(
            "{!r} is no number of a job".format(wrong[0]) if wrong else "no job is named"
        )
    return [
        _ask_job(kind, {"job": number, "frames": frames.strip()}, pid=int(number))
        for number in named
    ]


def _ask_job(kind: str, asked: Mapping[str, object], **more: object) -> Dict[str, object]:
    job: Dict[str, object] = {
        "name": "ask the cloud: {} {}".format(kind, asked.get("job", "")).strip(),
        "prototype": JOB_TYPE,
        # The gateway answers in its notes, and ends it.
        "status": "blocked",
        "cpus": 1,
        "max_cpus": 0,
        "flagsstring": "no_defaults",
        "package": texts(dict(asked, ask=kind)),
    }
    job.update(more)
    return job


def texts(package: Mapping[str, object]) -> Dict[str, str]:
    """Return a package as Qube keeps it: texts alone, and nothing that says nothing.

    Args:
        package: by key.
    """
    return {key: str(value) for key, value in package.items() if value not in ("", None)}
