"""The burst store: every burst, its claims, files and money, and who may write about it."""

from renderbus_core.burst.store.store import BurstStore
from renderbus_core.burst.store.values import (
    NO_SIZE,
    Effect,
    EffectId,
    Event,
    LimitReachedError,
    Limits,
    Output,
    RemoteLeaf,
    Stray,
)

__all__ = [
    "NO_SIZE",
    "BurstStore",
    "Effect",
    "EffectId",
    "Event",
    "LimitReachedError",
    "Limits",
    "Output",
    "RemoteLeaf",
    "Stray",
]
