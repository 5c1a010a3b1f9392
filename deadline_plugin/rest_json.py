"""Jobs in the short words of Deadline's Web Service, put into those of submission files.

`rest_json.json` has the short names. A property that is not among them is passed on as
`Props.NAME`, which no table knows: it keeps its job here as soon as it says anything. What stands
beside `Props` and is not in the table is taken for the job's state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from deadline_plugin.judging import says_nothing
from deadline_plugin.submission import Dump, read_text
from renderbus_core import schema
from renderbus_core.errors import InputError

_SCHEMA = "deadline_web_job.json"
# Ten thousand jobs have some 40 MB.
_LARGEST = 400_000_000
_NUMBER = re.compile(r"\d+")
# What bursts wrote on the job: no setting of it.
_OURS = "renderbus."


def read_jobs(file: Path) -> tuple[Dump, ...]:
    """Read what the Web Service answered: a job, or a list of jobs.

    Args:
        file: with the answer.

    Raises:
        InputError: it cannot be read, or it is none.
    """
    try:
        answer = json.loads(read_text(file, _LARGEST))
    except ValueError as error:
        raise InputError(
            f"{file} is no answer of the Web Service ({error}); a submission file goes with a "
            "second one, that of its plug-in"
        ) from error
    jobs = answer if isinstance(answer, list) else [answer]
    try:
        return tuple(map(dump, jobs))
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def dump(document: Any, folder: str = "") -> Dump:
    """Return a job of the Web Service as its submission files have it.

    Args:
        document: of `GET /api/jobs`, decoded.
        folder: where the files lie that were submitted with it; "" where nobody knows.

    Raises:
        InputError: it is no such job.
    """
    wrong = schema.problems(_SCHEMA, document)
    if wrong:
        raise InputError(f"it is no job of Deadline's Web Service: {wrong[0]}")
    properties, names = document["Props"], _table()["job"]
    info = {name: _text(document[key], name) for key, name in names.items() if key in document}
    info |= dict(_settings(properties))
    info |= dict(_outputs(document))
    plugin_info = {key: _text(value) for key, value in properties["PlugInfo"].items()}
    auxiliary = tuple(_in(folder, name) for name in document.get("Aux") or ())
    return Dump(info, plugin_info, auxiliary, document["_id"])


def native(document: Any, folder: str = "") -> dict[str, Any]:
    """Return a job of the Web Service as the agent inside Deadline would send it.

    Args:
        document: of `GET /api/jobs`, decoded.
        folder: see `dump`.

    Raises:
        InputError: it is no such job.
    """
    found = dump(document, folder)
    return {
        "id": found.id,
        "submitted_at": submitted_at(document),
        "job_info": dict(found.job_info),
        "plugin_info": dict(found.plugin_info),
        "auxiliary": list(found.auxiliary),
    }


def submitted_at(document: Mapping[str, Any]) -> str:
    """Return when a job was submitted, ISO 8601, UTC.

    Raises:
        InputError: it does not say.
    """
    text = str(document.get("Date", ""))
    try:
        moment = datetime.fromisoformat(text)
        # The Web Service tells a zone; without one it is taken for UTC.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise InputError(f"the job's Date {text!r} is no time") from None


@cache
def _table() -> Any:
    return json.loads((files("deadline_plugin") / "rest_json.json").read_text("utf-8"))


def _settings(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    table = _table()
    for short, value in properties.items():
        name = table["properties"].get(short) or _numbered(short)
        if name is not None:
            yield name, _text(value, name)
        elif short in table["pairs"]:
            yield from _pairs(table["pairs"][short], value)
        elif short not in {*table["read_apart"], *table["no_setting"]}:
            text = _text(value)
            if not says_nothing(text):
                yield f"Props.{short}", text
    chosen = _text(properties.get("ListedSlaves"))
    yield ("Allowlist" if properties.get("White") else "Denylist"), chosen


def _numbered(short: str) -> str | None:
    """Return the name of a property that stands for one of ten: `Ex3`."""
    name: str | None = _table()["properties"].get(_NUMBER.sub("#", short))
    number = _NUMBER.search(short)
    return name.replace("#", number[0]) if name and number else None


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    others = (pair for pair in (value or {}).items() if not pair[0].startswith(_OURS))
    for number, (key, own) in enumerate(others):
        yield f"{name}{number}", f"{key}={_text(own)}"


def _outputs(job: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for short, name in (("OutDir", "OutputDirectory"), ("OutFile", "OutputFilename")):
        for number, value in enumerate(job.get(short) or ()):
            yield f"{name}{number}", value


def _text(value: Any, name: str = "") -> str:
    """Return a value as submission files write it; "" for what says never, or nothing.

    Args:
        value: of JSON.
        name: of the key, whose numbers may stand for words.
    """
    words = _table()["words"].get(name, ())
    match value:
        case None | {} if not value:
            text = ""
        case list():
            text = ",".join(filter(None, map(_text, value)))
        case {"FileName": file}:
            text = _text(file)
        case dict():
            text = json.dumps(value)
        case int() if not isinstance(value, bool) and 0 <= value < len(words):
            text = str(words[value])
        case _:
            text = str(value)
    return "" if text in _table()["never"] else text


def _in(folder: str, name: str) -> str:
    if not folder:
        return name
    sign = "\\" if "\\" in folder else "/"
    return folder.rstrip("/\\") + sign + re.split(r"[/\\]", name)[-1]
