"""What a runner works with: the two sides, the store, time, and what it remembers of one burst."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from renderbus_core.api import Client, UserProfile
from renderbus_core.burst import storage
from renderbus_core.burst.effects import Effects, Switch
from renderbus_core.burst.fees import Charge
from renderbus_core.burst.model import Burst, BurstState, RemoteEntry, TaskState, WakeAt
from renderbus_core.burst.offers import Offers
from renderbus_core.burst.ports import Farm
from renderbus_core.burst.store import BurstStore, Live
from renderbus_core.burst.watch import Watch
from renderbus_core.clock import Clock
from renderbus_core.config import Config, for_job
from renderbus_core.errors import FarmError
from renderbus_core.facts import SceneFacts
from renderbus_core.jobs import (
    BurstId,
    Gone,
    JobId,
    LocalJob,
    LocalTask,
    Outcome,
    Reason,
    TaskRef,
)
from renderbus_core.package import Offer, OutputMap
from renderbus_core.transfer import Header, Progress, Silent, TransferEngine

# Refusals of tasks that may bear the burst's stamp all the same.
_PERHAPS_OURS = frozenset({Reason.NOT_OURS, Reason.CHANGED})


class JobGoneError(FarmError):
    """The farm says that there is no such job any more."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts that all bursts of one farm share.

    Args:
        farm: the local side.
        client: the cloud's side.
        store: the record.
        config: settings.
        clock: time.
        owner: names this process in leases; unique.
        progress: hears of moved files.
        open_engine: opens the transfer engine of an account when files are to be moved.
        offers: what the cloud offers, for all bursts.
        watch: what was asked for all bursts at once.
        switch: whether anything new may begin.
    """

    farm: Farm
    client: Client
    store: BurstStore
    config: Config
    clock: Clock
    owner: str
    progress: Progress = field(default_factory=Silent)
    open_engine: Callable[[Client, Config], TransferEngine] = storage.open_engine
    offers: Offers = field(default_factory=Offers)
    watch: Watch = field(default_factory=Watch)
    switch: Switch = field(default_factory=Switch)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is known of the frames of one leaf.

    Args:
        counts: of the leaf when its pages were read; None when they are to be read again.
        entries: its frames that make pictures.
        charge: of all its frames.
        read_at: when, UTC.
        doubts: how often in a row pages and counts contradicted each other.
    """

    counts: tuple[int, ...] | None
    entries: tuple[RemoteEntry, ...]
    charge: Charge
    read_at: datetime
    doubts: int = 0


@dataclass(frozen=True, slots=True)
class Still:
    """What a look found that led to nothing but waiting; see `still`.

    Args:
        row: the burst's.
        remote: what the cloud showed.
        local: fingerprint of what the farm showed.
        until: when time alone changes what follows, UTC.
    """

    row: Live
    remote: object
    local: int
    until: datetime


@dataclass(slots=True)
class Memory:
    """What may be forgotten at any time: everything in it can be read again."""

    facts: SceneFacts | None = None
    profile: UserProfile | None = None
    offer: Offer | None = None
    project: int | None = None
    engine: TransferEngine | None = None
    outputs: OutputMap | None = None
    leaves: dict[int, Leaf] = field(default_factory=dict)
    looks_alike: int = 0
    listed_at: dict[str, datetime] = field(default_factory=dict)
    still: Still | None = None
    shown: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    unsaid: bool = False
    frame_limit: float | None = None
    capped: bool = False
    ranked_at: datetime | None = None
    aside: set[str] = field(default_factory=set)
    listed: dict[int, tuple[int, ...]] = field(default_factory=dict)
    headers: dict[str, Header] = field(default_factory=dict)
    disk_refused: bool = False
    failed: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Context:
    """One burst under one lease.

    Args:
        gateway: the shared parts.
        effects: what happens outside passes here.
        memory: what is remembered of the burst.
        shadow: the farm as the burst is to see it; None for the real one.
    """

    gateway: Gateway
    effects: Effects
    memory: Memory
    shadow: Farm | None = None

    @property
    def farm(self) -> Farm:
        """The local side."""
        return self.gateway.farm if self.shadow is None else self.shadow

    @property
    def client(self) -> Client:
        """The cloud's side."""
        return self.gateway.client

    @property
    def store(self) -> BurstStore:
        """The record."""
        return self.gateway.store

    @property
    def config(self) -> Config:
        """Settings."""
        return self.gateway.config

    def config_of(self, burst: Burst) -> Config:
        """Return the settings with the machines that the burst's job asked for."""
        return for_job(self.config, burst.options)

    def now(self) -> datetime:
        """Return the time, UTC."""
        return self.gateway.clock.now()

    def at_once(self) -> WakeAt:
        """Ask to be stepped again without a pause."""
        return WakeAt(self.now())

    def after(self, seconds: float) -> WakeAt:
        """Ask to be stepped again after a pause."""
        return WakeAt(self.now() + timedelta(seconds=seconds))

    def folder(self, burst: BurstId) -> Path:
        """Return the folder of the burst's task package."""
        return self.config.burst.work_folder / burst

    def job(self, burst: Burst) -> LocalJob:
        """Read the local job; `JobGoneError` when it is gone.

        Its options are those with which the burst was planned: people may edit them meanwhile.
        """
        job = self.farm.job(burst.job)
        if isinstance(job, Gone):
            raise JobGoneError(f"job {burst.job} no longer exists on the farm")
        return replace(job, options=burst.options)

    def local_tasks(self, job: JobId) -> tuple[LocalTask, ...] | None:
        """Return the tasks of the job, of the last common look where it may; None when none."""
        if self.shadow is None:
            return self.gateway.watch.local(self.farm, job)
        return self.farm.tasks([job]).get(job)

    def held_back(self, burst: Burst) -> frozenset[str]:
        """Return the ids of open tasks that a person holds back on the farm."""
        shown = self.local_tasks(burst.job) or ()
        open_ = {task.ref.id for task in burst.open_tasks}
        return frozenset(open_.intersection(task.ref.id for task in shown if task.held_back))

    def move(self, burst: Burst, state: BurstState, reason: str, **values: object) -> Burst:
        """Move the burst to another state."""
        return self.store.move(
            self.effects.lease, burst.id, state, reason=reason, now=self.now(), **values
        )

    def move_tasks(
        self, burst: Burst, refs: Iterable[TaskRef], state: TaskState, reason: str
    ) -> None:
        """Move tasks of the burst to another state."""
        self.store.move_tasks(
            self.effects.lease, burst.id, refs, state, reason=reason, now=self.now()
        )

    def give_back(self, burst: Burst, refs: tuple[TaskRef, ...], why: str) -> bool:
        """Give tasks back to local workers and tell whether all of them are settled.

        A release that was carried out but not recorded is found refused when it is repeated: the
        task is no longer ours, which is what was wanted. What the farm could not tell is asked
        again by the next step.
        """
        if not refs:
            return True
        self.move_tasks(burst, refs, TaskState.RELEASING, why)
        outcome = self.release(burst, refs, why)
        self.move_tasks(burst, (*outcome.taken, *outcome.refused), TaskState.RELEASED, why)
        return not outcome.unknown

    def release(self, burst: Burst, refs: tuple[TaskRef, ...], why: str) -> Outcome:
        """Ask the farm to take tasks back; records nothing in the store.

        What is refused as not ours is looked at once more, see `free`.
        """
        outcome = self._release(burst, refs, why)
        perhaps = [ref for ref, reason in outcome.refused.items() if reason in _PERHAPS_OURS]
        if not perhaps:
            return outcome
        freed = self.free(burst, perhaps, why)
        refused = {**outcome.refused, **freed.refused}
        for ref in (*freed.taken, *freed.unknown):
            del refused[ref]
        return Outcome((*outcome.taken, *freed.taken), refused, (*outcome.unknown, *freed.unknown))

    def free(self, burst: Burst, refs: Iterable[TaskRef], why: str) -> Outcome:
        """Take the burst's stamp off tasks, whatever claim it is of and whatever their frames are.

        A runner that died between noting a claim and making it leaves the stamp of the claim
        before; and people give tasks other frames under the same id.

        Returns:
            What became of those that bear the stamp, under the names they were asked for.
        """
        known = {ref.id: ref for ref in refs}
        stamped = dict[int, list[TaskRef]]()
        for task in self.farm.tasks([burst.job]).get(burst.job, ()):
            if task.ref.id in known and task.claim is not None and task.claim.burst == burst.id:
                stamped.setdefault(task.claim.claim_epoch, []).append(task.ref)
        freed = Outcome()
        for epoch, found in stamped.items():
            now = self._release(replace(burst, claim_epoch=epoch), tuple(found), why)
            freed = Outcome(
                (*freed.taken, *(known[ref.id] for ref in now.taken)),
                {**freed.refused, **{known[ref.id]: reason for ref, reason in now.refused.items()}},
                (*freed.unknown, *(known[ref.id] for ref in now.unknown)),
            )
        return freed

    def _release(self, burst: Burst, refs: tuple[TaskRef, ...], why: str) -> Outcome:
        claim = burst.claim(refs, self.effects.lease.epoch)
        return self.effects.perform(
            "release", lambda: self.farm.release(claim, refs, why), tasks=[ref.id for ref in refs]
        )

    def let_go_of_all(self, burst: Burst, why: str) -> bool:
        """Give back whatever the burst may hold before anything was submitted.

        A claim that was carried out but not recorded leaves tasks that the store calls wanted; the
        farm refuses for those that are not ours, which is as good.

        Returns:
            Whether the farm has answered for every task.
        """
        held = burst.refs(TaskState.HELD, TaskState.RELEASING)
        settled = self.give_back(burst, held, why)
        perhaps = burst.refs(TaskState.WANTED) if burst.claim_epoch else ()
        if perhaps:
            settled = not self.release(burst, perhaps, why).unknown and settled
        return settled


class KeepsLease:
    """Progress of a long transfer: passes it on, and keeps the lease alive meanwhile."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def bytes_moved(self, count: int) -> None:
        """Hear of bytes, once a second at least."""
        self._ctx.effects.keep_lease()
        self._ctx.gateway.progress.bytes_moved(count)

    def file_done(self, name: str, size: int, *, skipped: bool) -> None:
        """Hear of one file."""
        self._ctx.effects.keep_lease()
        self._ctx.gateway.progress.file_done(name, size, skipped=skipped)
