"""Before a job leaves on its own: has the cloud rendered it, and do both sides draw it alike?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from renderbus_core.config import OverflowPolicy
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState, LocalTask, TaskRef

ALWAYS = "always"


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
    """

    state: ProbeState
    why: str
    software: str = ""
    is_mapped: bool = False


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
    if probe is None or probe.state is ProbeState.RENDERED:
        return "no frame of it was compared with one of the cloud"
    if probe.state is not ProbeState.ALIKE:
        return f"both sides do not draw it alike: {probe.why}"
    if not probe.is_mapped:
        return f"parity.mapping has no row for what it is rendered with ({probe.software})"
    return ""


def wanted(
    policy: OverflowPolicy, probe: Probe | None, tasks: Sequence[LocalTask]
) -> TaskRef | None:
    """Return the frame that is to be probed before a job leaves; None when none is needed.

    A frame that local workers have finished is compared; without one the probe only shows that the
    cloud renders the scene, and a job that is to be shared is probed again later.

    Args:
        policy: of the farm.
        probe: of the job.
        tasks: all of the job.
    """
    if policy.probe != ALWAYS:
        return None
    # Tasks that run scripts have no frames.
    tasks = [task for task in tasks if task.ref.frames]
    done = [task for task in tasks if task.state is LocalState.COMPLETED and task.claim is None]
    if probe is None:
        some = done[-1] if done else next(reversed(tasks), None)
        return probe_frame(some.ref.frames.first) if some else None
    if probe.state is ProbeState.RENDERED and policy.split_jobs and done:
        return probe_frame(done[-1].ref.frames.first)
    return None


def probe_frame(frame: int) -> TaskRef:
    """Name a frame as no task of its job is named: nobody holds it."""
    return TaskRef(f"probe {frame}", FrameSet.span(frame, frame))
