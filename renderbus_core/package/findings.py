"""What a check has to say: one value per finding, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for the burst; the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know before money is spent.

    Args:
        rule: stable name, for waivers; never one of the vendor's numbers.
        severity: errors stop the burst.
        where: file and JSON path, node and attribute, or a path.
        message: what is wrong, in one sentence without a full stop.
        fix: what to do about it, likewise.
    """

    rule: str
    severity: Severity
    where: str
    message: str
    fix: str

    def __str__(self) -> str:
        place = "" if self.where in self.message else f"{self.where}: "
        return f"{place}{self.message}; {self.fix}"


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by severity, otherwise keep the order; what is said twice is kept once."""
    rank = {severity: number for number, severity in enumerate(Severity)}
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: rank[finding.severity]))


def parted(sentence: str, usual: str) -> tuple[str, str]:
    """Part a sentence into what is wrong and what to do about it.

    Args:
        sentence: in our errors the remedy follows the last semicolon.
        usual: the remedy where the sentence names none.
    """
    message, _, fix = sentence.rpartition("; ")
    return (message, fix) if message else (sentence, usual)
