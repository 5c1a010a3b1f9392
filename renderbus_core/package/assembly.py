"""The whole way from a scene's facts to a package and everything that was found about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.facts import SceneFacts
from renderbus_core.package.assets import Resolved, needed
from renderbus_core.package.builder import build
from renderbus_core.package.documents import TaskPackage
from renderbus_core.package.findings import Finding, Severity, parted, worst_first
from renderbus_core.package.folder import md5_of
from renderbus_core.package.judgement import check
from renderbus_core.package.preflight import preflight
from renderbus_core.package.request import BurstRequest


def assemble(
    facts: SceneFacts,
    resolved: Sequence[Resolved],
    request: BurstRequest,
    *,
    roots: Sequence[Path] = (),
    split: bool = False,
) -> tuple[TaskPackage | None, tuple[Finding, ...]]:
    """Look at the files on this host, build the package and judge it.

    Args:
        facts: of the scene.
        resolved: the files it names, looked up on this host.
        request: the burst.
        roots: only files below these folders may be sent; any file when there are none.
        split: True when the farm renders the other frames of the job itself.

    Returns:
        The package, None where an error stands in its way; and all findings, the worst first.
    """
    findings = preflight(facts, resolved, request, roots=roots, split=split)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    try:
        assets = [file.asset() for file in needed(facts, resolved, request.job)]
        package = build(facts, assets, request, scene_md5=md5_of(facts.path))
    except InputError as error:
        message, fix = parted(str(error), "correct the scene or the job")
        refusal = Finding("package", Severity.ERROR, f"job {request.job.name}", message, fix)
        return None, (refusal, *findings)
    return package, worst_first((*findings, *check(package)))
