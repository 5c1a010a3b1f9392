"""One world: everything in one process, moved by one agenda, one event after the other.

A gateway that waits, sleeps or is paused lets the others go on in between: the interleavings of
several processes, without a thread.
"""

from __future__ import annotations

import heapq
import itertools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from burstsim import truth, verbs, wire
from burstsim.cases import STORM_SECONDS, Case
from burstsim.clocks import HostClock
from burstsim.faults import Faults
from burstsim.hosts import Host
from burstsim.invariants import AFTER_EVERY_EVENT, AT_REST, BrokenError
from burstsim.pictures import png
from burstsim.studio import ESTIMATE_PER_FRAME, Studio, room, share_statements
from burstsim.trace import Trace
from burstsim.witness import Witness
from burstsim.workers import Hand
from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.burst import BurstStore, Limits, Order, budgets
from renderbus_core.clock import ManualClock
from renderbus_core.farm import LocalFarm
from renderbus_core.jobs import LocalTask, TaskRef
from renderbus_core.money import Money
from renderbus_core.overflow import Payer
from renderbus_core.simulator import DiskStorage, RenderFrame, SimulatorAdapter
from renderbus_core.simulator import fees as cloud_fees
from renderbus_core.statuses import FrameCode

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
# After the storm a person looks: money is paid, and what does not end by itself is recalled.
_RECALL_SECONDS = 400.0
_END_SECONDS = 4000.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a case.

    Args:
        case: with the faults that struck.
        broken: the invariant that did not hold; None when all did.
        trace: what happened.
        digest: of the trace.
        passed: how often each point was passed.
        states: transitions of bursts that were seen.
    """

    case: Case
    broken: BrokenError | None
    trace: tuple[str, ...]
    digest: str
    passed: dict[str, int]


def run(case: Case) -> Ended:
    """Run a case to its end, or to the first invariant that does not hold."""
    folder = Path(tempfile.mkdtemp(prefix="burstsim-", dir=room()))
    try:
        world = World(case, folder)
        try:
            broken = world.live()
        finally:
            world.close()
    finally:
        shutil.rmtree(folder)
    struck = tuple(world.faults.struck)
    return Ended(
        Case(case.seed, case.shape, case.acts, struck),
        broken,
        tuple(world.trace.lines),
        world.trace.digest,
        dict(world.faults.passed),
    )


class World:
    """The parts of one case.

    Args:
        case: which.
        folder: empty; for all files.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.time = ManualClock(START)
        self.clock = HostClock(self.time)
        self.trace = Trace(lambda: self.seconds)
        self.faults = Faults(case)
        self.studio = Studio(folder, case, self.clock)
        self.storage = DiskStorage(folder / "cloud")
        self.cloud = wire.Cloud(
            self.studio.cloud_settings(case),
            self.storage,
            case.shape["growing_seconds"],
            self.time.now,
        )
        self.adapter = SimulatorAdapter(self.cloud, self.time, self._paint, self.pass_time)
        self.moment = 0
        self.calm = False
        self.remembered: dict[str, Any] = {}
        self.witness = Witness(self)
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._names = itertools.count(1)
        self._nonces = itertools.count(10**14)
        self._paints = itertools.count(1)
        self._hosts = [
            Host(self, f"gateway-{number}") for number in range(1, case.shape["gateways"] + 1)
        ]
        self._open_people()
        self.job = self.farm.submit(self.studio.job())
        self._plan_everything()

    def _open_people(self) -> None:
        """Open what people work with: their own doors to farm, store and cloud, without faults."""
        self.farm = LocalFarm(self.studio.farm_file, self.clock)
        self.store = BurstStore(self.studio.store_url, self.new_burst)
        share_statements(self.store, self.farm)
        seams = Seams(
            clock=self.time,
            sleep=self.pass_time,
            nonce=self.nonce,
            adapter=lambda: self.adapter,
        )
        endpoint = Endpoint(wire.DOMAIN, scheme="http", attempts=1)
        self.page = Client(endpoint, self.studio.credentials, seams)
        self._databases = (
            truth.Database(self.studio.folder / "bursts.db"),
            truth.Database(self.studio.farm_file),
        )

    def _plan_everything(self) -> None:
        shape = self.case.shape
        refs = [task.ref for task in self.tasks()]
        groups = [refs[place :: shape["orders"]] for place in range(shape["orders"])]
        for place, group in enumerate(filter(None, groups)):
            self.later(5.0 + 25.0 * place, lambda group=group: self._order_by_person(group))
        for place, host in enumerate(self._hosts):
            self._repeat(6.0 + place, host.run)
        for number in range(shape["workers"]):
            self._repeat(90.0 + 60.0 * number, Hand(self, f"worker-{number + 1}").run)
        for act in self.case.acts:
            self.later(act.at, lambda act=act: verbs.act(self, act.verb, act.pick))

    def close(self) -> None:
        """Close everything."""
        for host in self._hosts:
            host.end()
        for each in (self.farm, self.store, self.page, *self._databases):
            each.close()

    # Time.

    @property
    def seconds(self) -> float:
        """True seconds since the start."""
        return (self.time.now() - START).total_seconds()

    def live(self) -> BrokenError | None:
        """Let everything happen, and return the first invariant that does not hold."""
        try:
            self._until(STORM_SECONDS, stop=self._has_come_to_rest)
            self._calm_down()
            self._until(self.seconds + _RECALL_SECONDS, stop=self._is_over)
            self._recall_everything()
            self._until(self.seconds + _END_SECONDS, stop=self._is_over)
            self._finish_locally()
            for invariant in AT_REST:
                invariant(self)
        except BrokenError as broken:
            self.trace.note("witness", str(broken))
            return broken
        return None

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Put something on the agenda."""
        at = self.time.now().timestamp() + seconds
        heapq.heappush(self._agenda, (datetime.fromtimestamp(at, UTC), next(self._order), do))

    def pass_time(self, seconds: float) -> None:
        """Let time pass for somebody who waits: the others go on meanwhile."""
        self._until(self.seconds + seconds)

    def echo(self, request: requests.PreparedRequest, seconds: float) -> None:
        """Let a request arrive once more, later."""

        def arrive() -> None:
            self.trace.note("network", f"brings {request.path_url} once more")
            self.witness.cloud_woken()
            wire.echo(self, request)

        self.later(seconds, arrive)

    def _repeat(self, seconds: float, run: Callable[[], float]) -> None:
        def go_on() -> None:
            self.later(run(), go_on)

        self.later(seconds, go_on)

    def _until(self, seconds: float, stop: Callable[[], bool] | None = None) -> None:
        while self._agenda and (self._agenda[0][0] - START).total_seconds() <= seconds:
            at, _, do = heapq.heappop(self._agenda)
            self.time.advance(max(0.0, (at - self.time.now()).total_seconds()))
            self.moment += 1
            do()
            for invariant in AFTER_EVERY_EVENT:
                invariant(self)
            if stop is not None and stop():
                return
        self.time.advance(max(0.0, seconds - self.seconds))

    def _is_over(self) -> bool:
        return not self.store_rows(
            "SELECT 1 FROM bursts WHERE state NOT IN ('done', 'recalled', 'failed') LIMIT 1"
        ) and not self.farm_rows(
            "SELECT 1 FROM tasks WHERE state = 'suspended' AND burst IS NOT NULL LIMIT 1"
        )

    def _has_come_to_rest(self) -> bool:
        last = max([act.at for act in self.case.acts], default=0.0)
        return self.seconds > max(last, 5.0 + 25.0 * self.case.shape["orders"]) and self._is_over()

    def _calm_down(self) -> None:
        self.trace.note("world", "is calm from now on")
        self.calm = self.faults.calm = True
        self.cloud.stick([], self.time.now())
        self.cloud.set_nodes(4, self.time.now())
        if self.balance() <= 0:
            self.witness.cloud_woken()
            self.pay(Decimal(100))

    def _recall_everything(self) -> None:
        for burst in self.store.live("local"):
            self.trace.note("person", f"recalls {burst.id}, which is {burst.state}")
            self.store.ask_recall(burst.id, "it takes too long", self.clock.now())

    def _finish_locally(self) -> None:
        """Let a local worker take what waits, as one would."""
        hand = Hand(self, "worker-0")
        for _ in range(200):
            if not self.farm_rows("SELECT 1 FROM tasks WHERE state IN ('queued', 'rendering')"):
                return
            self._until(self.seconds + hand.run())

    # What people and witnesses use.

    def tasks(self) -> tuple[LocalTask, ...]:
        """Return the job's tasks as the farm shows them."""
        return self.farm.tasks([self.job]).get(self.job, ()) if hasattr(self, "job") else ()

    def new_burst(self) -> str:
        """Return the next name of a burst."""
        return f"burst{next(self._names)}"

    def nonce(self) -> str:
        """Return the next nonce."""
        return str(next(self._nonces))

    def estimate(self, refs: Sequence[TaskRef]) -> Money:
        """Return what some tasks are expected to cost."""
        frames = sum(len(ref.frames) for ref in refs)
        return Money(ESTIMATE_PER_FRAME * frames, "USD")

    def order(self, order: Order) -> str:
        """Send tasks to the cloud, within the budget."""
        payer = Payer(order.job, order.user, order.project)
        limits = Limits(budgets=budgets(self.studio.config, self.clock.now(), [payer]))
        (burst,) = self.store.plan([order], self.clock.now(), limits=limits)
        return f"{burst.id} of {len(order.tasks)} tasks"

    def _order_by_person(self, refs: Sequence[TaskRef]) -> None:
        order = Order("local", self.job, tuple(refs), "a person", self.estimate(refs))
        try:
            done = self.order(order)
        except verbs.REFUSED as error:
            done = f"refused ({type(error).__name__})"
        self.trace.note("person", f"order: {done}")

    def restart_host(self, pick: int) -> str:
        """Restart one of the gateways once or twice, unless it is in the midst of a step."""
        host = self._hosts[pick // 2 % len(self._hosts)]
        done = [host.restart() for _ in range(1 + pick % 2)]
        return host.name if any(done) else ""

    def change_farm(self, statement: str, task: LocalTask) -> None:
        """Change a task at the farm as people can where the embedded farm has no door for it."""
        self._databases[1].rows(statement, task.ref.id)

    def store_rows(self, query: str, *values: Any) -> list[Any]:
        """Read the store's tables."""
        return self._databases[0].rows(query, *values)

    def farm_rows(self, query: str, *values: Any) -> list[Any]:
        """Read the farm's tables; a job is given by its id."""
        plain = [int(v.removeprefix("job-")) if v == self.job else v for v in values]
        return self._databases[1].rows(query, *plain)

    def remote_ids(self) -> list[int]:
        """Return the remote tasks of all bursts."""
        rows = self.store_rows("SELECT remote_id FROM bursts WHERE remote_id IS NOT NULL")
        return sorted(row["remote_id"] for row in rows)

    def remote_frames(self, *codes: FrameCode) -> list[tuple[int, int]]:
        """Return leaf and id of frame entries of all bursts."""
        return [
            found
            for remote_id in self.remote_ids()
            for found in truth.frames_with(self.cloud, remote_id, *codes)
        ]

    def balance(self) -> Decimal:
        """Return what the account has left."""
        return cloud_fees.balance(self.cloud._world, self.studio.account)

    def pay(self, amount: Decimal) -> str:
        """Pay into the account, or take out."""
        self.cloud.pay(self.studio.account.user_id, amount, self.time.now())
        return f"{amount:.2f}"

    def _paint(self, event: RenderFrame) -> dict[str, int]:
        sizes = {}
        for frame in event.frames:
            for picture in event.layer.pictures:
                name = picture.template.replace("####", f"{frame:04d}")
                number = next(self._paints)
                # No two renders have the same content or size.
                content = png(f"frame {frame}, render {number}", number)
                with self.storage.receive(event.outputs, f"{event.folder}/{name}") as file:
                    file.write(content)
                self.witness.painted[frame].add(content)
                sizes[name] = len(content)
        return sizes
