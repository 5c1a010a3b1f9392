"""The burst store: every burst, its claims, files and money, and who may write about it."""

from renderbus_core.burst.store.store import BurstStore
from renderbus_core.burst.store.values import (
    NO_SIZE,
    Adopted,
    Effect,
    EffectId,
    Event,
    FilesInUseError,
    LimitReachedError,
    Limits,
    Line,
    Live,
    Output,
    Presence,
    ProbeResult,
    RemoteLeaf,
    Route,
    RouteDrainedError,
    Stray,
)

__all__ = [
    "NO_SIZE",
    "Adopted",
    "BurstStore",
    "Effect",
    "EffectId",
    "Event",
    "FilesInUseError",
    "LimitReachedError",
    "Limits",
    "Line",
    "Live",
    "Output",
    "Presence",
    "ProbeResult",
    "RemoteLeaf",
    "Route",
    "RouteDrainedError",
    "Stray",
]
