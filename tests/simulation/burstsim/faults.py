"""What goes wrong, and where: each passage of a named point may bring one fault.

Whether it does is drawn from the seed, the point and the number of the passage alone, so that one
fault more or less leaves all others where they were: a failing case shrinks fault by fault.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

from burstsim.cases import Case, Fault

CRASHES = ("crash before", "crash after")
PAUSES = ("pause",)
# A quarter of a minute outlasts nothing; the others outlast the lease, with and without margin.
_PAUSE_SECONDS = (5.0, 40.0, 60.0, 200.0)
# What may still be on its way when the settle time is over would be a broken promise of networks,
# not of ours: docs/assumptions.md, "How late may a request arrive?".
_LATE_SECONDS = (3.0, 20.0, 35.0)

KINDS: Mapping[str, tuple[str, ...]] = {
    # Between any two instructions that matter lies a transaction of the store.
    "store": (*CRASHES, *CRASHES, *PAUSES, "store error"),
    "farm": (
        *CRASHES,
        *PAUSES,
        "farm error",
        "farm reply lost",
        "farm unknown",
        "farm unknown done",
    ),
    "look": ("farm error", "farm blind"),
    "upload": ("crash half way", "transfer error"),
    "download": ("crash half way", "transfer error", "disk full"),
    "package": ("disk full",),
    # Beside the simulator's own faults: a connection that is refused, and the same request once
    # more, later.
    "wire": (
        *CRASHES,
        *PAUSES,
        "unreachable",
        "echo",
        "reset_before",
        "reset_after",
        "reset_after",
        "status_500",
        "status_500 done",
        "status_502",
        "html",
        "truncate",
        "slow_drip",
        "latency",
        "duplicate",
        "late",
        "code 100",
        "code 513",
        "code 804",
        "expired",
        "wrong_counts",
    ),
}
_SECONDS: Mapping[str, tuple[float, ...]] = {
    "pause": _PAUSE_SECONDS,
    "late": _LATE_SECONDS,
    "echo": (1.0, *_LATE_SECONDS),
    "latency": (5.0, 50.0, 100.0),
    "slow_drip": (5.0, 50.0),
    "expired": (-900.0, 900.0),
    # How long a gateway stays down.
    "crash before": (5.0, 40.0, 120.0),
    "crash after": (5.0, 40.0, 120.0),
    "crash half way": (5.0, 40.0),
}
# The moments at which work or money could double are passed seldom and struck often.
_HOT: Mapping[str, float] = {
    "wire submit_task": 12,
    "wire create_task": 4,
    "wire stop_task": 3,
    "wire stop_task_frames": 6,
    "wire upload_task_json": 2,
    "wire get_output_files": 0.5,
    "wire query_task_info": 0.5,
    "wire query_task_frames": 0.5,
    "farm claim": 8,
    "farm release": 8,
    "farm complete": 6,
    "farm annotate": 2,
    "look tasks": 0.5,
    "upload": 6,
    "download": 4,
    "package": 3,
    "store lease": 0.2,
    "store intent submit_task": 8,
    "store settle submit_task": 8,
    "store settle claim": 6,
    "store settle release": 6,
    "store settle complete": 6,
}
_MOST = 8
# A paused submit arrives as late as a late one.
_LONGEST_ON_ITS_WAY = 40.0


class Crash(BaseException):
    """The process ends here: what is not on disk is gone.

    Args:
        seconds: until it is started again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(seconds)


class Faults:
    """The faults of one case: drawn from its seed, or those that it lists.

    Args:
        case: which.
    """

    def __init__(self, case: Case) -> None:
        self._seed = case.seed
        self._intensity = case.shape["intensity"]
        self._hot = {**_HOT, **case.shape.get("hot", {})}
        self._listed = (
            None if case.faults is None else {(f.actor, f.point, f.nth): f for f in case.faults}
        )
        self._passages: Counter[tuple[str, str]] = Counter()
        self.struck: list[Fault] = []
        self.passed: Counter[str] = Counter()
        self.calm = False

    def at(self, actor: str, point: str) -> Fault | None:
        """Return what goes wrong at this passage of a point; None for nothing.

        Args:
            actor: who passes.
            point: its first word names its kind.
        """
        self.passed[point] += 1
        if self.calm:
            return None
        self._passages[actor, point] += 1
        nth = self._passages[actor, point]
        if self._listed is not None:
            fault = self._listed.get((actor, point, nth))
        else:
            fault = self._drawn(actor, point, nth)
        if fault is not None:
            self.struck.append(fault)
        return fault

    def _drawn(self, actor: str, point: str, nth: int) -> Fault | None:
        if not self._intensity or len(self.struck) >= _MOST:
            return None
        chance = random.Random(f"{self._seed} {actor} {point} {nth}")  # noqa: S311 - a seed's own
        if chance.random() >= self._intensity * self._hot.get(point, 1.0):
            return None
        kind = chance.choice(KINDS[point.partition(" ")[0]])
        seconds = chance.choice(_SECONDS.get(kind, (0.0,)))
        if point == "wire submit_task" and kind == "pause":
            seconds = min(seconds, _LONGEST_ON_ITS_WAY)
        return Fault(actor, point, nth, kind, seconds)
