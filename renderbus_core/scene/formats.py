"""Scene formats: which are read natively, by which reader, and which are only known by name."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from types import MappingProxyType

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.scene import blender, maya
from renderbus_core.scene.reading import Format, Reading

FORMATS: Mapping[str, Format] = MappingProxyType({".ma": maya.FORMAT, ".blend": blender.FORMAT})
"""Extension to reader; a new format is a module and a line here."""

UNREAD: Mapping[str, str] = MappingProxyType(
    {
        ".ass": "Arnold",
        ".bip": "KeyShot",
        ".c4d": "Cinema 4D",
        ".hip": "Houdini",
        ".hiplc": "Houdini",
        ".hipnc": "Houdini",
        ".katana": "Katana",
        ".ksp": "KeyShot",
        ".max": "3ds Max",
        ".mb": "Maya binary",
        ".nk": "Nuke",
        ".project": "Clarisse",
        ".render": "Clarisse",
        ".skp": "SketchUp",
        ".uproject": "Unreal Engine",
        ".usd": "USD",
        ".usda": "USD",
        ".usdc": "USD",
        ".usdz": "USD",
        ".vrscene": "V-Ray",
    }
)
"""Extension of scenes that are known but not read natively."""

_HEAD = 64


def read(path: Path) -> Reading:
    """Read a scene by what its first bytes say; the extension only serves the message.

    Raises:
        InputError: no such file, no scene, a format that is not read, or damaged.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is not a file; name a scene file ({_readable()})")
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        for each in FORMATS.values():
            if each.begins(head):
                return each.read(path)
    except FileNotFoundError as why:
        raise InputError(f"there is no scene {path}; check the path") from why
    except (OSError, ValueError) as why:
        raise InputError(f"the scene {str(path)!r} cannot be read: {why}") from why
    raise InputError(_refusal(path))


def unread(path: Path) -> str | None:
    """Name the format of a scene that is known but not read; None for any other file."""
    return UNREAD.get(path.suffix.lower())


def why_unread(dcc: str, name: str) -> str:
    """Say why a scene cannot be read, as far as its name tells; "" when it may be.

    Args:
        dcc: program whose scene it is.
        name: the scene's path, of whatever system.
    """
    suffix = PureWindowsPath(name).suffix.lower()
    own = [suffix for suffix, each in FORMATS.items() if each.dcc == dcc]
    if own and suffix not in UNREAD:
        return ""
    programs = schema.load("dcc.json")["programs"]
    kind = UNREAD[suffix] if own else programs.get(dcc, {}).get("cg_name", dcc)
    instead = f"; save it as {own[0]}" if own else ""
    return (
        f"the bridge does not read {kind} scenes yet, so it cannot be checked before money is "
        f"spent{instead}"
    )


def _refusal(path: Path) -> str:
    if name := unread(path):
        return f"{path} is a {name} scene, which is not read natively; {_readable()} are"
    if known := FORMATS.get(path.suffix.lower()):
        return (
            f"{path} is not a {known.name} scene, whatever its extension says; "
            "it is damaged or another kind of file, save it again"
        )
    return f"{path} is not a scene; read natively are {_readable()}"


def _readable() -> str:
    return " and ".join(f"{suffix} ({each.name})" for suffix, each in FORMATS.items())
