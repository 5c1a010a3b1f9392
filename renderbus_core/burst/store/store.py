"""The record of all bursts of a farm: one transaction per call, under the lease that allows it.

Every write names the lease it is made under and is refused once another runner has taken over,
in the same transaction. A transition that `model` does not allow is refused too.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from renderbus_core.burst import leases
from renderbus_core.burst import tables as t
from renderbus_core.burst.leases import Held, Lease
from renderbus_core.burst.model import Asked, Burst, BurstState, Order
from renderbus_core.burst.store import (
    asking,
    files,
    log,
    planning,
    presence,
    probes,
    reading,
    remote,
)
from renderbus_core.burst.store.carrying import CarrierRecord
from renderbus_core.burst.store.deciding import DeciderRecord
from renderbus_core.burst.store.moving import Step
from renderbus_core.burst.store.values import (
    PERSON,
    Adopted,
    Event,
    Limits,
    Line,
    Live,
    Output,
    Presence,
    ProbeResult,
    RemoteLeaf,
    Route,
    Stray,
)
from renderbus_core.database import Database
from renderbus_core.errors import StoreError, TaskTakenError
from renderbus_core.jobs import BurstId, JobId
from renderbus_core.overflow import Budget
from renderbus_core.transfer import Upload

_NO_LIMITS = Limits()
_WANTED = (
    "the URL of the burst store (store.url) names no database; write sqlite:////folder/bursts.db "
    "or postgresql://user@host/name"
)


def random_id() -> str:
    """Return a name that no other burst has, short enough to be typed."""
    return uuid.uuid4().hex[:12]


class BurstStore(CarrierRecord, DeciderRecord):
    """Bursts on SQLite or PostgreSQL.

    Args:
        url: SQLAlchemy URL; the folder of an SQLite file is made where it is missing.
        new_id: names new bursts, each differently; a test passes its own.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, url: str, new_id: Callable[[], str] = random_id) -> None:
        self._new_id = new_id
        self._database = Database(_place(url), t.DESIGN)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # -- leases ---------------------------------------------------------------------------

    def lease(
        self, name: str, owner: str, ttl: float, now: datetime, margin: float = 0.0
    ) -> Lease | Held:
        """Take or take over a lease; the epoch rises with each change of owner.

        On PostgreSQL the server's clock decides what has expired.

        Args:
            name: what is leased.
            owner: who asks; unique per process.
            ttl: seconds until it expires.
            now: UTC.
            margin: seconds after its end for which another's lease is left alone: an effect that
                was begun in its last moment may still be under way.
        """
        with self._database.writing() as db:
            return leases.take(
                db, name, owner, timedelta(seconds=ttl), now, timedelta(seconds=margin)
            )

    def renew(self, lease: Lease, ttl: float, now: datetime) -> Lease:
        """Extend a lease that is still ours; `LeaseLostError` when it is not."""
        with leases.writing(self._database, lease) as db:
            return leases.extend(db, lease, timedelta(seconds=ttl), now)

    def give_up(self, lease: Lease) -> None:
        """Free the lease at once, so that another runner need not wait."""
        with leases.writing(self._database, lease) as db:
            leases.free(db, lease)

    # -- planning -------------------------------------------------------------------------

    def plan(
        self,
        orders: Sequence[Order],
        now: datetime,
        lease: Lease | None = None,
        limits: Limits = _NO_LIMITS,
        who: str = PERSON,
    ) -> tuple[Burst, ...]:
        """Turn decisions into bursts: all of them or none.

        Args:
            orders: what to send.
            now: UTC.
            lease: of the decider; None for what a person asks.
            limits: looked at in the same transaction, one plan of a farm at a time.
            who: asks for it, when there is no lease.

        Raises:
            TaskTakenError: one of the tasks is already in a live burst.
            LimitReachedError: an order exceeds a limit.
            RouteDrainedError: the farm takes no new bursts.
            StoreError: an order cannot be one.
        """
        transaction = (
            self._database.writing() if lease is None else leases.writing(self._database, lease)
        )
        try:
            with transaction as db:
                author = who if lease is None else lease.owner
                planned = {BurstId(self._new_id()): order for order in orders}
                planning.plan(db, planned, limits, author, now)
                return tuple(reading.one(db, burst) for burst in planned)
        except IntegrityError as error:
            names = ", ".join(sorted({order.job for order in orders}))
            raise TaskTakenError(
                f"a task of {names} is in a live burst already; see `renderbus status`"
            ) from error

    def adopt(self, found: Adopted, now: datetime, who: str = PERSON) -> Burst:
        """Take up a burst that the farm and the cloud show, and that is not known here.

        Args:
            found: what they show.
            now: UTC.
            who: asks for it.

        Raises:
            TaskTakenError: one of its tasks is in a live burst already.
            StoreError: it is known already.
        """
        try:
            with self._database.writing() as db:
                planning.adopt(db, found, who, now)
                return reading.one(db, found.burst)
        except IntegrityError as error:
            raise TaskTakenError(
                f"burst {found.burst} is known, or a task of {found.job} is in another live burst; "
                "see `renderbus status`"
            ) from error

    # -- what people ask ------------------------------------------------------------------

    def ask_recall(self, burst: BurstId, why: str, now: datetime, who: str = PERSON) -> None:
        """Ask the burst's runner to stop the remote task and bring everything back."""
        with self._database.writing() as db:
            asking.recall(db, burst, why, who, now)

    def ask(
        self,
        burst: BurstId,
        asked: Asked,
        why: str,
        now: datetime,
        who: str = PERSON,
        *,
        tasks: Collection[str] | None = None,
    ) -> None:
        """Note what somebody wants of open tasks of a burst; its runner acts on it.

        Args:
            burst: which.
            asked: what is wanted.
            why: for people.
            now: UTC.
            who: wants it.
            tasks: ids; None for all that are open.

        Raises:
            StoreError: there is no such burst, or it has no such open task.
        """
        with self._database.writing() as db:
            asking.ask(db, burst, asked, Step(who, why, now), tasks)

    def approve(self, burst: BurstId, now: datetime, who: str = PERSON) -> None:
        """Let the frames of a burst go on that wait behind its test frames."""
        with self._database.writing() as db:
            asking.approve(db, burst, who, now)

    def set_route(self, route: Route) -> None:
        """Close a farm's way to the cloud for new bursts, or open it again."""
        with self._database.writing() as db:
            asking.set_route(db, route)

    def route(self, farm: str) -> Route:
        """Read whether a farm's way to the cloud takes new bursts."""
        with self._database.reading() as db:
            return asking.route(db, farm)

    # -- who is at work -------------------------------------------------------------------

    def beat(self, sign: Presence, forget_before: datetime) -> None:
        """Note a sign of life of a process, and forget those that are long silent.

        Args:
            sign: what it tells.
            forget_before: those not seen since then, UTC, are forgotten.
        """
        with self._database.writing() as db:
            presence.forget(db, forget_before)
            presence.beat(db, sign)

    def leave(self, owner: str) -> None:
        """Note that a process has ended in good order."""
        with self._database.writing() as db:
            presence.leave(db, owner)

    def gateways(self) -> tuple[Presence, ...]:
        """Read which processes carry bursts, the last seen first."""
        with self._database.reading() as db:
            return presence.read(db)

    # -- reading --------------------------------------------------------------------------

    def burst(self, id: BurstId) -> Burst:  # noqa: A002 - the field's own word
        """Read one burst; `StoreError` when there is none."""
        with self._database.reading() as db:
            return reading.one(db, id)

    def state(self, id: BurstId) -> BurstState:  # noqa: A002 - the field's own word
        """Read where one burst stands; `StoreError` when there is none."""
        with self._database.reading() as db:
            return BurstState(reading.row(db, id).state)

    def bursts(self, *, live: bool = False) -> tuple[Burst, ...]:
        """Read all bursts, oldest first; only those at work when `live`."""
        with self._database.reading() as db:
            return reading.several(db, live=live)

    def live(self, farm: str) -> tuple[Live, ...]:
        """Read which bursts of a farm are at work, oldest first, without their tasks.

        Those of other farms in the same store are for others to carry.
        """
        with self._database.reading() as db:
            return reading.live(db, farm)

    def given_back(self, farm: str) -> Mapping[tuple[JobId, str], int]:
        """Count how often each task of a farm came back from the cloud unfinished."""
        with self._database.reading() as db:
            return reading.given_back(db, farm)

    def committed(self, budget: Budget | None = None) -> Decimal:
        """Return what bursts take out of a budget, whichever farm they are of.

        A live burst takes its estimate, or what it has cost when that is more; one that is over,
        what it has cost.

        Args:
            budget: only what counts against it; None for everything.
        """
        with self._database.reading() as db:
            return reading.committed(db, budget)

    def spent(self, budget: Budget) -> Decimal:
        """Return what a budget has paid, tasks that the cloud renders now counted as if done."""
        with self._database.reading() as db:
            return reading.spent(db, budget)

    def probe_results(self, farm: str) -> Mapping[BurstId, ProbeResult]:
        """Read what the probes of a farm came to, the oldest first."""
        with self._database.reading() as db:
            return probes.read(db, farm)

    def note_probe_result(
        self, lease: Lease, burst: BurstId, result: ProbeResult, now: datetime
    ) -> None:
        """Write down what a probe came to."""
        with self._carrying(lease, burst) as db:
            probes.write(db, burst, result, now)

    def events(self, burst: BurstId) -> tuple[Event, ...]:
        """Read the log of a burst, oldest first."""
        with self._database.reading() as db:
            return log.read(db, burst)

    def tell(self, line: Event, *, is_news: bool, once: bool = True) -> bool:
        """Add a line about the whole route, and tell whether it was news.

        Args:
            line: its `before` names what of its subject it is about.
            is_news: whether it is worth a line when nothing was said of that yet.
            once: whether the same again is not added.
        """
        with self._database.writing() as db:
            return log.tell(db, line, is_news=is_news, once=once)

    def route_log(self, most: int) -> tuple[Line, ...]:
        """Read what was logged about the whole route, newest first."""
        with self._database.reading() as db:
            return log.of_route(db, most)

    def follow_log(self, after: int | None = None, most: int = 1000) -> tuple[Line, ...]:
        """Read what was logged of all bursts, oldest first.

        Args:
            after: number of the last line that is known; None gives the newest line alone.
            most: lines.
        """
        with self._database.reading() as db:
            return log.follow(db, log.last(db) - 1 if after is None else after, most)

    def waivers(self, burst: BurstId) -> Mapping[str, str]:
        """Read who waived which rule of the check for a burst, by the rule's name."""
        with self._database.reading() as db:
            return log.waivers(db, burst)

    def staged(self, burst: BurstId) -> tuple[Upload, ...]:
        """Read what was sent to the input storage for a burst."""
        with self._database.reading() as db:
            return files.staged(db, burst)

    def outputs(self, burst: BurstId) -> tuple[Output, ...]:
        """Read what the cloud has listed for a burst so far."""
        with self._database.reading() as db:
            return files.listed(db, burst)

    def strays(self, burst: BurstId) -> tuple[Stray, ...]:
        """Read the cloud's files of a burst that belong to no output of its job."""
        with self._database.reading() as db:
            return files.strays_of(db, burst)

    def remote(self, burst: BurstId) -> tuple[RemoteLeaf, ...]:
        """Read the cloud's tasks and frames as they were noted last."""
        with self._database.reading() as db:
            return remote.read(db, burst)


def _place(url: str) -> URL:
    """Read the URL, which may hold a password and is never shown, and make the file's folder."""
    try:
        place = make_url(url)
        is_file = place.get_backend_name() == "sqlite"
    except SQLAlchemyError as error:
        raise StoreError(_WANTED) from error
    if not is_file:
        return place
    if not place.database:
        raise StoreError(_WANTED)
    folder = Path(place.database).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {folder} of the burst store cannot be made ({error.strerror}); name "
            "another in store.url"
        ) from error
    return place
