"""What a farm tells of a job that speaks against the cloud, and what a studio may decide otherwise.

Farm agents name traits in their rows; a trait that is not in the table keeps its job on the farm,
so that an agent of a newer release never sends what this one does not understand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing about a job.

    Args:
        why: what it means for the cloud, for people.
        may_be_waived: whether a studio can know better (`overflow.waive`).
        by_hand: whether a person may send the job nevertheless.
    """

    why: str
    may_be_waived: bool = False
    by_hand: bool = True


TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        "maintenance": Trait(
            "it is a maintenance job, whose frames stand for machines", by_hand=False
        ),
        "tile": Trait("it renders parts of pictures, which the cloud does not", by_hand=False),
        "distributed": Trait("several workers render one frame of it together", by_hand=False),
        "simulation": Trait(
            "it simulates or writes caches: its tasks make no pictures", by_hand=False
        ),
        "script": Trait(
            "it runs a script or a command that makes no pictures of a scene", by_hand=False
        ),
        "sequential": Trait("its tasks must run one after the other on one worker"),
        "protected": Trait("people protected it from changes by others"),
        "pre_job": Trait("its pre-job task has not been done yet"),
        "dependencies": Trait("it waits for other jobs, files or scripts"),
        "scheduled": Trait("it is to begin at a time of its own"),
        "environment": Trait(
            "it sets environment variables, which the cloud does not have", may_be_waived=True
        ),
        "task_scripts": Trait(
            "scripts run before or after its tasks, which the cloud does not run",
            may_be_waived=True,
        ),
        "post_job": Trait(
            "a script runs after the whole job, on what the cloud has brought home too",
            may_be_waived=True,
        ),
        "startup_script": Trait(
            "a script prepares the program at its start, which the cloud does not run",
            may_be_waived=True,
        ),
        "frame_offset": Trait(
            "its pictures bear other numbers than its frames, so the bridge would rename them",
            may_be_waived=True,
        ),
        "worker_list": Trait(
            "people chose the workers that may render it by name", may_be_waived=True
        ),
    }
)
"""What may speak against the cloud, by the name that farm agents give it."""
