"""The embedded farm: a small but real render manager on SQLite, for demonstrations and tests."""

from renderbus_core.farm.local.farm import LocalFarm
from renderbus_core.farm.local.values import CLOUD, Event, JobSpec, Run
from renderbus_core.farm.local.worker import Worker, WorkerPool

__all__ = [
    "CLOUD",
    "Event",
    "JobSpec",
    "LocalFarm",
    "Run",
    "Worker",
    "WorkerPool",
]
