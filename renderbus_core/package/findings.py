"""What a check has to say: one value per finding, the worst first, the same ones told as one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from renderbus_core import schema
from renderbus_core.package.json_places import JsonPath, Position
from renderbus_core.package.json_text import JsonText

MOST_PLACES = 10
"""How many places of a mistake are told; the others are counted."""

_FEW = 3


class Severity(StrEnum):
    """What a finding means for the burst; the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document something is wrong.

    Args:
        file: name of the document, for example `task.json`; once found on disk, its path.
        path: keys and indexes from its root.
        position: in its text, once that is known.
    """

    file: str
    path: JsonPath = ()
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.file}: {schema.dotted(self.path)}" if self.path else self.file


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know before money is spent.

    Args:
        rule: stable name, for waivers; never one of the vendor's numbers.
        severity: errors stop the burst.
        where: file and JSON path, node and attribute, or a path.
        message: what is wrong, in one sentence without a full stop.
        fix: what to do about it, likewise.
        place: the same as `where` for programs; None outside of documents.
        found: the value there, as short JSON; "" where something is missing.
        expected: what should be there.
        kind: equal for the same mistake at several places of documents; None where the rule and
            the form of the path tell.
        waived_by: who turned the warning into a remark; "" when nobody did.
    """

    rule: str
    severity: Severity
    where: str
    message: str
    fix: str
    place: Place | None = None
    found: str = ""
    expected: str = ""
    kind: Hashable = field(default=None, repr=False)
    waived_by: str = ""

    def __str__(self) -> str:
        place = "" if self.where in self.message else f"{self.where}: "
        return f"{place}{self.message}; {self.fix}"

    @property
    def wording(self) -> Hashable:
        """Equal for findings that say the same of different places."""
        file = self.place.file if self.place else None
        message = self.message.replace(self.where, "") if self.where else self.message
        return self.rule, self.severity, file, message, self.fix

    @property
    def mistake(self) -> Hashable:
        """Equal for findings in entries of the same list that break the same rule."""
        if self.place is None:
            return self.wording
        path = tuple(part if isinstance(part, str) else None for part in self.place.path)
        if None not in path:
            return self.wording
        return self.rule, self.severity, self.place.file, self.kind or path, self.fix


@dataclass(frozen=True, slots=True)
class Group:
    """The same thing, found at one place or at thousands.

    Args:
        findings: the first few.
        count: how many there are.
    """

    findings: tuple[Finding, ...]
    count: int

    @property
    def first(self) -> Finding:
        """The one to be told."""
        return self.findings[0]


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by severity, otherwise keep the order; what is said twice is kept once."""
    rank = {severity: number for number, severity in enumerate(Severity)}
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: rank[finding.severity]))


def grouped(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Put together what is the same, in the order in which it is found first.

    The same sentence about several places is one group. So are entries of one list that break the
    same rule, unless they are so few that each can have its own sentence.
    """
    by_mistake: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        by_mistake.setdefault(finding.mistake, []).append(finding)
    return tuple(group for same in by_mistake.values() for group in _groups(same))


def _groups(same: Sequence[Finding]) -> Iterator[Group]:
    if len(same) <= _FEW and len({finding.wording for finding in same}) > 1:
        yield from (Group((finding,), 1) for finding in same)
    else:
        yield Group(tuple(same[:MOST_PLACES]), len(same))


def located(groups: Iterable[Group], texts: Mapping[str, JsonText]) -> tuple[Group, ...]:
    """Add to findings in documents where in the text they stand.

    Args:
        groups: what was found.
        texts: of the documents, by the names under which findings know them.
    """
    found = tuple(groups)
    wanted: dict[str, list[JsonPath]] = {name: [] for name in texts}
    for place in (finding.place for group in found for finding in group.findings):
        if place is not None and place.file in wanted:
            wanted[place.file].append(place.path)
    positions = {name: texts[name].positions(paths) for name, paths in wanted.items() if paths}

    def with_position(finding: Finding) -> Finding:
        place = finding.place
        if place is None or place.file not in positions:
            return finding
        known = Place(texts[place.file].name, place.path, positions[place.file][place.path])
        return replace(finding, place=known)

    return tuple(Group(tuple(map(with_position, each.findings)), each.count) for each in found)


def parted(sentence: str, usual: str) -> tuple[str, str]:
    """Part a sentence into what is wrong and what to do about it.

    Args:
        sentence: in our errors the remedy follows the last semicolon.
        usual: the remedy where the sentence names none.
    """
    message, _, fix = sentence.rpartition("; ")
    return (message, fix) if message else (sentence, usual)
