"""Probes: bursts that hold nothing of the farm and whose pictures are only compared.

A probe sends one frame of a job to the cloud, through everything that a burst goes through, and
puts what comes back beside the burst's package. To the engine it is a burst on a farm of its own,
where its task is always held. When the frame is complete, its pictures are compared with those that
local workers made of it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from renderbus_core import package, parity
from renderbus_core.burst import examine
from renderbus_core.burst.effects import Effects
from renderbus_core.burst.model import Burst, BurstKind, TaskState
from renderbus_core.burst.ports import Farm
from renderbus_core.burst.store import BurstStore, ProbeResult
from renderbus_core.clock import Clock
from renderbus_core.config import Config, MappingRow
from renderbus_core.errors import InputError, LocalDiskError, MissingDependencyError
from renderbus_core.facts import SceneFacts
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
from renderbus_core.overflow import rendered_here

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

    @property
    def capabilities(self) -> frozenset[str]:
        """Nothing that shows on single tasks: none of the real farm's is away."""
        return self._farm.capabilities - {"show"}

    def snapshot(self, tasks_of: Collection[JobId] = ()) -> QueueSnapshot:
        """Read the queue of the real farm."""
        return self._farm.snapshot(tasks_of)

    def job(self, id: JobId) -> LocalJob | Gone:  # noqa: A002 - the port's fixed name
        """Read the job, with outputs below the probe's own folder."""
        job = self._farm.job(id)
        if isinstance(job, Gone):
            return job
        at_home = examine.at_home(self._config, job).outputs
        aside = tuple(str(self._aside(Path(template))) for template in at_home)
        try:
            for template in aside:
                Path(template).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LocalDiskError(
                f"the folder for pictures of a probe cannot be made below {self._folder} "
                f"({error.strerror}); see burst.work_folder"
            ) from error
        return replace(job, outputs=aside)

    def tasks(self, ids: Collection[JobId]) -> Mapping[JobId, tuple[LocalTask, ...]]:
        """Return the probe's task, held by it; nothing of a job that is gone."""
        burst = self._store.burst(self._burst)
        if isinstance(self._farm.job(burst.job), Gone):
            return {}
        stamp = ClaimStamp(burst.id, burst.claim_epoch)
        held = tuple(LocalTask(task.ref, LocalState.SUSPENDED, stamp) for task in burst.tasks)
        return {burst.job: held} if burst.job in ids else {}

    def claim(self, claim: Claim) -> Outcome:
        """Take nothing: local workers go on."""
        return Outcome(claim.tasks)

    def complete(self, claim: Claim, tasks: Sequence[TaskRef]) -> Outcome:  # noqa: ARG002 - the port's
        """Compare what came back with what local workers made, and write down what came of it."""
        burst = self._store.burst(self._burst)
        job = self._farm.job(burst.job)
        if not isinstance(job, Gone):
            result, now = self._judge(burst, job), self._clock.now()
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

    def show(self, claim: Claim, said: Mapping[str, str]) -> None:
        """Show nothing on tasks that are not away."""

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
        plain = Path(os.path.normpath(path))
        steps = (step for step in plain.parts if step not in {plain.anchor, os.pardir})
        return self._folder.joinpath(*_drive(plain), *steps)

    def _home(self, aside: Path, outputs: Iterable[str]) -> Path:
        """Return where local workers put the picture that lies aside."""
        plain = map(Path, map(os.path.normpath, outputs))
        anchors = {_drive(path): path.anchor for path in plain}
        steps = aside.relative_to(self._folder).parts
        for drive, anchor in anchors.items():
            if drive and steps[:1] == drive:
                return Path(anchor, *steps[1:])
        return Path(anchors.get((), os.sep), *steps)

    # What came of it.

    def _judge(self, burst: Burst, job: LocalJob) -> ProbeResult:
        sent = self._sent(job)
        found, why_not = self._software(job, sent)
        looks = list(self._compared(burst, job))
        different = [look for look in looks if not look.alike]
        if not looks:
            alike, why = None, "the cloud renders it; local workers have made no such picture yet"
        elif different:
            alike, why = False, different[0].why
        else:
            alike, why = True, looks[0].why
        return ProbeResult(job.scene, sent, found, alike, "; ".join(filter(None, [why, why_not])))

    def _sent(self, job: LocalJob) -> str:
        """Return the stamp of the scene that went to the cloud; "" when that is not known."""
        scene = Path(self._config.paths.mapping.to_local(job.scene))
        staged = self._store.staged(self._burst)
        return next((stamp_text(x.size, x.mtime) for x in staged if x.local == scene), "")

    def _software(self, job: LocalJob, sent: str) -> tuple[str, str]:
        """Return what the scene is rendered with; "" and why, when nobody can tell any more."""
        if scene_stamp(self._config, job) != sent:
            return "", "the scene was saved since it was sent"
        try:
            facts = examine.inspect(self._config, job)
            there = examine.software_of(self._config, job, facts)
            return software(package.rendered_with(facts, there)), ""
        except InputError as error:
            return "", f"what it is rendered with is not known: {error}"

    def _compared(self, burst: Burst, job: LocalJob) -> Iterator[parity.Comparison]:
        """Compare each picture of the probe that local workers have made too."""
        (probed,) = burst.tasks
        if not self._is_made_here(burst, probed.ref):
            return
        settings = self._config.parity
        tolerance = parity.Tolerance(settings.channel, settings.share, settings.mean)
        outputs = examine.at_home(self._config, job).outputs
        for file in self._store.outputs(self._burst):
            if file.collected:
                try:
                    aside = Path(file.local)
                    home = self._home(aside, outputs)
                    if home.is_file():
                        yield parity.compare(home, aside, tolerance)
                except (MissingDependencyError, OSError, ValueError) as error:
                    yield parity.Comparison(alike=False, why=f"they cannot be compared: {error}")

    def _is_made_here(self, burst: Burst, probed: TaskRef) -> bool:
        """Tell whether the frame was rendered by local workers, not by the cloud."""
        tasks = self._farm.tasks([burst.job]).get(burst.job, ())
        bursts = (each for each in self._store.bursts() if each.farm == burst.farm)
        there = completed_there(bursts).get(burst.job, ())
        return any(probed.frames.first in task.ref.frames for task in rendered_here(tasks, there))


def completed_there(bursts: Iterable[Burst]) -> Mapping[JobId, Collection[str]]:
    """Return the ids of the tasks whose pictures came from the cloud, by job.

    Args:
        bursts: of one farm.
    """
    found: dict[JobId, set[str]] = {}
    for burst in bursts:
        if burst.kind is not BurstKind.PROBE:
            ids = {ref.id for ref in burst.refs(TaskState.COMPLETED)}
            found.setdefault(burst.job, set()).update(ids)
    return found


def _drive(path: Path) -> tuple[str, ...]:
    """Return the drive or share of a path as the name of a folder; nothing when it has none."""
    drive = path.drive.strip("/\\:").replace("\\", "-").replace("/", "-")
    return (drive,) if drive else ()


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


def stamp_text(size: int, modified: float) -> str:
    """Return a scene's size and time of change, whole seconds, as one text.

    Two hosts rarely see more of the time alike than that.
    """
    return f"{size}:{int(modified)}"


def scene_stamp(config: Config, job: LocalJob) -> str:
    """Return the stamp that a job's scene has now; "" where this host cannot see it."""
    try:
        found = Path(config.paths.mapping.to_local(job.scene)).stat()
    except (OSError, ValueError, InputError):
        return ""
    return stamp_text(found.st_size, found.st_mtime)
