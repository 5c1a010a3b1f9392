"""Whether the job type and this host are ready to carry Qube's jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from qube_jobtype.installing import job_type_files, job_type_site, qubeui_files, qubeui_site
from qube_jobtype.job_conf import settings
from qube_jobtype.looking import look_at_qube
from qube_jobtype.opener import default_agent
from renderbus_core.config import Config
from renderbus_core.installation import (
    Diagnosis,
    look_at_credentials,
    look_at_files,
    look_at_store,
)

# The newest Python for which Qube 8 brings its module, and the oldest of Qube 7.5.
_FITTING = ((3, 6), (3, 10))
_SYSTEMS = {"win32": "winnt", "darwin": "osx"}
_SECONDS = 20
_ASK_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def examine(jobtypes: Path, qubeui: Path | None, config: Config) -> tuple[Diagnosis, ...]:
    """Look at everything that jobs in the cloud need; changes nothing.

    Args:
        jobtypes: folder of job types.
        qubeui: folder of QubeUI's plug-ins; None when there is none to look at.
        config: of the bridge on this host.
    """
    site = job_type_site(jobtypes)
    found = list(look_at_files(site, job_type_files(), "renderbus install qube"))
    if qubeui is not None:
        more = look_at_files(qubeui_site(qubeui), qubeui_files(), "renderbus install qube --qubeui")
        found += [Diagnosis(f"QubeUI {one.what}", one.is_fine, one.found) for one in more]
    return (
        *found,
        _program(site.folder / "renderbus" / "job.conf"),
        *_agent(config.farm.agent or default_agent(), jobtypes),
        # What Qube runs a job with is what its user has on the PATH.
        _python("python of jobs", "python", "put such a one first on the PATH of this user"),
        _home(),
        look_at_credentials(config),
        look_at_store(config),
    )


def _program(file: Path) -> Diagnosis:
    """Find the bridge's program where workers of this system would start it."""
    if not file.is_file():
        return Diagnosis("program", False, "there is no job.conf yet; install first")
    key = f"renderbus_{_SYSTEMS.get(sys.platform, 'linux')}"
    named = settings(file.read_text("utf-8", "replace")).get(key, "")
    if Path(named).is_file():
        return Diagnosis("program", True, f"{named} ({key} in job.conf)")
    why = (
        f"{key} in {file} is {named!r}, which is not on this host; name the program there, at the "
        "same place on each gateway worker"
    )
    return Diagnosis("program", False, why)


def _agent(command: Sequence[str], jobtypes: Path) -> Iterator[Diagnosis]:
    """Look whether the farm agent can be started, and what it finds."""
    missing = [word for word in command[1:] if word.endswith(".py") and not Path(word).is_file()]
    if missing:
        why = f"{missing[0]} is not there; install the job type, or name it in farm.agent"
        yield Diagnosis("agent", False, why)
    python = _python("Qube's Python", command[0], "name another first in farm.agent")
    yield python
    if python.is_fine and not missing:
        yield from look_at_qube(command, jobtypes)


def _python(what: str, name: str, instead: str) -> Diagnosis:
    """Look whether a Python is one that Qube's module fits."""
    oldest, newest = (".".join(map(str, version)) for version in _FITTING)
    wanted = f"Qube brings its module for {oldest} to {newest}; {instead}"
    program = shutil.which(name)
    if program is None:
        return Diagnosis(what, False, f"there is no {name}: {wanted}")
    version = _version(program)
    if version is None:
        return Diagnosis(what, False, f"{program} does not say which Python it is: {wanted}")
    said = f"{program} is {version[0]}.{version[1]}"
    is_fine = _FITTING[0] <= version <= _FITTING[1]
    return Diagnosis(what, is_fine, said if is_fine else f"{said}, and {wanted}")


def _version(program: str) -> tuple[int, int] | None:
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            [program, "-E", "-c", _ASK_VERSION],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        major, minor = done.stdout.strip().split(".")
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _home() -> Diagnosis:
    """Workers run jobs as another user, who may have no folder of his own."""
    folder = Path("~").expanduser()
    if folder.is_dir() and os.access(folder, os.W_OK):
        return Diagnosis("user", True, f"{folder} is this user's; run this as the workers' user")
    why = (
        f"{folder} cannot be written by this user, so there is no place for settings and "
        "credentials; name them in job.conf (renderbus_config), or run jobs as another user"
    )
    return Diagnosis("user", False, why)
