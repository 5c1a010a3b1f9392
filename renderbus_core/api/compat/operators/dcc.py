"""How scripts name programs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from renderbus_core.api.compat.exception import ArgumentError

# How scripts name a DCC; the vendor knows them in this spelling alone, here any case will do.
_IDS: Mapping[str, int] = MappingProxyType(
    {
        "maya": 2000,
        "3ds max": 2001,
        "lightwave": 2002,
        "arnold": 2003,
        "houdini": 2004,
        "cinema4d": 2005,
        "softimage": 2006,
        "blender": 2007,
        "vr_standalone": 2008,
        "mr_standalone": 2009,
        "sketchup": 2010,
        "vue": 2011,
        "keyshot": 2012,
        "clarisse": 2013,
        "octane_render": 2014,
        "nuke": 2015,
        "katana": 2016,
        "unreal engine": 2020,
    }
)


def dcc_id(name: str) -> int:
    """Return the number of a DCC.

    Raises:
        ArgumentError: there is none of this name.
    """
    try:
        return _IDS[str(name).strip().lower()]
    except KeyError:
        known = ", ".join(_IDS)
        raise ArgumentError(f"no DCC is called {name!r:.80}; known are {known}") from None
