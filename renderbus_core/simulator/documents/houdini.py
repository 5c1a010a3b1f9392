"""Houdini: simulations, and the pictures that wait for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.simulator.documents.fields import Fields, plain_picture, section
from renderbus_core.simulator.documents.plan import Layer, Work

_LISTS = ("geo_node", "distributedsim_node", "rop_node")
_RENDER, _DISTRIBUTED = "-1", "1"
_MOST_SLICES = 16
_SMALL = re.compile(r"[1-9][0-9]?")


def houdini_layers(document: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the simulations, then the pictures; pictures wait for every simulation."""
    scene = section(document, "scene_info_render", "scene_info")
    nodes = [
        _layer(document, node)
        for name in _LISTS
        for node in scene.blocks(name)
        if node.is_on("render")
    ]
    simulations = [layer for layer in nodes if layer.work is Work.SIMULATION]
    yield from simulations
    for layer in nodes:
        if layer.work is Work.PICTURES:
            yield replace(layer, needs=tuple(range(len(simulations))))


def _layer(document: Mapping[str, Any], node: Fields) -> Layer:
    option = node.text("option")
    simulates = option != _RENDER
    return Layer(
        name="",
        camera="",
        frames=node.frames(),
        size=node.size(),
        picture_format="",
        pictures=() if simulates else (plain_picture(document, ""),),
        work=Work.SIMULATION if simulates else Work.PICTURES,
        node=node.text("node"),
        slices=_slices(node) if option == _DISTRIBUTED else 1,
    )


def _slices(node: Fields) -> int:
    text = node.text("num_slices", "1")
    if not _SMALL.fullmatch(text) or int(text) > _MOST_SLICES:
        raise InputError(
            f"task.json: {node.place}.num_slices is {text!r:.20}; "
            f"a simulation is shared by 1 to {_MOST_SLICES} machines"
        )
    return int(text)
