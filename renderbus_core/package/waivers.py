"""Waivers: warnings that a site has looked at and does not want to hear again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from renderbus_core.package.findings import Finding, Severity, worst_first


def waive(
    findings: Sequence[Finding], waived: Collection[str], project: str
) -> tuple[Finding, ...]:
    """Turn warnings into remarks that say so; errors stay errors, and nothing is left out.

    Args:
        findings: what was found.
        waived: names of rules: `rule` everywhere, `project:rule` in one project.
        project: of the job.
    """
    rules = {name for name in waived if ":" not in name}
    # A project's name may hold a colon, a rule's never does.
    rules |= {
        rule for where, _, rule in (name.rpartition(":") for name in waived) if where == project
    }
    return worst_first(
        replace(finding, severity=Severity.INFO, fix=f"waived by preflight.waive; {finding.fix}")
        if finding.severity is Severity.WARNING and finding.rule in rules
        else finding
        for finding in findings
    )
