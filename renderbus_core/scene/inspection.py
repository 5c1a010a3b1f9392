"""Reads a scene with everything it references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from renderbus_core.facts import SceneFacts, Stamp
from renderbus_core.scene import formats
from renderbus_core.scene.maya_project import find_project
from renderbus_core.scene.nested import follow


def inspect(path: Path, to_local: Callable[[str], str] = str) -> SceneFacts:
    """Read what a scene file says, and what the scenes it references say.

    Args:
        path: the scene; its first bytes decide the format.
        to_local: path mapping of the site, to find referenced scenes on this host.

    Raises:
        InputError: not a scene, a format that is not read natively, or damaged.
    """
    # Taken first: what is saved while it is read has another one afterwards.
    before = _stamp(path)
    facts = replace(follow(formats.read(path), to_local), stamp=before)
    project = find_project(path) if facts.dcc == "maya" else None
    return replace(facts, project=project.root) if project else facts


def is_current(facts: SceneFacts) -> bool:
    """Tell whether a scene file is still as it was when it was read."""
    return facts.stamp is not None and facts.stamp == _stamp(facts.path)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return Stamp(found.st_size, found.st_mtime_ns)
