"""What the cloud renders: versions of a program and its plug-ins, on the task's own system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from renderbus_core.package.dcc import programs
from renderbus_core.package.findings import Finding, Severity
from renderbus_core.package.request import OS_CODES

Offered = Mapping[str, frozenset[str]]
"""By version of a program, `name version` of its plug-ins in lower case."""

# The vendor's clients ask by names of their own; the other programs are called as here.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "3ds_max": "3ds max",
        "arnold_standalone": "arnold",
        "unreal": "unreal engine",
        "vray_standalone": "vr_standalone",
    }
)
_SYSTEMS = MappingProxyType({code: name for name, code in OS_CODES.items()})
_DEFAULT_SYSTEM = "1"
_MOST_SHOWN = 40


def name_of(task: Mapping[str, Any]) -> str:
    """Return how the vendor's clients call a task's program when they ask for its versions."""
    number = task["task_info"]["cg_id"]
    (name,) = (name for name, row in programs().items() if row.cg_id == number)
    return _NAMES.get(name, name)


def system_of(task: Mapping[str, Any]) -> str:
    """Return the system that renders a task, which need not be this host's."""
    return _SYSTEMS[task["task_info"].get("os_name", _DEFAULT_SYSTEM)]


def read(reply: Mapping[str, Any]) -> Offered:
    """Read versions and plug-ins as the cloud lists them."""
    plugins: dict[object, set[str]] = {}
    for plugin in reply.get("cgPlugin") or ():
        releases = plugin.get("pluginVersions") or ()
        names = {str(release["pluginVersion"]).lower() for release in releases}
        plugins.setdefault(plugin.get("cvId"), set()).update(names)
    return {
        str(version["cgVersion"]): frozenset(plugins.get(version["id"], ()))
        for version in reply.get("cgVersion") or ()
    }


def judge(task: Mapping[str, Any], offered: Offered) -> Iterator[Finding]:
    """Yield what the cloud does not have of the software that a task names."""
    software = task["software_config"]
    program, version = software["cg_name"], software["cg_version"]
    if version not in offered:
        versions = list(offered)[:_MOST_SHOWN]
        yield Finding(
            "version_offer",
            Severity.ERROR,
            "task.json: software_config.cg_version",
            f"{program} {version} is not rendered on {system_of(task)} machines",
            f"choose one of {', '.join(versions)}" if versions else "choose another system",
        )
        return
    for name, release in software.get("plugins", {}).items():
        if f"{name} {release}".lower() not in offered[version]:
            yield Finding(
                "plugin_offer",
                Severity.WARNING,
                f"task.json: software_config.plugins.{name}",
                f"{name} {release} is not offered for {program} {version} "
                f"on {system_of(task)} machines",
                "choose another version, or ask whether it can be installed",
            )
