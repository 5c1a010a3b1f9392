"""The whole way from a scene's facts to a package and everything that was found about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.facts import SceneFacts
from renderbus_core.package import tips
from renderbus_core.package.assets import Resolved, needed
from renderbus_core.package.builder import build
from renderbus_core.package.documents import TaskPackage
from renderbus_core.package.findings import Finding, Severity, parted, worst_first
from renderbus_core.package.folder import md5_of
from renderbus_core.package.judgement import check
from renderbus_core.package.limits import likely_cost
from renderbus_core.package.offer import Offer, chosen, offered, spelled
from renderbus_core.package.preflight import preflight
from renderbus_core.package.request import BurstRequest
from renderbus_core.package.software import rendered_with, told
from renderbus_core.package.summary import summary
from renderbus_core.package.waivers import waive

_NOTHING_ASKED = Offer()
_NONE: Mapping[str, Any] = MappingProxyType({})
# Errors of files: a package of the others can still be built, and judged in the same go.
_OF_FILES = frozenset(
    {
        "link_loop",
        "long_path",
        "missing_file",
        "outside_roots",
        "reserved_name",
        "scene_changed",
        "too_deep",
        "unmapped_drive",
        "unusable_file",
        "unusual_name",
        "wrong_case",
    }
)
# What is not sent needs no checksum, and a scene may have many gigabytes.
_NO_MD5 = "0" * 32


def assemble(
    facts: SceneFacts,
    resolved: Sequence[Resolved],
    request: BurstRequest,
    *,
    roots: Sequence[Path] = (),
    split: bool = False,
    offer: Offer = _NOTHING_ASKED,
    waivers: Mapping[str, str] = _NONE,
    severity: Mapping[str, Severity] = _NONE,
) -> tuple[TaskPackage | None, tuple[Finding, ...]]:
    """Look at the files on this host and the cloud's answers, build the package and judge it.

    Args:
        facts: of the scene.
        resolved: the files it names, looked up on this host.
        request: the burst.
        roots: only files below these folders may be sent; any file when there are none.
        split: True when the farm renders the other frames of the job itself.
        offer: what the cloud said of itself and the account.
        waivers: who turns warnings into remarks, by rule, see `waive`.
        severity: what codes of tips.json mean to the site, whatever the cloud says of them.

    Returns:
        The package, None where an error stands in its way; and all findings, the worst first.
    """
    findings = list(told(facts, request.software))
    facts = rendered_with(facts, request.software)
    findings += preflight(facts, resolved, request, roots=roots, split=split)
    package = None
    wrong = _errors(findings)
    if wrong <= _OF_FILES:
        try:
            built = _built(facts, resolved, request, offer, sound=not wrong)
            package = replace(built, tips=tips.tips_of(facts.dcc, findings))
            findings += _about(package, facts, request, offer, severity)
        except InputError as error:
            message, fix = parted(str(error), "correct the scene or the job")
            place = f"job {request.job.name}"
            findings.append(Finding("package", Severity.ERROR, place, message, fix))
    if package is None and "program" not in wrong:
        findings += offered(facts, request, offer, None)
    found = waive(worst_first(findings), waivers, request.job.project)
    return None if _errors(found) else package, found


def _built(
    facts: SceneFacts,
    resolved: Sequence[Resolved],
    request: BurstRequest,
    offer: Offer,
    *,
    sound: bool,
) -> TaskPackage:
    """Build the package with the cloud's own names; of one that is not `sound` nothing is sent."""
    known = spelled(facts, offer)
    return build(
        known,
        [file.asset() for file in needed(facts, resolved, request.job)],
        request,
        scene_md5=md5_of(facts.path) if sound else _NO_MD5,
        machines=chosen(known, request, offer),
    )


def _about(
    package: TaskPackage,
    facts: SceneFacts,
    request: BurstRequest,
    offer: Offer,
    severity: Mapping[str, Severity],
) -> Iterator[Finding]:
    stopping = tips.blocking(package.tips, offer.tips, severity)
    judged = check(package, machines=offer.machines, blocking_codes=stopping)
    return chain(
        # A tip of ours that only warns repeats a warning that stands beside it.
        (tips.explained(each, offer.tips) for each in judged if each.rule != "tips"),
        offered(facts, request, offer, likely_cost(request)),
        summary(facts, package, request),
    )


def _errors(findings: Sequence[Finding]) -> set[str]:
    """Return the names of the rules that were broken."""
    return {finding.rule for finding in findings if finding.severity is Severity.ERROR}
