"""Choosing what makes the pictures of a program's scenes."""

from __future__ import annotations

import shutil
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.simulator.blender import Blender
from renderbus_core.simulator.renderers import Renderer, RendererKind


def find_blender(executable: str | None = None) -> Path | None:
    """Return Blender's program, or None when it is not installed.

    Args:
        executable: path or name that was configured; None looks for `blender`.
    """
    found = shutil.which(executable or "blender")
    return Path(found) if found else None


def choose(
    kind: str, dcc: str, executable: str | None = None, *, own_group: bool = True
) -> Renderer:
    """Return what renders the scenes of a program; everything but Blender's are drawn.

    Args:
        kind: one of `RendererKind`.
        dcc: `maya`, `blender`, ...
        executable: Blender's program, as for `find_blender`.
        own_group: as for `Blender`.

    Raises:
        InputError: there is no such kind, or Blender was asked for and is not installed.
        MissingDependencyError: the drawing library is not installed.
    """
    from renderbus_core.simulator.stand_in import StandIn  # noqa: PLC0415 - an optional part

    kind = _kind(kind)
    program = find_blender(executable) if kind is not RendererKind.STAND_IN else None
    if kind is RendererKind.BLENDER and program is None:
        raise InputError(
            f"Blender ({executable or 'blender'}) is not found; "
            "put it on PATH, name its program, or use the renderer stand-in"
        )
    if program is not None and dcc == "blender":
        return Blender(program, own_group=own_group)
    return StandIn()


def _kind(text: str) -> RendererKind:
    try:
        return RendererKind(text)
    except ValueError as error:
        known = ", ".join(RendererKind)
        raise InputError(f"there is no renderer {text!r}; choose one of {known}") from error
