"""Whether a Qube has what jobs for the cloud alone need: its supervisor, and its gateway workers.

What Qube does not say is told as such, and is nothing that must be mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qube_jobtype.asking import ask_qube
from qube_jobtype.renderbus_submit import JOB_TYPE, SETTINGS
from renderbus_core.errors import FarmError
from renderbus_core.installation import Diagnosis
from renderbus_core.paths import Style, style_of

_GROUP = str(SETTINGS["groups"])
_RESOURCE = re.findall(r"global\.\w+", str(SETTINGS["reservations"]))[0]
_KEY = "supervisor_global_resources"


def look_at_qube(agent: Sequence[str], jobtypes: Path) -> Iterator[Diagnosis]:
    """Look at what Qube says of itself; changes nothing.

    Args:
        agent: program and arguments that start the farm agent.
        jobtypes: folder of job types, as gateway workers should have it.
    """
    try:
        found = ask_qube(agent, {"gateways": _GROUP})
    except FarmError as error:
        yield Diagnosis("supervisor", False, str(error))
        return
    if not {"workers", "resources", "settings"} <= found.keys():
        why = "the files beside the farm agent are of another version; install the job type again"
        yield Diagnosis("supervisor", False, why)
        return
    yield Diagnosis("supervisor", True, "it answers")
    yield _resource(found["resources"], found["settings"])
    workers = found["workers"]
    active = [each for each in workers if each["state"] == "active"]
    yield _gateways(workers, active)
    if active:
        yield _job_type(active, jobtypes)


def _resource(resources: Mapping[str, Sequence[int]], settings: Mapping[str, str]) -> Diagnosis:
    """Look whether the supervisor has what each job for the cloud reserves."""
    total = resources.get(_RESOURCE, (0, _quantity(settings.get(_KEY, ""))))[1]
    if total:
        return Diagnosis(_RESOURCE, True, f"{total}: so many jobs for the cloud at a time")
    if total is None and not resources and _KEY not in settings:
        return Diagnosis(_RESOURCE, True, f"cannot be seen; look for it in {_KEY} of qb.conf")
    why = (
        f"the supervisor has {'none' if total is None else total} of it, so no job for the cloud "
        f"begins: write {_RESOURCE}=20 into {_KEY} of its qb.conf, and restart it"
    )
    return Diagnosis(_RESOURCE, False, why)


def _quantity(specification: str) -> int | None:
    """Return how much of the resource a text of `qb.conf` grants; None for no word of it."""
    found = re.search(rf"(?:^|[\s,]){re.escape(_RESOURCE)}\s*=\s*([0-9]+)", specification)
    return int(found[1]) if found else None


def _gateways(
    workers: Sequence[Mapping[str, Any]], active: Sequence[Mapping[str, Any]]
) -> Diagnosis:
    """Look whether any worker is there for jobs of ours."""
    what = "gateway workers"
    if active:
        return Diagnosis(what, True, f"{len(active)} active in the group {_GROUP}")
    if workers:
        away = ", ".join(f"{each['name']} ({each['state']})" for each in workers)
        why = f"no worker of the group {_GROUP} is active, and nothing begins: start {away}"
        return Diagnosis(what, False, why)
    why = (
        f"no worker is in the group {_GROUP}, and Qube takes no job for a group that it does not "
        "know: set worker_groups in qbwrk.conf, unless jobs for the cloud alone name another group"
    )
    return Diagnosis(what, False, why)


def _job_type(active: Sequence[Mapping[str, Any]], jobtypes: Path) -> Diagnosis:
    """Look whether gateway workers look for job types where ours lies."""
    what = "job type on gateway workers"
    faults = {each["name"]: _fault(each["settings"], jobtypes.resolve()) for each in active}
    wrong = [f"{why} on {name}" for name, why in faults.items() if why]
    if wrong:
        told = (
            f"{', '.join(wrong)}, so no job for the cloud begins there: mend it in qbwrk.conf, "
            "then: qbadmin worker --reconfigure"
        )
        return Diagnosis(what, False, told)
    unseen = [name for name, why in faults.items() if why is None]
    if unseen:
        told = f"cannot be seen of {', '.join(unseen)}; see: qbadmin worker --config {unseen[0]}"
        return Diagnosis(what, True, told)
    return Diagnosis(what, True, f"{', '.join(faults)} will find it")


def _fault(settings: Mapping[str, str], jobtypes: Path) -> str | None:
    """Return why a worker would not find the job type; "" when it does, None for nobody knows."""
    allowed, places = settings.get("worker_job_types", ""), settings.get("worker_template_path", "")
    if allowed.strip():
        names = {name.strip() for name in allowed.split(",")}
        return "" if JOB_TYPE in names else f"worker_job_types ({allowed}) has no {JOB_TYPE}"
    if style_of(places) is not style_of(str(jobtypes)):
        return None
    folders = places.split(";" if style_of(places) is Style.WINDOWS else ":")
    if any(Path(folder.strip()).resolve() == jobtypes for folder in folders if folder.strip()):
        return ""
    return f"worker_template_path ({places}) has no {jobtypes}"
