"""What the runner of a burst writes about it, each time under the lease that allows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection

from renderbus_core.burst import leases
from renderbus_core.burst.leases import Lease, lease_name
from renderbus_core.burst.model import Burst, BurstState, Remote, TaskState
from renderbus_core.burst.store import files, intents, log, moving, reading, remote
from renderbus_core.burst.store.moving import Step
from renderbus_core.burst.store.values import Effect, EffectId, Event, Output, RemoteLeaf, Stray
from renderbus_core.database import Database
from renderbus_core.errors import LeaseLostError
from renderbus_core.jobs import BurstId, Claim, Outcome, TaskRef
from renderbus_core.transfer import Upload

_NO_STAMPS: Mapping[str, str] = MappingProxyType({})


class CarrierRecord:
    """The part of the store that whoever carries a burst writes."""

    _database: Database

    def move(
        self,
        lease: Lease,
        burst: BurstId,
        state: BurstState,
        *,
        reason: str,
        now: datetime,
        **values: object,
    ) -> Burst:
        """Move a burst to another state, with further values in the same transaction.

        Args:
            lease: under which it is done.
            burst: which.
            state: where to; the end only when no task is held any more.
            reason: for people.
            now: UTC.
            values: further columns, for example `remote_id`.
        """
        with self._carrying(lease, burst) as db:
            moving.move_burst(db, burst, state, Step(lease.owner, reason, now), values)
            return reading.one(db, burst)

    def note(self, lease: Lease, burst: BurstId, **values: object) -> None:
        """Set columns of a burst that are no transition (`spent`, `absences`, `claim_epoch`)."""
        with self._carrying(lease, burst) as db:
            moving.set_columns(db, reading.row(db, burst), values)

    def confirm(self, lease: Lease, claim: Claim, outcome: Outcome, now: datetime) -> Burst:
        """Record what became of a claim: what was taken is held, the rest leaves the burst.

        Raises:
            StoreError: the burst was claimed again since, or the claim was made under another
                lease.
        """
        with self._carrying(lease, claim.burst) as db:
            moving.check_claim(db, lease, claim)
            taken = Step(lease.owner, "claimed", now)
            moving.move_tasks(db, claim.burst, outcome.taken, TaskState.HELD, taken)
            for ref, why in outcome.refused.items():
                refused = Step(lease.owner, f"not claimed: {why}", now)
                moving.move_tasks(db, claim.burst, (ref,), TaskState.LOST, refused)
            return reading.one(db, claim.burst)

    def move_tasks(
        self,
        lease: Lease,
        burst: BurstId,
        refs: Iterable[TaskRef],
        state: TaskState,
        *,
        reason: str,
        now: datetime,
    ) -> None:
        """Move tasks of a burst to another state; those already there keep their time."""
        with self._carrying(lease, burst) as db:
            moving.move_tasks(db, burst, refs, state, Step(lease.owner, reason, now))

    def note_situations(
        self, lease: Lease, burst: BurstId, said: Mapping[str, Remote], now: datetime
    ) -> None:
        """Remember what the cloud says of tasks, and since when it has been saying so.

        Args:
            lease: under which it is done.
            burst: which.
            said: the cloud's word by task id; other tasks stay as they were.
            now: UTC.
        """
        with self._carrying(lease, burst) as db:
            remote.note_situations(db, burst, said, now)

    def note_remote(
        self, lease: Lease, burst: BurstId, leaves: Iterable[RemoteLeaf], now: datetime
    ) -> None:
        """Remember what the cloud says of some leaves; others stay as they were."""
        with self._carrying(lease, burst) as db:
            remote.note(db, burst, leaves, now)

    def stage(self, lease: Lease, burst: BurstId, sent: Iterable[Upload], now: datetime) -> None:
        """Record files that are sent to the input storage; repeated, the last one counts.

        Args:
            lease: of the burst.
            burst: whose files they are.
            sent: the files.
            now: UTC.

        Raises:
            FilesInUseError: another burst at work needs another content under one of the names.
        """
        with self._carrying(lease, burst) as db:
            files.stage(db, burst, sent, now)

    def waive(
        self, lease: Lease, burst: BurstId, reasons: Mapping[str, str], now: datetime
    ) -> None:
        """Log which rules of the check are waived and why; what is logged already stays as it is.

        Args:
            lease: of the burst.
            burst: which.
            reasons: for people, by the rule's name.
            now: UTC.
        """
        with self._carrying(lease, burst) as db:
            log.waive(db, burst, reasons, lease.owner, now)

    def list_outputs(
        self,
        lease: Lease,
        burst: BurstId,
        listed: Iterable[Output],
        below: Sequence[str] | None = None,
        *,
        counts: bool = True,
    ) -> None:
        """Record a listing of the cloud's files; equal sizes in a row are counted.

        Args:
            lease: under which it is done.
            burst: which.
            listed: every file that was found.
            below: folders that were looked into; what is known of others stays. None: all.
            counts: whether an equal size proves something: enough time has passed since the last.
        """
        with self._carrying(lease, burst) as db:
            files.list_anew(db, burst, listed, below, counts=counts)

    def list_strays(
        self, lease: Lease, burst: BurstId, found: Iterable[Stray], now: datetime
    ) -> None:
        """Record listed files that have no place; each is named in the log once."""
        with self._carrying(lease, burst) as db:
            new = files.list_strays(db, burst, found)
            lines = [Event(now, lease.owner, "file", None, "has no place", s.why) for s in new]
            log.write(db, burst, lines)

    def forget_outputs(self, lease: Lease, burst: BurstId, frames: Iterable[int]) -> None:
        """Forget the files of frames that the cloud renders anew."""
        with self._carrying(lease, burst) as db:
            files.forget(db, burst, frames)

    def collected(
        self,
        lease: Lease,
        burst: BurstId,
        names: Iterable[str],
        stamps: Mapping[str, str] = _NO_STAMPS,
    ) -> None:
        """Record that files are where they belong.

        Args:
            lease: under which it is done.
            burst: which.
            names: of the files.
            stamps: by name, of those that the burst itself put there.
        """
        with self._carrying(lease, burst) as db:
            files.collect(db, burst, names, stamps)

    def refuse_outputs(self, lease: Lease, burst: BurstId, problems: Mapping[str, str]) -> None:
        """Record why files were not taken when they arrived, by name."""
        with self._carrying(lease, burst) as db:
            files.refuse(db, burst, problems)

    def keep_strays(self, lease: Lease, burst: BurstId, places: Mapping[str, Path]) -> None:
        """Record where files that have no place are kept, by name."""
        with self._carrying(lease, burst) as db:
            files.keep_strays(db, burst, places)

    def remark(
        self, lease: Lease, burst: BurstId, subject: str, *, after: str, why: str, now: datetime
    ) -> None:
        """Add a line to the log that is no transition.

        Args:
            lease: under which it is done.
            burst: which.
            subject: what it is about.
            after: in a word or two.
            why: for people.
            now: UTC.
        """
        with self._carrying(lease, burst) as db:
            log.write(db, burst, [Event(now, lease.owner, subject, None, after, why)])

    def open_effects(self, lease: Lease) -> tuple[Effect, ...]:
        """Read what was begun under a lease's name and never settled."""
        with self._database.reading() as db:
            return intents.open_effects(db, lease)

    def intent(self, lease: Lease, effect: Effect, now: datetime) -> EffectId:
        """Record that a side effect is about to happen."""
        with leases.writing(self._database, lease) as db:
            return intents.begin(db, lease, effect, now)

    def settle(self, lease: Lease, effect: EffectId, result: str, now: datetime) -> None:
        """Record what became of a side effect, under the lease and claim it was begun under.

        Raises:
            LeaseLostError: it was begun under an earlier epoch of the lease; it stays open.
            StoreError: it was begun under an earlier claim of the burst, or has another result.
        """
        with leases.writing(self._database, lease) as db:
            intents.settle(db, lease, effect, result, now)

    def _carrying(self, lease: Lease, burst: BurstId) -> AbstractContextManager[Connection]:
        """Give a transaction about one burst, under the lease of that burst and no other."""
        if lease.name != lease_name(burst):
            raise LeaseLostError(f"the lease {lease.name} gives no right to burst {burst}")
        return leases.writing(self._database, lease)
