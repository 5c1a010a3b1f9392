"""What the simulated platform offers: the tables of this folder in the protocol's forms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from renderbus_core.package import Program, programs

ENGLISH = 1
"""`language` of an explanation; everything else is Chinese."""

_PROGRAMS_FROM = 2_000
_VERSIONS_PER_PROGRAM = 1_000
_PLUGINS_PER_PROGRAM = 10_000
_RELEASES_PER_PLUGIN = 100
_OTHER_PREFIX: Mapping[str, Any] = {"taskPrefix": "T"}
# The last three stand in no document; the vendor's client reads them.
_UNLIMITED: Mapping[str, list[Any]] = {
    "notSupportCgId": [],
    "notSupportCode": [],
    "notSupportCgVersions": [],
    "notSupportPluginList": [],
}


@cache
def _table(name: str) -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def _rows(name: str) -> Any:
    return _table("catalogue.json")[name]


def platforms(zone: int) -> list[dict[str, Any]]:
    """List the platforms of a zone."""
    return [_without_zone(row) for row in _rows("platforms") if row["zone"] == zone]


def platform_row(platform: int) -> Mapping[str, Any]:
    """Return one platform; one that no table lists has a prefix only."""
    return next((row for row in _rows("platforms") if row["platform"] == platform), _OTHER_PREFIX)


def hardware(platform: int) -> list[dict[str, Any]]:
    """List the machines of a platform."""
    return [{**_UNLIMITED, **row, "platform": platform} for row in _rows("hardware")]


def packages() -> list[dict[str, Any]]:
    """List the machine packages that an account has which pays by package."""
    return list(_rows("packages"))


def raysync(zone: int) -> dict[str, Any]:
    """Describe the Raysync servers of a zone."""
    (row,) = (row for row in _rows("raysync") if row["zone"] == zone)
    return {
        "clientVersion": "3.2.8.2",
        "protocolVersion": "3.2.8.2",
        "raysyncTransfer": {
            "serverIp": "127.0.0.1",
            "serverPort": 2121,
            "proxyPort": 32001,
            "sslPort": 2443,
            "port": 2442,
        }
        | _without_zone(row),
    }


def software() -> list[dict[str, Any]]:
    """List the programs of the platform."""
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
    """List versions and plug-ins of one program; None when the platform does not have it.

    Args:
        cg_id: number of the program.
        os_name: `windows` or `linux`.
    """
    for program, row in _software():
        if int(program.cg_id) == cg_id:
            offered = os_name != "linux" or row["isSupportLinux"]
            versions = _versions(program, row["versions"]) if offered else []
            plugins = _plugins(cg_id, row["plugins"])
            return {
                "cgVersion": versions,
                "cgPlugin": [{"cvId": v["id"], **plugin} for v in versions for plugin in plugins],
            }
    return None


def software_name(cg_id: int) -> str:
    """Return the name of a program; "" when the platform does not have it."""
    return next((p.cg_name for p, _ in _software() if int(p.cg_id) == cg_id), "")


@cache
def plugins_of(cg_id: int) -> Mapping[int, Mapping[str, Any]]:
    """Return the releases of a program's plug-ins by id; none when there is no such program."""
    rows = [row for program, row in _software() if int(program.cg_id) == cg_id]
    return MappingProxyType(
        {
            release["pluginId"]: release
            for row in rows
            for plugin in _plugins(cg_id, row["plugins"])
            for release in plugin["pluginVersions"]
        }
    )


def explanations(codes: Iterable[str], language: int) -> list[dict[str, Any]]:
    """Explain codes of the scene analysis; those that no table lists are left out.

    Args:
        codes: as text.
        language: 0 Chinese, 1 English.
    """
    table = _table("tips.json")["codes"]
    text = "en" if language == ENGLISH else "zh"
    return [
        {
            "id": int(code),
            "code": code,
            "type": table[code]["type"],
            "languageFlag": language,
            "desDescriptionCn": table[code][text][0],
            "desSolutionCn": table[code][text][1],
            "solutionPath": "",
            "isRepair": 0,
            "isDelete": 0,
            "isOpen": 1,
            "lastModifyAdmin": "",
            "updateTime": 0,
        }
        for code in codes
        if code in table
    ]


def _without_zone(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "zone"}


def _software() -> Iterator[tuple[Program, Mapping[str, Any]]]:
    for name, row in _rows("software").items():
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


def _plugins(cg_id: int, plugins: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    first = (cg_id - _PROGRAMS_FROM) * _PLUGINS_PER_PROGRAM
    return [
        {
            "pluginName": name,
            "pluginVersions": [
                {
                    "pluginId": first + place * _RELEASES_PER_PLUGIN + number,
                    "pluginName": name,
                    "pluginVersion": f"{name} {release}",
                }
                for number, release in enumerate(releases)
            ],
        }
        for place, (name, releases) in enumerate(plugins.items(), 1)
    ]
