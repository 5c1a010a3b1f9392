"""Waivers: warnings that somebody has looked at and does not want to hear again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from renderbus_core.package.findings import Finding, Severity, worst_first


def waive(
    findings: Sequence[Finding], waivers: Mapping[str, str], project: str
) -> tuple[Finding, ...]:
    """Turn warnings into remarks that say who wants it so; errors stay errors, nothing is left out.

    Args:
        findings: what was found.
        waivers: who waives, by name of the rule: `rule` everywhere, `project:rule` in one project.
        project: of the job.
    """
    by_rule = {name: who for name, who in waivers.items() if ":" not in name}
    for name, who in waivers.items():
        # A project's name may hold a colon, a rule's never does.
        where, colon, rule = name.rpartition(":")
        if colon and where == project:
            by_rule.setdefault(rule, who)
    return worst_first(
        _waived(finding, by_rule[finding.rule])
        if finding.severity is Severity.WARNING and finding.rule in by_rule
        else finding
        for finding in findings
    )


def _waived(finding: Finding, who: str) -> Finding:
    return replace(
        finding, severity=Severity.INFO, fix=f"waived by {who}; {finding.fix}", waived_by=who
    )
