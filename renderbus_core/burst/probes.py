"""What is known of the probes of jobs: the record, and whether it still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from renderbus_core.burst.keeping import STOPPED
from renderbus_core.burst.model import Burst, BurstKind, BurstState, TaskState
from renderbus_core.burst.probing import of_row, scene_stamp
from renderbus_core.burst.store import BurstStore, ProbeResult
from renderbus_core.config import Config
from renderbus_core.errors import InputError
from renderbus_core.jobs import BurstId, JobId, LocalJob
from renderbus_core.overflow import Probe, ProbeState

# A scene that looks another each time, on whatever hosts, is not probed for ever.
_MOST_STAMPS = 3


def known_probes(
    store: BurstStore,
    config: Config,
    jobs: Iterable[LocalJob],
    bursts: Sequence[Burst],
    scenes: Mapping[JobId, str],
) -> Mapping[JobId, Probe]:
    """Return what is known of the probes of some jobs.

    A probe holds for its job, and for others of the same scene, until the scene is saved again.

    Args:
        store: the record.
        config: settings.
        jobs: that are decided about.
        bursts: all of the farm, oldest first.
        scenes: of all jobs in the queue.
    """
    record = _Record(
        config,
        [burst for burst in bursts if burst.kind is BurstKind.PROBE],
        store.probe_results(config.farm.kind),
        frozenset(map(of_row, config.parity.mapping)),
        scenes,
    )
    found = ((job.id, record.of(job)) for job in jobs)
    return {job: probe for job, probe in found if probe is not None}


@dataclass(frozen=True, slots=True)
class _Record:
    """All probes of a farm, and what they came to."""

    config: Config
    bursts: Sequence[Burst]
    results: Mapping[BurstId, ProbeResult]
    rows: Collection[str]
    scenes: Mapping[JobId, str]

    def of(self, job: LocalJob) -> Probe | None:
        """Return what holds for a job; None when it is to be probed."""
        of_scene = [
            burst
            for burst in self.bursts
            if burst.job == job.id or self.scenes.get(burst.job) == job.scene
        ]
        for burst in of_scene:
            if not burst.state.is_over:
                return Probe(ProbeState.RUNNING, burst.reason)
        now = job.scene, scene_stamp(self.config, job)
        came = [one for one in self.results.values() if (one.scene, one.stamp) == now]
        compared = [one for one in came if one.alike is not None]
        if compared:
            return self._probe(compared[-1], tries=len(came))
        ended = [burst for burst in of_scene if not burst.recall.startswith(STOPPED)]
        if ended and ended[-1].id not in self.results:
            last = ended[-1]
            if not self._was_saved(job, since=last.created_at):
                return Probe(ProbeState.FAILED, _why_failed(last))
        if came:
            return self._probe(came[-1], tries=len(came))
        return self._too_often(job)

    def _probe(self, found: ProbeResult, tries: int) -> Probe:
        is_mapped = found.software in self.rows
        return Probe(_state(found), found.why, found.software, is_mapped, tries)

    def _too_often(self, job: LocalJob) -> Probe | None:
        """Refuse a job whose scene was another each time, although nobody saved it."""
        own = [burst for burst in self.bursts if burst.job == job.id]
        stamps = {self.results[burst.id].stamp for burst in own if burst.id in self.results}
        if len(stamps) >= _MOST_STAMPS and not self._was_saved(job, since=own[-1].created_at):
            why = f"it was probed {len(own)} times, and its scene was another each time"
            return Probe(ProbeState.FAILED, why)
        return None

    def _was_saved(self, job: LocalJob, since: datetime) -> bool:
        try:
            scene = Path(self.config.paths.mapping.to_local(job.scene))
            return datetime.fromtimestamp(scene.stat().st_mtime, UTC) > since
        except (OSError, OverflowError, ValueError, InputError):
            return False


def _state(found: ProbeResult) -> ProbeState:
    if found.alike is None:
        return ProbeState.RENDERED
    return ProbeState.ALIKE if found.alike else ProbeState.DIFFERENT


def _why_failed(burst: Burst) -> str:
    back = [task.reason for task in burst.tasks if task.state is not TaskState.LOST and task.reason]
    return burst.reason if burst.state is BurstState.FAILED or not back else back[-1]
