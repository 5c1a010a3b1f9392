"""Before a job leaves on its own: has the cloud rendered it, and do both sides draw it alike?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from renderbus_core.config import OverflowPolicy
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState, LocalTask, TaskRef

ALWAYS = "always"

# What had nothing to compare with is tried once more, and not again.
_TRIES = 2

_NOT_COMPARED = "no frame of it was compared with one of the cloud"


class ProbeState(StrEnum):
    """How far the probe of a job is."""

    RUNNING = "running"
    RENDERED = "rendered"
    """The cloud renders it; there was no local picture to compare with."""
    ALIKE = "alike"
    DIFFERENT = "different"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a job's probe.

    Args:
        state: how far it is.
        why: for people, with numbers.
        software: what the scene is rendered with; "" while that is not known.
        is_mapped: whether a row of the mapping table stands for that.
        tries: how many probes of the scene, as it is now, came home.
    """

    state: ProbeState
    why: str
    software: str = ""
    is_mapped: bool = False
    tries: int = 1


def stays(probe: Probe | None) -> str:
    """Say why a job stays whatever else holds; "" when its probe keeps nothing."""
    if probe is None:
        return ""
    if probe.state is ProbeState.RUNNING:
        return f"its probe is in the cloud: {probe.why}"
    if probe.state is ProbeState.FAILED:
        return f"its probe failed, so a person must send it: {probe.why}"
    return ""


def why_whole(policy: OverflowPolicy, probe: Probe | None) -> str:
    """Say why farm and cloud may not share a job; "" when they may."""
    if not policy.split_jobs:
        return "the policy does not split jobs"
    if policy.probe != ALWAYS:
        return ""
    if probe is None:
        return _NOT_COMPARED
    if probe.state is ProbeState.DIFFERENT:
        return f"both sides do not draw it alike: {probe.why}"
    if not probe.is_mapped:
        software = probe.software or "nobody knows what"
        return f"parity.mapping has no row for what it is rendered with ({software})"
    return "" if probe.state is ProbeState.ALIKE else _NOT_COMPARED


def rendered_here(tasks: Sequence[LocalTask], there: Collection[str]) -> tuple[LocalTask, ...]:
    """Return the tasks whose pictures local workers made: only those tell how the farm draws.

    Args:
        tasks: of a job.
        there: ids of its tasks that bursts have completed.
    """
    return tuple(
        task
        for task in tasks
        # Tasks that run scripts have no frames.
        if task.state is LocalState.COMPLETED
        and task.claim is None
        and task.ref.frames
        and task.ref.id not in there
    )


def wanted(
    policy: OverflowPolicy,
    probe: Probe | None,
    tasks: Sequence[LocalTask],
    there: Collection[str] = (),
) -> TaskRef | None:
    """Return the frame that is to be probed before a job leaves; None when none is needed.

    A frame that local workers have finished is compared; without one the probe only shows that the
    cloud renders the scene, and a job that is to be shared is probed once more later.

    Args:
        policy: of the farm.
        probe: of the job.
        tasks: all of the job.
        there: ids of those that bursts have completed.
    """
    if policy.probe != ALWAYS:
        return None
    done = rendered_here(tasks, there)
    if probe is None:
        some = done[-1] if done else next((t for t in reversed(tasks) if t.ref.frames), None)
        return probe_frame(some.ref.frames.first) if some else None
    # Where no row of the mapping table stands for it, it would not be shared whatever comes out.
    again = probe.state is ProbeState.RENDERED and probe.is_mapped and probe.tries < _TRIES
    if again and policy.split_jobs and done:
        return probe_frame(done[-1].ref.frames.first)
    return None


def probe_frame(frame: int) -> TaskRef:
    """Name a frame as no task of its job is named: nobody holds it."""
    return TaskRef(f"probe {frame}", FrameSet.span(frame, frame))
