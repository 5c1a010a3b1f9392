"""The burst engine: decides what leaves the farm, and carries each burst through its life."""

from renderbus_core.burst.context import Gateway
from renderbus_core.burst.crew import Crew
from renderbus_core.burst.decider import Cycle, Decider
from renderbus_core.burst.model import (
    Burst,
    BurstState,
    BurstTask,
    Finished,
    Order,
    TaskState,
    WakeAt,
)
from renderbus_core.burst.overflow import Decision, Verdict
from renderbus_core.burst.ports import Farm
from renderbus_core.burst.refill import CloudFile, Found, refill, survey, survey_folder
from renderbus_core.burst.runner import Runner
from renderbus_core.burst.store import (
    BurstStore,
    Event,
    LimitReachedError,
    Limits,
    Output,
    RemoteLeaf,
    Stray,
)

__all__ = [
    "Burst",
    "BurstState",
    "BurstStore",
    "BurstTask",
    "CloudFile",
    "Crew",
    "Cycle",
    "Decider",
    "Decision",
    "Event",
    "Farm",
    "Finished",
    "Found",
    "Gateway",
    "LimitReachedError",
    "Limits",
    "Order",
    "Output",
    "RemoteLeaf",
    "Runner",
    "Stray",
    "TaskState",
    "Verdict",
    "WakeAt",
    "refill",
    "survey",
    "survey_folder",
]
