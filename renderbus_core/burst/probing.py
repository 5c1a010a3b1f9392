"""Probes: bursts that hold nothing of the farm and whose pictures are only compared.

A probe sends one frame of a job to the cloud, through everything that a burst goes through, and
puts what comes back beside the burst's package. To the engine it is a burst on a farm of its own,
where its task is always held. When the frame is complete, its pictures are compared with those that
local workers made of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from renderbus_core import parity
from renderbus_core.burst import examine
from renderbus_core.burst.effects import Effects
from renderbus_core.burst.model import Burst
from renderbus_core.burst.ports import Farm
from renderbus_core.burst.store import BurstStore, ProbeResult
from renderbus_core.clock import Clock
from renderbus_core.config import Config, MappingRow
from renderbus_core.errors import FarmError, InputError
from renderbus_core.facts import SceneFacts, Stamp
from renderbus_core.jobs import (
    BurstId,
    Claim,
    ClaimStamp,
    Gone,
    Intent,
    JobId,
    LocalJob,
    LocalState,
    LocalTask,
    Outcome,
    QueueSnapshot,
    TaskRef,
)

NOTED_PROBE = "renderbus.probe"
"""Name of the note that tells people on the job what its probe came to."""


class ProbeFarm:
    """The farm as a probe sees it: its job with outputs of its own, and its task held.

    Args:
        farm: the real one, which is only read, and told what came of it.
        store: the record.
        config: settings.
        clock: time.
        effects: of the probe's runner.
        burst: the probe.
    """

    def __init__(  # noqa: PLR0917 - the parts of the gateway that a farm has no business with
        self,
        farm: Farm,
        store: BurstStore,
        config: Config,
        clock: Clock,
        effects: Effects,
        burst: BurstId,
    ) -> None:
        self._farm = farm
        self._store = store
        self._config = config
        self._clock = clock
        self._effects = effects
        self._burst = burst

    def snapshot(self, tasks_of: Collection[JobId] = ()) -> QueueSnapshot:
        """Read the queue of the real farm."""
        return self._farm.snapshot(tasks_of)

    def job(self, id: JobId) -> LocalJob | Gone:  # noqa: A002 - the port's fixed name
        """Read the job, with outputs below the probe's own folder."""
        job = self._farm.job(id)
        if isinstance(job, Gone):
            return job
        aside = tuple(str(self._aside(Path(template))) for template in job.outputs)
        for template in aside:
            Path(template).parent.mkdir(parents=True, exist_ok=True)
        return replace(job, outputs=aside)

    def tasks(self, ids: Collection[JobId]) -> Mapping[JobId, tuple[LocalTask, ...]]:
        """Return the probe's task, held by it."""
        burst = self._store.burst(self._burst)
        stamp = ClaimStamp(burst.id, burst.claim_epoch)
        held = tuple(LocalTask(task.ref, LocalState.SUSPENDED, stamp) for task in burst.tasks)
        return {burst.job: held} if burst.job in ids else {}

    def claim(self, claim: Claim) -> Outcome:
        """Take nothing: local workers go on."""
        return Outcome(claim.tasks)

    def complete(self, claim: Claim, tasks: Sequence[TaskRef]) -> Outcome:  # noqa: ARG002 - the port's
        """Compare what came back with what local workers made, and write down what came of it."""
        result = self._judge(self._store.burst(self._burst))
        now = self._clock.now()
        self._store.note_probe_result(self._effects.lease, self._burst, result, now)
        return Outcome(tuple(tasks))

    def fail(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:  # noqa: ARG002 - the port's
        """Fail nothing on the farm."""
        return Outcome(tuple(tasks))

    def release(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:  # noqa: ARG002 - the port's
        """Give back what was never taken."""
        return Outcome(tuple(tasks))

    def annotations(self, job: JobId) -> Mapping[BurstId, Mapping[str, str]]:
        """Read what bursts noted on a job."""
        return self._farm.annotations(job)

    def annotate(self, claim: Claim, facts: Mapping[str, str]) -> None:  # noqa: ARG002 - the port's
        """Show what came of it, once that is known: until then no task of the job is away."""
        burst = self._store.burst(self._burst)
        result = self._store.probe_results(burst.farm).get(burst.id)
        if result is not None:
            self._farm.annotate(claim, {NOTED_PROBE: result.why})
        elif not burst.open_tasks:
            why = "; ".join(dict.fromkeys(task.reason for task in burst.tasks))
            self._farm.annotate(claim, {NOTED_PROBE: f"it did not come home: {why}"})

    def intents(self) -> tuple[Intent, ...]:
        """Return nothing: what people ask for is asked of the real farm."""
        return ()

    def acknowledge(self, ids: Collection[str]) -> None:
        """Forget nothing."""

    # Where its pictures lie.

    @property
    def _folder(self) -> Path:
        return self._config.burst.work_folder / self._burst / "probe"

    def _aside(self, path: Path) -> Path:
        """Return where a picture lies whose place is elsewhere; the whole path is kept below."""
        drive = path.drive.strip("/\\:").replace("\\", "-").replace("/", "-")
        return self._folder.joinpath(*filter(None, [drive]), *path.parts[1:])

    # What came of it.

    def _judge(self, burst: Burst) -> ProbeResult:
        job = self._farm.job(burst.job)
        if isinstance(job, Gone):
            raise FarmError(f"job {burst.job} no longer exists on the farm")
        facts = examine.inspect(self._config, job)
        looks = list(self._compared(job))
        different = [look for look in looks if not look.alike]
        if not looks:
            alike, why = None, "the cloud renders it; local workers have made no such picture yet"
        elif different:
            alike, why = False, different[0].why
        else:
            alike, why = True, looks[0].why
        return ProbeResult(job.scene, stamp_text(facts.stamp), software(facts), alike, why)

    def _compared(self, job: LocalJob) -> Iterator[parity.Comparison]:
        """Compare each picture of the probe that local workers have made too."""
        settings = self._config.parity
        tolerance = parity.Tolerance(settings.channel, settings.share, settings.mean)
        homes = {self._aside(Path(each)).parent: Path(each).parent for each in job.outputs}
        for file in self._store.outputs(self._burst):
            home = homes.get(Path(file.local).parent)
            if file.collected and home is not None and (home / Path(file.local).name).is_file():
                local = home / Path(file.local).name
                yield parity.compare(local, Path(file.local), tolerance)


def software(facts: SceneFacts) -> str:
    """Return what a scene is rendered with, as rows of the mapping table are compared with it."""
    usual = facts.renderer.value
    renderers = {layer.renderer or usual for layer in facts.layers if layer.renderable} or {usual}
    renderer = "+".join(sorted(filter(None, renderers)))
    return _named(facts.dcc, facts.version.value or "", renderer, facts.plugins)


def of_row(row: MappingRow) -> str:
    """Return what a row of the mapping table stands for, in the words of `software`."""
    return _named(row.dcc, row.version, row.renderer, row.plugins)


def _named(dcc: str, version: str, renderer: str, plugins: Mapping[str, str]) -> str:
    extras = [f"{name} {release}" for name, release in sorted(plugins.items())]
    return ", ".join([f"{dcc} {version}".strip(), renderer or "no renderer", *extras])


def stamp_text(stamp: Stamp | None) -> str:
    """Return a scene's size and time of change as one text; "" when it is not known."""
    return f"{stamp.size}:{stamp.modified}" if stamp else ""


def scene_stamp(config: Config, job: LocalJob) -> str:
    """Return the stamp that a job's scene has now; "" where this host cannot see it."""
    try:
        found = Path(config.paths.mapping.to_local(job.scene)).stat()
    except (OSError, ValueError, InputError):
        return ""
    return stamp_text(Stamp(found.st_size, found.st_mtime_ns))
