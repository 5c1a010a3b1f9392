"""What the cloud renders, asked and read as the vendor's clients do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from renderbus_core.package.dcc import programs
from renderbus_core.package.supported import Supported

# The vendor's clients ask by names of their own; the other programs are called as here.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "3ds_max": "3ds max",
        "arnold_standalone": "arnold",
        "unreal": "unreal engine",
        "vray_standalone": "vr_standalone",
    }
)


def name_of(task: Mapping[str, Any]) -> str:
    """Return how the vendor's clients call a task's program when they ask for its versions."""
    number = task["task_info"]["cg_id"]
    (name,) = (name for name, row in programs().items() if row.cg_id == number)
    return _NAMES.get(name, name)


def read(reply: Mapping[str, Any]) -> Supported:
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
