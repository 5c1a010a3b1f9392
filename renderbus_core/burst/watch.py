"""Asking for many bursts at once: one question to the cloud per hundred tasks, one to the farm.

What was asked for ahead is used once. Whoever then wants to know again asks for itself, so that
nothing is decided on what was seen before an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from renderbus_core.api import Client, RemoteTask
from renderbus_core.burst.ports import Farm
from renderbus_core.burst.store import Live
from renderbus_core.errors import CloudError, FarmError
from renderbus_core.jobs import BurstId, JobId, LocalTask

_Remote = RemoteTask | CloudError | None
_Local = tuple[LocalTask, ...] | FarmError | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """A burst and its two sides, as they were seen in the last common look."""

    row: Live
    remote: RemoteTask
    local: tuple[LocalTask, ...]


@dataclass(slots=True)
class Watch:
    """Both sides as they were seen in the last common look."""

    _rows: dict[BurstId, Live] = field(default_factory=dict)
    _remote: dict[int, _Remote] = field(default_factory=dict)
    _local: dict[JobId, _Local] = field(default_factory=dict)

    def look(self, client: Client, farm: Farm, bursts: Sequence[Live]) -> None:
        """Ask for several bursts; a side that cannot be asked tells each of them so.

        Args:
            client: of the cloud.
            farm: the local side.
            bursts: as the store has them now.
        """
        remote_ids = [burst.remote_id for burst in bursts if burst.remote_id is not None]
        jobs = list(dict.fromkeys(burst.job for burst in bursts))
        self._rows = {burst.id: burst for burst in bursts}
        self._remote = dict.fromkeys(remote_ids)
        self._local = dict.fromkeys(jobs)
        if remote_ids:
            try:
                self._remote |= client.query.task_info(remote_ids)
            except CloudError as error:
                self._remote = dict.fromkeys(remote_ids, error)
        if jobs:
            try:
                self._local |= farm.tasks(jobs)
            except FarmError as error:
                self._local = dict.fromkeys(jobs, error)

    def ahead(self, burst: BurstId) -> Ahead | None:
        """Return what is known of a burst ahead; None when a side does not know it, or all of it.

        Args:
            burst: which.
        """
        row = self._rows.get(burst)
        if row is None or row.remote_id is None:
            return None
        remote, local = self._remote.get(row.remote_id), self._local.get(row.job)
        if not isinstance(remote, RemoteTask) or not isinstance(local, tuple):
            return None
        return Ahead(row, remote, local)

    def use_up(self, row: Live) -> None:
        """Have everybody who asks about a burst again ask for itself."""
        if row.remote_id is not None:
            self._remote.pop(row.remote_id, None)
        self._local.pop(row.job, None)

    def remote(self, client: Client, remote_id: int) -> RemoteTask | None:
        """Return a task of the cloud; None when it does not know it.

        Raises:
            CloudError: it cannot be asked.
        """
        if remote_id not in self._remote:
            return client.query.task_info([remote_id]).get(remote_id)
        found = self._remote.pop(remote_id)
        if isinstance(found, CloudError):
            raise found
        return found

    def local(self, farm: Farm, job: JobId) -> tuple[LocalTask, ...] | None:
        """Return the tasks of a job; None when the farm shows none.

        Raises:
            FarmError: it cannot be asked.
        """
        if job not in self._local:
            return farm.tasks([job]).get(job)
        found = self._local.pop(job)
        if isinstance(found, FarmError):
            raise found
        return found
