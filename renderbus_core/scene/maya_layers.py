"""Render layers of a Maya scene, old style and render setup, with what they change."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from renderbus_core.facts import Fact, Layer, T
from renderbus_core.scene import maya_settings as settings
from renderbus_core.scene import maya_tables as tables
from renderbus_core.scene.maya_elements import elements
from renderbus_core.scene.maya_scene import Node
from renderbus_core.scene.maya_settings import Plug, Settings

_MASTER = "defaultRenderLayer"
_LEGACY_PREFIX = "rs_"
_ADJUSTED = re.compile(r"(?P<layer>.+)\.adjs\[(?P<index>[0-9]+)\]\.plg")
_NAMES = re.compile(r"[\s,]+")


def layers(base: Settings, warnings: list[str]) -> tuple[Layer, ...]:
    """Describe each layer; what is odd about one goes to `warnings`."""
    scene = base.scene
    links = _Links(scene.links)
    found = [
        _layer(base, node, links, warnings)
        for node in scene.of_type("renderLayer")
        # Referenced layers are not rendered by the scene that references them.
        if ":" not in node.name
    ]
    if _MASTER not in scene.by_name:
        found.insert(0, Layer("masterLayer", renderable=True))
    return tuple(found)


class _Links:
    """Connections by what they mean.

    Attributes:
        children: render setup item to the items below it, in order.
        selector: collection to its selector.
        adjusted: old-style layer to (index, plug).
    """

    def __init__(self, links: Sequence[tuple[str, str]]) -> None:
        self.children: dict[str, list[str]] = defaultdict(list)
        self.selector: dict[str, str] = {}
        self.adjusted: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for source, destination in links:
            if adjusted := _ADJUSTED.fullmatch(destination):
                self.adjusted[adjusted["layer"]].append((adjusted["index"], source))
            elif destination.endswith(".pls"):
                self.children[source.rpartition(".")[0]].append(destination[:-4])
            elif destination.endswith(".sel"):
                self.selector[destination[:-4]] = source.rpartition(".")[0]


def _layer(base: Settings, node: Node, links: _Links, warnings: list[str]) -> Layer:
    name = "masterLayer" if node.name == _MASTER else node.name
    overrides = dict(_adjustments(base, node, links))
    setup = base.scene.by_name.get(node.name.removeprefix(_LEGACY_PREFIX))
    if setup is not None and setup.type == "renderSetupLayer":
        name = setup.name
        overrides |= dict(_setup_overrides(base, setup, links))
    renderable = node.on("renderable", default=True)
    if not overrides:
        return Layer(name, renderable)
    own = Settings(base.scene, overrides)
    odd: list[str] = []
    layer = Layer(
        name,
        renderable,
        frames=_changed(settings.frames(own, odd), settings.frames(base, [])),
        cameras=_changed_cameras(own, base),
        resolution=_changed(settings.resolution(own, odd), settings.resolution(base, [])),
        renderer=_changed(settings.renderer(own), settings.renderer(base)),
        output=_changed(settings.output(own), settings.output(base)),
        elements=elements(own) if elements(own) != elements(base) else None,
    )
    warnings += (f"layer {name}: {sentence}" for sentence in odd)
    return layer


def _changed(own: Fact[T], base: Fact[T]) -> T | None:
    return own.value if own.value != base.value else None


def _changed_cameras(own: Settings, base: Settings) -> tuple[str, ...] | None:
    mine, theirs = settings.cameras(own), settings.cameras(base)
    return tuple(each.name for each in mine if each.renderable) if mine != theirs else None


def _adjustments(base: Settings, node: Node, links: _Links) -> Iterator[tuple[Plug, str]]:
    """Read old-style overrides: a connection names the plug, a value stands beside it."""
    for index, source in links.adjusted.get(node.name, ()):
        value = node.values.get(f"adjustments[{index}].value")
        owner, _, attribute = source.partition(".")
        target = base.scene.by_name.get(owner)
        if target is not None and value is not None and value.words:
            long = tables.SETTINGS.get(target.type, {}).get(attribute, attribute)
            yield (target.name, long), value.text


def _setup_overrides(base: Settings, setup: Node, links: _Links) -> Iterator[tuple[Plug, str]]:
    """Walk down from a render setup layer; what is switched off is left out."""
    pending, seen = [setup.name], {setup.name}
    while pending:
        parent = pending.pop(0)
        for name in links.children.get(parent, ()):
            node = base.scene.by_name.get(name)
            if node is None or name in seen or not node.on("selfEnabled", default=True):
                continue
            seen.add(name)
            pending.append(name)
            yield from _override(base, node, base.scene.by_name.get(links.selector.get(parent, "")))


def _override(base: Settings, node: Node, selector: Node | None) -> Iterator[tuple[Plug, str]]:
    attribute = node.text("attribute")
    if not node.on("enabled", default=True):
        return
    unique: Plug = (node.text("targetNodeName"), attribute)
    if node.type == "absUniqueOverride" and "attrValue" in node.values:
        yield unique, node.text("attrValue")
    elif node.type == "relUniqueOverride":
        factor, offset = node.text("multiply") or "1", node.text("offset") or "0"
        value = settings.relative(base.stored(unique), factor, offset)
        if value is not None:
            yield unique, value
    elif node.type == "absOverride" and attribute == "renderable" and selector is not None:
        for path in _NAMES.split(selector.text("staticSelection")):
            yield (path.rsplit("|", 1)[-1], attribute), node.text("attrValue") or "no"
