"""Jobs of the type renderbus as they are submitted to Qube; pure.

Standard library only, Python 3.6 and up: the command line imports this, and each plug-in of QubeUI
has it written into it. A job is a dictionary as `qb.submit` takes it, its package holds nothing
but texts.
"""

import re
from typing import Any, Dict, List, Mapping, MutableMapping, Sequence

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

OUTPUTS_KEY = "renderbus_outputs"
"""Key of a package that names the files of a job: templates with `#`, with commas or one a line. Of
a single one that has a comma in its name the line is the second: `outputs_text` writes it so."""

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
_RUN = re.compile(r"(-?[0-9]{1,9})(?:-(-?[0-9]{1,9})(?:x([0-9]{1,9}))?)?\Z")
# The last digits of a file name, as `renderbus_core.frames.pad_path` takes them.
_DIGITS = re.compile(r"(.*?)(#+)([^#/\\]*)\Z", re.DOTALL)
# What is left to the scene, and what would be taken for two files.
_UNSURE = re.compile("[<,]")
# A result package is no place for more.
_MOST_FRAMES = 1000


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
    foretell(job)
    return job


def foretell(job: MutableMapping[str, Any]) -> None:
    """Have the items of a job name their pictures, as far as its outputs tell.

    A frame that is retired has no other word of them, and QubeUI shows what is named there.

    Args:
        job: that is to be submitted; what its items say now is of another job.
    """
    package, agenda = job.get("package"), job.get("agenda")
    outputs = package.get(OUTPUTS_KEY) if isinstance(package, dict) else None
    for item in agenda if isinstance(agenda, (list, tuple)) else ():
        if isinstance(item, dict):
            item.pop("resultpackage", None)
            paths = pictures(str(outputs or ""), str(item.get("name", "")))
            if paths:
                item["resultpackage"] = {"outputPaths": paths}


def pictures(outputs: str, item: str) -> str:
    """Return where the pictures of an item will be, with commas; "" where outputs do not tell.

    Args:
        outputs: of the package.
        item: its name.
    """
    sure = [name for name in output_names(outputs) if not _UNSURE.search(name)]
    parts = [found.groups() for found in map(_DIGITS.match, sure) if found]
    return ",".join(
        "{}{}{:0{}d}{}".format(before, "-" if frame < 0 else "", abs(frame), len(digits), after)
        for frame in _frames(item)
        for before, digits, after in parts
    )


def outputs_text(outputs: Sequence[str]) -> str:
    """Return templates as the package's key has them.

    Args:
        outputs: of a job.
    """
    text = "\n".join(outputs)
    return "\n" + text if "," in text and len(outputs) == 1 else text


def output_names(text: str) -> List[str]:
    """Return the templates that a package names.

    Args:
        text: of the key.
    """
    sign = "\n" if "\n" in text.rstrip() else ","
    return [name.strip() for name in text.split(sign) if name.strip()]


def _frames(item: str) -> List[int]:
    """Return the frames of an item; none where its name is no frames, or too many."""
    found: List[int] = []
    for part in item.split(","):
        run = _RUN.match(part.strip())
        if run is None:
            return []
        first, last, step = int(run[1]), int(run[2] or run[1]), int(run[3] or 1)
        way = 1 if last >= first else -1
        frames = range(first, last + way, step * way) if step else ()
        if not frames or len(found) + len(frames) > _MOST_FRAMES:
            return []
        found.extend(frames)
    return found


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
