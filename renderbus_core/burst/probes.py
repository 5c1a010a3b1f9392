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

# A job whose scene looks another each time, on whatever hosts, is not probed for ever.
_MOST_OF_A_JOB = 3


def known_probes(
    store: BurstStore, config: Config, jobs: Iterable[LocalJob], bursts: Sequence[Burst]
) -> Mapping[JobId, Probe]:
    """Return what is known of the probes of some jobs.

    A probe holds for its job, and for others of the same scene, until the scene is saved again.

    Args:
        store: the record.
        config: settings.
        jobs: that are decided about.
        bursts: all of the farm, oldest first.
    """
    jobs = tuple(jobs)
    scenes = {job.id: job.scene for job in jobs}
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
        for burst in self.bursts:
            if not burst.state.is_over and self.scenes.get(burst.job) == job.scene:
                return Probe(ProbeState.RUNNING, burst.reason)
        return self._of_scene(job) or self._of_job(job)

    def _of_scene(self, job: LocalJob) -> Probe | None:
        """Return what probes of the scene as it is now came to."""
        now = job.scene, scene_stamp(self.config, job)
        came = [one for one in self.results.values() if (one.scene, one.stamp) == now]
        # The last that compared goes before one that had nothing to compare with.
        found = ([one for one in came if one.alike is not None] or came)[-1:]
        for one in found:
            is_mapped = one.software in self.rows
            return Probe(_state(one), one.why, one.software, is_mapped, tries=len(came))
        return None

    def _of_job(self, job: LocalJob) -> Probe | None:
        """Return why a job is not probed again, although no probe of its scene holds."""
        own = [burst for burst in self.bursts if burst.job == job.id and not _is_no_answer(burst)]
        if not own:
            return None
        last = own[-1]
        if last.id not in self.results and not self._was_saved(job, since=last.created_at):
            return Probe(ProbeState.FAILED, _why_failed(last))
        if len(own) >= _MOST_OF_A_JOB:
            why = f"it was probed {len(own)} times, and its scene was another each time"
            return Probe(ProbeState.FAILED, why)
        return None

    def _was_saved(self, job: LocalJob, since: datetime) -> bool:
        try:
            scene = Path(self.config.paths.mapping.to_local(job.scene))
            return datetime.fromtimestamp(scene.stat().st_mtime, UTC) > since
        except (OSError, OverflowError, ValueError, InputError):
            return False


def _is_no_answer(burst: Burst) -> bool:
    """Tell whether a probe ended for something that is neither the job's nor the cloud's."""
    return burst.recall.startswith(STOPPED)


def _state(found: ProbeResult) -> ProbeState:
    if found.alike is None:
        return ProbeState.RENDERED
    return ProbeState.ALIKE if found.alike else ProbeState.DIFFERENT


def _why_failed(burst: Burst) -> str:
    back = [task.reason for task in burst.tasks if task.state is not TaskState.LOST and task.reason]
    return burst.reason if burst.state is BurstState.FAILED or not back else back[-1]
