"""The burst engine: decides what leaves the farm, and carries each burst through its life."""

from renderbus_core.burst.context import Gateway
from renderbus_core.burst.crew import Crew
from renderbus_core.burst.decider import Cycle, Decider
from renderbus_core.burst.model import (
    Asked,
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
from renderbus_core.burst.runner import Runner
from renderbus_core.burst.store import (
    BurstStore,
    Event,
    LimitReachedError,
    Limits,
    Live,
    Output,
    RemoteLeaf,
    Route,
    RouteDrainedError,
)

__all__ = [
    "Asked",
    "Burst",
    "BurstState",
    "BurstStore",
    "BurstTask",
    "Crew",
    "Cycle",
    "Decider",
    "Decision",
    "Event",
    "Farm",
    "Finished",
    "Gateway",
    "LimitReachedError",
    "Limits",
    "Live",
    "Order",
    "Output",
    "RemoteLeaf",
    "Route",
    "RouteDrainedError",
    "Runner",
    "TaskState",
    "Verdict",
    "WakeAt",
]
