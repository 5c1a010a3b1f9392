"""Qube jobs on file: a job of `schemas/qube_job.json`, or what `qb.jobinfo` says of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qube_jobtype.packages import Native
from qube_jobtype.translating import read_native
from renderbus_core import schema
from renderbus_core.errors import InputError

# A job of ten thousand items has some megabytes.
_LARGEST = 200_000_000
_SCALARS = (str, int, float)


def read_dump(file: Path) -> Native:
    """Read a job from a JSON file.

    Args:
        file: as `json.dumps(qb.jobinfo(id=1, agenda=True)[0], default=str)` writes it, a list of
            one such job, or a job in the words of the farm link.

    Raises:
        InputError: it cannot be read, or is no job.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise InputError(f"{file} has more than {_LARGEST // 1_000_000} MB, so it is no job")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{file} is no JSON ({error}); see: renderbus qube convert --help"
        ) from error
    if isinstance(document, list) and len(document) == 1:
        (document,) = document
    if isinstance(document, dict) and not schema.problems("qube_job.json", document):
        return read_native(document)
    if not isinstance(document, dict) or "prototype" not in document:
        raise InputError(f"{file} is no job of Qube: it has no prototype")
    return _native(document)


def _native(job: Mapping[str, Any]) -> Native:
    fields = {name: str(value) for name, value in job.items() if isinstance(value, _SCALARS)}
    # What changes while a job lives says nothing of what it renders.
    fields.pop("data", None)
    agenda = job.get("agenda")
    items = agenda if isinstance(agenda, list) else []
    names = tuple(str(item["name"]) for item in items if isinstance(item, dict) and "name" in item)
    return Native(
        fields,
        _texts(job.get("package")),
        _texts(job.get("env")),
        names or None,
        str(job.get("id", "")),
    )


def _texts(given: Any) -> dict[str, str]:
    pairs = given.items() if isinstance(given, dict) else ()
    return {str(name): str(value) for name, value in pairs}
