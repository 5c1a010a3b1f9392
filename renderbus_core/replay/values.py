"""What is replayed, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from renderbus_core.money import Money


@dataclass(frozen=True, slots=True)
class Shot:
    """A job of a trace.

    Args:
        name: unique in the trace.
        arrives: when it is submitted, in seconds from the start.
        seconds: what each of its tasks takes on a local worker, in the job's order.
        priority: higher is sooner.
        deadline: when it should be done, in seconds from the start; None when nobody said.
        dcc: its program.
    """

    name: str
    arrives: float
    seconds: tuple[float, ...]
    priority: int = 50
    deadline: float | None = None
    dcc: str = "maya"


@dataclass(frozen=True, slots=True)
class Trace:
    """A queue over time.

    Args:
        name: for people.
        workers: local ones.
        shots: in the order they arrive.
    """

    name: str
    workers: int
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True)
class Cloud:
    """What the cloud is taken to be.

    Args:
        machines: most that render for us at one time.
        wait_seconds: what a burst takes beside rendering; half of it before, half after.
        speed: of its machines, where a local worker is 1.
        price_per_hour: of a machine.
    """

    machines: int
    wait_seconds: float
    speed: float
    price_per_hour: Money


@dataclass(frozen=True, slots=True)
class Sample:
    """The queue at one moment.

    Args:
        at: seconds from the start.
        queued: tasks that wait for a worker.
        local: tasks that render here.
        cloud: tasks that are in the cloud, waiting ones too.
    """

    at: float
    queued: int
    local: int
    cloud: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy led to.

    Args:
        policy: its name.
        cost: of the cloud.
        cloud_hours: machine hours there.
        bursts: how many began.
        cloud_tasks: tasks that were rendered there.
        waits: seconds from a job's submission until its first task rendered, anywhere; sorted.
        spans: seconds from a job's submission until it was done, sorted.
        missed: names of the jobs that missed their deadline.
        deadlines: how many jobs had one.
        samples: the queue over time.
    """

    policy: str
    cost: Money
    cloud_hours: float
    bursts: int
    cloud_tasks: int
    waits: tuple[float, ...]
    spans: tuple[float, ...]
    missed: tuple[str, ...]
    deadlines: int
    samples: tuple[Sample, ...] = field(repr=False, default=())

    @property
    def mean_wait(self) -> float:
        """Mean wait of a job for its first task, in seconds."""
        return sum(self.waits) / len(self.waits) if self.waits else 0.0

    @property
    def p95_wait(self) -> float:
        """Wait that 19 of 20 jobs do not exceed, in seconds."""
        return self.waits[(len(self.waits) * 95 - 1) // 100] if self.waits else 0.0

    @property
    def mean_span(self) -> float:
        """Mean time from submission to the last picture, in seconds."""
        return sum(self.spans) / len(self.spans) if self.spans else 0.0

    def cheaper_than(self, other: Outcome) -> float | None:
        """Return the share of another's cost that this one saves; None when that cost nothing."""
        if other.cost.amount == Decimal(0):
            return None
        return float(1 - self.cost.amount / other.cost.amount)
