"""What the cloud renders, held against the software that a task names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from renderbus_core.package.findings import Finding, Place, Severity
from renderbus_core.package.request import OS_CODES

Supported = Mapping[str, frozenset[str]]
"""By version of a program, `name version` of its plug-ins in lower case."""

_SYSTEMS = MappingProxyType({code: name for name, code in OS_CODES.items()})
_DEFAULT_SYSTEM = "1"
_MOST_SHOWN = 40


def system_of(task: Mapping[str, Any]) -> str:
    """Return the system that renders a task, which need not be this host's."""
    return _SYSTEMS[task["task_info"].get("os_name", _DEFAULT_SYSTEM)]


def judge(task: Mapping[str, Any], supported: Supported) -> Iterator[Finding]:
    """Yield what the cloud does not have of the software that a task names.

    Args:
        task: task.json, which its schema accepts.
        supported: on the system that renders it.
    """
    software = task["software_config"]
    program, version = software["cg_name"], software["cg_version"]
    if version not in supported:
        versions = list(supported)[:_MOST_SHOWN]
        place = Place("task.json", ("software_config", "cg_version"))
        yield Finding(
            "version_offer",
            Severity.ERROR,
            str(place),
            f"{program} {version} is not rendered on {system_of(task)} machines",
            f"choose one of {', '.join(versions)}" if versions else "choose another system",
            place,
        )
        return
    for name, release in software.get("plugins", {}).items():
        if f"{name} {release}".lower() not in supported[version]:
            place = Place("task.json", ("software_config", "plugins", name))
            yield Finding(
                "plugin_offer",
                Severity.WARNING,
                str(place),
                f"{name} {release} is not offered for {program} {version} "
                f"on {system_of(task)} machines",
                "choose another version, or ask whether it can be installed",
                place,
            )
