"""What a rule is asked about, what it answers, and how it is registered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any, Protocol

from renderbus_core import schema
from renderbus_core.package.dcc import Program
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Place, Severity
from renderbus_core.package.json_places import JsonPath


class Machine(Protocol):
    """A kind of render machine, as the cloud's hardware list describes it."""

    @property
    def id(self) -> int:
        """Its number; texts of it stand in `task_info.hardwareConfigIds`."""

    @property
    def model(self) -> str:
        """Its name."""

    @property
    def ram_gigabytes(self) -> int:
        """Its memory, 0 where nobody says."""

    @property
    def gpu_count(self) -> int:
        """Its graphics cards that render, 0 without."""

    @property
    def platform(self) -> int:
        """Where it stands."""

    @property
    def status(self) -> int:
        """1 when it can be had."""

    def objections(
        self, cg_id: str, cg_version: str, plugins: Mapping[str, str], codes: Collection[str]
    ) -> tuple[str, ...]:
        """Say, each in a sentence, why it does not render a scene."""


# Without slots: `files` is worked out once, for lists of hundreds of thousands.
@dataclass(frozen=True)
class Subject:
    """Documents that their schemas accept, and what is known around them.

    Args:
        documents: the four of one task; what no rule reads may be empty.
        row: whose task it is; None when task.json does not tell.
        machines: the cloud's hardware list; None when nobody asked for it.
        blocking_codes: codes of tips.json that the cloud says block.
    """

    documents: Documents
    row: Program | None
    machines: Sequence[Machine] | None = None
    blocking_codes: Collection[str] = ()

    @property
    def program(self) -> Program:
        """The program whose task it is; only rules that read task.json may ask."""
        if self.row is None:
            raise LookupError("a rule that asks for the program must read task.json")
        return self.row

    @property
    def task(self) -> dict[str, Any]:
        """The decoded task.json."""
        return self.documents.task

    @property
    def info(self) -> dict[str, Any]:
        """The settings of the task."""
        info: dict[str, Any] = self.documents.task["task_info"]
        return info

    @cached_property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Server path and local path of each file of upload.json, those of `asset` first."""
        upload = self.documents.upload
        scene = upload.get("scene", [])
        pairs = [*upload["asset"], *([scene] if isinstance(scene, dict) else scene)]
        # The vendor's packages lose the first slash of some server paths, and Windows tools mix
        # both slashes in local ones.
        return tuple(
            ("/" + pair["server"].lstrip("/"), pair["local"].replace("\\", "/")) for pair in pairs
        )

    @cached_property
    def servers(self) -> frozenset[str]:
        """The different server paths among `files`."""
        return frozenset(map(itemgetter(0), self.files))


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that breaks a rule.

    Args:
        place: document and JSON path.
        message: what is wrong, in one sentence without a full stop.
        fix: what to do; "" for the rule's usual remedy.
    """

    place: Place
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and how bad it is to break it.

    Args:
        id: stable name, for waivers.
        severity: of everything it finds.
        fix: what to do about it, usually.
        sentence: what must hold.
        judge: yields each place that breaks it.
        reads: documents that must be there and well-formed for it to be asked.
    """

    id: str
    severity: Severity
    fix: str
    sentence: str
    judge: Callable[[Subject], Iterator[Fault]]
    reads: tuple[str, ...] = ("task",)

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Yield what breaks the rule: the first thousand places, and how many more there are."""
        faults = self.judge(subject)
        for fault in islice(faults, schema.MOST_EXPLAINED):
            yield Finding(
                self.id,
                self.severity,
                str(fault.place),
                fault.message,
                fault.fix or self.fix,
                place=fault.place,
                expected=self.sentence,
            )
        more = sum(1 for _ in faults)
        if more:
            place = Place(fault.place.file)
            yield Finding(
                self.id,
                self.severity,
                str(place),
                f"{more:,} more places are like that",
                "correct those that are told first",
                place=place,
                expected=self.sentence,
            )


def in_task(place: str | JsonPath, message: str, fix: str = "") -> Fault:
    """Return a fault at a place of task.json.

    Args:
        place: keys and indexes; or keys with dots between, where all of them are ours.
        message: what is wrong.
        fix: what to do; "" for the rule's usual remedy.
    """
    path = tuple(place.split(".")) if isinstance(place, str) else place
    return Fault(Place("task.json", path), message, fix)
