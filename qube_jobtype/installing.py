"""Where the bridge's files lie in a Qube: the job type, and plug-ins of QubeUI."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from qube_jobtype.bundle import JOB_TYPE, bundle
from qube_jobtype.job_conf import carried_over
from renderbus_core.errors import InputError
from renderbus_core.installation import Files, Site

_RECORD = "renderbus-installed.json"
# QubeUI runs each plug-in by itself, and no document says whether one finds what lies beside it.
_SHARED = re.compile(r"^from renderbus_submit import .*\n", re.MULTILINE)


def job_type_site(folder: Path) -> Site:
    """Return where the job type lies.

    Args:
        folder: of job types, one that `worker_template_path` names.

    Raises:
        InputError: it is the folder of the job type itself.
    """
    if folder.name == JOB_TYPE:
        raise InputError(
            f"{folder} is the folder of one job type; name the one that holds job types: "
            f"{folder.parent}"
        )
    own = PurePosixPath(JOB_TYPE)
    return Site(folder, own / _RECORD, (own,), {".conf": carried_over})


def job_type_files() -> Files:
    """Return the files of the job type, by their place below the folder of job types."""
    return {PurePosixPath(JOB_TYPE, name): content for name, content in bundle().items()}


def qubeui_site(folder: Path) -> Site:
    """Return where the plug-ins of QubeUI lie.

    Args:
        folder: of plug-ins, QubeUI's own or one of its "additional plugin hierarchies".
    """
    return Site(folder, PurePosixPath(_RECORD), (PurePosixPath("submission/Renderbus"),))


def qubeui_files() -> Files:
    """Return the plug-ins, each with what it shares with the others written into it."""
    shared = (files("qube_jobtype") / "renderbus_submit.py").read_text("utf-8")
    return {
        place: _standing_alone(file.read_text("utf-8"), shared).encode()
        for place, file in _below(files("qube_jobtype") / "qubeui", PurePosixPath())
    }


def _standing_alone(text: str, shared: str) -> str:
    return _SHARED.sub(lambda _: shared, text)


def _below(folder: Traversable, place: PurePosixPath) -> list[tuple[PurePosixPath, Traversable]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _below(entry, place / entry.name)
        elif entry.name.endswith(".py"):
            found.append((place / entry.name, entry))
    return found
