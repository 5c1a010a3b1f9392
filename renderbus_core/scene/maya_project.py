"""Maya projects: the folder with `workspace.mel` and its file rules."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.scene.maya_text import statements, words

_DEFINITION = "workspace.mel"
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Project:
    """A project.

    Args:
        root: its folder.
        rules: file rule (`sourceImages`) to folder, relative to the root or absolute.
    """

    root: Path
    rules: Mapping[str, str] = field(default_factory=dict)


def find_project(scene: Path) -> Project | None:
    """Read the definition in the nearest folder above the scene that has one."""
    for folder in scene.absolute().parents:
        definition = folder / _DEFINITION
        try:
            # Opening a pipe would wait for ever.
            if definition.is_file():
                with definition.open("rb") as stream:
                    return Project(folder, _rules(stream.read(_LARGEST)))
        except OSError:
            continue
    return None


def _rules(definition: bytes) -> dict[str, str]:
    rules: dict[str, str] = {}
    try:
        for _, statement in statements(io.BytesIO(definition), _DEFINITION, "utf-8"):
            said = [word.text for word in words(statement, "utf-8")]
            if len(said) == 4 and said[0] == "workspace" and said[1] in {"-fr", "-fileRule"}:  # noqa: PLR2004 - command, flag, rule, folder
                rules[said[2]] = said[3]
    except InputError:
        # A damaged tail costs the rules behind it; Maya reads it the same way.
        return rules
    return rules
