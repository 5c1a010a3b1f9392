"""What a burst will be, in a few remarks for whoever decides on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from renderbus_core.facts import Fact, Origin, SceneFacts
from renderbus_core.package.builder import pictures_of
from renderbus_core.package.documents import TaskPackage
from renderbus_core.package.findings import Finding, Severity
from renderbus_core.package.limits import cost_range, highest_cost, likely_cost
from renderbus_core.package.outputs import OutputMap, OutputPair
from renderbus_core.package.request import BurstRequest

_MOST_NAMED = 5
_MOST_PICTURES = 20
_LONGEST_SHOWN = 60


def summary(facts: SceneFacts, package: TaskPackage, request: BurstRequest) -> Iterator[Finding]:
    """Say what is rendered, where each picture goes, and what it may cost.

    Args:
        facts: of the scene.
        package: what was built of it.
        request: the burst.
    """
    scene, job = str(facts.path), f"job {request.job.name}"
    yield Finding("summary", Severity.INFO, scene, _scene(facts), "look whether it is meant so")
    for line in _pictures(package.outputs):
        fix = "correct the job's output if it belongs elsewhere"
        yield Finding("output_map", Severity.INFO, job, line, fix)
    yield Finding("cost", Severity.INFO, job, *_cost(request, pictures_of(package.task, request)))


def _pictures(outputs: OutputMap) -> Iterator[str]:
    """Yield a line for each picture of a frame; of very many for the first ones."""
    for pair in islice(outputs.pairs, _MOST_PICTURES):
        shows = _shows(pair, outputs)
        where = f"{pair.picture.template} of the cloud becomes {pair.local}"
        yield f"{shows}: {where}" if shows else where
    if (more := len(outputs.pairs) - _MOST_PICTURES) > 0:
        yield f"{more} more pictures of each frame have their places by the same rule"


def _shows(pair: OutputPair, outputs: OutputMap) -> str:
    """Say which layer, camera and element a picture shows, as far as pictures differ in them."""
    named = {"layer": "renderlayer", "camera": "camera", "element": "renderpass"}
    parts = (
        f"{name} {pair.picture.tokens.get(token)}"
        for name, token in named.items()
        if len({other.picture.tokens.get(token) for other in outputs.pairs}) > 1
    )
    return ", ".join(parts)


def _scene(facts: SceneFacts) -> str:
    cameras = (camera.name for camera in facts.cameras if camera.renderable)
    layers = (layer.name for layer in facts.layers if layer.renderable)
    parts = (
        f"{facts.dcc} {_said(facts.version)}",
        f"renderer {_said(facts.renderer)}",
        f"own frames {_said(facts.frames)}",
        f"cameras {_names(cameras)}",
        f"layers {_names(layers)}",
    )
    return ", ".join(parts)


def _said(fact: Fact[Any]) -> str:
    """Return a value, and how it came to be known where that is not the scene."""
    text = str(fact.value)
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    if fact.value is None or fact.origin is Origin.UNKNOWN:
        return "unknown"
    return shown if fact.origin is Origin.STORED else f"{shown} ({fact.origin})"


def _names(names: Iterable[str]) -> str:
    first = list(names)
    more = len(first) - _MOST_NAMED
    return ", ".join(first[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "") or "none"


def _cost(request: BurstRequest, pictures: int) -> tuple[str, str]:
    """Return what a burst costs, likely and at most, and what to do about what is not known."""
    many = f"{pictures} picture{'s' if pictures != 1 else ''}"
    if request.price_per_hour is None:
        return (
            f"{many} cost an unknown amount, because no price is known",
            "set money.price_per_hour",
        )
    likely, range_, most = (
        likely_cost(request),
        cost_range(request),
        highest_cost(request, pictures),
    )
    usual = "an unknown amount, because none was rendered here yet"
    if likely and range_:
        low, high = range_
        if most and most.amount > likely.amount:
            high = min(high, most, key=lambda money: money.amount)
        usual = f"about {likely}, between {low} and {high}"
    bound = f"at most {most} when every limit is met" if most else "and nothing limits it"
    return f"{many} cost {usual}, {bound}", "set money.budget to cap it"
