"""Render elements of a Maya scene: what a frame makes beside its main picture, in own files.

How Arnold names them is taken from its plug-in and from pipelines that foresee its files: with
AOVs in one file (`mergeAOVs`) there is one picture, unless the file prefix holds `<RenderPass>`.
What V-Ray calls its elements depends on what is connected to them, and is not foreseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from renderbus_core.facts import Fact, Origin
from renderbus_core.scene import maya_tables as tables
from renderbus_core.scene.maya_scene import ON, Node
from renderbus_core.scene.maya_settings import Settings, output, renderer

ELEMENT_TOKENS = ("<renderpass>", "<aov>")
"""Tokens of a file prefix, in lower case, that stand for the element."""

_OPTIONS = "defaultArnoldRenderOptions"
_DRIVER = "defaultArnoldDriver"
_AOVS_ARE_OFF = "0"
_WINDOW_ONLY = "0"
# The AOV that the main picture is made of.
_MAIN_AOV = "RGBA"
_ELEMENT_TYPES = ("VRayRenderElement", "VRayRenderElementSet")
_MULTICHANNEL = "multichannel"

_NONE: Fact[tuple[str, ...] | None] = Fact((), Origin.DEFAULT)
_UNKNOWN: Fact[tuple[str, ...] | None] = Fact(None, Origin.UNKNOWN)


def elements(settings: Settings) -> Fact[tuple[str, ...] | None]:
    """Name the elements that have files of their own; None when they cannot be foreseen."""
    name = renderer(settings).value
    if name == "arnold":
        return _of_arnold(settings)
    if settings.is_vray:
        return _of_vray(settings)
    return _NONE if name in tables.MAYA_RENDERERS else _UNKNOWN


def _of_arnold(settings: Settings) -> Fact[tuple[str, ...] | None]:
    aovs = [
        node
        for node in settings.scene.of_type("aiAOV")
        if _text(settings, node, "enabled", "yes") in ON
    ]
    options = settings.scene.by_name.get(_OPTIONS)
    if not aovs or (options and _text(settings, options, "aovMode") == _AOVS_ARE_OFF):
        return _NONE
    driver = settings.scene.by_name.get(_DRIVER) or Node("", _DRIVER)
    prefix = (output(settings).value or "").lower()
    is_merged = _text(settings, driver, "mergeAOVs") in ON
    if is_merged and not any(token in prefix for token in ELEMENT_TOKENS):
        return Fact((), Origin.STORED)
    drivers = _drivers(settings)
    if driver.text("prefix") or any(_is_odd(settings, aov, drivers[aov.name]) for aov in aovs):
        return _UNKNOWN
    names = dict.fromkeys(aov.text("name") for aov in aovs)
    names.pop(_MAIN_AOV, None)
    return Fact(tuple(names), Origin.STORED)


def _of_vray(settings: Settings) -> Fact[tuple[str, ...] | None]:
    if _MULTICHANNEL in settings.get("vraySettings", "imageFormatStr").value:
        return Fact((), Origin.STORED)
    nodes = (node for kind in _ELEMENT_TYPES for node in settings.scene.of_type(kind))
    return _UNKNOWN if any(_text(settings, n, "enabled", "yes") in ON for n in nodes) else _NONE


def _is_odd(settings: Settings, aov: Node, drivers: list[str]) -> bool:
    """Tell whether an AOV is written otherwise than the main picture."""
    own = ("prefix", "lightGroupsList")
    return (
        not aov.text("name")
        or any(aov.text(attribute) for attribute in own)
        or _text(settings, aov, "lightGroups") in ON
        or drivers != [_DRIVER]
    )


def _drivers(settings: Settings) -> Mapping[str, list[str]]:
    """Tell which drivers write each AOV; those that only show it are left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for aov, driver in _links(settings):
        node = settings.scene.by_name.get(driver)
        if node is None or node.text("outputMode") != _WINDOW_ONLY:
            found[aov].append(driver)
    return found


def _links(settings: Settings) -> Iterator[tuple[str, str]]:
    for source, destination in settings.scene.links:
        if destination.endswith(".drvr"):
            yield destination.partition(".")[0], source.partition(".")[0]


def _text(settings: Settings, node: Node, attribute: str, default: str = "") -> str:
    """Give a value in force; `default` where nothing is stored."""
    override = settings.overrides.get((node.name, attribute))
    return override or node.text(attribute) or default
