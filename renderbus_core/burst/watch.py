"""Asking for many bursts at once: one question to the cloud per hundred tasks, one to the farm.

What was asked for ahead is used once. Whoever then wants to know again asks for itself, so that
nothing is decided on what was seen before an effect.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from renderbus_core.api import Client, RemoteTask
from renderbus_core.burst.ports import Farm
from renderbus_core.errors import CloudError, FarmError
from renderbus_core.jobs import JobId, LocalTask

_Remote = RemoteTask | CloudError | None
_Local = tuple[LocalTask, ...] | FarmError | None


@dataclass(slots=True)
class Watch:
    """Both sides as they were seen in the last common look."""

    _remote: dict[int, _Remote] = field(default_factory=dict)
    _local: dict[JobId, _Local] = field(default_factory=dict)

    def look(
        self, client: Client, farm: Farm, remote_ids: Collection[int], jobs: Collection[JobId]
    ) -> None:
        """Ask for several bursts; a side that cannot be asked tells each of them so.

        Args:
            client: of the cloud.
            farm: the local side.
            remote_ids: tasks of the cloud.
            jobs: local jobs.
        """
        self._remote = dict.fromkeys(remote_ids)
        self._local = dict.fromkeys(jobs)
        if remote_ids:
            try:
                self._remote |= client.query.task_info(list(remote_ids))
            except CloudError as error:
                self._remote = dict.fromkeys(remote_ids, error)
        if jobs:
            try:
                self._local |= farm.tasks(list(jobs))
            except FarmError as error:
                self._local = dict.fromkeys(jobs, error)

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
