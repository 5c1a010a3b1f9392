"""Rules about what is rendered: layers, nodes, cameras, simulations."""

from __future__ import annotations

from collections.abc import Iterator

from renderbus_core.package.rules.blocks import Block, blocks, has_switches
from renderbus_core.package.rules.rule import Fault, Subject, in_task

_KINDS = {"-1": "renders", "0": "simulates on one machine", "1": "simulates on several machines"}
# What nodes of each list do; a simulation in geo_node may be shared as well.
_FITTING = {"rop_node": {"-1"}, "geo_node": {"0", "1"}, "distributedsim_node": {"1"}}


def something_is_rendered(subject: Subject) -> Iterator[Fault]:
    """Some layer, node or job is switched on."""
    if has_switches(subject) and not any(block.is_on for block in blocks(subject)):
        yield in_task("scene_info_render", "nothing in it is switched on, nothing is rendered")


def cameras_exist(subject: Subject) -> Iterator[Fault]:
    """Every rendered Maya layer has a camera, and cameras that are rendered are in the scene."""
    for block in blocks(subject):
        if block.is_on and "all_camera" in block.fields:
            yield from _cameras(block, needed="render_camera" in block.fields)


def simulations_fit_lists(subject: Subject) -> Iterator[Fault]:
    """The option of a Houdini node that takes part fits the list it stands in."""
    if subject.program.name != "houdini":
        return
    for block in blocks(subject):
        kind = str(block.path[-2])
        option = block.fields["option"]
        if block.is_on and option not in _FITTING[kind]:
            yield in_task(
                (*block.path, "option"),
                f"{option} {_KINDS[option]}, and the node stands in {kind}",
            )


def _cameras(block: Block, *, needed: bool) -> Iterator[Fault]:
    key = "render_camera" if needed else "renderable_camera"
    place = (*block.path, key)
    cameras = block.fields.get(key, [])
    if needed and not cameras:
        yield in_task(place, "the layer has no camera to render", "name one")
    for camera in sorted(set(cameras) - set(block.fields["all_camera"])):
        yield in_task(place, f"{camera!r} is not in all_camera")
