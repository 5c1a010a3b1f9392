"""What the simulated platform offers: the table `catalogue.json` in the protocol's forms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from renderbus_core.package import Program, programs

_VERSIONS_PER_PROGRAM = 1_000
_RELEASES_PER_PLUGIN = 100
_OTHER_PREFIX: Mapping[str, Any] = {"taskPrefix": "T"}


@cache
def _table() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def platforms(zone: int) -> list[dict[str, Any]]:
    """List the platforms of a zone."""
    rows = _table()["platforms"]
    return [{k: v for k, v in row.items() if k != "zone"} for row in rows if row["zone"] == zone]


def platform_row(platform: int) -> Mapping[str, Any]:
    """Return one platform; one that no table lists has a prefix only."""
    rows = _table()["platforms"]
    return next((row for row in rows if row["platform"] == platform), _OTHER_PREFIX)


def hardware(platform: int) -> list[dict[str, Any]]:
    """List the machines of a platform.

    The last three keys stand in no document; the vendor's client reads them.
    """
    return [
        row
        | {
            "platform": platform,
            "current": False,
            "notSupportCgId": [],
            "notSupportCode": [],
            "notSupportCgVersions": [],
            "notSupportPluginList": [],
        }
        for row in _table()["hardware"]
    ]


def software() -> list[dict[str, Any]]:
    """List the programs that are rendered."""
    return [
        {
            "cgId": int(program.cg_id),
            "cgName": program.cg_name,
            "cgType": ";".join(program.extensions),
            "iconPath": "",
            "isNeedProjectPath": row["isNeedProjectPath"],
            "isNeedAnalyse": row["isNeedAnalyse"],
            "isSupportLinux": row["isSupportLinux"],
        }
        for program, row in _software()
    ]


def software_detail(cg_id: int, os_name: str) -> dict[str, Any] | None:
    """List versions and plug-ins of one program; None when it is not rendered.

    Args:
        cg_id: number of the program.
        os_name: `windows` or `linux`.
    """
    for program, row in _software():
        if int(program.cg_id) == cg_id:
            offered = os_name != "linux" or row["isSupportLinux"]
            versions = _versions(program, row["versions"]) if offered else []
            plugins = _plugins(row["plugins"])
            return {
                "cgVersion": versions,
                "cgPlugin": [{"cvId": v["id"], **plugin} for v in versions for plugin in plugins],
            }
    return None


def _software() -> Iterator[tuple[Program, Mapping[str, Any]]]:
    for name, row in _table()["software"].items():
        yield programs()[name], row


def _versions(program: Program, versions: list[str]) -> list[dict[str, Any]]:
    first = int(program.cg_id) * _VERSIONS_PER_PROGRAM
    return [
        {
            "id": first + place,
            "cgId": int(program.cg_id),
            "cgName": program.cg_name,
            "cgVersion": version,
        }
        for place, version in enumerate(versions, 1)
    ]


def _plugins(plugins: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    return [
        {
            "pluginName": name,
            "pluginVersions": [
                {
                    "pluginId": place * _RELEASES_PER_PLUGIN + number,
                    "pluginName": name,
                    "pluginVersion": f"{name} {release}",
                }
                for number, release in enumerate(releases)
            ],
        }
        for place, (name, releases) in enumerate(plugins.items(), 1)
    ]
