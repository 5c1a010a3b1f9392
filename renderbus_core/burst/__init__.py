"""The burst engine: decides what leaves the farm, and carries each burst through its life."""

from renderbus_core.burst.budgets import budgets, fills, own_prices, refuse_when_spent, spending
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.crew import Crew
from renderbus_core.burst.decider import (
    Cycle,
    Decider,
    answered,
    history,
    jobs_with_tasks,
    judged_queue,
)
from renderbus_core.burst.effects import Moment, Switch
from renderbus_core.burst.heartbeat import Heartbeat
from renderbus_core.burst.keeping import LEVELS
from renderbus_core.burst.model import (
    OWN_JOBS,
    Asked,
    Burst,
    BurstKind,
    BurstState,
    BurstTask,
    Finished,
    Order,
    TaskState,
    WakeAt,
)
from renderbus_core.burst.ports import Farm
from renderbus_core.burst.probing import completed_there
from renderbus_core.burst.refill import CloudFile, Found, refill, survey, survey_folder
from renderbus_core.burst.runner import Runner
from renderbus_core.burst.service import Service
from renderbus_core.burst.store import (
    Adopted,
    Answer,
    BurstStore,
    Event,
    LimitReachedError,
    Limits,
    Line,
    Live,
    Output,
    Presence,
    ProbeResult,
    Remembered,
    RemoteLeaf,
    Route,
    RouteDrainedError,
    Stray,
)

__all__ = [
    "LEVELS",
    "OWN_JOBS",
    "Adopted",
    "Answer",
    "Asked",
    "Burst",
    "BurstKind",
    "BurstState",
    "BurstStore",
    "BurstTask",
    "CloudFile",
    "Crew",
    "Cycle",
    "Decider",
    "Event",
    "Farm",
    "Finished",
    "Found",
    "Gateway",
    "Heartbeat",
    "LimitReachedError",
    "Limits",
    "Line",
    "Live",
    "Moment",
    "Order",
    "Output",
    "Presence",
    "ProbeResult",
    "Remembered",
    "RemoteLeaf",
    "Route",
    "RouteDrainedError",
    "Runner",
    "Service",
    "Stray",
    "Switch",
    "TaskState",
    "WakeAt",
    "answered",
    "budgets",
    "completed_there",
    "fills",
    "history",
    "jobs_with_tasks",
    "judged_queue",
    "own_prices",
    "refill",
    "refuse_when_spent",
    "spending",
    "survey",
    "survey_folder",
]
