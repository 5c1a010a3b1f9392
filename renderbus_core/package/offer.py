"""What the cloud said about itself and the account, held against what a burst needs.

Pure: whoever has a client asks and passes the answers in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from renderbus_core.facts import Fact, SceneFacts
from renderbus_core.money import Money
from renderbus_core.package.account import Account, about_account
from renderbus_core.package.dcc import Program, program
from renderbus_core.package.findings import Finding, Severity
from renderbus_core.package.request import BurstRequest, Software
from renderbus_core.package.rules import Machine
from renderbus_core.package.software import SOFTWARE
from renderbus_core.package.supported import Supported
from renderbus_core.package.tips import Explanations

_AVAILABLE = 1
_MOST_NAMED = 12
_NUMBERS = re.compile(r"(\d+)")

Releases = Mapping[str, Mapping[str, Sequence[str]]]
"""Releases of plug-ins by version of the program and name of the plug-in."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the cloud offers for one program on one system.

    Args:
        releases: what is offered; None when the cloud did not say.
        machines: the hardware list; None when the cloud did not say.
        account: who pays; None when nobody asked.
        tips: what codes of an analysis mean; none when nobody asked.
        silence: sentences about what the cloud did not say, and why.
    """

    releases: Releases | None = None
    machines: Sequence[Machine] | None = None
    account: Account | None = None
    tips: Explanations = field(default_factory=dict)
    silence: tuple[str, ...] = ()

    @property
    def supported(self) -> Supported | None:
        """The same releases as a task spells them; None when the cloud did not say."""
        if self.releases is None:
            return None
        return {
            version: frozenset(
                f"{name} {release}".lower() for name, own in plugins.items() for release in own
            )
            for version, plugins in self.releases.items()
        }

    def machines_on(self, platform: int) -> list[Machine]:
        """Return the machines of a platform that can be had; none when the cloud did not say.

        Args:
            platform: number of it.
        """
        return [
            machine
            for machine in self.machines or ()
            if machine.status == _AVAILABLE and machine.platform == platform
        ]

    def version_like(self, version: str) -> str | None:
        """Return how the cloud spells a version of the program; None when it has none like it.

        Service packs read the scenes of their version and the other way round: `2018ff09` is
        rendered by `2018`, and `3.4` by `3.4.1`.
        """
        offered = sorted(self.releases or (), key=_natural)
        if version in offered:
            return version
        older = [each for each in offered if re.match(rf"{re.escape(each)}(?!\d)", version)]
        newer = [each for each in offered if each.startswith(f"{version}.")]
        return next(iter(older[::-1] + newer[::-1]), None)


def spelled(facts: SceneFacts, offer: Offer) -> SceneFacts:
    """Return a scene's facts with version and plug-ins under the names that the cloud has."""
    stored = facts.version.value
    version = None if stored is None else offer.version_like(stored)
    if version is None:
        return facts
    offered = (offer.releases or {})[version]
    known = program(facts.dcc)
    plugins = {
        _offered_name(known, name, offered) or name: release
        for name, release in facts.plugins.items()
    }
    return replace(facts, version=Fact(version, facts.version.origin), plugins=plugins)


def chosen(facts: SceneFacts, request: BurstRequest, offer: Offer) -> tuple[Machine, ...]:
    """Return the machines to ask for: all that are as wanted, none where nothing is wanted.

    A task names one size, so of several sizes the smallest is taken. A machine that does not
    render the scene is only taken when there is no other; the rules about it say why not.
    """
    fitting = [machine for machine in _wanted(request, offer) if _has_size(machine, request)]
    cg_id, version = program(facts.dcc).cg_id, facts.version.value or ""
    able = [each for each in fitting if not each.objections(cg_id, version, facts.plugins, ())]
    candidates = able or fitting
    size = min(map(_size, candidates), default=None)
    return tuple(machine for machine in candidates if _size(machine) == size)


def offered(
    facts: SceneFacts, request: BurstRequest, offer: Offer, cost: Money | None
) -> Iterator[Finding]:
    """Yield everything that the cloud's answers forbid or make doubtful.

    Args:
        facts: of the scene.
        request: the burst.
        offer: the answers.
        cost: what the burst will likely cost; None when nobody knows.
    """
    yield from not_asked(offer)
    yield from _software(facts, request, offer)
    yield from _hardware(request, offer)
    if offer.account is not None:
        yield from about_account(offer.account, cost)


def not_asked(offer: Offer) -> Iterator[Finding]:
    """Pass on what the cloud did not say."""
    for sentence in offer.silence:
        yield Finding("not_asked", Severity.WARNING, "cloud", sentence, "try a single frame first")


def _software(facts: SceneFacts, request: BurstRequest, offer: Offer) -> Iterator[Finding]:
    version = facts.version.value
    if offer.releases is None or version is None:  # said by others
        return
    known = program(facts.dcc)
    place = str(facts.path) if request.software is None else SOFTWARE
    system = request.render_system.title()
    if not offer.releases:
        yield Finding(
            "system_offer",
            Severity.ERROR,
            place,
            f"the cloud does not render {known.cg_name} on {system} machines",
            "set burst.os_name to the other system, or render it locally",
        )
        return
    like = offer.version_like(version)
    if like is None:
        yield Finding(
            "version_offer",
            Severity.ERROR,
            place,
            f"the cloud does not render {known.cg_name} {version} on {system} machines",
            f"{'name' if request.software else 'save the scene with'} "
            f"one of {_listed(offer.releases)}, or render it locally",
        )
        return
    yield from _demanded(request.software, known, like, offer.releases[like])
    yield from _plugins(facts, request.software, known, like, offer.releases[like])


def _demanded(
    software: Software | None,
    known: Program,
    version: str,
    releases: Mapping[str, Sequence[str]],
) -> Iterator[Finding]:
    """Yield plug-ins that the site has the cloud load, and that it does not have."""
    for name, release in (software.plugins if software else {}).items():
        found = _offered_name(known, name, releases)
        has = f"has {_listed(releases[found])}" if found else "does not have that plug-in"
        if found is None or release not in releases[found]:
            yield Finding(
                "software_offer",
                Severity.ERROR,
                SOFTWARE,
                f"it wants {name} {release}, and the cloud {has} for {known.cg_name} {version}",
                "correct the row",
            )


def _plugins(
    facts: SceneFacts,
    software: Software | None,
    known: Program,
    version: str,
    releases: Mapping[str, Sequence[str]],
) -> Iterator[Finding]:
    place, at = str(facts.path), f"{known.cg_name} {version}"
    vital = {name for each in _renderers(facts) for name in known.renderers.get(each, ())}
    for renderer in _renderers(facts):
        names = known.renderers.get(renderer, ())
        if names and not any(_offered_name(known, name, releases) for name in names):
            yield Finding(
                "renderer_offer",
                Severity.ERROR,
                place,
                f"the cloud does not offer the renderer {renderer} for {at}",
                f"choose a version of {known.cg_name} that has it, or render it locally",
            )
        elif names and not set(names) & facts.plugins.keys():
            yield Finding(
                "renderer_plugin",
                Severity.WARNING,
                place,
                f"the scene renders with {renderer} and does not require its plug-in {names[0]}, "
                "so the cloud will not load it",
                "load the plug-in and save",
            )
    for name, release in facts.plugins.items():
        found = _offered_name(known, name, releases)
        if software is not None and name in software.plugins:
            continue  # said by others
        if found is not None and release not in releases[found]:
            yield Finding(
                "plugin_version",
                Severity.WARNING,
                place,
                f"the scene was saved with {name} {release}, and the cloud has "
                f"{_listed(releases[found])} for {at}",
                "use one of them for pictures that match",
            )
        elif found is None and name not in vital and not known.is_bundled(name):
            yield Finding(
                "plugin_offer",
                Severity.WARNING,
                place,
                f"the scene requires the plug-in {name} {release}, "
                f"which the cloud does not offer for {at}",
                "remove it from the scene when nothing uses it",
            )


def _hardware(request: BurstRequest, offer: Offer) -> Iterator[Finding]:
    if offer.machines is None or not str(request.hardware):
        return
    if not any(_has_size(machine, request) for machine in _wanted(request, offer)):
        here = offer.machines_on(request.platform)
        there = [f"{m.model} ({m.ram_gigabytes} GB, {m.gpu_count} graphics cards)" for m in here]
        yield Finding(
            "hardware_wanted",
            Severity.ERROR,
            "burst.hardware_model, hardware_ram, hardware_gpus",
            f"platform {request.platform} has no machine with {request.hardware}",
            f"choose one of {_listed(there)}" if there else "choose another platform",
        )


def _wanted(request: BurstRequest, offer: Offer) -> list[Machine]:
    """Return the machines of the wanted model that can be had."""
    model = request.hardware.model.casefold()
    return [
        machine
        for machine in offer.machines_on(request.platform)
        if str(request.hardware) and model in {"", machine.model.casefold()}
    ]


def _has_size(machine: Machine, request: BurstRequest) -> bool:
    wanted = request.hardware
    return wanted.ram_gigabytes in {0, machine.ram_gigabytes} and wanted.gpus in {
        None,
        machine.gpu_count,
    }


def _size(machine: Machine) -> tuple[int, int]:
    return machine.gpu_count, machine.ram_gigabytes


def _renderers(facts: SceneFacts) -> list[str]:
    """Return the renderers of the layers that are rendered, each once."""
    own = [layer.renderer for layer in facts.layers if layer.renderable]
    return list(dict.fromkeys(filter(None, [facts.renderer.value, *own])))


def _offered_name(known: Program, name: str, releases: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name under which a plug-in is offered, whatever its case; None when it is not."""
    return next((each for each in releases if each.casefold() in known.names_of(name)), None)


def _listed(names: Iterable[str]) -> str:
    """Name the latest few."""
    latest = sorted(names, key=_natural)
    more = len(latest) - _MOST_NAMED
    return ", ".join(latest[-_MOST_NAMED:]) + (f" and {more} older" if more > 0 else "")


def _natural(text: str) -> list[tuple[int, str]]:
    """Return what sorts 4.10 behind 4.9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(text)]
