"""The burst store: every burst, its claims, files and money, and who may write about it."""

from renderbus_core.burst.store.store import BurstStore
from renderbus_core.burst.store.values import (
    Effect,
    EffectId,
    Event,
    FilesInUseError,
    LimitReachedError,
    Limits,
    Output,
    RemoteLeaf,
)

__all__ = [
    "BurstStore",
    "Effect",
    "EffectId",
    "Event",
    "FilesInUseError",
    "LimitReachedError",
    "Limits",
    "Output",
    "RemoteLeaf",
]
