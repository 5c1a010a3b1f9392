"""Codes of tips.json: which ones our own check writes, and what the cloud says of any of them.

The vendor's analysers number what they find, and `queryAnalyseErrorDetail` explains the numbers:
type 1 stops a submit, type 0 warns. A number is written only where the vendor's documents show
its meaning for that program; everything else has a name of our own and no number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from renderbus_core.package.findings import Finding, Severity

# By program and rule: the number that the documents of that program show for it.
_CODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "maya": MappingProxyType({"missing_file": "50001"}),
        "blender": MappingProxyType({"missing_file": "35001"}),
    }
)
_RULES = frozenset({"tips", "tips_block"})
_STOPS = 1
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the cloud says of a code.

    Args:
        type: 1 stops a submit, 0 warns.
        meaning: what is wrong, in the language that was asked for.
        remedy: what to do about it, likewise.
    """

    type: int
    meaning: str = ""
    remedy: str = ""


Explanations = Mapping[str, Explanation]
"""By code, as far as the cloud knows it."""


def codes_of(dcc: str) -> tuple[str, ...]:
    """Return the codes that a check of a program's scenes may write.

    Args:
        dcc: the program.
    """
    return tuple(_CODES.get(dcc, {}).values())


def tips_of(dcc: str, findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return tips.json of what was found and does not stop the burst.

    Args:
        dcc: the program.
        findings: of its scene.
    """
    codes = _CODES.get(dcc, {})
    tips: dict[str, list[str]] = {}
    for each in findings:
        if each.severity is Severity.WARNING and each.rule in codes:
            tips.setdefault(codes[each.rule], []).append(each.message)
    return tips


def blocking(
    codes: Collection[str], explanations: Explanations, severity: Mapping[str, Severity]
) -> frozenset[str]:
    """Return the codes that stop a task: those of which the site says so, else the cloud.

    Args:
        codes: of tips.json.
        explanations: the cloud's; a code that it does not know warns.
        severity: the site's own word, by code.
    """
    return frozenset(
        code
        for code in codes
        if (
            severity[code] is Severity.ERROR
            if code in severity
            else code in explanations and explanations[code].type == _STOPS
        )
    )


def explained(finding: Finding, explanations: Explanations) -> Finding:
    """Return a finding about a code with what the cloud says of it; others as they are."""
    if finding.rule not in _RULES or finding.place is None:
        return finding
    known = explanations.get(str(finding.place.path[0]))
    if known is None:
        return finding
    meaning, remedy = map(_sentence, (known.meaning, known.remedy))
    message = f"{finding.message} ({meaning})" if meaning else finding.message
    return replace(finding, message=message, fix=remedy or finding.fix)


def _sentence(text: str) -> str:
    return " ".join(text.split())[:_LONGEST].rstrip(".")
