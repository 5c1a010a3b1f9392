"""The burst store: every burst, its claims, files and money, and who may write about it."""

from renderbus_core.burst.store.store import BurstStore
from renderbus_core.burst.store.values import (
    Effect,
    EffectId,
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
    "BurstStore",
    "Effect",
    "EffectId",
    "Event",
    "LimitReachedError",
    "Limits",
    "Live",
    "Output",
    "RemoteLeaf",
    "Route",
    "RouteDrainedError",
]
