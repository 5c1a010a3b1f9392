"""What is known of the probes of jobs: the record, and whether it still holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from renderbus_core.burst.model import Burst, BurstKind, BurstState, TaskState
from renderbus_core.burst.probing import of_row, scene_stamp
from renderbus_core.burst.store import BurstStore, ProbeResult
from renderbus_core.config import Config
from renderbus_core.jobs import BurstId, JobId, LocalJob
from renderbus_core.overflow import Probe, ProbeState


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
    results = store.probe_results(config.farm.kind)
    last = {burst.job: burst for burst in bursts if burst.kind is BurstKind.PROBE}
    rows = frozenset(map(of_row, config.parity.mapping))
    return {
        job.id: probe
        for job in jobs
        for probe in _of(job, last.get(job.id), results, rows, scene_stamp(config, job))
    }


def _of(
    job: LocalJob,
    burst: Burst | None,
    results: Mapping[BurstId, ProbeResult],
    rows: frozenset[str],
    stamp: str,
) -> Iterator[Probe]:
    """Give the probe of one job, where there is one that holds."""
    if burst is not None and not burst.state.is_over:
        yield Probe(ProbeState.RUNNING, burst.reason)
        return
    of_scene = [one for one in results.values() if (one.scene, one.stamp) == (job.scene, stamp)]
    own = results.get(burst.id) if burst is not None else None
    # The last that compared goes before one that had nothing to compare with.
    compared = [one for one in of_scene if one.alike is not None]
    if found := next(reversed(compared or of_scene), None):
        yield Probe(_state(found), found.why, found.software, found.software in rows)
    elif burst is not None and own is None:
        yield Probe(ProbeState.FAILED, _why_failed(burst))


def _state(found: ProbeResult) -> ProbeState:
    if found.alike is None:
        return ProbeState.RENDERED
    return ProbeState.ALIKE if found.alike else ProbeState.DIFFERENT


def _why_failed(burst: Burst) -> str:
    back = [task.reason for task in burst.tasks if task.state is not TaskState.LOST and task.reason]
    return burst.reason if burst.state is BurstState.FAILED or not back else back[-1]
